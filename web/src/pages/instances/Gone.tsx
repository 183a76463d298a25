import { Button } from "@mantine/core";
import { IconBoxOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTenant } from "../../app/tenant";
import { EmptyState } from "../../ui/EmptyState";
import { PageHeader } from "../../ui/PageHeader";

/** In the place of an instance that is no more, or never was. `name`: of one that was shown until now. */
export function Gone({ name }: { name: string | null }) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  return (
    <>
      <PageHeader title={name ?? t("gone.header")} />
      <EmptyState
        icon={IconBoxOff}
        title={name ? t("gone.title") : t("gone.unknown")}
        action={
          <Button component={Link} to={`/t/${tenant.slug}`} mt="xs">
            {t("gone.action")}
          </Button>
        }
      >
        {name ? t("gone.text") : t("gone.unknownText", { tenant: tenant.name })}
      </EmptyState>
    </>
  );
}
