import { Button } from "@mantine/core";
import { IconBox } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTenant } from "../../app/tenant";
import { EmptyState } from "../../ui/EmptyState";

/** What an instance is and how the first comes about. */
export function FirstInstance() {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const may = tenant.may("instance:create");
  return (
    <EmptyState
      icon={IconBox}
      title={t("list.emptyTitle")}
      action={
        may ? (
          <Button component={Link} to={`/t/${tenant.slug}/instances/new`} mt="xs">
            {t("list.emptyAction")}
          </Button>
        ) : null
      }
    >
      {may ? t("list.emptyText") : t("list.emptyTextNoRight")}
    </EmptyState>
  );
}
