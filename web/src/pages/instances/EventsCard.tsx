import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { InstanceStateFragment } from "../../api/customer/graphql";
import { dateTime } from "../../ui/format";

const FEW = 6;
const time = (iso: string) =>
  new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** What happened to the instance, newest first. */
export function EventsCard({ events }: { events: InstanceStateFragment["events"] }) {
  const { t } = useTranslation("instances");
  const [all, setAll] = useState(false);
  const newestFirst = [...events].reverse();
  const shown = all ? newestFirst : newestFirst.slice(0, FEW);
  return (
    <Paper className="surface" p="lg">
      <Title order={2} size="h4" mb="sm">
        {t("events.title")}
      </Title>
      <Stack component="ol" gap={10} p={0} m={0} style={{ listStyle: "none" }}>
        {shown.map((event, index) => (
          <Group
            component="li"
            key={`${event.at} ${event.phase} ${index}`}
            align="flex-start"
            style={{ columnGap: 12, rowGap: 0 }}
          >
            <Text
              size="sm"
              c="dimmed"
              component="time"
              dateTime={event.at}
              title={dateTime(event.at)}
              w={100}
            >
              {time(event.at)}
            </Text>
            <Text size="sm" w={170} fw={500}>
              {t(`common:phase.${event.phase}`)}
            </Text>
            <Text size="sm" style={{ flex: 1, minWidth: 200, overflowWrap: "anywhere" }}>
              {event.message}
            </Text>
          </Group>
        ))}
      </Stack>
      {events.length > FEW ? (
        <Button variant="subtle" size="compact-sm" mt="sm" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? t("events.fewer") : t("events.all", { count: events.length })}
        </Button>
      ) : null}
    </Paper>
  );
}
