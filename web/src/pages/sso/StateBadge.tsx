import { Badge } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { SsoConnectionState } from "../../api/customer/graphql";

const COLOURS: Record<SsoConnectionState, string> = { DRAFT: "gray", TESTED: "blue", ENFORCED: "green" };

export function StateBadge({ state }: { state: SsoConnectionState }) {
  const { t } = useTranslation("sso");
  return (
    <Badge color={COLOURS[state]} variant="light">
      {t(`state.${state}`)}
    </Badge>
  );
}
