import { Alert, SimpleGrid, Stack, VisuallyHidden } from "@mantine/core";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { InstanceShownQuery, InstanceStateFragment } from "../../api/customer/graphql";
import { useTenant } from "../../app/tenant";
import { BackLink } from "../../ui/BackLink";
import { PageHeader } from "../../ui/PageHeader";
import { PhaseBadge } from "../../ui/PhaseBadge";
import { Address } from "./Address";
import { ApiKeyCard } from "./ApiKeyCard";
import { BootProgress } from "./BootProgress";
import { DeleteCard } from "./DeleteCard";
import { DetailsCard } from "./DetailsCard";
import { EventsCard } from "./EventsCard";
import { ExecutionsCard } from "./ExecutionsCard";
import { FailurePanel } from "./FailurePanel";
import { GraceBanner } from "./GraceBanner";
import { HealthMark } from "./HealthMark";
import type { Stage } from "./life";
import { OpenButton } from "./OpenButton";
import { PowerButtons } from "./PowerButtons";
import { ReadyBanner } from "./ReadyBanner";
import type { RegionShown } from "./RegionCards";
import { ResourcesCard } from "./ResourcesCard";

type Measured = Pick<InstanceShownQuery["tenant"]["instance"], "health" | "resources">;

interface Props {
  instance: InstanceStateFragment;
  measured: Measured | null;
  stage: Exclude<Stage, "gone">;
  region: RegionShown | null;
  now: number;
}

export function InstanceView({ instance, measured, stage, region, now }: Props) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  // Whether this page saw it on its way: then its arrival is said out loud.
  const watched = useRef(false);
  if (stage === "boot") watched.current = true;
  const ready = stage === "ready";
  // Then the way in is there, in large, and not a second time in the head.
  const arrived = ready && watched.current;
  const alive = stage !== "grace" && stage !== "removing";
  const health = measured?.health;
  return (
    <>
      <PageHeader
        title={instance.name}
        back={<BackLink to={`/t/${tenant.slug}`}>{t("page.back")}</BackLink>}
        mark={
          <>
            <PhaseBadge phase={instance.phase} />
            {ready && health && health !== "OFF" ? <HealthMark health={health} /> : null}
          </>
        }
        description={<Address url={instance.url} name={instance.name} />}
        actions={
          <>
            {alive && tenant.may("instance:operate") ? <PowerButtons instance={instance} /> : null}
            {ready && !arrived && tenant.may("instance:open") ? (
              <OpenButton openUrl={instance.openUrl} />
            ) : null}
          </>
        }
      />
      <VisuallyHidden role="status" aria-live="polite">
        {t(`stage.${stage}`, { name: instance.name, phase: t(`common:phase.${instance.phase}`) })}
      </VisuallyHidden>
      <Stack gap="lg">
        {stage === "grace" ? <GraceBanner instance={instance} /> : null}
        {stage === "removing" ? (
          <Alert color="gray" title={t("grace.removingTitle")}>
            {t("grace.removingText")}
          </Alert>
        ) : null}
        {instance.failure && (stage === "failed" || stage === "boot") ? (
          <FailurePanel failure={instance.failure} now={now} />
        ) : null}
        {stage === "boot" ? (
          <BootProgress instance={instance} readySeconds={region?.readySeconds ?? null} now={now} />
        ) : null}
        {arrived ? <ReadyBanner instance={instance} /> : null}
        {ready && (health === "DEGRADED" || health === "UNREACHABLE") ? (
          <Alert color={health === "DEGRADED" ? "yellow" : "red"} title={t(`health.${health}`)}>
            {t(`health.${health}_TEXT`)}
          </Alert>
        ) : null}
        {stage === "stopped" ? (
          <Alert color="gray" title={t("power.stoppedTitle")}>
            {t("power.stoppedText")}
          </Alert>
        ) : null}
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
          <DetailsCard instance={instance} region={region} />
          <ResourcesCard resources={measured?.resources ?? null} on={ready} />
        </SimpleGrid>
        {stage === "boot" && !instance.readyAt && !hasRun(instance) ? null : (
          <ExecutionsCard instance={instance} ready={ready} />
        )}
        {ready && tenant.may("instance:open") ? <ApiKeyCard instanceId={instance.id} /> : null}
        <EventsCard events={instance.events} />
        {stage !== "removing" && tenant.may("instance:delete") ? (
          <DeleteCard instance={instance} stage={stage} />
        ) : null}
      </Stack>
    </>
  );
}

/** Whether there can be executions: it was ready at least once. */
function hasRun(instance: InstanceStateFragment): boolean {
  return instance.events.some((event) => event.phase === "READY");
}
