import { Box, Button, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconLock, IconUserPlus } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { MembersDocument } from "../../api/customer/graphql";
import { useGivable } from "../../api/useGivable";
import { useLasting } from "../../api/useLasting";
import { useTenantActivity } from "../../api/useLive";
import { useRoleChoices } from "../../api/useRoleChoices";
import { useSession, useViewer } from "../../app/session";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { EmptyState } from "../../ui/EmptyState";
import { FaultPanel } from "../../ui/FaultPanel";
import { number } from "../../ui/format";
import { PageHeader } from "../../ui/PageHeader";
import { Pager } from "../../ui/Pager";
import { usePages } from "../../ui/usePages";
import { Invitations } from "./Invitations";
import { InviteDialog } from "./InviteDialog";
import { MemberTable } from "./MemberTable";
import { MfaCard } from "./MfaCard";
import { RemoveDialog } from "./RemoveDialog";
import type { Member } from "./roles";
import { useInvitations } from "./useInvitations";

const ROWS = 25;

/** The people of the organisation, and those invited. */
export function MembersPage() {
  const tenant = useTenant();
  return tenant.may("member:view") ? <Members /> : <Forbidden />;
}

/** Who may not see the others can still go. */
function Forbidden() {
  const { t } = useTranslation("members");
  const { role } = useTenant();
  const viewer = useViewer();
  const [leaving, setLeaving] = useState(false);
  const me = { userId: viewer.id, name: viewer.name };
  const leave = (
    <Button variant="default" onClick={() => setLeaving(true)}>
      {t("leave.button")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("title")} />
      <EmptyState icon={IconLock} title={t("forbidden.title")} action={leave}>
        <Text>{t("forbidden.text", { role: t(`common:role.${role ?? "VIEWER"}`) })}</Text>
      </EmptyState>
      <RemoveDialog member={leaving ? me : null} onClose={() => setLeaving(false)} onDone={() => {}} />
    </>
  );
}

function Members() {
  const { t } = useTranslation("members");
  const tenant = useTenant();
  const { refresh } = useSession();
  const pages = usePages(tenant.id);
  const manages = tenant.may("member:manage");
  const [inviting, setInviting] = useState(false);
  const [leaving, setLeaving] = useState<Member | null>(null);
  const title = useRef<HTMLHeadingElement>(null);

  const members = useLasting({
    query: MembersDocument,
    variables: { tenantId: tenant.id, first: ROWS, after: pages.after },
  });
  const invitations = useInvitations(tenant.id, manages);
  const ownRoles = useRoleChoices(tenant.id, manages && tenant.may("role:view"));
  const givable = useGivable(manages);
  const again = () => {
    members.again();
    invitations.again();
  };
  useTenantActivity(tenant.id, (activity) => activity.members && again());

  // Somebody changed what the viewer may do: the navigation and the other pages follow.
  const here = members.data?.tenant;
  const outdated = here !== undefined && tenant.role !== null && here.viewerRole !== tenant.role;
  useEffect(() => {
    if (outdated) refresh(false);
  }, [outdated, refresh]);

  if (members.fault && !here) return <FaultPanel fault={members.fault} retry={members.again} />;
  const seats = here?.allowances.members;
  const invite = manages ? (
    <Button leftSection={<IconUserPlus size={16} aria-hidden />} onClick={() => setInviting(true)}>
      {t("invite.button")}
    </Button>
  ) : null;
  const removed = () => {
    again();
    // The button that was pressed is gone with its row.
    setTimeout(() => title.current?.focus(), 300);
  };
  return (
    <>
      <PageHeader title={t("title")} description={t("description", { name: tenant.name })} actions={invite} />
      <Stack gap="lg">
        <ActionAlert fault={members.fault} />
        <Paper
          className="surface"
          p="md"
          component="section"
          aria-labelledby="members"
          aria-busy={!members.current}
        >
          <Title order={2} size="h4" id="members" tabIndex={-1} ref={title}>
            {t("list.title")}
          </Title>
          {seats ? (
            <Text size="sm" c="dimmed" mb="xs">
              {t("seats", { used: number(seats.used), limit: number(seats.limit) })}
            </Text>
          ) : (
            <Skeleton height={22} width={240} mb="xs" />
          )}
          {here ? (
            <Box opacity={members.current ? 1 : 0.5}>
              <MemberTable
                members={here.members.nodes}
                givable={givable}
                ownRoles={ownRoles}
                onRemove={setLeaving}
                onChanged={again}
              />
            </Box>
          ) : (
            <Skeleton height={180} />
          )}
          <Pager
            page={pages.page}
            hasNext={here?.members.pageInfo.hasNextPage ?? false}
            onPrevious={pages.previous}
            onNext={() => pages.next(here?.members.pageInfo.endCursor)}
          />
        </Paper>
        <MfaCard />
        {manages ? <Invitations invitations={invitations} givable={givable} onChanged={again} /> : null}
      </Stack>
      <InviteDialog
        opened={inviting}
        onClose={() => setInviting(false)}
        onDone={again}
        givable={givable}
        ownRoles={ownRoles}
        full={seats !== undefined && seats.used >= seats.limit}
      />
      <RemoveDialog member={leaving} onClose={() => setLeaving(null)} onDone={removed} />
    </>
  );
}
