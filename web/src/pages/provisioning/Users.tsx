import { Badge, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ProvisionedUsersDocument, type ProvisionedUsersQuery } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { PagedList } from "../../ui/PagedList";
import { usePages } from "../../ui/usePages";
import { When } from "../../ui/When";

type User = ProvisionedUsersQuery["tenant"]["provisioning"]["users"]["nodes"][number];

const COLOURS = { member: "green", invited: "yellow", inactive: "gray" } as const;

/** The people whom the directory has sent, and whether they are members. */
export function Users() {
  const { t } = useTranslation("provisioning");
  const tenant = useTenant();
  const pages = usePages(tenant.id);
  const users = useLasting({
    query: ProvisionedUsersDocument,
    variables: { tenantId: tenant.id, first: 20, after: pages.after },
  });
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="users">
      <Title order={2} size="h4" id="users">
        {t("users.title")}
      </Title>
      <Text size="sm" mb="sm">
        {t("users.text")}
      </Text>
      <PagedList
        list={users.data?.tenant.provisioning.users}
        asked={users}
        pages={pages}
        label={t("users.title")}
        empty={<Text c="dimmed">{t("users.empty")}</Text>}
      >
        {(nodes) => (
          <Stack component="ul" className="plain-list" gap="sm" aria-labelledby="users">
            {nodes.map((user) => (
              <li key={user.id}>
                <Group justify="space-between">
                  <div style={{ minWidth: 0 }}>
                    <Text fw={500} style={{ overflowWrap: "anywhere" }}>
                      {user.userName}
                    </Text>
                    <Text size="sm" c="dimmed" component="div" style={{ overflowWrap: "anywhere" }}>
                      {user.email} · {t("users.changed")} <When at={user.updatedAt} />
                    </Text>
                  </div>
                  <Badge color={COLOURS[stateOf(user)]}>{t(`users.state.${stateOf(user)}`)}</Badge>
                </Group>
              </li>
            ))}
          </Stack>
        )}
      </PagedList>
    </Paper>
  );
}

function stateOf(user: User): keyof typeof COLOURS {
  if (!user.active) return "inactive";
  return user.memberId ? "member" : "invited";
}
