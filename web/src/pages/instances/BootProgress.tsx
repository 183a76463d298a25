import { Group, Loader, Paper, Progress, Text, Timeline, Title } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { InstanceStateFragment } from "../../api/customer/graphql";
import { duration, number } from "../../ui/format";
import { type BootStep, bootOf, estimateOf } from "./life";

interface Props {
  instance: InstanceStateFragment;
  /** The region's experience; null: none. */
  readySeconds: number | null;
  now: number;
}

/** The way to a running n8n: the steps, how long they took, and what can be said of the rest. */
export function BootProgress({ instance, readySeconds, now }: Props) {
  const { t } = useTranslation("instances");
  const boot = bootOf(instance);
  const elapsed = Math.max(0, Math.floor((now - boot.since) / 1000));
  // What is known is about first starts; a later one is shorter, and nobody knows by how much.
  const estimate = estimateOf(elapsed, boot.first ? readySeconds : null);
  const told =
    estimate.kind === "none"
      ? boot.first
        ? t("boot.noEstimate")
        : t("boot.restart")
      : t(estimate.kind === "usual" ? "boot.usual" : "boot.longer", {
          count: estimate.seconds,
          seconds: number(estimate.seconds),
        });
  return (
    <Paper className="surface" p="lg">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          {boot.first ? t("boot.title") : t("boot.titleAgain")}
        </Title>
        <Text className="numeric" aria-hidden>
          {t("boot.elapsed", { time: clock(elapsed) })}
        </Text>
      </Group>
      <Progress
        value={estimate.kind === "none" ? ((boot.at + 0.5) / boot.steps.length) * 100 : estimate.percent}
        striped={estimate.kind !== "usual"}
        animated={estimate.kind !== "usual"}
        aria-label={t("boot.step", { step: boot.at + 1, of: boot.steps.length })}
      />
      <Text size="sm" c="dimmed" mt="xs" mb="lg" role="status" aria-live="polite">
        {told}
      </Text>
      <Timeline active={boot.at} bulletSize={24} lineWidth={2} role="list" aria-label={t("boot.steps")}>
        {boot.steps.map((step, index) => (
          <Timeline.Item
            key={step.phase}
            role="listitem"
            aria-current={index === boot.at ? "step" : undefined}
            bullet={
              index < boot.at ? (
                <IconCheck size={14} aria-hidden />
              ) : index === boot.at ? (
                <Loader size={14} color="var(--mantine-color-white)" aria-hidden />
              ) : undefined
            }
            title={
              <Text span fw={index === boot.at ? 600 : 400} c={index > boot.at ? "dimmed" : undefined}>
                {t(`common:phase.${step.phase}`)}
              </Text>
            }
          >
            <Text size="sm" c="dimmed" mih={21}>
              {index < boot.at ? took(boot.steps, index, t("boot.done")) : t(`boot.what.${step.phase}`)}
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
    </Paper>
  );
}

/** How long a finished step took: until the next one that began. */
function took(steps: readonly BootStep[], index: number, done: string): string {
  const began = steps[index]?.at;
  const ended = steps.slice(index + 1).find((step) => step.at !== null)?.at;
  return began && ended && ended >= began ? duration(ended - began) : done;
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
