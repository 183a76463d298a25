import { Group, Progress, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { number } from "../../ui/format";

/** How full a region is. */
export function Room({ name, used, capacity }: { name: string; used: number; capacity: number }) {
  const { t } = useTranslation("admin");
  const share = capacity > 0 ? (100 * used) / capacity : 100;
  const text = t("regions.usedOf", { used: number(used), capacity: number(capacity) });
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text size="sm">{name}</Text>
        <Text size="sm" c="dimmed">
          {text}
        </Text>
      </Group>
      <Progress
        value={share}
        color={share >= 90 ? "red.8" : undefined}
        aria-label={`${name}: ${text}`}
        mb="xs"
      />
    </div>
  );
}
