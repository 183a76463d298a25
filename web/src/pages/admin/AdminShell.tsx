import {
  IconBriefcase,
  IconBuilding,
  IconCode,
  IconHistory,
  IconKeyOff,
  IconLayoutDashboard,
  IconLifebuoy,
  IconMail,
  IconMapPin,
  IconServer2,
} from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import { Provider as ApiProvider } from "urql";
import { adminClient } from "../../api/client";
import { Shell } from "../../app/Shell";

/** The console's frame. */
export function AdminShell() {
  const { t } = useTranslation("admin");
  return (
    <Shell
      label={t("nav.label")}
      items={[
        { to: "/admin", label: t("nav.overview"), icon: IconLayoutDashboard, end: true },
        { to: "/admin/fleet", label: t("nav.fleet"), icon: IconServer2 },
        { to: "/admin/tenants", label: t("nav.tenants"), icon: IconBuilding },
        { to: "/admin/regions", label: t("nav.regions"), icon: IconMapPin },
        { to: "/admin/jobs", label: t("nav.jobs"), icon: IconBriefcase },
        { to: "/admin/mail", label: t("nav.mail"), icon: IconMail },
        { to: "/admin/support", label: t("nav.support"), icon: IconLifebuoy },
        { to: "/admin/factors", label: t("nav.factors"), icon: IconKeyOff },
        { to: "/admin/audit", label: t("nav.audit"), icon: IconHistory },
        { to: "/admin/graphiql", label: t("nav.explorer"), icon: IconCode },
      ]}
    />
  );
}

/** The pages of the console speak to the operators' API. */
export function AdminApi() {
  const [client] = useState(adminClient);
  return (
    <ApiProvider value={client}>
      <Outlet />
    </ApiProvider>
  );
}
