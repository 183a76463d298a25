import { Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconPlugConnectedX, IconPower } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { InstanceHealth } from "../../api/customer/graphql";

const MARKS = {
  HEALTHY: { icon: IconCircleCheck, colour: "var(--mantine-color-green-light-color)" },
  DEGRADED: { icon: IconAlertTriangle, colour: "var(--mantine-color-yellow-light-color)" },
  UNREACHABLE: { icon: IconPlugConnectedX, colour: "var(--mantine-color-red-light-color)" },
  OFF: { icon: IconPower, colour: "var(--mantine-color-dimmed)" },
} as const;

/** How an instance feels, in a word and a sign. */
export function HealthMark({ health }: { health: InstanceHealth }) {
  const { t } = useTranslation();
  const { icon: Icon, colour } = MARKS[health];
  return (
    <Group gap={4} wrap="nowrap" display="inline-flex">
      <Icon size={16} aria-hidden color={colour} />
      <Text size="sm" span>
        {t(`health.${health}`)}
      </Text>
    </Group>
  );
}
