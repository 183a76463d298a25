import { Button, Checkbox, Group, Modal, Radio, Skeleton, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  CreateWebhookDocument,
  UpdateWebhookDocument,
  WebhookEventTypesDocument,
  type WebhookShownFragment,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";

const FIELDS = ["url", "description", "eventTypes"];

interface Props {
  /** Absent: a new one. */
  endpoint?: WebhookShownFragment;
  onClose: () => void;
  /** With the secret of a new one, shown once. */
  onDone: (secret?: string | null) => void;
}

/** Where to, and what of. */
export function WebhookForm({ endpoint, onClose, onDone }: Props) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const create = useAction(CreateWebhookDocument);
  const update = useAction(UpdateWebhookDocument);
  const action = endpoint ? update : create;
  const { data, fault } = useLasting({
    query: WebhookEventTypesDocument,
    variables: { tenantId: tenant.id },
  });
  const [url, setUrl] = useState(endpoint?.url ?? "");
  const [description, setDescription] = useState(endpoint?.description ?? "");
  const [wantsAll, setAll] = useState((endpoint?.eventTypes.length ?? 0) === 0);
  const [types, setTypes] = useState<string[]>(endpoint?.eventTypes ?? []);
  const [missing, setMissing] = useState<"url" | "types" | null>(null);
  // Nobody has events sent about what they may not see; what an endpoint gets already may stay.
  const gets = (name: string) =>
    endpoint !== undefined && (endpoint.eventTypes.length === 0 || endpoint.eventTypes.includes(name));
  const known = data?.tenant.webhookEventTypes;
  const offered = known?.filter((it) => tenant.may(it.right) || gets(it.name));
  const mayAll = offered === undefined || offered.length === known?.length;
  const all = wantsAll && mayAll;
  const input = useRef<HTMLInputElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const lacks = !URL.canParse(url.trim()) ? "url" : !all && types.length === 0 ? "types" : null;
    setMissing(lacks);
    if (lacks === "url") input.current?.focus();
    if (lacks) return;
    const values = {
      tenantId: tenant.id,
      url: url.trim(),
      description: description.trim(),
      eventTypes: all ? [] : types,
    };
    if (endpoint) {
      if ((await update.run({ input: { ...values, id: endpoint.id } })).ok) onDone();
      return;
    }
    const made = await create.run({ input: values });
    if (made.ok) onDone(made.payload.secret);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t(endpoint ? "webhooks.editTitle" : "webhooks.createTitle")}
      closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            ref={input}
            type="url"
            label={t("webhooks.url")}
            description={t("webhooks.urlNote")}
            placeholder="https://example.com/hooks/tenantry"
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
            error={missing === "url" ? t("webhooks.noUrl") : fieldError(action.problem, "url")}
            autoComplete="off"
            data-autofocus
          />
          <TextInput
            label={t("webhooks.description")}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
            error={fieldError(action.problem, "description")}
            maxLength={200}
            autoComplete="off"
          />
          <Radio.Group
            label={t("webhooks.which")}
            value={all ? "all" : "some"}
            onChange={(value) => setAll(value === "all")}
          >
            <Stack gap="xs" mt="xs">
              <Radio value="all" label={t("webhooks.whichAll")} disabled={!mayAll} />
              <Radio value="some" label={t("webhooks.whichSome")} />
            </Stack>
          </Radio.Group>
          {all ? null : offered ? (
            <Checkbox.Group
              label={t("webhooks.types")}
              value={types}
              onChange={setTypes}
              error={missing === "types" ? t("webhooks.noTypes") : fieldError(action.problem, "eventTypes")}
            >
              <Stack gap="xs" mt="xs">
                {offered.map((type) => (
                  <Checkbox
                    key={type.name}
                    value={type.name}
                    label={<span className="mono">{type.name}</span>}
                    description={type.description}
                  />
                ))}
              </Stack>
            </Checkbox.Group>
          ) : fault ? (
            <ActionAlert fault={fault} />
          ) : (
            <Skeleton h={160} />
          )}
          <ActionAlert problem={action.problem} fault={action.fault} fields={FIELDS} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common:confirm.cancel")}
            </Button>
            <Button type="submit" loading={action.busy}>
              {t(endpoint ? "webhooks.save" : "webhooks.createSubmit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
