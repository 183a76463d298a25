import { Badge, Loader } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { InstancePhase } from "../api/phases";
import { isMoving } from "../api/phases";

const COLOURS: Partial<Record<InstancePhase, string>> = {
  READY: "green",
  FAILED: "red",
  STOPPED: "gray",
  DELETED: "gray",
};

/** How far an instance is, in a word; a small wheel while it is on its way. */
export function PhaseBadge({ phase }: { phase: InstancePhase }) {
  const { t } = useTranslation();
  return (
    <Badge
      color={COLOURS[phase] ?? "blue"}
      leftSection={isMoving(phase) ? <Loader size={10} color="currentColor" aria-hidden /> : undefined}
    >
      {t(`phase.${phase}`)}
    </Badge>
  );
}
