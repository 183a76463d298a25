import { Badge, Button, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { dateTime } from "../format";
import { WideTable } from "../WideTable";
import { type AuditShown, colourOf } from "./record";

interface Props {
  records: AuditShown[];
  onOpen: (record: AuditShown) => void;
}

/** Records of an audit trail, newest first. */
export function AuditTable({ records, onOpen }: Props) {
  const { t } = useTranslation("audit");
  return (
    <WideTable minWidth={760} label={t("table")}>
      <Table aria-label={t("table")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("at")}</Table.Th>
            <Table.Th>{t("actor")}</Table.Th>
            <Table.Th>{t("action")}</Table.Th>
            <Table.Th>{t("resource")}</Table.Th>
            <Table.Th>{t("result")}</Table.Th>
            <Table.Th>{t("details")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {records.map((record) => (
            <Table.Tr key={record.hash}>
              <Table.Td style={{ whiteSpace: "nowrap" }}>
                <time dateTime={record.at}>{dateTime(record.at)}</time>
              </Table.Td>
              <Table.Td maw={200}>
                <Text size="sm" style={{ overflowWrap: "anywhere" }}>
                  {record.actorName ?? record.actor}
                </Text>
              </Table.Td>
              <Table.Td className="mono">{record.action}</Table.Td>
              <Table.Td className="mono" maw={240}>
                {record.resource}
              </Table.Td>
              <Table.Td>
                <Badge color={colourOf(record.result)}>{record.result}</Badge>
              </Table.Td>
              <Table.Td>
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => onOpen(record)}
                  aria-label={t("openOf", { action: record.action, seq: record.seq })}
                >
                  {t("open")}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}
