import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import { SectionNav } from "../../ui/SectionNav";

/** Around the pages of a person's own account. */
export function AccountShell() {
  const { t } = useTranslation("account");
  return (
    <>
      <SectionNav
        label={t("title")}
        entries={[
          { to: "/account", label: t("nav.profile"), end: true },
          { to: "/account/security", label: t("nav.security") },
          { to: "/account/sessions", label: t("nav.sessions") },
        ]}
      />
      <Outlet />
    </>
  );
}
