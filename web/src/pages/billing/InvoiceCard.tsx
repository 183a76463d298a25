import { Box, Divider, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { BillingQuery } from "../../api/customer/graphql";
import { locale } from "../../app/i18n";
import { dateTime, dateUtc, money, unitPrice } from "../../ui/format";
import { lastDay } from "./lastDay";

type Preview = BillingQuery["tenant"]["invoicePreview"];
type Line = Preview["lines"][number];

const decimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 });

/** The invoice as it stands: each line with the reason for its amount. */
export function InvoiceCard({ preview }: { preview: Preview }) {
  const { t } = useTranslation("billing");
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="invoice">
      <Group justify="space-between" align="flex-start" gap="xs" mb="sm">
        <div>
          <Title order={2} size="h4" id="invoice">
            {t("invoice.title")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("invoice.period", {
              first: dateUtc(preview.periodStart),
              last: dateUtc(lastDay(preview.periodEnd)),
            })}
          </Text>
        </div>
        <Text size="sm" c="dimmed">
          {t("invoice.asOf", { at: dateTime(preview.asOf) })}
        </Text>
      </Group>
      <Box visibleFrom="sm" className="print-wide">
        <Lines preview={preview} />
      </Box>
      <Box hiddenFrom="sm" className="print-narrow">
        <NarrowLines preview={preview} />
      </Box>
    </Paper>
  );
}

function Lines({ preview }: { preview: Preview }) {
  const { t } = useTranslation("billing");
  return (
    <Table aria-labelledby="invoice">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("invoice.line")}</Table.Th>
          <Table.Th className="numeric">{t("invoice.quantity")}</Table.Th>
          <Table.Th className="numeric">{t("invoice.unitPrice")}</Table.Th>
          <Table.Th className="numeric">{t("invoice.amount")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {preview.lines.map((line) => (
          <Table.Tr key={line.description}>
            <Table.Td maw={420}>
              <Text>{line.description}</Text>
              <Text size="sm" c="dimmed">
                {line.explanation}
              </Text>
            </Table.Td>
            <Table.Td className="numeric">{decimal.format(Number(line.quantity))}</Table.Td>
            <Table.Td className="numeric">{unitPrice(line.unitPriceMinor, preview.currency)}</Table.Td>
            <Table.Td className="numeric">{money(line.amountMinor, preview.currency)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
      <Table.Tfoot>
        <Table.Tr>
          <Table.Th colSpan={3} scope="row">
            {t("invoice.total")}
          </Table.Th>
          <Table.Td className="numeric" fw={700} fz="lg">
            {money(preview.totalMinor, preview.currency)}
          </Table.Td>
        </Table.Tr>
      </Table.Tfoot>
    </Table>
  );
}

function NarrowLines({ preview }: { preview: Preview }) {
  const { t } = useTranslation("billing");
  const sum = (line: Line) =>
    t("invoice.reckoning", {
      quantity: decimal.format(Number(line.quantity)),
      price: unitPrice(line.unitPriceMinor, preview.currency),
    });
  return (
    <Stack gap="sm">
      {preview.lines.map((line) => (
        <div key={line.description}>
          <Group justify="space-between" wrap="nowrap" align="flex-start">
            <Text fw={550}>{line.description}</Text>
            <Text className="numeric">{money(line.amountMinor, preview.currency)}</Text>
          </Group>
          <Text size="sm">{sum(line)}</Text>
          <Text size="sm" c="dimmed">
            {line.explanation}
          </Text>
          <Divider mt="sm" />
        </div>
      ))}
      <Group justify="space-between">
        <Text fw={700}>{t("invoice.total")}</Text>
        <Text fw={700} fz="lg" className="numeric">
          {money(preview.totalMinor, preview.currency)}
        </Text>
      </Group>
    </Stack>
  );
}
