import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import { useTenant } from "../../app/tenant";
import { SectionNav } from "../../ui/SectionNav";

/** Around the pages for people who write programs. */
export function DevelopersShell() {
  const { t } = useTranslation("developers");
  const { slug, may } = useTenant();
  const base = `/t/${slug}/developers`;
  const entries = [
    { to: base, label: t("nav.keys"), end: true, shown: may("api-key:view") },
    { to: `${base}/service-accounts`, label: t("nav.accounts"), shown: may("service-account:view") },
    { to: `${base}/webhooks`, label: t("nav.webhooks"), shown: may("webhook:view") },
    { to: `${base}/graphiql`, label: t("nav.graphiql"), shown: true },
    { to: "/docs/api", label: t("nav.rest"), shown: true },
    { to: `${base}/examples`, label: t("nav.examples"), shown: true },
    { to: `${base}/changelog`, label: t("nav.changelog"), shown: true },
    { to: `${base}/limits`, label: t("nav.limits"), shown: true },
  ];
  return (
    <>
      <SectionNav label={t("nav.label")} entries={entries.filter((it) => it.shown)} />
      <Outlet />
    </>
  );
}
