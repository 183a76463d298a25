import { Center, Container, Loader, Paper, Text, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { PageHeader } from "../../ui/PageHeader";

interface Props {
  title: string;
  lead?: ReactNode;
  children?: ReactNode;
  /** Below the card: the way to somewhere else. */
  below?: ReactNode;
}

/** A page with one task, in one narrow card. */
export function EntryPage({ title, lead, children, below }: Props) {
  return (
    <Container size={480} py={{ base: "lg", sm: 56 }}>
      <Paper className="surface" p={{ base: "lg", sm: "xl" }}>
        <PageHeader title={title} description={lead} />
        {children}
      </Paper>
      {below ? (
        <Text ta="center" mt="md" component="div">
          {below}
        </Text>
      ) : null}
    </Container>
  );
}

/** In the card, while something is asked; the card's head says what. */
export function Waits() {
  const { t } = useTranslation();
  return (
    <Center mih={80} role="status">
      <VisuallyHidden>{t("loading")}</VisuallyHidden>
      <Loader aria-hidden />
    </Center>
  );
}
