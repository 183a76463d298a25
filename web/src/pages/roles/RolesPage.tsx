import { Button, Paper, Stack, Text, Title } from "@mantine/core";
import { IconPlus, IconShieldCheck } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type RoleShownFragment, RolesDocument, type RolesQuery } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { EmptyState } from "../../ui/EmptyState";
import { PagedList } from "../../ui/PagedList";
import { PageHeader } from "../../ui/PageHeader";
import { usePages } from "../../ui/usePages";
import { DeleteRole } from "./DeleteRole";
import { RightsMatrix } from "./RightsMatrix";
import { RoleCard } from "./RoleCard";
import { RoleForm } from "./RoleForm";

export type RightInfo = RolesQuery["tenant"]["rights"][number];

type Asked = { what: "edit" | "delete"; role: RoleShownFragment } | { what: "create" } | null;

/** The roles of the organisation: its own, and the built-in ones. */
export function RolesPage() {
  const { t } = useTranslation("roles");
  const tenant = useTenant();
  const pages = usePages(tenant.id);
  const roles = useLasting({
    query: RolesDocument,
    variables: { tenantId: tenant.id, first: 20, after: pages.after },
  });
  const [asked, setAsked] = useState<Asked>(null);
  const manages = tenant.may("role:manage");
  const here = roles.data?.tenant;
  const close = () => setAsked(null);
  const changed = () => {
    close();
    roles.again();
  };
  const create = manages ? (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => setAsked({ what: "create" })}
      disabled={!here}
    >
      {t("create")}
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title={t("title")} description={t("text")} actions={create} />
      <Stack gap="lg">
        <section aria-labelledby="own-roles">
          <Title order={2} size="h4" id="own-roles" mb="xs">
            {t("own")}
          </Title>
          <PagedList
            list={here?.roles}
            asked={roles}
            pages={pages}
            label={t("own")}
            empty={
              <EmptyState icon={IconShieldCheck} title={t("emptyTitle")}>
                {t(manages ? "emptyText" : "emptyNoRight")}
              </EmptyState>
            }
          >
            {(nodes) => (
              <Stack component="ul" className="plain-list" gap="sm" aria-labelledby="own-roles">
                {nodes.map((role) => (
                  <RoleCard
                    key={role.id}
                    role={role}
                    onEdit={manages ? () => setAsked({ what: "edit", role }) : undefined}
                    onDelete={manages ? () => setAsked({ what: "delete", role }) : undefined}
                  />
                ))}
              </Stack>
            )}
          </PagedList>
        </section>
        {here ? (
          <Paper className="surface" p="md" component="section" aria-labelledby="built-in">
            <Title order={2} size="h4" id="built-in">
              {t("builtIn")}
            </Title>
            <Text size="sm" c="dimmed" mb="sm">
              {t("builtInText")}
            </Text>
            <RightsMatrix rights={here.rights} label={t("builtIn")} />
          </Paper>
        ) : null}
      </Stack>
      {here && (asked?.what === "create" || asked?.what === "edit") ? (
        <RoleForm
          role={asked.what === "edit" ? asked.role : undefined}
          rights={here.rights}
          own={here.viewerRights}
          onClose={close}
          onDone={changed}
        />
      ) : null}
      <DeleteRole role={asked?.what === "delete" ? asked.role : null} onClose={close} onDone={changed} />
    </>
  );
}
