import { Alert, Anchor, Text } from "@mantine/core";
import { IconAlertTriangle, IconLifebuoy } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link, Outlet, useParams } from "react-router";
import { useQuery } from "urql";
import { faultOf } from "../api/client";
import { SupportNowDocument, VisitedTenantDocument } from "../api/customer/graphql";
import { FaultPanel } from "../ui/FaultPanel";
import { dateTime } from "../ui/format";
import { PageLoading } from "../ui/PageLoading";
import { TenantContext } from "./tenant";

/** A consent may be given or ended elsewhere: how soon the page learns of it. */
const REFRESH = 15_000;
/** The server ends what was open within seconds; the page does not show it any longer than that. */
const VISIT_REFRESH = 3_000;

/** Pages of an organisation for platform support: with the rights of the consent, and a notice that this is a visit. */
export function Visit({ id }: { id: string }) {
  const { t } = useTranslation();
  const [{ data, error }, ask] = useQuery({ query: VisitedTenantDocument, variables: { id } });
  useEffect(() => {
    const timer = setInterval(() => ask({ requestPolicy: "network-only" }), VISIT_REFRESH);
    return () => clearInterval(timer);
  }, [ask]);
  if (error) {
    const fault = faultOf(error);
    const hidden = fault.code === "NOT_FOUND";
    return (
      <FaultPanel
        fault={hidden ? { ...fault, message: t("support.over"), remedy: t("support.overRemedy") } : fault}
        retry={() => ask({ requestPolicy: "network-only" })}
      />
    );
  }
  if (!data) return <PageLoading />;
  const rights = new Set(data.tenant.viewerRights);
  const here = { ...data.tenant, slug: id, role: null, may: (right: string) => rights.has(right) };
  return (
    <TenantContext.Provider key={id} value={here}>
      <Alert
        color="yellow"
        mb="md"
        role="status"
        icon={<IconLifebuoy aria-hidden />}
        title={t("support.visiting", { name: data.tenant.name })}
      >
        <Text size="sm">
          {t("support.visitingText")}{" "}
          <Anchor component={Link} to="/admin/support" inherit>
            {t("support.back")}
          </Anchor>
        </Text>
      </Alert>
      <Outlet />
    </TenantContext.Provider>
  );
}

/** Above every page of an organisation while platform support can look into it. */
export function SupportNotice({ tenantId }: { tenantId: string }) {
  const { t } = useTranslation();
  const slug = useParams().tenant;
  const [{ data }, ask] = useQuery({ query: SupportNowDocument, variables: { tenantId } });
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") ask({ requestPolicy: "network-only" });
    }, REFRESH);
    return () => clearInterval(timer);
  }, [ask]);
  const active = (data?.tenant.supportAccess.nodes ?? []).filter((it) => it.active);
  const last = active.toSorted((a, b) => b.expiresAt.localeCompare(a.expiresAt))[0];
  if (!last) return null;
  const glass = active.find((it) => it.kind === "BREAK_GLASS");
  const Icon = glass ? IconAlertTriangle : IconLifebuoy;
  return (
    <Alert color={glass ? "red" : "yellow"} mb="md" role="status" icon={<Icon aria-hidden />}>
      <Text size="sm">
        {glass
          ? t("support.glass", { until: dateTime(glass.expiresAt) })
          : t("support.open", { count: active.length, until: dateTime(last.expiresAt) })}{" "}
        {glass ? `${t("support.why", { reason: glass.reason })} ` : ""}
        <Anchor component={Link} to={`/t/${slug}/support`} inherit>
          {t("support.manage")}
        </Anchor>
      </Text>
    </Alert>
  );
}
