import { Button, Container, Group, Skeleton, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Fault } from "../../api/client";
import type { OfferQuery } from "../../api/customer/graphql";
import { mebibytes, number, unitPrice } from "../../ui/format";
import { OfferFault, Waiting } from "./OfferFault";

type Plan = OfferQuery["plans"][number];

interface Props {
  plans: Plan[] | undefined;
  fault: Fault | null;
  retry: () => void;
}

/** As large as what comes, so that nothing moves when it does. */
const PLACES: readonly Plan[] = ["1", "2", "3", "4"].map((code) => ({
  code,
  name: "Enterprise",
  currency: "EUR",
  basePriceMinor: 10_000,
  includedExecutions: 10_000,
  extraExecutionPrice: "1",
  maxInstances: 2,
  maxMembers: 2,
  concurrentExecutions: 2,
  memoryMib: 1024,
  storageMib: 1024,
}));

export function Plans({ plans, fault, retry }: Props) {
  const { t } = useTranslation("landing");
  return (
    <section id="plans" className="landing-section" aria-labelledby="plans-title">
      <Container size="lg">
        <h2 id="plans-title">{t("plans.title")}</h2>
        <p className="landing-intro">{t("plans.lead")}</p>
        {fault ? (
          <OfferFault title={t("plans.failed")} fault={fault} retry={retry} />
        ) : (
          <>
            {plans ? null : <Waiting label={t("plans.loading")} />}
            <ul className="landing-grid landing-four" aria-hidden={plans ? undefined : true}>
              {(plans ?? PLACES).map((plan) => (
                <li key={plan.code} className="landing-plan">
                  <Skeleton visible={!plans}>
                    <PlanText plan={plan} />
                  </Skeleton>
                </li>
              ))}
            </ul>
          </>
        )}
        <Group mt="xl" gap="md">
          <Button component={Link} to="/sign-up" size="md">
            {t("plans.start")}
          </Button>
          <Text size="sm" c="dimmed">
            {t("plans.startNote")}
          </Text>
        </Group>
      </Container>
    </section>
  );
}

function PlanText({ plan }: { plan: Plan }) {
  const { t } = useTranslation("landing");
  const count = (key: string, n: number) => t(`plans.${key}`, { count: n, shown: number(n) });
  const more = plan.extraExecutionPrice;
  return (
    <>
      <h3>{plan.name}</h3>
      <Group gap={6} align="baseline" wrap="nowrap">
        <span className="landing-price">
          {unitPrice(String(plan.basePriceMinor), plan.currency).replace(/[.,]00$/, "")}
        </span>
        <Text size="sm" c="dimmed">
          {t("plans.month")}
        </Text>
      </Group>
      <Text fw={600} mt="md" lh={1.4} c="var(--mantine-color-text)">
        {count("included", plan.includedExecutions)}
      </Text>
      <Text size="sm" lh={1.4}>
        {more === null ? t("plans.noExtra") : t("plans.extra", { price: unitPrice(more, plan.currency) })}
      </Text>
      <ul>
        <li>{count("instances", plan.maxInstances)}</li>
        <li>{count("people", plan.maxMembers)}</li>
        <li>{count("atOnce", plan.concurrentExecutions)}</li>
        <li>{t("plans.memory", { shown: mebibytes(plan.memoryMib) })}</li>
        <li>{t("plans.storage", { shown: mebibytes(plan.storageMib) })}</li>
      </ul>
    </>
  );
}
