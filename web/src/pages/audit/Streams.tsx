import { Badge, Button, Group, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  AuditStreamsDocument,
  type AuditStreamsQuery,
  DeleteAuditStreamDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { number } from "../../ui/format";
import { SecretShown } from "../../ui/SecretShown";
import { useKept } from "../../ui/useKept";
import { When } from "../../ui/When";
import { CreateStream } from "./CreateStream";

type Stream = AuditStreamsQuery["tenant"]["auditStreams"][number];

/** Where the trail is sent as it grows. */
export function Streams() {
  const { t } = useTranslation("audit");
  const tenant = useTenant();
  const streams = useLasting({ query: AuditStreamsDocument, variables: { tenantId: tenant.id } });
  const remove = useAction(DeleteAuditStreamDocument);
  const [creating, setCreating] = useState(false);
  const [asked, setAsked] = useState<Stream | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const shown = useKept(asked);
  const manages = tenant.may("audit:manage");
  const list = streams.data?.tenant.auditStreams;
  const made = (secret?: string | null) => {
    setCreating(false);
    setSecret(secret ?? null);
    streams.again();
  };
  const confirm = async () => {
    if (!shown) return;
    if (!(await remove.run({ input: { tenantId: tenant.id, id: shown.id } })).ok) return;
    setAsked(null);
    done(t("streams.deleted"));
    streams.again();
  };
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="streams">
      <Group justify="space-between" align="flex-start" mb="sm">
        <div style={{ flex: 1, minWidth: 220 }}>
          <Title order={2} size="h4" id="streams">
            {t("streams.title")}
          </Title>
          <Text size="sm">{t("streams.text")}</Text>
        </div>
        {manages ? (
          <Button variant="default" onClick={() => setCreating(true)}>
            {t("streams.create")}
          </Button>
        ) : null}
      </Group>
      <ActionAlert fault={streams.fault} />
      {!list && !streams.fault ? <Skeleton h={60} /> : null}
      {list?.length === 0 ? <Text c="dimmed">{t("streams.none")}</Text> : null}
      <Stack component="ul" className="plain-list" gap="sm" aria-labelledby="streams">
        {list?.map((stream) => (
          <li key={stream.id}>
            <Group justify="space-between" align="flex-start">
              <div style={{ minWidth: 0 }}>
                <Group gap="xs">
                  <Badge>{t(`streams.kind.${stream.kind}`)}</Badge>
                  <Text className="mono">{stream.target}</Text>
                  {stream.pausedAt ? <Badge color="yellow">{t("streams.paused")}</Badge> : null}
                </Group>
                <Text size="sm" c="dimmed" component="div">
                  {t("streams.upTo", { seq: number(stream.lastSeq) })},{" "}
                  {t("streams.pending", { count: stream.pending })}
                  {stream.lastDeliveredAt ? (
                    <>
                      , {t("streams.delivered")} <When at={stream.lastDeliveredAt} />
                    </>
                  ) : null}
                </Text>
                {stream.lastError ? (
                  <Text size="sm" c="var(--mantine-color-error)" style={{ overflowWrap: "anywhere" }}>
                    {stream.lastError}
                  </Text>
                ) : null}
              </div>
              {manages ? (
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => setAsked(stream)}
                  aria-label={t("streams.deleteOf", { target: stream.target })}
                >
                  {t("streams.delete")}
                </Button>
              ) : null}
            </Group>
          </li>
        ))}
      </Stack>
      {creating ? <CreateStream onClose={() => setCreating(false)} onDone={made} /> : null}
      <Confirm
        opened={asked !== null}
        onClose={() => {
          remove.reset();
          setAsked(null);
        }}
        title={t("streams.deleteTitle")}
        confirmLabel={t("streams.delete")}
        danger
        action={remove}
        onConfirm={confirm}
      >
        <Text>{t("streams.deleteText")}</Text>
        <Text className="mono">{shown?.target}</Text>
      </Confirm>
      <SecretShown
        title={t("streams.made")}
        values={secret ? [{ label: t("streams.secret"), value: secret }] : null}
        onClose={() => setSecret(null)}
      />
    </Paper>
  );
}
