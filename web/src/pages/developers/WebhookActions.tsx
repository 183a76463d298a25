import { Button, Group, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import {
  DeleteWebhookDocument,
  RotateWebhookSecretDocument,
  SendTestWebhookDocument,
  UpdateWebhookDocument,
  WebhookEventTypesDocument,
  type WebhookShownFragment,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { WebhookForm } from "./WebhookForm";

interface Props {
  endpoint: WebhookShownFragment;
  /** With a new secret, shown once. */
  onChanged: (secret?: string | null) => void;
}

/** Trying it out, changing it, silencing it, ending it. */
export function WebhookActions({ endpoint, onChanged }: Props) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<"edit" | "test" | "rotate" | "delete" | null>(null);
  const update = useAction(UpdateWebhookDocument);
  const rotate = useAction(RotateWebhookSecretDocument);
  const remove = useAction(DeleteWebhookDocument);
  const disabled = endpoint.disabledAt != null;
  const here = { tenantId: tenant.id, id: endpoint.id };

  const close = () => {
    setAsked(null);
    rotate.reset();
    remove.reset();
  };
  const finish = (secret?: string | null) => {
    close();
    onChanged(secret);
  };
  const turn = async () => {
    if (!(await update.run({ input: { ...here, disabled: !disabled } })).ok) return;
    done(t(disabled ? "webhooks.enabledDone" : "webhooks.disabledDone"));
    onChanged();
  };
  const newSecret = async () => {
    const made = await rotate.run({ input: here });
    if (made.ok) finish(made.payload.secret);
  };
  const end = async () => {
    if (!(await remove.run({ input: here })).ok) return;
    done(t("webhooks.deleted"));
    navigate(`/t/${tenant.slug}/developers/webhooks`, { replace: true });
  };
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Button size="xs" onClick={() => setAsked("test")} disabled={disabled}>
          {t("webhooks.test")}
        </Button>
        <Button size="xs" variant="default" onClick={() => setAsked("edit")}>
          {t("webhooks.edit")}
        </Button>
        <Button size="xs" variant="default" onClick={() => setAsked("rotate")}>
          {t("webhooks.rotate")}
        </Button>
        <Button size="xs" variant="default" onClick={turn} loading={update.busy}>
          {t(disabled ? "webhooks.enable" : "webhooks.disable")}
        </Button>
        <Button size="xs" variant="default" onClick={() => setAsked("delete")}>
          {t("webhooks.delete")}
        </Button>
      </Group>
      <ActionAlert problem={update.problem} fault={update.fault} />
      {asked === "edit" ? <WebhookForm endpoint={endpoint} onClose={close} onDone={() => finish()} /> : null}
      {asked === "test" ? <TestEvent endpoint={endpoint} onClose={close} onDone={() => finish()} /> : null}
      <Confirm
        opened={asked === "rotate"}
        onClose={close}
        title={t("webhooks.rotateTitle")}
        confirmLabel={t("webhooks.rotate")}
        action={rotate}
        onConfirm={newSecret}
      >
        <Text>{t("webhooks.rotateText")}</Text>
      </Confirm>
      <Confirm
        opened={asked === "delete"}
        onClose={close}
        title={t("webhooks.deleteTitle")}
        confirmLabel={t("webhooks.delete")}
        danger
        action={remove}
        onConfirm={end}
      >
        <Text>{t("webhooks.deleteText")}</Text>
        <Text className="mono">{endpoint.url}</Text>
      </Confirm>
    </Stack>
  );
}

interface TestProps {
  endpoint: WebhookShownFragment;
  onClose: () => void;
  onDone: () => void;
}

/** Sends an example of a type, signed like any other. */
function TestEvent({ endpoint, onClose, onDone }: TestProps) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const send = useAction(SendTestWebhookDocument);
  const { data } = useLasting({ query: WebhookEventTypesDocument, variables: { tenantId: tenant.id } });
  const types = data?.tenant.webhookEventTypes ?? [];
  const [type, setType] = useState<string | null>(null);
  const chosen = types.find((it) => it.name === type);
  const confirm = async () => {
    const input = { tenantId: tenant.id, id: endpoint.id, eventType: type };
    if (!(await send.run({ input })).ok) return;
    done(t("webhooks.testSent"));
    onDone();
  };
  return (
    <Confirm
      opened
      onClose={onClose}
      title={t("webhooks.testTitle")}
      confirmLabel={t("webhooks.testSend")}
      action={send}
      onConfirm={confirm}
    >
      <Text>{t("webhooks.testText")}</Text>
      <Select
        label={t("webhooks.testType")}
        placeholder={t("webhooks.testDefault")}
        data={types.map((it) => it.name)}
        value={type}
        onChange={setType}
        clearable
        clearButtonProps={{ "aria-label": t("webhooks.testClear") }}
      />
      {chosen ? <Text size="sm">{chosen.description}</Text> : null}
    </Confirm>
  );
}
