import { Badge, Button, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { When } from "../../ui/When";
import { WideTable } from "../../ui/WideTable";
import type { Delivery } from "./Deliveries";

export const COLOURS = { PENDING: "blue", DELIVERED: "green", DEAD: "red" } as const;

interface Props {
  deliveries: Delivery[];
  onOpen: (delivery: Delivery) => void;
}

export function DeliveryTable({ deliveries, onOpen }: Props) {
  const { t } = useTranslation("developers");
  return (
    <WideTable minWidth={620} label={t("deliveries.table")}>
      <Table aria-labelledby="deliveries">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("deliveries.event")}</Table.Th>
            <Table.Th>{t("deliveries.stateName")}</Table.Th>
            <Table.Th className="numeric">{t("deliveries.attempts")}</Table.Th>
            <Table.Th>{t("deliveries.made")}</Table.Th>
            <Table.Th>{t("deliveries.last")}</Table.Th>
            <Table.Th>{t("deliveries.details")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {deliveries.map((delivery) => (
            <Table.Tr key={delivery.id}>
              <Table.Td className="mono">{delivery.eventType}</Table.Td>
              <Table.Td>
                <Badge color={COLOURS[delivery.state]}>{t(`deliveries.state.${delivery.state}`)}</Badge>
              </Table.Td>
              <Table.Td className="numeric">{delivery.attempts}</Table.Td>
              <Table.Td style={{ whiteSpace: "nowrap" }}>
                <When at={delivery.createdAt} />
              </Table.Td>
              <Table.Td maw={220}>
                <Text size="sm" lineClamp={2}>
                  {delivery.lastStatus ?? delivery.lastError ?? t("deliveries.nothingYet")}
                </Text>
                {delivery.state === "PENDING" && delivery.nextAttemptAt ? (
                  <Text size="xs" c="dimmed" component="div">
                    {t("deliveries.next")} <When at={delivery.nextAttemptAt} />
                  </Text>
                ) : null}
              </Table.Td>
              <Table.Td>
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => onOpen(delivery)}
                  aria-label={t("deliveries.openOf", { type: delivery.eventType, id: delivery.messageId })}
                >
                  {t("deliveries.open")}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}
