import { Button, Container, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import {
  SetUpSsoConnectionDocument,
  type SsoSamlInput,
  SsoSetupDocument,
  TestSsoSetupDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { ActionAlert } from "../../ui/ActionAlert";
import { done } from "../../ui/done";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { When } from "../../ui/When";
import { useLinkToken } from "../public/useLinkToken";
import { Card } from "./Card";
import { SamlForm } from "./SamlForm";
import { SamlGive } from "./SamlGive";
import { RefreshMetadata, SamlProvider } from "./SamlProvider";
import { type Changes, SettingsForm } from "./SettingsForm";
import { StateBadge } from "./StateBadge";
import { TestProblem } from "./TestProblem";
import { TestResult } from "./TestResult";

/** Kept for the way to the provider and back, in this tab alone. */
const KEY = "tenantry-sso-setup";

/** For whoever has a link and no account: one connection's settings, and tests of them. */
export function SetupPage() {
  const { t } = useTranslation("sso");
  const linked = useLinkToken();
  useEffect(() => {
    if (linked) sessionStorage.setItem(KEY, linked);
  }, [linked]);
  const token = linked ?? sessionStorage.getItem(KEY);
  return (
    <Container size={720} py={{ base: "lg", sm: 40 }}>
      {token ? (
        <Setup key={token} token={token} />
      ) : (
        <PageHeader title={t("setup.gone")} description={t("setup.goneText")} />
      )}
    </Container>
  );
}

function Setup({ token }: { token: string }) {
  const { t } = useTranslation("sso");
  const asked = useLasting({ query: SsoSetupDocument, variables: { token } });
  const update = useAction(SetUpSsoConnectionDocument);
  const refresh = useAction(SetUpSsoConnectionDocument);
  const test = useAction(TestSsoSetupDocument);
  if (asked.fault && !asked.data) return <FaultPanel fault={asked.fault} retry={asked.again} />;
  if (!asked.data) return <Skeleton h={320} />;
  const setup = asked.data.ssoSetup;
  if (!setup) return <PageHeader title={t("setup.gone")} description={t("setup.goneText")} />;
  const url = setup.saml?.metadataUrl;
  const save = async (changes: Changes | { saml: SsoSamlInput }) => {
    const outcome = await update.run({ input: { token, ...changes } });
    if (outcome.ok) {
      done(t("settings.saved"));
      asked.again();
    }
    return outcome;
  };
  const read = async (metadataUrl: string) => {
    const outcome = await refresh.run({ input: { token, saml: { metadataUrl } } });
    if (!outcome.ok) return null;
    asked.again();
    return outcome.payload.setup?.saml ?? null;
  };
  const begin = async () => {
    const begun = await test.run({ input: { token, returnTo: "/sso/setup" } });
    if (begun.ok && begun.payload.startUrl) location.assign(begun.payload.startUrl);
  };
  return (
    <>
      <PageHeader
        title={t("setup.title", { name: setup.name })}
        mark={<StateBadge state={setup.state} />}
        description={t("setup.text")}
      />
      <Stack>
        {setup.expiresAt ? (
          <Text size="sm" component="div">
            {t("setup.until")} <When at={setup.expiresAt} />
          </Text>
        ) : null}
        {setup.settings ? (
          <Card title={t("settings.title")}>
            <SettingsForm
              settings={setup.settings}
              action={update}
              onSave={async (changes) => (await save(changes)).ok}
            />
          </Card>
        ) : null}
        {setup.saml ? (
          <>
            <SamlGive saml={setup.saml} />
            <Card title={t("settings.title")}>
              <SamlForm saml={setup.saml} action={update} onSave={(saml) => save({ saml })} />
            </Card>
            <SamlProvider saml={setup.saml}>
              {url ? <RefreshMetadata action={refresh} read={() => read(url)} /> : null}
            </SamlProvider>
          </>
        ) : null}
        <Card title={t("test.title")} text={t("setup.test")}>
          <Stack>
            <TestProblem />
            {setup.lastTest ? <TestResult test={setup.lastTest} protocol={setup.protocol} /> : null}
            <ActionAlert problem={test.problem} fault={test.fault} />
            <Group justify="flex-end">
              <Button onClick={begin} loading={test.busy}>
                {t("test.begin")}
              </Button>
            </Group>
          </Stack>
        </Card>
      </Stack>
    </>
  );
}
