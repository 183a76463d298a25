import { Badge, Group, Paper, Progress, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { BillingQuery } from "../../api/customer/graphql";
import { dateUtc, mebibytes, money, number, unitPrice } from "../../ui/format";

type Here = BillingQuery["tenant"];

interface Props {
  subscription: NonNullable<Here["subscription"]>;
  allowances: Here["allowances"];
}

/** The plan: what it costs and allows, and how much of that is used. */
export function PlanCard({ subscription, allowances }: Props) {
  const { t } = useTranslation("billing");
  const { plan, startedAt } = subscription;
  const price =
    plan.basePriceMinor === 0
      ? t("plan.free")
      : t("plan.price", { price: money(plan.basePriceMinor, plan.currency) });
  const beyond = plan.extraExecutionPrice
    ? t("plan.beyond", { price: unitPrice(plan.extraExecutionPrice, plan.currency) })
    : t("plan.noBeyond");
  const facts = [
    [t("plan.basePrice"), price],
    [
      t("plan.included"),
      t("plan.aMonth", { count: plan.includedExecutions, shown: number(plan.includedExecutions) }),
    ],
    [t("plan.beyondLabel"), beyond],
    [t("plan.concurrent"), number(plan.concurrentExecutions)],
    [t("plan.cpu"), t("plan.cores", { count: plan.cpuMillis / 1000 })],
    [t("plan.memory"), mebibytes(plan.memoryMib)],
    [t("plan.storage"), mebibytes(plan.storageMib)],
  ];
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="plan">
      <Group gap="xs" mb="md">
        <Title order={2} size="h4" id="plan">
          {t("plan.title")}
        </Title>
        <Badge>{plan.name}</Badge>
        <Text size="sm" c="dimmed">
          {t("plan.since", { date: dateUtc(startedAt) })}
        </Text>
      </Group>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
        <Table aria-labelledby="plan" verticalSpacing={6}>
          <Table.Tbody>
            {facts.map(([label, value]) => (
              <Table.Tr key={label}>
                <Table.Th scope="row" fw={400}>
                  {label}
                </Table.Th>
                <Table.Td className="numeric">{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Stack gap="md">
          <Used label={t("used.executions")} note={t("used.executionsNote")} {...allowances.executions} />
          <Used label={t("used.instances")} {...allowances.instances} />
          <Used label={t("used.members")} note={t("used.membersNote")} {...allowances.members} />
        </Stack>
      </SimpleGrid>
    </Paper>
  );
}

function Used({ label, note, used, limit }: { label: string; note?: string; used: number; limit: number }) {
  const { t } = useTranslation("billing");
  const text = t("used.of", { used: number(used), limit: number(limit) });
  const share = limit > 0 ? (used / limit) * 100 : 100;
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs">
        <Text size="sm">{label}</Text>
        <Text size="sm" fw={used > limit ? 650 : undefined}>
          {text}
        </Text>
      </Group>
      <Progress.Root>
        <Progress.Section
          value={Math.min(100, share)}
          color={used > limit ? "red.8" : "brand.6"}
          aria-label={label}
          aria-valuetext={text}
        />
      </Progress.Root>
      {note ? (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      ) : null}
    </Stack>
  );
}
