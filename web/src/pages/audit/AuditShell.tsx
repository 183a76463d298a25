import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import { useTenant } from "../../app/tenant";
import "../../ui/audit";
import { FaultPanel } from "../../ui/FaultPanel";
import { SectionNav } from "../../ui/SectionNav";

/** Around the trail and its settings. */
export function AuditShell() {
  const { t } = useTranslation("audit");
  const tenant = useTenant();
  const base = `/t/${tenant.slug}/audit`;
  if (!tenant.may("audit:view")) {
    const fault = {
      code: "FORBIDDEN",
      message: t("forbidden"),
      remedy: t("forbiddenRemedy"),
      requestId: null,
      access: null,
    };
    return <FaultPanel fault={fault} home />;
  }
  return (
    <>
      <SectionNav
        label={t("nav.label")}
        entries={[
          { to: base, label: t("nav.trail"), end: true },
          { to: `${base}/settings`, label: t("nav.settings") },
        ]}
      />
      <Outlet />
    </>
  );
}
