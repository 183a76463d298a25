import { Anchor, Badge, Button, Group, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconKey, IconLock } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { SingleSignOnDocument, type SingleSignOnQuery } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { EmptyState } from "../../ui/EmptyState";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { CreateConnection } from "./CreateConnection";
import { warningOf } from "./certificates";
import { Domains } from "./Domains";
import { StateBadge } from "./StateBadge";

export type Connection = SingleSignOnQuery["tenant"]["ssoConnections"][number];

/** How people log in by the organisation's own identity provider. */
export function SsoPage() {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  if (tenant.may("sso:view")) return <Overview />;
  return (
    <>
      <PageHeader title={t("title")} />
      <EmptyState icon={IconLock} title={t("forbidden")}>
        {t("forbiddenText")}
      </EmptyState>
    </>
  );
}

function Overview() {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const asked = useLasting({ query: SingleSignOnDocument, variables: { tenantId: tenant.id } });
  const [creating, setCreating] = useState(false);
  const manages = tenant.may("sso:manage");
  if (asked.fault && !asked.data) return <FaultPanel fault={asked.fault} retry={asked.again} />;
  const connections = asked.data?.tenant.ssoConnections;
  const create = manages ? <Button onClick={() => setCreating(true)}>{t("create.open")}</Button> : null;
  return (
    <>
      <PageHeader title={t("title")} description={t("text")} actions={connections?.length ? create : null} />
      <Stack>
        {!asked.data ? <Skeleton h={160} /> : null}
        {connections?.length === 0 ? (
          <EmptyState icon={IconKey} title={t("empty")} action={create}>
            {t("emptyText")}
          </EmptyState>
        ) : null}
        {connections?.length ? <Connections connections={connections} /> : null}
        {asked.data ? (
          <Domains domains={asked.data.tenant.ssoDomains} manages={manages} onChanged={asked.again} />
        ) : null}
      </Stack>
      {creating ? <CreateConnection onClose={() => setCreating(false)} /> : null}
    </>
  );
}

function Connections({ connections }: { connections: readonly Connection[] }) {
  const { t } = useTranslation("sso");
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="connections">
      <Title order={2} size="h4" id="connections" mb="sm">
        {t("connections")}
      </Title>
      <Stack component="ul" className="plain-list" gap="sm" aria-labelledby="connections">
        {connections.map((connection) => (
          <li key={connection.id}>
            <Group justify="space-between" align="flex-start">
              <div style={{ minWidth: 0 }}>
                <Anchor component={Link} to={connection.id} fw={600}>
                  {connection.name}
                </Anchor>
                <Text size="sm" c="dimmed" className="mono" style={{ overflowWrap: "anywhere" }}>
                  {connection.settings?.issuer || connection.saml?.entityId || t("noIssuer")}
                </Text>
                <Text size="sm" c="dimmed">
                  {t(`protocol.${connection.protocol}`)}
                </Text>
              </div>
              <Group gap="xs">
                {expires(connection) ? <Badge color="yellow">{t("certificateEnds")}</Badge> : null}
                <StateBadge state={connection.state} />
              </Group>
            </Group>
          </li>
        ))}
      </Stack>
    </Paper>
  );
}

/** Whether log-ins by it are about to stop, or may have: the connection's page says what to do. */
function expires({ saml }: Connection): boolean {
  if (!saml) return false;
  const own = saml.ownCertificates.filter((it) => it.state === "CURRENT");
  return [saml.certificates, own].some((it) => warningOf(it, Date.now()) !== null);
}
