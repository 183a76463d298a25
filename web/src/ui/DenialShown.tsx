import { Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Denial } from "../api/client";

/** Why the server denied something: the missing right, the roles that have it, and who can give one. */
export function DenialShown({ denial }: { denial?: Denial | null }) {
  const { t } = useTranslation();
  if (!denial) return null;
  const list = (values: readonly string[]) => values.join(", ");
  return (
    <Stack gap={2}>
      <Text size="sm">
        {t("access.missing")}: <span className="mono">{denial.missing}</span>
      </Text>
      {denial.grantedBy.length > 0 ? (
        <Text size="sm">
          {t("access.grantedBy")}: {list(denial.grantedBy)}
        </Text>
      ) : null}
      {denial.whoCanGrant.length > 0 ? (
        <Text size="sm">
          {t("access.whoCanGrant")}: {list(denial.whoCanGrant)}
        </Text>
      ) : null}
    </Stack>
  );
}
