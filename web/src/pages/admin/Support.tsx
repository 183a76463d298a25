import { Anchor, Badge, Button, SegmentedControl, Table, Text } from "@mantine/core";
import { IconLifebuoy } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EndBreakGlassDocument, SupportTableDocument, type SupportTableQuery } from "../../api/admin/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { EmptyState } from "../../ui/EmptyState";
import { PagedList } from "../../ui/PagedList";
import { PageHeader } from "../../ui/PageHeader";
import { Until } from "../../ui/Until";
import { useFilters } from "../../ui/useFilters";
import { useKept } from "../../ui/useKept";
import { usePages } from "../../ui/usePages";
import { When } from "../../ui/When";
import { WideTable } from "../../ui/WideTable";
import { useFresh } from "./useFresh";

type Access = SupportTableQuery["supportAccess"]["nodes"][number];

/** Which organisations staff may look into now, and why. */
export function Support() {
  const { t } = useTranslation("admin");
  const filters = useFilters();
  const all = filters.get("all") === "1";
  const pages = usePages(filters.key);
  const accesses = useLasting({
    query: SupportTableDocument,
    variables: { first: 25, after: pages.after, activeOnly: !all },
  });
  useFresh(accesses.again);
  const end = useAction(EndBreakGlassDocument);
  const [asked, setAsked] = useState<Access | null>(null);
  const shown = useKept(asked);
  const close = () => {
    end.reset();
    setAsked(null);
  };
  const confirm = async () => {
    if (!shown) return;
    if (!(await end.run({ input: { tenantId: shown.tenantId, id: shown.id } })).ok) return;
    close();
    done(t("support.ended"));
    accesses.again();
  };
  return (
    <>
      <PageHeader title={t("support.title")} description={t("support.text")} />
      <SegmentedControl
        aria-label={t("support.show")}
        value={all ? "all" : "active"}
        onChange={(value) => filters.set({ all: value === "all" ? "1" : null })}
        data={[
          { value: "active", label: t("support.active") },
          { value: "all", label: t("support.all") },
        ]}
        mb="md"
      />
      <PagedList
        list={accesses.data?.supportAccess}
        asked={accesses}
        pages={pages}
        label={t("support.title")}
        empty={
          <EmptyState icon={IconLifebuoy} title={t("support.emptyTitle")}>
            {t("support.emptyText")}
          </EmptyState>
        }
      >
        {(nodes) => (
          <WideTable minWidth={820} label={t("support.table")}>
            <Table aria-label={t("support.table")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("support.tenant")}</Table.Th>
                  <Table.Th>{t("support.kind")}</Table.Th>
                  <Table.Th>{t("support.reason")}</Table.Th>
                  <Table.Th>{t("support.by")}</Table.Th>
                  <Table.Th>{t("support.left")}</Table.Th>
                  <Table.Th>{t("support.used")}</Table.Th>
                  <Table.Th>{t("support.actions")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {nodes.map((access) => (
                  <Row key={access.id} access={access} onEnd={() => setAsked(access)} />
                ))}
              </Table.Tbody>
            </Table>
          </WideTable>
        )}
      </PagedList>
      <Confirm
        opened={asked !== null}
        onClose={close}
        title={t("support.endTitle")}
        confirmLabel={t("support.end")}
        action={end}
        onConfirm={confirm}
      >
        <Text>{t("support.endText", { name: shown?.tenantName })}</Text>
      </Confirm>
    </>
  );
}

function Row({ access, onEnd }: { access: Access; onEnd: () => void }) {
  const { t } = useTranslation("admin");
  const glass = access.kind === "BREAK_GLASS";
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/admin/tenants/${access.tenantId}`}>
          {access.tenantName}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <Badge color={glass ? "red" : "blue"}>{t(`support.kinds.${access.kind}`)}</Badge>{" "}
        <Badge color="gray">{t(`support.levels.${access.level}`)}</Badge>
      </Table.Td>
      <Table.Td maw={260} style={{ overflowWrap: "anywhere" }}>
        {access.reason}
      </Table.Td>
      <Table.Td>{access.grantedBy}</Table.Td>
      <Table.Td>
        {access.active ? (
          <Until at={access.expiresAt} />
        ) : (
          <>
            {t("support.over")} <When at={access.revokedAt ?? access.expiresAt} />
          </>
        )}
      </Table.Td>
      <Table.Td>{access.lastUsedAt ? <When at={access.lastUsedAt} /> : t("common:never")}</Table.Td>
      <Table.Td>
        {access.active ? (
          <Button
            component={Link}
            to={`/t/${access.tenantId}`}
            size="xs"
            variant="default"
            aria-label={t("support.lookOf", { name: access.tenantName })}
          >
            {t("support.look")}
          </Button>
        ) : null}
        {access.active && glass ? (
          <Button
            size="xs"
            variant="default"
            mt={4}
            onClick={onEnd}
            aria-label={t("support.endOf", { name: access.tenantName })}
          >
            {t("support.end")}
          </Button>
        ) : null}
      </Table.Td>
    </Table.Tr>
  );
}
