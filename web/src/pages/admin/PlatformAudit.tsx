import { IconHistory } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PlatformAuditDocument } from "../../api/admin/graphql";
import { useLasting } from "../../api/useLasting";
import { AuditDrawer, AuditFilters, type AuditShown, AuditTable, filterOf } from "../../ui/audit";
import { EmptyState } from "../../ui/EmptyState";
import { PagedList } from "../../ui/PagedList";
import { PageHeader } from "../../ui/PageHeader";
import { useFilters } from "../../ui/useFilters";
import { usePages } from "../../ui/usePages";

/** What staff did on the platform. */
export function PlatformAudit() {
  const { t } = useTranslation("audit");
  const filters = useFilters();
  const pages = usePages(filters.key);
  const audit = useLasting({
    query: PlatformAuditDocument,
    variables: { first: 50, after: pages.after, filter: filterOf(filters) },
  });
  const [open, setOpen] = useState<AuditShown | null>(null);
  return (
    <>
      <PageHeader title={t("platformTitle")} description={t("platformText")} />
      <AuditFilters filters={filters} />
      <PagedList
        list={audit.data?.platformAudit}
        asked={audit}
        pages={pages}
        label={t("platformTitle")}
        empty={
          <EmptyState icon={IconHistory} title={t("emptyTitle")}>
            {t("emptyText")}
          </EmptyState>
        }
      >
        {(nodes) => <AuditTable records={nodes} onOpen={setOpen} />}
      </PagedList>
      <AuditDrawer record={open} onClose={() => setOpen(null)} />
    </>
  );
}
