import { Button, Group, Modal, Radio, Skeleton, Stack, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { CreateApiKeyDocument, DeveloperRightsDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { date } from "../../ui/format";
import { RightsPicker } from "../../ui/RightsPicker";
import { addressesOf, expiryOf, LIVES } from "./keyState";

const FIELDS = ["name", "scopes", "expiresAt", "allowedAddresses"];

interface Props {
  onClose: () => void;
  onMade: (secret: string | null | undefined) => void;
}

/** A new key: its name, what it may do, how long and from where. It never gets a right that its maker lacks. */
export function CreateKey({ onClose, onMade }: Props) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const create = useAction(CreateApiKeyDocument);
  const { data, fault } = useLasting({
    query: DeveloperRightsDocument,
    variables: { tenantId: tenant.id },
  });
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState<number | null>(90);
  const [addresses, setAddresses] = useState("");
  const [missing, setMissing] = useState<"name" | "scopes" | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const own = new Set(data?.tenant.viewerRights);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const lacks = name.trim() === "" ? "name" : scopes.length === 0 ? "scopes" : null;
    setMissing(lacks);
    if (lacks === "name") input.current?.focus();
    if (lacks) return;
    const made = await create.run({
      input: {
        tenantId: tenant.id,
        name: name.trim(),
        scopes,
        expiresAt: expiryOf(days, Date.now()),
        allowedAddresses: addressesOf(addresses),
      },
    });
    if (made.ok) onMade(made.payload.secret);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t("create.title")}
      closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            ref={input}
            label={t("create.name")}
            description={t("create.nameNote")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={missing === "name" ? t("create.noName") : fieldError(create.problem, "name")}
            maxLength={80}
            autoComplete="off"
            data-autofocus
          />
          {data ? (
            <RightsPicker
              label={t("create.scopes")}
              description={t("create.scopesNote")}
              rights={data.tenant.rights.filter((it) => own.has(it.right))}
              value={scopes}
              onChange={setScopes}
              error={missing === "scopes" ? t("create.noScopes") : fieldError(create.problem, "scopes")}
            />
          ) : fault ? (
            <ActionAlert fault={fault} />
          ) : (
            <Skeleton h={280} />
          )}
          <Radio.Group
            label={t("create.life")}
            value={String(days)}
            onChange={(value) => setDays(value === "null" ? null : Number(value))}
            error={fieldError(create.problem, "expiresAt")}
          >
            <Group mt="xs">
              {LIVES.map((life) => (
                <Radio
                  key={life}
                  value={String(life)}
                  label={life ? t("create.days", { count: life }) : t("create.noEnd")}
                />
              ))}
            </Group>
          </Radio.Group>
          <Textarea
            label={t("create.addresses")}
            description={t("create.addressesNote")}
            placeholder="192.0.2.10, 2001:db8::/32"
            value={addresses}
            onChange={(event) => setAddresses(event.currentTarget.value)}
            error={fieldError(create.problem, "allowedAddresses")}
            autosize
            minRows={1}
          />
          <ActionAlert problem={create.problem} fault={create.fault} fields={FIELDS} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common:confirm.cancel")}
            </Button>
            <Button type="submit" loading={create.busy}>
              {days === null
                ? t("create.submit")
                : t("create.submitUntil", { date: date(expiryOf(days, Date.now()) ?? "") })}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
