import { Badge, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type ProvisioningShownFragment, SetProvisioningDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { choiceOf, roleOf } from "../../api/useRoleChoices";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { Confirm } from "../../ui/Confirm";
import { CopyButton } from "../../ui/CopyButton";
import { done } from "../../ui/done";
import { RoleSelect, type Roles } from "./RoleSelect";

interface Props {
  provisioning: ProvisioningShownFragment;
  manages: boolean;
  roles: Roles;
  onDone: () => void;
}

/** Whether the directory is connected, where it sends to, and what its people become. */
export function ConnectionCard({ provisioning, manages, roles, onDone }: Props) {
  const { t } = useTranslation("provisioning");
  const tenant = useTenant();
  const set = useAction(SetProvisioningDocument);
  const [asked, setAsked] = useState(false);
  const { enabled, url, defaultRole, defaultCustomRole } = provisioning;
  const roleName = defaultCustomRole?.name ?? t(`common:role.${defaultRole}`);

  const run = async (input: { enabled?: boolean; role?: string }) => {
    const role = input.role ? roleOf(input.role) : null;
    const outcome = await set.run({
      input: {
        tenantId: tenant.id,
        enabled: input.enabled,
        defaultRole: role?.role,
        defaultCustomRoleId: role?.customRoleId,
      },
    });
    if (!outcome.ok) return;
    setAsked(false);
    done(
      t(input.role ? "connection.saved" : input.enabled ? "connection.connected" : "connection.disconnected"),
    );
    onDone();
  };
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="connection">
      <Group justify="space-between" align="flex-start" mb="sm">
        <Group gap="xs">
          <Title order={2} size="h4" id="connection">
            {t("connection.title")}
          </Title>
          <Badge color={enabled ? "green" : "gray"}>{t(enabled ? "connection.on" : "connection.off")}</Badge>
        </Group>
        {manages && enabled ? (
          <Button variant="default" onClick={() => setAsked(true)}>
            {t("connection.disconnect")}
          </Button>
        ) : null}
        {manages && !enabled ? (
          <Button loading={set.busy} onClick={() => run({ enabled: true })}>
            {t("connection.connect")}
          </Button>
        ) : null}
      </Group>
      <Stack gap="sm">
        <Text size="sm">{t(enabled ? "connection.onText" : "connection.offText")}</Text>
        <div>
          <Text size="sm" fw={500}>
            {t("connection.url")}
          </Text>
          <Group gap="xs" wrap="nowrap" align="flex-start">
            <Text span className="mono" size="sm" style={{ minWidth: 0, overflowWrap: "anywhere" }}>
              {url}
            </Text>
            <CopyButton value={url} label={t("connection.copyUrl")} />
          </Group>
        </div>
        {manages ? (
          <RoleSelect
            label={t("connection.role")}
            roles={roles}
            value={choiceOf(defaultRole, defaultCustomRole?.id)}
            valueName={roleName}
            onChange={(role) => role && run({ role })}
          />
        ) : (
          <Text size="sm">
            {t("connection.role")}: {roleName}
          </Text>
        )}
        <Text size="sm" c="dimmed">
          {t("connection.roleNote")}
        </Text>
        {asked ? null : <ActionAlert problem={set.problem} fault={set.fault} />}
      </Stack>
      <Confirm
        opened={asked}
        onClose={() => {
          set.reset();
          setAsked(false);
        }}
        title={t("connection.offTitle")}
        confirmLabel={t("connection.disconnect")}
        danger
        action={set}
        onConfirm={() => run({ enabled: false })}
      >
        <Text>{t("connection.offAsk")}</Text>
      </Confirm>
    </Paper>
  );
}
