import { Button, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconLock, IconPrinter } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { BillingDocument } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenantActivity } from "../../api/useLive";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { EmptyState } from "../../ui/EmptyState";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { InvoiceCard } from "./InvoiceCard";
import { NextCard } from "./NextCard";
import { PlanCard } from "./PlanCard";
import "./print.css";

/** What the running month costs so far and why, and what the plan allows. */
export function BillingPage() {
  const tenant = useTenant();
  return tenant.may("invoice:view") ? <Billing /> : <Forbidden />;
}

function Forbidden() {
  const { t } = useTranslation("billing");
  const { role } = useTenant();
  return (
    <>
      <PageHeader title={t("title")} />
      <EmptyState icon={IconLock} title={t("forbidden.title")}>
        <Text>{t("forbidden.text", { role: t(`common:role.${role ?? "VIEWER"}`) })}</Text>
      </EmptyState>
    </>
  );
}

function Billing() {
  const { t } = useTranslation("billing");
  const tenant = useTenant();
  const billing = useLasting({
    query: BillingDocument,
    variables: { tenantId: tenant.id, subscription: tenant.may("subscription:view") },
  });
  useTenantActivity(tenant.id, () => billing.again());

  if (billing.fault && !billing.data) return <FaultPanel fault={billing.fault} retry={billing.again} />;
  const here = billing.data?.tenant;
  const print = (
    <Button
      variant="default"
      className="no-print"
      leftSection={<IconPrinter size={16} aria-hidden />}
      onClick={() => window.print()}
    >
      {t("print")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("title")} description={t("description", { name: tenant.name })} actions={print} />
      <Stack gap="lg">
        {billing.fault ? <ActionAlert fault={billing.fault} /> : null}
        {here ? (
          <InvoiceCard preview={here.invoicePreview} />
        ) : (
          <Waiting title={t("invoice.title")} height={340} />
        )}
        {here ? <NextCard periodEnd={here.invoicePreview.periodEnd} /> : null}
        {here?.subscription ? (
          <PlanCard subscription={here.subscription} allowances={here.allowances} />
        ) : here ? null : (
          <Waiting title={t("plan.title")} height={300} />
        )}
      </Stack>
    </>
  );
}

function Waiting({ title, height }: { title: string; height: number }) {
  return (
    <Paper className="surface" p="md" aria-busy>
      <Title order={2} size="h4" mb="md">
        {title}
      </Title>
      <Skeleton height={height} />
    </Paper>
  );
}
