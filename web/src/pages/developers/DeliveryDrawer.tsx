import { Badge, Button, Drawer, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ReplayDeliveryDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { CodeBlock } from "../../ui/Code";
import { done } from "../../ui/done";
import { dateTime, duration } from "../../ui/format";
import { useKept } from "../../ui/useKept";
import type { Delivery } from "./Deliveries";
import { COLOURS } from "./DeliveryTable";

interface Props {
  delivery: Delivery | null;
  manages: boolean;
  onClose: () => void;
  onReplayed: () => void;
}

/** What was sent, each attempt with its answer, and sending it once more. */
export function DeliveryDrawer({ delivery, manages, onClose, onReplayed }: Props) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const replay = useAction(ReplayDeliveryDocument);
  const shown = useKept(delivery);
  const again = async () => {
    if (!shown) return;
    if (!(await replay.run({ input: { tenantId: tenant.id, id: shown.id } })).ok) return;
    done(t("deliveries.replayed"));
    onReplayed();
  };
  const close = () => {
    replay.reset();
    onClose();
  };
  return (
    <Drawer
      opened={delivery !== null}
      onClose={close}
      position="right"
      size="lg"
      title={shown?.eventType}
      closeButtonProps={{ "aria-label": t("common:close") }}
      attributes={{ header: { role: "none" } }}
    >
      {shown ? (
        <Stack>
          <Group gap="xs" justify="space-between">
            <Badge color={COLOURS[shown.state]}>{t(`deliveries.state.${shown.state}`)}</Badge>
            {manages && shown.state !== "PENDING" ? (
              <Button size="xs" variant="default" onClick={again} loading={replay.busy}>
                {t("deliveries.replay")}
              </Button>
            ) : null}
          </Group>
          <ActionAlert problem={replay.problem} fault={replay.fault} />
          <Text size="sm">
            {t("deliveries.message")} <span className="mono">{shown.messageId}</span>
          </Text>
          <CodeBlock
            label={t("deliveries.payload")}
            code={JSON.stringify(shown.payload, null, 2)}
            maxHeight={280}
          />
          <Title order={3} size="h5">
            {t("deliveries.log")}
          </Title>
          {shown.log.length === 0 ? <Text c="dimmed">{t("deliveries.noLog")}</Text> : null}
          <ol className="plain-list">
            {shown.log.map((attempt, number) => (
              <Paper component="li" className="surface" p="sm" mb="xs" key={attempt.at}>
                <Group gap="xs">
                  <Text size="sm" fw={500}>
                    {t("deliveries.attempt", { number: number + 1 })}
                  </Text>
                  <Badge color={attempt.error ? "red" : "green"}>
                    {attempt.status ?? t("deliveries.noAnswer")}
                  </Badge>
                  <Text size="sm" c="dimmed">
                    {dateTime(attempt.at)}, {duration(attempt.durationMillis)}
                  </Text>
                </Group>
                {attempt.error ? <Text size="sm">{attempt.error}</Text> : null}
                {attempt.responseBody ? (
                  <CodeBlock label={t("deliveries.answer")} code={attempt.responseBody} maxHeight={160} />
                ) : null}
              </Paper>
            ))}
          </ol>
        </Stack>
      ) : null}
    </Drawer>
  );
}
