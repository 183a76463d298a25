import { Button } from "@mantine/core";
import { IconDownload, IconHistory } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { AuditDocument } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { AuditDrawer, AuditFilters, type AuditShown, AuditTable, filterOf } from "../../ui/audit";
import { EmptyState } from "../../ui/EmptyState";
import { PagedList } from "../../ui/PagedList";
import { PageHeader } from "../../ui/PageHeader";
import { useFilters } from "../../ui/useFilters";
import { usePages } from "../../ui/usePages";

/** Who did what, when, from where, and what came of it. */
export function AuditPage() {
  const { t } = useTranslation("audit");
  const tenant = useTenant();
  const filters = useFilters();
  const pages = usePages(`${tenant.id} ${filters.key}`);
  const filter = filterOf(filters);
  const audit = useLasting({
    query: AuditDocument,
    variables: { tenantId: tenant.id, first: 50, after: pages.after, filter },
  });
  const [open, setOpen] = useState<AuditShown | null>(null);
  const span = new URLSearchParams({ tenant: tenant.id });
  if (filter.from) span.set("from", filter.from);
  if (filter.to) span.set("to", filter.to);
  const exported = (
    <Button
      component="a"
      href={`/export/audit.jsonl?${span}`}
      download
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
    >
      {t("export")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("title")} description={t("text")} actions={exported} />
      <AuditFilters filters={filters} />
      <PagedList
        list={audit.data?.tenant.audit}
        asked={audit}
        pages={pages}
        label={t("title")}
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
