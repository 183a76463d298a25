import { Button, Checkbox, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { type MemberRole, SetSsoPeopleDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { choiceOf, roleOf, useRoleChoices } from "../../api/useRoleChoices";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { done } from "../../ui/done";
import { Card } from "./Card";
import type { Connection } from "./SsoPage";

const ROLES: readonly MemberRole[] = ["ADMIN", "DEVELOPER", "BILLING", "VIEWER"];

interface Row {
  key: number;
  group: string;
  role: string;
}

interface Props {
  connection: Connection;
  manages: boolean;
  onChanged: () => void;
}

/** Who comes in by a connection, and as what. */
export function People({ connection, manages, onChanged }: Props) {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const set = useAction(SetSsoPeopleDocument);
  const own = useRoleChoices(tenant.id, tenant.may("role:view"));
  const [creates, setCreates] = useState(connection.createsMembers);
  const [role, setRole] = useState<MemberRole>(connection.defaultRole);
  const [rows, setRows] = useState<Row[]>(() =>
    connection.groupRoles.map((one, key) => ({
      key,
      group: one.group,
      role: choiceOf(one.role, one.customRoleId),
    })),
  );
  const builtIn = ROLES.map((value) => ({ value, label: t(`common:role.${value}`) }));
  const choices = [...builtIn, ...own.map((it) => ({ value: it.id, label: it.name }))];
  const change = (key: number, part: Partial<Row>) =>
    setRows((old) => old.map((row) => (row.key === key ? { ...row, ...part } : row)));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const groupRoles = rows.map((row) => ({ group: row.group, ...roleOf(row.role) }));
    const input = {
      tenantId: tenant.id,
      id: connection.id,
      createsMembers: creates,
      defaultRole: role,
      groupRoles,
    };
    if (!(await set.run({ input })).ok) return;
    done(t("people.saved"));
    onChanged();
  };
  return (
    <Card title={t("people.title")} text={t("people.text")}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Checkbox
            label={t("people.creates")}
            description={t("people.createsNote")}
            checked={creates}
            onChange={(event) => setCreates(event.currentTarget.checked)}
            disabled={!manages}
          />
          <NativeSelect
            label={t("people.role")}
            data={builtIn}
            value={role}
            onChange={(event) => setRole(event.currentTarget.value as MemberRole)}
            error={fieldError(set.problem, "defaultRole")}
            disabled={!manages}
          />
          <Text size="sm">{t("people.groups")}</Text>
          {rows.map((row, index) => (
            <Group key={row.key} align="flex-end">
              <TextInput
                label={t("people.group", { number: index + 1 })}
                value={row.group}
                onChange={(event) => change(row.key, { group: event.currentTarget.value })}
                disabled={!manages}
                style={{ flex: 1, minWidth: 160 }}
                autoComplete="off"
              />
              <NativeSelect
                label={t("people.groupRole", { number: index + 1 })}
                data={choices}
                value={row.role}
                onChange={(event) => change(row.key, { role: event.currentTarget.value })}
                disabled={!manages}
                style={{ minWidth: 140 }}
              />
              {manages ? (
                <Button
                  variant="default"
                  onClick={() => setRows((old) => old.filter((it) => it.key !== row.key))}
                  aria-label={t("people.dropOf", { number: index + 1 })}
                >
                  {t("people.drop")}
                </Button>
              ) : null}
            </Group>
          ))}
          <ActionAlert problem={set.problem} fault={set.fault} fields={["defaultRole"]} />
          {manages ? (
            <Group justify="space-between">
              <Button
                variant="default"
                onClick={() =>
                  setRows((old) => [
                    ...old,
                    { key: Math.max(-1, ...old.map((r) => r.key)) + 1, group: "", role: "VIEWER" },
                  ])
                }
              >
                {t("people.add")}
              </Button>
              <Button type="submit" loading={set.busy}>
                {t("people.save")}
              </Button>
            </Group>
          ) : null}
        </Stack>
      </form>
    </Card>
  );
}
