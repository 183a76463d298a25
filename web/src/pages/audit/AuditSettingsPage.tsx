import { Button, Group, NumberInput, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  AuditSettingsDocument,
  type AuditSettingsShownFragment,
  UpdateAuditSettingsDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { CodeBlock } from "../../ui/Code";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { FaultPanel } from "../../ui/FaultPanel";
import { number } from "../../ui/format";
import { PageHeader } from "../../ui/PageHeader";
import { Prose } from "../../ui/Prose";
import { When } from "../../ui/When";
import { Streams } from "./Streams";

/** How long records are kept, how the trail is checked, and where else it goes. */
export function AuditSettingsPage() {
  const { t } = useTranslation("audit");
  const tenant = useTenant();
  const settings = useLasting({ query: AuditSettingsDocument, variables: { tenantId: tenant.id } });
  const it = settings.data?.tenant.auditSettings;
  if (settings.fault && !it) return <FaultPanel fault={settings.fault} retry={settings.again} />;
  return (
    <>
      <PageHeader title={t("settings.title")} description={t("settings.text")} />
      <Stack gap="lg">
        {it ? (
          <>
            <Retention key={it.retentionDays} settings={it} onDone={settings.again} />
            <Chain settings={it} />
          </>
        ) : (
          <Skeleton h={320} />
        )}
        <Streams />
      </Stack>
    </>
  );
}

function Chain({ settings }: { settings: AuditSettingsShownFragment }) {
  const { t } = useTranslation("audit");
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="chain">
      <Title order={2} size="h4" id="chain" mb={4}>
        {t("chain.title")}
      </Title>
      <Prose size="sm" text={t("chain.text")} />
      <Text size="sm" mb="sm" component="div">
        {t("chain.records", { first: number(settings.chainStart), last: number(settings.lastSeq) })}{" "}
        {settings.lastCheckpointAt ? (
          <>
            {t("chain.checkpoint")} <When at={settings.lastCheckpointAt} />
          </>
        ) : (
          t("chain.noCheckpoint")
        )}
      </Text>
      <CodeBlock label={t("chain.key")} code={settings.publicKey} />
    </Paper>
  );
}

interface RetentionProps {
  settings: AuditSettingsShownFragment;
  onDone: () => void;
}

function Retention({ settings, onDone }: RetentionProps) {
  const { t } = useTranslation("audit");
  const tenant = useTenant();
  const update = useAction(UpdateAuditSettingsDocument);
  const [days, setDays] = useState<number | string>(settings.retentionDays);
  const [asking, setAsking] = useState(false);
  const wanted = typeof days === "number" ? days : Number.NaN;
  const manages = tenant.may("audit:manage");
  const run = async () => {
    const outcome = await update.run({ input: { tenantId: tenant.id, retentionDays: wanted } });
    if (!outcome.ok && outcome.problem?.field) setAsking(false);
    if (!outcome.ok) return;
    setAsking(false);
    done(t("retention.done", { count: wanted }));
    onDone();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.reset();
    // Shorter means that records go.
    if (wanted < settings.retentionDays) setAsking(true);
    else void run();
  };
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="retention">
      <Title order={2} size="h4" id="retention" mb={4}>
        {t("retention.title")}
      </Title>
      <Text size="sm" mb="sm">
        {t("retention.text")}
      </Text>
      <form onSubmit={submit} noValidate>
        <Group align="flex-end">
          <NumberInput
            label={t("retention.days")}
            value={days}
            onChange={setDays}
            disabled={!manages}
            allowDecimal={false}
            allowNegative={false}
            error={fieldError(update.problem, "retentionDays")}
            hideControls
            w={180}
          />
          {manages ? (
            <Button
              type="submit"
              variant="default"
              disabled={Number.isNaN(wanted) || wanted === settings.retentionDays}
              loading={update.busy}
            >
              {t("retention.save")}
            </Button>
          ) : null}
        </Group>
      </form>
      {asking ? null : (
        <ActionAlert problem={update.problem} fault={update.fault} fields={["retentionDays"]} />
      )}
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={t("retention.shorter", { count: wanted })}
        confirmLabel={t("retention.shorten")}
        danger
        action={update}
        onConfirm={run}
      >
        <Text>{t("retention.shorterText")}</Text>
      </Confirm>
    </Paper>
  );
}
