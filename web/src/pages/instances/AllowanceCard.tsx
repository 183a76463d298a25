import { Group, Paper, Progress, Skeleton, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { number } from "../../ui/format";

interface Props {
  label: string;
  allowance: { used: number; limit: number } | undefined;
  note: string;
  noteId?: string;
  /** Using all of it stops something, so it is shown in red. */
  alarming?: boolean;
}

/** How much of what the plan includes is used. */
export function AllowanceCard({ label, allowance, note, noteId, alarming = false }: Props) {
  const { t } = useTranslation("instances");
  if (!allowance) return <Skeleton h={100} />;
  const { used, limit } = allowance;
  const share = limit > 0 ? (used / limit) * 100 : 100;
  const text = t("list.usedOf", { used: number(used), limit: number(limit) });
  const all = used >= limit;
  const alarm = all && alarming;
  return (
    <Paper className="surface" p="md">
      <Group justify="space-between" mb={8} gap="xs">
        <Text fw={600}>{label}</Text>
        <Text className="numeric">
          {text} {all ? t("list.allUsed") : null}
        </Text>
      </Group>
      <Progress
        value={Math.min(100, share)}
        color={alarm ? "red.8" : "brand"}
        aria-label={`${label}: ${text}`}
      />
      <Text size="sm" c="dimmed" mt={6} id={noteId}>
        {note}
      </Text>
    </Paper>
  );
}
