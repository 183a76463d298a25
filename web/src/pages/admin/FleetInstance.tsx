import { Alert, Anchor, Button, Grid, Paper, Skeleton, Text, Timeline, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useQuery } from "urql";
import {
  FleetInstancePageDocument,
  type FleetInstancePageQuery,
  RetryInstanceDocument,
} from "../../api/admin/graphql";
import { faultOf } from "../../api/client";
import { useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";
import { BackLink } from "../../ui/BackLink";
import { CopyButton } from "../../ui/CopyButton";
import { FaultPanel } from "../../ui/FaultPanel";
import { dateTime, duration } from "../../ui/format";
import { PageHeader } from "../../ui/PageHeader";
import { PhaseBadge } from "../../ui/PhaseBadge";
import { When } from "../../ui/When";
import { Facts } from "./Facts";
import { useFresh } from "./useFresh";

type Instance = NonNullable<FleetInstancePageQuery["instance"]>;

/** One instance as the operator sees it: what is wanted, what there is, and what happened. */
export function FleetInstance() {
  const { t } = useTranslation("admin");
  const id = useParams().instance ?? "";
  const [{ data, error }, ask] = useQuery({ query: FleetInstancePageDocument, variables: { id } });
  useFresh(ask);
  const retry = useAction(RetryInstanceDocument);
  if (error && !data) return <FaultPanel fault={faultOf(error)} retry={() => ask()} />;
  if (!data) return <Skeleton h={420} />;
  const instance = data.instance;
  if (!instance) {
    const fault = {
      code: "NOT_FOUND",
      message: t("instance.missing"),
      remedy: t("instance.missingRemedy"),
      requestId: null,
    };
    return <FaultPanel fault={fault} />;
  }
  const again = async () => {
    const done = await retry.run({ id });
    if (done.ok) notifications.show({ message: t("instance.retried") });
    ask({ requestPolicy: "network-only" });
  };
  return (
    <>
      <PageHeader
        title={instance.name}
        mark={<PhaseBadge phase={instance.phase} />}
        back={<BackLink to="/admin/fleet">{t("instance.back")}</BackLink>}
        actions={
          instance.failureCode ? (
            <Button leftSection={<IconRefresh size={16} aria-hidden />} onClick={again} loading={retry.busy}>
              {t("instance.retry")}
            </Button>
          ) : null
        }
      />
      <ActionAlert problem={retry.problem} fault={retry.fault} />
      <Failure instance={instance} />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <FactsCard instance={instance} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Steps instance={instance} />
        </Grid.Col>
      </Grid>
    </>
  );
}

function Failure({ instance }: { instance: Instance }) {
  const { t } = useTranslation("admin");
  if (!instance.failureCode) return null;
  return (
    <Alert
      color="red"
      mb="md"
      icon={<IconAlertTriangle aria-hidden />}
      title={`${t("instance.failure")}: ${instance.failureMessage ?? instance.failureCode}`}
    >
      <Text size="sm">{instance.failureRemedy}</Text>
      <Text size="sm">
        {t("instance.code")}: <span className="mono">{instance.failureCode}</span>
      </Text>
      {instance.nextAttemptAt ? (
        <Text size="sm">{t("instance.next", { when: dateTime(instance.nextAttemptAt) })}</Text>
      ) : null}
    </Alert>
  );
}

function FactsCard({ instance }: { instance: Instance }) {
  const { t } = useTranslation("admin");
  const facts: [string, ReactNode][] = [
    [
      t("instance.tenant"),
      <Anchor key="tenant" component={Link} to={`/admin/tenants/${instance.tenantId}`}>
        {instance.tenantName}
      </Anchor>,
    ],
    [t("instance.id"), <Copied key="id" text={instance.id} />],
    [t("instance.address"), <Copied key="url" text={instance.url} />],
    [t("instance.region"), instance.region],
    [t("instance.version"), instance.n8NVersion],
    [t("instance.desired"), t(`desired.${instance.desired}`)],
    [
      t("instance.generation"),
      t("instance.generationValue", { observed: instance.observedGeneration, wanted: instance.generation }),
    ],
    [t("instance.attempts"), instance.attempts],
    [t("instance.created"), <When key="created" at={instance.createdAt} />],
    [t("instance.ready"), instance.readyAt ? <When key="ready" at={instance.readyAt} /> : "–"],
    [t("instance.boot"), instance.bootMillis === null ? "–" : duration(instance.bootMillis)],
    ...(instance.deleteAt
      ? [[t("instance.deleteAt"), dateTime(instance.deleteAt)] as [string, ReactNode]]
      : []),
  ];
  return (
    <Paper className="surface" p="md">
      <Title order={2} size="h4" mb="sm">
        {t("instance.facts")}
      </Title>
      <Facts facts={facts} />
    </Paper>
  );
}

function Copied({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <span className="mono">
      {text} <CopyButton value={text} label={`${t("copy.do")}: ${text}`} />
    </span>
  );
}

function Steps({ instance }: { instance: Instance }) {
  const { t } = useTranslation("admin");
  const steps = instance.events.toReversed();
  return (
    <Paper className="surface" p="md">
      <Title order={2} size="h4" mb="sm">
        {t("instance.steps")}
      </Title>
      {steps.length === 0 ? <Text c="dimmed">{t("instance.noSteps")}</Text> : null}
      <Timeline bulletSize={14} lineWidth={2} active={0}>
        {steps.map((step) => (
          <Timeline.Item
            key={`${step.at}${step.phase}`}
            title={t(`common:phase.${step.phase}`)}
            color={step.phase === "FAILED" ? "red.8" : undefined}
          >
            <Text size="sm">{step.message}</Text>
            <Text size="xs" c="dimmed">
              {dateTime(step.at)}
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
    </Paper>
  );
}
