import { Group, Paper, Select, Skeleton, Stack } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import {
  ExplainAccountsDocument,
  type ExplainAccountsQuery,
  ExplainKeysDocument,
  type ExplainKeysQuery,
  ExplainMembersDocument,
  type ExplainMembersQuery,
  ExplainRightsDocument,
} from "../../api/customer/graphql";
import { useAll } from "../../api/useAll";
import { useLasting } from "../../api/useLasting";
import { useViewer } from "../../app/session";
import { useTenant } from "../../app/tenant";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { groupsOf } from "../../ui/rights";
import { Explanation } from "./Explanation";

const MEMBERS = {
  document: ExplainMembersDocument,
  page: (data: ExplainMembersQuery) => data.tenant.members,
  most: 5,
};
const KEYS = {
  document: ExplainKeysDocument,
  page: (data: ExplainKeysQuery) => data.tenant.apiKeys,
  most: 5,
};
const ACCOUNTS = {
  document: ExplainAccountsDocument,
  page: (data: ExplainAccountsQuery) => data.tenant.serviceAccounts,
  most: 5,
};

/** Why somebody may, or may not, do something. What is asked is in the address, to be sent to somebody. */
export function ExplainPage() {
  const { t } = useTranslation("roles");
  const tenant = useTenant();
  const viewer = useViewer();
  const [params, setParams] = useSearchParams();
  const { data, fault, again } = useLasting({
    query: ExplainRightsDocument,
    variables: { tenantId: tenant.id },
  });
  const all = { tenantId: tenant.id, first: 100 };
  const members = useAll(MEMBERS, tenant.may("member:view") ? all : null);
  const keys = useAll(KEYS, tenant.may("api-key:view") ? all : null);
  const accounts = useAll(ACCOUNTS, tenant.may("service-account:view") ? all : null);

  const actor = params.get("actor") ?? viewer.id;
  const right = params.get("right");
  const set = (name: string, value: string | null) =>
    setParams(
      (present) => {
        const next = new URLSearchParams(present);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const actors = useMemo(() => {
    const others = (members.rows ?? []).filter((it) => it.userId !== viewer.id);
    return [
      {
        group: t("explain.people"),
        items: [
          { value: viewer.id, label: t("explain.you", { name: viewer.name }) },
          ...others.map((it) => ({ value: it.userId, label: `${it.name} · ${it.email}` })),
        ],
      },
      {
        group: t("explain.keys"),
        items: (keys.rows ?? []).map((it) => ({ value: it.id, label: `${it.name} · ${it.prefix}…` })),
      },
      {
        group: t("explain.accounts"),
        items: (accounts.rows ?? []).map((it) => ({ value: it.id, label: it.name })),
      },
    ].filter((it) => it.items.length > 0);
  }, [members.rows, keys.rows, accounts.rows, viewer, t]);

  if (fault && !data) return <FaultPanel fault={fault} retry={again} />;
  const rights = groupsOf(data?.tenant.rights ?? []).map(({ group, rights: inGroup }) => ({
    group: t(`common:rights.group.${group}`, { defaultValue: group }),
    items: inGroup.map((it) => ({ value: it.right, label: `${it.right}: ${it.description}` })),
  }));
  return (
    <>
      <PageHeader title={t("explain.title")} description={t("explain.text")} />
      <Stack gap="lg">
        <Paper className="surface" p="md">
          {data ? (
            <Group align="flex-end" grow preventGrowOverflow={false}>
              <Select
                label={t("explain.who")}
                data={actors}
                value={actor}
                onChange={(value) => set("actor", value)}
                searchable
                allowDeselect={false}
                nothingFoundMessage={t("explain.nobody")}
                miw={240}
              />
              <Select
                label={t("explain.what")}
                placeholder={t("explain.choose")}
                data={rights}
                value={right}
                onChange={(value) => set("right", value)}
                searchable
                nothingFoundMessage={t("explain.nothing")}
                miw={240}
              />
            </Group>
          ) : (
            <Skeleton h={60} />
          )}
        </Paper>
        {right ? <Explanation actor={actor} right={right} /> : null}
      </Stack>
    </>
  );
}
