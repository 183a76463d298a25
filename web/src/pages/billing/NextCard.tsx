import { List, Paper, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { dateUtc } from "../../ui/format";
import { lastDay } from "./lastDay";

/** What becomes of the preview. */
export function NextCard({ periodEnd }: { periodEnd: string }) {
  const { t } = useTranslation("billing");
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="next">
      <Title order={2} size="h4" mb="xs" id="next">
        {t("next.title")}
      </Title>
      <List spacing={4}>
        <List.Item>{t("next.until", { last: dateUtc(lastDay(periodEnd)) })}</List.Item>
        <List.Item>{t("next.then")}</List.Item>
        <List.Item>{t("next.after", { start: dateUtc(periodEnd) })}</List.Item>
      </List>
    </Paper>
  );
}
