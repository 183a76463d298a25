import { Anchor, Grid, Group, Paper, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { InstanceListQuery } from "../../api/customer/graphql";
import { useTenant } from "../../app/tenant";
import { number } from "../../ui/format";
import { PhaseBadge } from "../../ui/PhaseBadge";
import { Address } from "./Address";
import { HealthMark } from "./HealthMark";
import { OpenButton } from "./OpenButton";

export type ListedInstance = InstanceListQuery["tenant"]["instances"]["nodes"][number];

interface Props {
  instance: ListedInstance;
  region: string;
  /** Of the running month; null: unknown. */
  executions: number | null;
}

/** An instance in the list. */
export function InstanceRow({ instance, region, executions }: Props) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const ready = instance.phase === "READY" && instance.desired === "RUNNING";
  return (
    <Paper component="li" className="surface" p="md" mih={92}>
      <Grid align="center" gap="sm">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Anchor component={Link} to={`/t/${tenant.slug}/instances/${instance.id}`} fw={600}>
            {instance.name}
          </Anchor>
          <Address url={instance.url} name={instance.name} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, xs: 6, md: 3 }}>
          <Group gap="xs">
            <PhaseBadge phase={instance.phase} />
            {ready ? <HealthMark health={instance.health} /> : null}
          </Group>
          <Text size="sm" c="dimmed" mt={4}>
            {region}
          </Text>
        </Grid.Col>
        <Grid.Col span={{ base: 6, xs: 3, md: 2 }}>
          {executions === null ? null : (
            <Text size="sm">{t("list.runs", { count: executions, runs: number(executions) })}</Text>
          )}
        </Grid.Col>
        <Grid.Col span={{ base: 6, xs: 3, md: 2 }}>
          <Group justify="flex-end">
            {ready && tenant.may("instance:open") ? (
              <OpenButton openUrl={instance.openUrl} name={instance.name} size="sm" variant="light" />
            ) : null}
          </Group>
        </Grid.Col>
      </Grid>
    </Paper>
  );
}
