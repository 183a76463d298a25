import { Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconDeviceLaptop, IconDeviceMobile, IconDevices } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { DeviceKind, OwnSessionsQuery } from "../../api/customer/graphql";
import { dateTime } from "../../ui/format";
import { When } from "../../ui/When";

export type OwnSession = NonNullable<OwnSessionsQuery["viewer"]>["sessions"]["nodes"][number];

const ICONS: Record<DeviceKind, typeof IconDevices> = {
  COMPUTER: IconDeviceLaptop,
  PHONE: IconDeviceMobile,
  OTHER: IconDevices,
};

/** One browser in which the person is logged in. */
export function SessionCard({ session, onEnd }: { session: OwnSession; onEnd: () => void }) {
  const { t } = useTranslation("account");
  const Icon = ICONS[session.deviceKind];
  return (
    <Paper component="li" className="surface" p="md">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Group wrap="nowrap" align="flex-start">
          <Icon size={28} aria-hidden />
          <Stack gap={2}>
            <Group gap="xs">
              <Text fw={600}>{session.device}</Text>
              {session.current ? <Badge color="green">{t("sessions.current")}</Badge> : null}
            </Group>
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              {session.address ? (
                <>
                  {t("sessions.address")} <span className="mono">{session.address}</span>
                </>
              ) : (
                t("sessions.noAddress")
              )}
            </Text>
            <Text size="sm" c="dimmed" component="div">
              {t("sessions.seen")} <When at={session.lastSeenAt} />
            </Text>
            <Text size="sm" c="dimmed">
              {t("sessions.created", { at: dateTime(session.createdAt) })}
            </Text>
          </Stack>
        </Group>
        {session.current ? null : (
          <Button
            variant="default"
            size="xs"
            onClick={onEnd}
            aria-label={t("sessions.endOf", { device: session.device })}
          >
            {t("sessions.end")}
          </Button>
        )}
      </Group>
    </Paper>
  );
}
