import { SimpleGrid, Skeleton, Stack, VisuallyHidden } from "@mantine/core";

/** The page's form while its first answer is on its way. */
export function InstanceLoading({ title }: { title: string }) {
  return (
    <Stack gap="lg">
      <VisuallyHidden role="status">{title}</VisuallyHidden>
      <Stack gap={8} mb={4}>
        <Skeleton h={20} w={110} />
        <Skeleton h={35} w={280} maw="100%" />
        <Skeleton h={24} w={340} maw="100%" />
      </Stack>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Skeleton h={246} />
        <Skeleton h={246} />
      </SimpleGrid>
      <Skeleton h={260} />
    </Stack>
  );
}
