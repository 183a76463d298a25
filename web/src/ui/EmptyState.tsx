import { Center, Paper, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface Props {
  icon: Icon;
  title: string;
  /** What this place is for and how to begin. */
  children: ReactNode;
  action?: ReactNode;
}

/** A list with nothing in it yet: says what it is for and how it gets its first entry. */
export function EmptyState({ icon: Icon, title, children, action }: Props) {
  return (
    <Paper className="surface" p="xl">
      <Center>
        <Stack align="center" gap="sm" maw={460} ta="center">
          <ThemeIcon size={52} radius="xl" variant="light">
            <Icon size={26} aria-hidden />
          </ThemeIcon>
          <Title order={2} size="h3">
            {title}
          </Title>
          <Text c="dimmed" component="div">
            {children}
          </Text>
          {action}
        </Stack>
      </Center>
    </Paper>
  );
}
