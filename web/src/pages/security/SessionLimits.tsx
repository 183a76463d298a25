import { Paper, Skeleton, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { SessionPolicyDocument } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { FaultPanel } from "../../ui/FaultPanel";
import { LimitsForm } from "./LimitsForm";

/** How long a session may be used in the organisation. */
export function SessionLimits() {
  const { t } = useTranslation("security");
  const tenant = useTenant();
  const asked = useLasting({ query: SessionPolicyDocument, variables: { tenantId: tenant.id } });
  const policy = asked.data?.tenant.sessionPolicy;
  if (asked.fault && !policy) return <FaultPanel fault={asked.fault} retry={asked.again} />;
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="session-limits">
      <Title order={2} size="h4" id="session-limits" mb={4}>
        {t("limits.title")}
      </Title>
      <Text size="sm" mb="sm">
        {t("limits.text")}
      </Text>
      {policy ? (
        <LimitsForm
          key={`${policy.idleMinutes} ${policy.absoluteMinutes}`}
          policy={policy}
          onDone={asked.again}
        />
      ) : (
        <Skeleton h={120} />
      )}
    </Paper>
  );
}
