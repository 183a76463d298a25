import { Fragment, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, Outlet, useLocation, useParams } from "react-router";
import { useTenantActivity } from "../api/useLive";
import { FaultPanel } from "../ui/FaultPanel";
import { PageLoading } from "../ui/PageLoading";
import { Outdated } from "./Outdated";
import { SupportNotice, Visit } from "./SupportNotice";
import { useSession } from "./session";
import { TenantContext } from "./tenant";
import { Unreachable } from "./Unreachable";

/** Pages for people who are logged in; others log in first and come back to where they were. */
export function RequireLogin() {
  const { viewer, fault, refresh } = useSession();
  const location = useLocation();
  if (fault) return <FaultPanel fault={fault} retry={() => refresh(false)} />;
  if (viewer === undefined) return <PageLoading />;
  if (viewer === null) {
    const here = location.pathname + location.search + location.hash;
    return <Navigate to={`/log-in?next=${encodeURIComponent(here)}`} replace />;
  }
  // Somebody else is somebody else's page: nothing that it held for one person is there for the next.
  return (
    <Fragment key={viewer.id}>
      <Outlet />
    </Fragment>
  );
}

/** Pages of one organisation, named by its address in the path. */
export function RequireTenant() {
  const { t } = useTranslation();
  const { viewer } = useSession();
  const slug = useParams().tenant;
  const membership = viewer?.memberships.find((m) => m.tenant.slug === slug);
  // Staff get here by the organisation's id: a short name says nothing to somebody who is not in it.
  if (!membership && viewer?.isOperator && slug?.startsWith("ten_")) return <Visit id={slug} />;
  const outdated = viewer?.outdatedTenants.find((tenant) => tenant.slug === slug);
  if (!membership && outdated) return <Outdated name={outdated.name} />;
  const unreachable = viewer?.unreachable.find((u) => u.slug === slug);
  if (unreachable) return <Unreachable tenant={unreachable} />;
  if (!membership) {
    const fault = {
      code: "NOT_FOUND",
      message: t("tenant.notFound"),
      remedy: t("tenant.notFoundRemedy"),
      requestId: null,
    };
    return <FaultPanel fault={fault} home />;
  }
  if (membership.needsSecondFactor) return <Navigate to={`/account/security?for=${slug}`} replace />;
  const { tenant, role } = membership;
  const rights = new Set(tenant.viewerRights);
  return (
    <TenantContext.Provider key={tenant.id} value={{ ...tenant, role, may: (right) => rights.has(right) }}>
      <Follow tenantId={tenant.id} />
      {rights.has("support-access:view") ? <SupportNotice tenantId={tenant.id} /> : null}
      <Outlet />
    </TenantContext.Provider>
  );
}

/** Somebody changes what the viewer may do here, or ends it, while a page is open: the session is asked anew. */
function Follow({ tenantId }: { tenantId: string }) {
  const { refresh } = useSession();
  // It begins with the present state, which the session is of.
  const begun = useRef(false);
  useTenantActivity(tenantId, ({ members }) => {
    if (begun.current && members) refresh(false);
    begun.current = true;
  });
  return null;
}

/** Where a person belongs: their first organisation, the console for staff, or making a first organisation. */
export function Home() {
  const { viewer } = useSession();
  const last = localStorage.getItem("tenantry-last-tenant");
  const memberships = viewer?.memberships ?? [];
  const tenant = (memberships.find((m) => m.tenant.slug === last) ?? memberships[0])?.tenant;
  if (tenant) return <Navigate to={`/t/${tenant.slug}`} replace />;
  const outdated = viewer?.outdatedTenants[0];
  if (outdated) return <Navigate to={`/t/${outdated.slug}`} replace />;
  const elsewhere = viewer?.unreachable[0];
  if (elsewhere) return <Navigate to={`/t/${elsewhere.slug}`} replace />;
  return <Navigate to={viewer?.isOperator ? "/admin" : "/start"} replace />;
}

/** The operator's console. The server refuses everyone else anyway. */
export function RequireOperator() {
  const { t } = useTranslation();
  const { viewer } = useSession();
  if (!viewer?.isOperator) {
    const fault = {
      code: "NOT_FOUND",
      message: t("notFound.title"),
      remedy: t("notFound.remedy"),
      requestId: null,
    };
    return <FaultPanel fault={fault} home />;
  }
  return <Outlet />;
}
