import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  MapProvisionedGroupDocument,
  type ProvisionedGroupShownFragment,
  ProvisionedGroupsDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { choiceOf, type RoleChoice, roleOf } from "../../api/useRoleChoices";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { PagedList } from "../../ui/PagedList";
import { useKept } from "../../ui/useKept";
import { usePages } from "../../ui/usePages";
import { RoleSelect, type Roles } from "./RoleSelect";

type Shown = ProvisionedGroupShownFragment;

/** The directory's groups, and what their members become. */
export function Groups({ manages, roles }: { manages: boolean; roles: Roles }) {
  const { t } = useTranslation("provisioning");
  const tenant = useTenant();
  const pages = usePages(tenant.id);
  const groups = useLasting({
    query: ProvisionedGroupsDocument,
    variables: { tenantId: tenant.id, first: 20, after: pages.after },
  });
  const map = useAction(MapProvisionedGroupDocument);
  const [asked, setAsked] = useState<{ group: Shown; role: RoleChoice | null } | null>(null);
  const shown = useKept(asked);
  const nameOf = (group: Shown) =>
    group.customRole?.name ?? (group.role ? t(`common:role.${group.role}`) : null);
  const wanted = (role: RoleChoice | null | undefined) => {
    if (!role) return t("groups.none");
    return roles.own.find((it) => it.id === role)?.name ?? t(`common:role.${roleOf(role).role}`);
  };
  const confirm = async () => {
    if (!shown) return;
    const role = shown.role ? roleOf(shown.role) : {};
    const outcome = await map.run({ input: { tenantId: tenant.id, id: shown.group.id, ...role } });
    if (!outcome.ok) return;
    setAsked(null);
    done(t("groups.mapped", { name: shown.group.displayName }));
    groups.again();
  };
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="groups">
      <Title order={2} size="h4" id="groups">
        {t("groups.title")}
      </Title>
      <Text size="sm" mb="sm">
        {t("groups.text")}
      </Text>
      <PagedList
        list={groups.data?.tenant.provisioning.groups}
        asked={groups}
        pages={pages}
        label={t("groups.title")}
        empty={<Text c="dimmed">{t("groups.empty")}</Text>}
      >
        {(nodes) => (
          <Stack component="ul" className="plain-list" gap="sm" aria-labelledby="groups">
            {nodes.map((group) => (
              <li key={group.id}>
                <Group justify="space-between">
                  <div style={{ minWidth: 0 }}>
                    <Text fw={500} style={{ overflowWrap: "anywhere" }}>
                      {group.displayName}
                    </Text>
                    <Text size="sm" c="dimmed">
                      {t("groups.members", { count: group.memberCount })}
                    </Text>
                  </div>
                  {manages ? (
                    <RoleSelect
                      label={t("groups.roleOf", { name: group.displayName })}
                      hideLabel
                      roles={roles}
                      value={group.role ? choiceOf(group.role, group.customRole?.id) : null}
                      valueName={nameOf(group)}
                      none={t("groups.none")}
                      onChange={(role) => setAsked({ group, role })}
                    />
                  ) : (
                    <Text size="sm">{nameOf(group) ?? t("groups.none")}</Text>
                  )}
                </Group>
              </li>
            ))}
          </Stack>
        )}
      </PagedList>
      <Confirm
        opened={asked !== null}
        onClose={() => {
          map.reset();
          setAsked(null);
        }}
        title={t("groups.askTitle", { name: shown?.group.displayName })}
        confirmLabel={t("groups.confirm")}
        action={map}
        onConfirm={confirm}
      >
        <Text>{t("groups.ask", { role: wanted(shown?.role), count: shown?.group.memberCount ?? 0 })}</Text>
      </Confirm>
    </Paper>
  );
}
