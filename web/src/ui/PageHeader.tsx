import { Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

interface Props {
  title: string;
  /** Beside the title: a badge. */
  mark?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  /** Above the title: a way back. */
  back?: ReactNode;
}

/** The head of a page; its title is the document's too, and takes the focus after a change of page. */
export function PageHeader({ title, mark, description, actions, back }: Props) {
  useEffect(() => {
    document.title = `${title} · Tenantry`;
  }, [title]);
  return (
    <Stack gap={4} mb="lg">
      {back}
      <Group justify="space-between" align="flex-start">
        <Group gap="sm">
          <Title order={1} tabIndex={-1}>
            {title}
          </Title>
          {mark}
        </Group>
        {actions ? <Group gap="xs">{actions}</Group> : null}
      </Group>
      {description ? (
        <Text c="dimmed" component="div">
          {description}
        </Text>
      ) : null}
    </Stack>
  );
}
