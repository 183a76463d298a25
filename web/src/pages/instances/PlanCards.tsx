import { Group, Radio, SimpleGrid, Skeleton, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { OfferedPlanFragment } from "../../api/customer/graphql";
import { mebibytes, money, number, unitPrice } from "../../ui/format";
import { Choice } from "./Choice";

interface Props {
  plans: readonly OfferedPlanFragment[] | undefined;
  value: string | null;
  onChange: (code: string) => void;
  error?: string;
}

/** The plans, each with what it costs a month, what is in it, and what more costs. */
export function PlanCards({ plans, value, onChange, error }: Props) {
  const { t } = useTranslation("instances");
  return (
    <Radio.Group value={value} onChange={onChange} error={error} aria-label={t("start.plan")} name="plan">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        {plans
          ? plans.map((plan, index) => (
              <Choice
                key={plan.code}
                value={plan.code}
                checked={value === plan.code}
                reachable={value ? value === plan.code : index === 0}
                title={
                  <Group justify="space-between" gap="xs" wrap="nowrap" align="baseline">
                    <Text fw={600}>{plan.name}</Text>
                    <Text fw={600} style={{ whiteSpace: "nowrap" }}>
                      {t("plan.monthly", { price: money(plan.basePriceMinor, plan.currency) })}
                    </Text>
                  </Group>
                }
              >
                <PlanDetails plan={plan} />
              </Choice>
            ))
          : ["a", "b", "c", "d"].map((key) => <Skeleton key={key} h={132} />)}
      </SimpleGrid>
    </Radio.Group>
  );
}

function PlanDetails({ plan }: { plan: OfferedPlanFragment }) {
  const { t } = useTranslation("instances");
  return (
    <>
      <Text size="sm" mt={4}>
        {t("plan.included", { executions: number(plan.includedExecutions) })}
      </Text>
      <Text size="sm">
        {plan.extraExecutionPrice
          ? t("plan.beyond", { price: unitPrice(plan.extraExecutionPrice, plan.currency) })
          : t("plan.noBeyond")}
      </Text>
      <Text size="sm" c="dimmed" mt={4}>
        {t("plan.limits", {
          count: plan.maxInstances,
          instances: number(plan.maxInstances),
          members: number(plan.maxMembers),
          memory: mebibytes(plan.memoryMib),
          storage: mebibytes(plan.storageMib),
        })}
      </Text>
    </>
  );
}
