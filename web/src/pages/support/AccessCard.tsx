import { Alert, Badge, Button, Group, Paper, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { SupportAccessesQuery } from "../../api/customer/graphql";
import { dateTime } from "../../ui/format";
import { Until } from "../../ui/Until";
import { When } from "../../ui/When";

export type SupportAccess = SupportAccessesQuery["tenant"]["supportAccess"]["nodes"][number];

interface Props {
  access: SupportAccess;
  onRevoke?: () => void;
  onEnd: () => void;
}

/** One access, past or present. A broken glass is never quiet. */
export function AccessCard({ access, onRevoke, onEnd }: Props) {
  const { t } = useTranslation("support");
  const glass = access.kind === "BREAK_GLASS";
  return (
    <Paper className="surface" p="md" component="li">
      {glass ? (
        <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={t("glass.title")} mb="sm">
          {t("glass.text")}
        </Alert>
      ) : null}
      <Group justify="space-between" align="flex-start">
        <Group gap="xs">
          <Badge color={access.active ? (glass ? "red" : "yellow") : "gray"}>
            {t(access.active ? "active" : access.revokedAt ? "revoked" : "ended")}
          </Badge>
          <Badge color="gray">{t(`level.${access.level}`)}</Badge>
          {access.active ? (
            <Text size="sm" component="div">
              {t("left")} <Until at={access.expiresAt} onEnd={onEnd} />
            </Text>
          ) : null}
        </Group>
        {onRevoke ? (
          <Button size="xs" color="red.8" onClick={onRevoke}>
            {t("revoke.open")}
          </Button>
        ) : null}
      </Group>
      <Text mt="xs" style={{ overflowWrap: "anywhere" }}>
        {access.reason}
      </Text>
      <Text size="sm" c="dimmed" component="div">
        {t("from", { from: dateTime(access.startsAt), to: dateTime(access.revokedAt ?? access.expiresAt) })}
        {" · "}
        {t(glass ? "brokenBy" : "grantedBy", { name: access.grantedBy })}
        {" · "}
        {access.lastUsedAt ? (
          <>
            {t("used")} <When at={access.lastUsedAt} />
          </>
        ) : (
          t("unused")
        )}
      </Text>
    </Paper>
  );
}
