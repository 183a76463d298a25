import { Alert, Text } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../api/client";
import type { Problem } from "../api/useAction";
import { DenialShown } from "./DenialShown";
import { RequestId } from "./FaultPanel";

interface Props {
  problem?: Problem | null;
  fault?: Fault | null;
  /** Fields that show their own problems beside themselves. */
  fields?: readonly string[];
}

/** Why an action did not happen, and what to do about it. */
export function ActionAlert({ problem, fault, fields = [] }: Props) {
  const { t } = useTranslation();
  if (problem && !(problem.field && fields.includes(problem.field))) {
    return (
      <Alert color="red" role="alert" icon={<IconAlertCircle aria-hidden />} title={problem.message}>
        {problem.remedy}
      </Alert>
    );
  }
  if (!fault) return null;
  const offline = fault.code === "OFFLINE";
  return (
    <Alert
      color="red"
      role="alert"
      icon={<IconAlertCircle aria-hidden />}
      title={offline ? t("fault.offline") : fault.message}
    >
      <Text size="sm">{offline ? t("fault.offlineRemedy") : fault.remedy}</Text>
      <DenialShown denial={fault.access} />
      <RequestId fault={fault} />
    </Alert>
  );
}

/** The problem of one field, for its `error`. */
export function fieldError(problem: Problem | null | undefined, field: string): string | undefined {
  return problem?.field === field ? `${problem.message} ${problem.remedy}` : undefined;
}
