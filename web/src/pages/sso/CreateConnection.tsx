import { Button, Group, Modal, Radio, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { CreateSsoConnectionDocument, type SsoProtocol } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { useRefused } from "./useRefused";

const PROTOCOLS = ["OIDC", "SAML"] as const;

/** A name and the protocol first: what the provider needs to know stands on the connection's own page, and what we need comes there. */
export function CreateConnection({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const navigate = useNavigate();
  const create = useAction(CreateSsoConnectionDocument);
  const form = useRefused(create.problem);
  const [name, setName] = useState("");
  const [protocol, setProtocol] = useState<SsoProtocol>("OIDC");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const made = await create.run({ input: { tenantId: tenant.id, name, protocol } });
    const id = made.ok ? made.payload.connection?.id : null;
    if (id) navigate(`/t/${tenant.slug}/security/sso/${id}`);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("create.title")}
      closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
    >
      <form ref={form} onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm">{t("create.text")}</Text>
          <TextInput
            label={t("create.name")}
            description={t("create.nameNote")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={fieldError(create.problem, "name")}
            autoComplete="off"
            data-autofocus
          />
          <Radio.Group
            label={t("create.protocol")}
            value={protocol}
            onChange={(value) => setProtocol(value as SsoProtocol)}
            error={fieldError(create.problem, "protocol")}
          >
            <Stack gap="xs" mt="xs">
              {PROTOCOLS.map((it) => (
                <Radio
                  key={it}
                  value={it}
                  label={t(`protocol.${it}`)}
                  description={t(`create.about.${it}`)}
                />
              ))}
            </Stack>
          </Radio.Group>
          <ActionAlert problem={create.problem} fault={create.fault} fields={["name", "protocol"]} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common:confirm.cancel")}
            </Button>
            <Button type="submit" loading={create.busy}>
              {t("create.submit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
