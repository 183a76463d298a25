import { Anchor, Grid, Paper, SimpleGrid, Skeleton, Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useQuery } from "urql";
import { FleetOverviewDocument } from "../../api/admin/graphql";
import { faultOf } from "../../api/client";
import { FaultPanel } from "../../ui/FaultPanel";
import { number } from "../../ui/format";
import { PageHeader } from "../../ui/PageHeader";
import { PhaseBadge } from "../../ui/PhaseBadge";
import { Room } from "./Room";
import { useFresh } from "./useFresh";

/** The state of the installation at a glance; each figure leads to what it counts. */
export function Overview() {
  const { t } = useTranslation("admin");
  const [{ data, error }, ask] = useQuery({ query: FleetOverviewDocument });
  useFresh(ask);
  if (error && !data) return <FaultPanel fault={faultOf(error)} retry={() => ask()} />;
  const fleet = data?.fleet;
  const figures = [
    { label: t("overview.instances"), value: fleet?.instances, to: "/admin/fleet" },
    { label: t("overview.failed"), value: fleet?.failed, to: "/admin/fleet?phase=FAILED", alarming: true },
    { label: t("overview.tenants"), value: fleet?.tenants, to: "/admin/tenants" },
    { label: t("overview.deadJobs"), value: fleet?.deadJobs, to: "/admin/jobs?dead=1", alarming: true },
  ];
  return (
    <>
      <PageHeader title={t("overview.title")} description={t("overview.text")} />
      <SimpleGrid cols={{ base: 2, md: 4 }} mb="md">
        {figures.map(({ label, value, to, alarming }) => (
          <Paper key={to} className="surface" p="md">
            <Anchor component={Link} to={to} size="sm">
              {label}
            </Anchor>
            <Skeleton visible={value === undefined} w="fit-content" miw={48}>
              <Text fz={28} fw={650} c={alarming && value ? "var(--mantine-color-error)" : undefined}>
                {number(value ?? 0)}
              </Text>
            </Skeleton>
          </Paper>
        ))}
      </SimpleGrid>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Paper className="surface" p="md" mih={220}>
            <Title order={2} size="h4" mb="sm">
              {t("overview.byPhase")}
            </Title>
            <Table aria-label={t("overview.byPhase")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("overview.phase")}</Table.Th>
                  <Table.Th className="numeric">{t("overview.count")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {(fleet?.byPhase ?? []).map(({ phase, count }) => (
                  <Table.Tr key={phase}>
                    <Table.Td>
                      <PhaseBadge phase={phase} />
                    </Table.Td>
                    <Table.Td className="numeric">
                      <Anchor component={Link} to={`/admin/fleet?phase=${phase}`}>
                        {number(count)}
                      </Anchor>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Paper>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Paper className="surface" p="md" mih={220}>
            <Title order={2} size="h4" mb="sm">
              {t("overview.regions")}
            </Title>
            {(data?.regions ?? []).map((region) => (
              <Room key={region.code} name={region.name} used={region.used} capacity={region.capacity} />
            ))}
          </Paper>
        </Grid.Col>
      </Grid>
    </>
  );
}
