import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { date } from "../../ui/format";
import type { Warning } from "./certificates";

interface Props {
  warning: Warning | null;
  /** Whose certificate it is. */
  whose: "provider" | "own";
  /** What to do about it. */
  text: string;
}

/** That log-ins stop working unless somebody changes a certificate. */
export function EndsSoon({ warning, whose, text }: Props) {
  const { t } = useTranslation("sso");
  if (!warning) return null;
  const { urgency, endsAt } = warning;
  const pressing = urgency === "seven" || urgency === "ended";
  return (
    <Alert
      color={pressing ? "red" : "yellow"}
      icon={<IconAlertTriangle aria-hidden />}
      title={t(`saml.ends.${whose}.${urgency}`, { date: date(endsAt) })}
    >
      {text}
    </Alert>
  );
}
