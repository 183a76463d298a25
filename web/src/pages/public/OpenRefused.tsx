import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { EntryPage } from "./EntryPage";

/** The reasons that the server's `/open` gives. */
const REASONS: Record<string, string> = {
  forbidden: "forbidden",
  "not-found": "notFound",
  "not-ready": "notReady",
  expired: "expired",
  browser: "browser",
  invalid: "invalid",
  unavailable: "unavailable",
  "session-too-old": "sessionTooOld",
};

/** Where opening n8n ends that could not go on. */
export function OpenRefused() {
  const { t } = useTranslation("public");
  const [params] = useSearchParams();
  const reason = REASONS[params.get("reason") ?? ""] ?? "unknown";
  return (
    <EntryPage title={t(`open.${reason}.title`)} lead={t(`open.${reason}.text`)}>
      <Button component={Link} to="/home" fullWidth>
        {t("open.portal")}
      </Button>
    </EntryPage>
  );
}
