import { Paper, Text, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

/** A part of a connection's page. */
export function Card({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  const id = useId();
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby={id}>
      <Title order={2} size="h4" id={id} mb={text ? 0 : "sm"}>
        {title}
      </Title>
      {text ? (
        <Text size="sm" mb="sm">
          {text}
        </Text>
      ) : null}
      {children}
    </Paper>
  );
}
