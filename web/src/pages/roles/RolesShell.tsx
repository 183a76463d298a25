import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import { useTenant } from "../../app/tenant";
import { SectionNav } from "../../ui/SectionNav";

/** Around the pages about who may do what. */
export function RolesShell() {
  const { t } = useTranslation("roles");
  const base = `/t/${useTenant().slug}/roles`;
  return (
    <>
      <SectionNav
        label={t("nav.label")}
        entries={[
          { to: base, label: t("nav.roles"), end: true },
          { to: `${base}/explain`, label: t("nav.explain") },
        ]}
      />
      <Outlet />
    </>
  );
}
