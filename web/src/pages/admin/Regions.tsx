import { Skeleton, Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { RegionTableDocument } from "../../api/admin/graphql";
import { faultOf } from "../../api/client";
import { FaultPanel } from "../../ui/FaultPanel";
import { duration, number } from "../../ui/format";
import { PageHeader } from "../../ui/PageHeader";
import { WideTable } from "../../ui/WideTable";
import { useFresh } from "./useFresh";

/** The places where instances run. */
export function Regions() {
  const { t } = useTranslation("admin");
  const [{ data, error }, ask] = useQuery({ query: RegionTableDocument });
  useFresh(ask);
  if (error && !data) return <FaultPanel fault={faultOf(error)} retry={() => ask()} />;
  return (
    <>
      <PageHeader title={t("regions.title")} description={t("regions.text")} />
      {data ? (
        <WideTable minWidth={620} label={t("regions.table")}>
          <Table aria-label={t("regions.table")}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("regions.name")}</Table.Th>
                <Table.Th>{t("regions.residency")}</Table.Th>
                <Table.Th>{t("regions.driver")}</Table.Th>
                <Table.Th className="numeric">{t("regions.used")}</Table.Th>
                <Table.Th className="numeric">{t("regions.ready")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.regions.map((region) => (
                <Table.Tr key={region.code}>
                  <Table.Th scope="row" fw={500}>
                    {region.name} <span className="mono">{region.code}</span>
                  </Table.Th>
                  <Table.Td>{region.residency}</Table.Td>
                  <Table.Td className="mono">{region.driver}</Table.Td>
                  <Table.Td className="numeric">
                    {t("regions.usedOf", { used: number(region.used), capacity: number(region.capacity) })}
                  </Table.Td>
                  <Table.Td className="numeric">
                    {region.readySeconds === null
                      ? t("regions.unknown")
                      : duration(region.readySeconds * 1000)}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      ) : (
        <Skeleton h={280} />
      )}
    </>
  );
}
