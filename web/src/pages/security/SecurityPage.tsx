import { Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useTenant } from "../../app/tenant";
import { PageHeader } from "../../ui/PageHeader";
import { SessionLimits } from "./SessionLimits";

/** What the organisation asks of its members' log-ins. */
export function SecurityPage() {
  const { t } = useTranslation("security");
  const tenant = useTenant();
  return (
    <Stack maw={760} gap="lg">
      <PageHeader title={t("title")} description={t("text", { name: tenant.name })} />
      <SessionLimits />
    </Stack>
  );
}
