import { Select } from "@mantine/core";
import {
  IconAddressBook,
  IconBox,
  IconChartBar,
  IconCode,
  IconHistory,
  IconKey,
  IconLifebuoy,
  IconLock,
  IconReceipt,
  IconRocket,
  IconShieldCheck,
  IconShieldCog,
  IconUsers,
} from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { type NavItem, Shell } from "./Shell";
import { useViewer } from "./session";
import { useVisited } from "./useVisited";

const NEW = "+new";

/** The portal's frame: the organisation that the person is in, and its areas. */
export function PortalShell() {
  const { t } = useTranslation();
  const viewer = useViewer();
  const navigate = useNavigate();
  const params = useParams();
  const member = viewer.memberships.find((m) => m.tenant.slug === params.tenant)?.tenant;
  useEffect(() => {
    if (member) localStorage.setItem("tenantry-last-tenant", member.slug);
  }, [member]);
  const visited = useVisited(member || !viewer.isOperator ? undefined : params.tenant);
  const here = member ?? visited;

  const may = (right: string) => here?.viewerRights.includes(right) ?? false;
  const base = here ? `/t/${here.slug}` : "";
  const items: NavItem[] = here
    ? [
        { to: base, label: t("nav.instances"), icon: IconBox, end: true },
        ...(may("usage:view") ? [{ to: `${base}/usage`, label: t("nav.usage"), icon: IconChartBar }] : []),
        ...(may("invoice:view")
          ? [{ to: `${base}/billing`, label: t("nav.billing"), icon: IconReceipt }]
          : []),
        ...(may("member:view") ? [{ to: `${base}/members`, label: t("nav.members"), icon: IconUsers }] : []),
        ...(may("role:view") ? [{ to: `${base}/roles`, label: t("nav.roles"), icon: IconShieldCheck }] : []),
        ...(may("api-key:view") || may("webhook:view")
          ? [{ to: `${base}/developers`, label: t("nav.developers"), icon: IconCode }]
          : []),
        ...(may("audit:view") ? [{ to: `${base}/audit`, label: t("nav.audit"), icon: IconHistory }] : []),
        ...(may("tenant:manage")
          ? [{ to: `${base}/security`, label: t("nav.security"), icon: IconLock, end: true }]
          : []),
        ...(may("sso:view") ? [{ to: `${base}/security/sso`, label: t("nav.sso"), icon: IconKey }] : []),
        ...(may("provisioning:view")
          ? [{ to: `${base}/security/provisioning`, label: t("nav.provisioning"), icon: IconAddressBook }]
          : []),
        ...(may("support-access:view")
          ? [{ to: `${base}/support`, label: t("nav.support"), icon: IconLifebuoy }]
          : []),
      ]
    : params.tenant && viewer.isOperator
      ? [{ to: "/admin", label: t("nav.console"), icon: IconShieldCog }]
      : viewer.memberships.length > 0
        ? [{ to: "/home", label: t("nav.portal"), icon: IconBox }]
        : [{ to: "/start", label: t("nav.start"), icon: IconRocket }];

  const choices = [
    ...viewer.memberships.map((m) => ({ value: m.tenant.slug, label: m.tenant.name })),
    ...viewer.unreachable.map((u) => ({ value: u.slug, label: u.name })),
    { value: NEW, label: t("nav.newTenant") },
  ];
  const top =
    viewer.memberships.length > 0 ? (
      <Select
        label={t("nav.tenant")}
        data={choices}
        value={member?.slug ?? null}
        placeholder={t("nav.chooseTenant")}
        allowDeselect={false}
        mb="sm"
        onChange={(slug) => navigate(slug === NEW || slug === null ? "/start" : `/t/${slug}`)}
      />
    ) : null;
  return <Shell items={items} top={top} label={t("nav.main")} />;
}
