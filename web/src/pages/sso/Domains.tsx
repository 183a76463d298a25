import { Badge, Button, Group, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  AddSsoDomainDocument,
  CheckSsoDomainDocument,
  RemoveSsoDomainDocument,
  type SingleSignOnQuery,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { useKept } from "../../ui/useKept";
import { When } from "../../ui/When";
import { Copied } from "./Copied";
import { useRefused } from "./useRefused";

type Domain = SingleSignOnQuery["tenant"]["ssoDomains"][number];

interface Props {
  domains: readonly Domain[];
  manages: boolean;
  onChanged: () => void;
}

/** The domains of people's addresses, proven by a record of the domain name system. */
export function Domains({ domains, manages, onChanged }: Props) {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const add = useAction(AddSsoDomainDocument);
  const remove = useAction(RemoveSsoDomainDocument);
  const form = useRefused(add.problem);
  const [name, setName] = useState("");
  const [asked, setAsked] = useState<Domain | null>(null);
  const shown = useKept(asked);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!(await add.run({ input: { tenantId: tenant.id, name } })).ok) return;
    setName("");
    onChanged();
  };
  const close = () => {
    remove.reset();
    setAsked(null);
  };
  const confirm = async () => {
    if (!shown) return;
    if (!(await remove.run({ input: { tenantId: tenant.id, name: shown.name } })).ok) return;
    close();
    done(t("domains.removed"));
    onChanged();
  };
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="domains">
      <Title order={2} size="h4" id="domains">
        {t("domains.title")}
      </Title>
      <Text size="sm" mb="sm">
        {t("domains.text")}
      </Text>
      {domains.length === 0 ? <Text c="dimmed">{t("domains.none")}</Text> : null}
      <Stack component="ul" className="plain-list" gap="md" aria-labelledby="domains">
        {domains.map((domain) => (
          <li key={domain.name}>
            <DomainRow
              domain={domain}
              manages={manages}
              onChanged={onChanged}
              onRemove={() => setAsked(domain)}
            />
          </li>
        ))}
      </Stack>
      {manages ? (
        <form ref={form} onSubmit={submit} noValidate>
          <Group align="flex-end" mt="md">
            <TextInput
              label={t("domains.name")}
              placeholder="example.com"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={fieldError(add.problem, "name")}
              autoComplete="off"
              style={{ flex: 1, minWidth: 220 }}
            />
            <Button type="submit" variant="default" loading={add.busy}>
              {t("domains.add")}
            </Button>
          </Group>
          <ActionAlert problem={add.problem} fault={add.fault} fields={["name"]} />
        </form>
      ) : null}
      <Confirm
        opened={asked !== null}
        onClose={close}
        title={t("domains.removeTitle", { name: shown?.name })}
        confirmLabel={t("domains.remove")}
        danger
        action={remove}
        onConfirm={confirm}
      >
        <Text>{t("domains.removeText")}</Text>
      </Confirm>
    </Paper>
  );
}

interface RowProps {
  domain: Domain;
  manages: boolean;
  onChanged: () => void;
  onRemove: () => void;
}

function DomainRow({ domain, manages, onChanged, onRemove }: RowProps) {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const check = useAction(CheckSsoDomainDocument);
  const [missing, setMissing] = useState(false);
  const look = async () => {
    const looked = await check.run({ input: { tenantId: tenant.id, name: domain.name } });
    if (!looked.ok) return;
    setMissing(!looked.payload.domain?.verifiedAt);
    onChanged();
  };
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Group gap="xs">
          <Text fw={600}>{domain.name}</Text>
          <Badge color={domain.verifiedAt ? "green" : "yellow"} variant="light">
            {t(domain.verifiedAt ? "domains.proven" : "domains.open")}
          </Badge>
        </Group>
        {manages ? (
          <Group gap="xs">
            {domain.verifiedAt ? null : (
              <Button size="xs" onClick={look} loading={check.busy}>
                {t("domains.check")}
              </Button>
            )}
            <Button
              size="xs"
              variant="default"
              onClick={onRemove}
              aria-label={t("domains.removeOf", { name: domain.name })}
            >
              {t("domains.remove")}
            </Button>
          </Group>
        ) : null}
      </Group>
      {domain.verifiedAt ? null : (
        <>
          <Text size="sm">{t("domains.publish")}</Text>
          <Copied label={t("domains.recordName")} value={domain.recordName} />
          <Copied label={t("domains.recordValue")} value={domain.recordValue} />
        </>
      )}
      <div role="status">
        {missing && !domain.verifiedAt ? (
          <Text size="sm">
            {t("domains.missing")} {domain.checkedAt ? <When at={domain.checkedAt} /> : null}
          </Text>
        ) : null}
      </div>
      <ActionAlert problem={check.problem} fault={check.fault} />
    </Stack>
  );
}
