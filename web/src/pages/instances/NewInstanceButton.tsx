import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTenant } from "../../app/tenant";

/** The way to another instance. `reason`: why there is none, shown on the page as `#no-new-instance`. */
export function NewInstanceButton({ reason }: { reason: string | null }) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const icon = <IconPlus size={16} aria-hidden />;
  if (reason === null) {
    return (
      <Button component={Link} to={`/t/${tenant.slug}/instances/new`} leftSection={icon}>
        {t("list.new")}
      </Button>
    );
  }
  // It stays reachable by keyboard, so that its reason is heard.
  return (
    <Button data-disabled aria-disabled leftSection={icon} aria-describedby="no-new-instance">
      {t("list.new")}
    </Button>
  );
}
