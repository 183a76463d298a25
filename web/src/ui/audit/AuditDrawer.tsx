import { Drawer, Stack, Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CodeBlock } from "../Code";
import { dateTime } from "../format";
import { useKept } from "../useKept";
import { WideTable } from "../WideTable";
import { type Difference, differences } from "./diff";
import type { AuditShown } from "./record";

/** All that is known of one record, with what it changed. */
export function AuditDrawer({ record, onClose }: { record: AuditShown | null; onClose: () => void }) {
  const { t } = useTranslation("audit");
  const shown = useKept(record);
  return (
    <Drawer
      opened={record !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={shown?.action}
      closeButtonProps={{ "aria-label": t("common:close") }}
      attributes={{ header: { role: "none" } }}
    >
      {shown ? <Details record={shown} /> : null}
    </Drawer>
  );
}

function Details({ record }: { record: AuditShown }) {
  const { t } = useTranslation("audit");
  const facts: [string, string][] = [
    [t("seq"), String(record.seq)],
    [t("at"), dateTime(record.at)],
    [t("actor"), record.actorName ? `${record.actorName} (${record.actor})` : record.actor],
    [t("resource"), record.resource],
    [t("result"), record.result],
    [t("origin"), record.origin ?? t("unknown")],
    [t("request"), record.requestId ?? t("unknown")],
    [t("hash"), record.hash],
  ];
  const changed = differences(record.before, record.after);
  const details = record.details;
  const more = typeof details === "object" && details !== null && Object.keys(details).length > 0;
  return (
    <Stack>
      <Table variant="vertical" withRowBorders={false} verticalSpacing={4}>
        <Table.Tbody>
          {facts.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" w={110}>
                {name}
              </Table.Th>
              {/* Ids as they are: the text's font would make a sign of some letters. */}
              <Table.Td className="mono">{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {changed.length > 0 || !more ? <Changes changed={changed} /> : null}
      {more ? <CodeBlock label={t("more")} code={JSON.stringify(details, null, 2)} maxHeight={280} /> : null}
    </Stack>
  );
}

function Changes({ changed }: { changed: Difference[] }) {
  const { t } = useTranslation("audit");
  return (
    <>
      <Title order={3} size="h5">
        {t("changes")}
      </Title>
      {changed.length === 0 ? (
        <Text c="dimmed">{t("noChanges")}</Text>
      ) : (
        <WideTable minWidth={300} label={t("changes")}>
          <Table aria-label={t("changes")} verticalSpacing={4}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("field")}</Table.Th>
                <Table.Th>{t("before")}</Table.Th>
                <Table.Th>{t("after")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {changed.map((it) => (
                <Table.Tr key={it.path}>
                  <Table.Th scope="row" className="mono" fw={400}>
                    {it.path}
                  </Table.Th>
                  <Table.Td className="mono">{it.before ?? t("nothing")}</Table.Td>
                  <Table.Td className="mono">{it.after ?? t("nothing")}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      )}
    </>
  );
}
