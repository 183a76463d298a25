import { Paper, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  id: string;
  title: string;
  lead?: string;
  children: ReactNode;
}

/** One matter of the account. */
export function Section({ id, title, lead, children }: Props) {
  return (
    <Paper component="section" className="surface" p={{ base: "md", sm: "lg" }} aria-labelledby={id}>
      <Title order={2} size="h4" id={id} mb={lead ? 4 : "md"}>
        {title}
      </Title>
      {lead ? (
        <Text size="sm" c="dimmed" mb="md">
          {lead}
        </Text>
      ) : null}
      {children}
    </Paper>
  );
}
