import { Alert, Button, Group, Skeleton, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import {
  SingleSignOnDocument,
  TestSsoConnectionDocument,
  UpdateSsoConnectionDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { BackLink } from "../../ui/BackLink";
import { done } from "../../ui/done";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { Card } from "./Card";
import { Copied } from "./Copied";
import { DeleteConnection } from "./DeleteConnection";
import { Enforcement } from "./Enforcement";
import { People } from "./People";
import { SamlCards } from "./SamlCards";
import { type Changes, type Settings, SettingsForm } from "./SettingsForm";
import { SetupLink } from "./SetupLink";
import type { Connection } from "./SsoPage";
import { StateBadge } from "./StateBadge";
import { TestProblem } from "./TestProblem";
import { TestResult } from "./TestResult";

/** One connection, from its settings to its enforcement, in the order in which it is set up. */
export function ConnectionPage() {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const id = useParams().connection;
  const asked = useLasting({ query: SingleSignOnDocument, variables: { tenantId: tenant.id } });
  const connection = asked.data?.tenant.ssoConnections.find((c) => c.id === id);
  const back = <BackLink to={`/t/${tenant.slug}/security/sso`}>{t("title")}</BackLink>;
  if (asked.fault && !asked.data) return <FaultPanel fault={asked.fault} retry={asked.again} />;
  if (!asked.data) return <Skeleton h={320} />;
  if (!connection) {
    const fault = {
      code: "NOT_FOUND",
      message: t("gone"),
      remedy: t("goneText"),
      requestId: null,
      access: null,
    };
    return <FaultPanel fault={fault} home />;
  }
  const proven = asked.data.tenant.ssoDomains.some((domain) => domain.verifiedAt);
  const manages = tenant.may("sso:manage");
  return (
    <>
      <PageHeader title={connection.name} mark={<StateBadge state={connection.state} />} back={back} />
      <Stack>
        {connection.settings ? (
          <SettingsCard
            connection={connection}
            settings={connection.settings}
            manages={manages}
            onChanged={asked.again}
          />
        ) : null}
        {connection.saml ? (
          <SamlCards
            connection={connection}
            saml={connection.saml}
            manages={manages}
            onChanged={asked.again}
          />
        ) : null}
        <TestCard connection={connection} manages={manages} />
        {connection.state === "DRAFT" ? null : (
          <Card title={t("start.title")} text={t("start.text")}>
            <Copied label={t("start.url")} value={location.origin + connection.startUrl} />
          </Card>
        )}
        <People key={connection.id} connection={connection} manages={manages} onChanged={asked.again} />
        <Enforcement connection={connection} proven={proven} manages={manages} onChanged={asked.again} />
        {manages ? <SetupLink connection={connection} onChanged={asked.again} /> : null}
        {manages ? <DeleteConnection connection={connection} /> : null}
      </Stack>
    </>
  );
}

interface Props {
  connection: Connection;
  manages: boolean;
  onChanged: () => void;
}

function SettingsCard({ connection, settings, manages, onChanged }: Props & { settings: Settings }) {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const update = useAction(UpdateSsoConnectionDocument);
  const enforced = connection.state === "ENFORCED";
  const save = async (changes: Changes) => {
    const input = { tenantId: tenant.id, id: connection.id, ...changes };
    if (!(await update.run({ input })).ok) return false;
    done(t("settings.saved"));
    onChanged();
    return true;
  };
  return (
    <Card title={t("settings.title")}>
      {enforced ? (
        <Alert color="blue" mb="sm">
          {t("settings.enforced")}
        </Alert>
      ) : null}
      <SettingsForm settings={settings} action={update} disabled={!manages || enforced} onSave={save} />
    </Card>
  );
}

function TestCard({ connection, manages }: Pick<Props, "connection" | "manages">) {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const test = useAction(TestSsoConnectionDocument);
  const begin = async () => {
    const returnTo = `/t/${tenant.slug}/security/sso/${connection.id}`;
    const begun = await test.run({ input: { tenantId: tenant.id, id: connection.id, returnTo } });
    if (begun.ok && begun.payload.startUrl) location.assign(begun.payload.startUrl);
  };
  return (
    <Card title={t("test.title")} text={t("test.text")}>
      <Stack>
        <TestProblem />
        {connection.lastTest ? (
          <TestResult test={connection.lastTest} protocol={connection.protocol} />
        ) : null}
        <ActionAlert problem={test.problem} fault={test.fault} />
        {manages ? (
          <Group justify="flex-end">
            <Button onClick={begin} loading={test.busy}>
              {t("test.begin")}
            </Button>
          </Group>
        ) : null}
      </Stack>
    </Card>
  );
}
