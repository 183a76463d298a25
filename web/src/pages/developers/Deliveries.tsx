import { Button, Group, Paper, SegmentedControl, Text, Title } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type DeliveryState,
  ReplayDeadDocument,
  WebhookDeliveriesDocument,
  type WebhookDeliveriesQuery,
  type WebhookShownFragment,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { PagedList } from "../../ui/PagedList";
import { usePages } from "../../ui/usePages";
import { DeliveryDrawer } from "./DeliveryDrawer";
import { DeliveryTable } from "./DeliveryTable";

export type Delivery = WebhookDeliveriesQuery["tenant"]["webhookEndpoint"]["deliveries"]["nodes"][number];

const STATES = ["ALL", "PENDING", "DELIVERED", "DEAD"] as const;
/** What waits is on its way: it is looked at again soon. */
const REFRESH = 4_000;
/** Deliveries are kept no longer. */
const KEPT_DAYS = 30;

interface Props {
  endpoint: WebhookShownFragment;
  /** Changes when something was sent. */
  turn: number;
  onChanged: () => void;
}

/** What was sent, and how it went. */
export function Deliveries({ endpoint, turn, onChanged }: Props) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const [state, setState] = useState<(typeof STATES)[number]>("ALL");
  const pages = usePages(`${endpoint.id} ${state}`);
  const asked = useLasting({
    query: WebhookDeliveriesDocument,
    variables: {
      tenantId: tenant.id,
      id: endpoint.id,
      state: state === "ALL" ? null : (state as DeliveryState),
      first: 20,
      after: pages.after,
    },
  });
  const { again } = asked;
  const list = asked.data?.tenant.webhookEndpoint.deliveries;
  const [shown, setShown] = useState<string | null>(null);
  const [replaying, setReplaying] = useState(false);

  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when something was sent
  useEffect(() => {
    if (first.current) first.current = false;
    else again();
  }, [turn, again]);
  const waiting = list?.nodes.some((it) => it.state === "PENDING") ?? false;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") again();
    }, REFRESH);
    return () => clearInterval(timer);
  }, [waiting, again]);
  // A change of the list changes the counts too.
  const newest = list?.nodes[0];
  const mark = `${newest?.id} ${newest?.state}`;
  useEffect(() => {
    if (mark) onChanged();
  }, [mark, onChanged]);

  const open = list?.nodes.find((it) => it.id === shown) ?? null;
  const manages = tenant.may("webhook:manage");
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="deliveries">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4" id="deliveries">
          {t("deliveries.title")}
        </Title>
        {manages && endpoint.dead > 0 ? (
          <Button size="xs" variant="default" onClick={() => setReplaying(true)}>
            {t("deliveries.replayDead", { count: endpoint.dead })}
          </Button>
        ) : null}
      </Group>
      <SegmentedControl
        aria-label={t("deliveries.filter")}
        size="xs"
        mb="sm"
        value={state}
        onChange={(value) => setState(value as typeof state)}
        data={STATES.map((it) => ({ value: it, label: t(`deliveries.state.${it}`) }))}
      />
      <PagedList
        list={list}
        asked={{ ...asked, current: asked.current || list !== undefined }}
        pages={pages}
        label={t("deliveries.title")}
        empty={<Text c="dimmed">{t(state === "ALL" ? "deliveries.none" : "deliveries.noneOfState")}</Text>}
      >
        {(nodes) => <DeliveryTable deliveries={nodes} onOpen={(it) => setShown(it.id)} />}
      </PagedList>
      <DeliveryDrawer delivery={open} manages={manages} onClose={() => setShown(null)} onReplayed={again} />
      {replaying ? (
        <ReplayDead
          endpoint={endpoint}
          onClose={() => setReplaying(false)}
          onDone={() => {
            setReplaying(false);
            again();
            onChanged();
          }}
        />
      ) : null}
    </Paper>
  );
}

interface ReplayProps {
  endpoint: WebhookShownFragment;
  onClose: () => void;
  onDone: () => void;
}

function ReplayDead({ endpoint, onClose, onDone }: ReplayProps) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const replay = useAction(ReplayDeadDocument);
  const confirm = async () => {
    const since = new Date(Date.now() - KEPT_DAYS * 86_400_000).toISOString();
    if (!(await replay.run({ input: { tenantId: tenant.id, endpointId: endpoint.id, since } })).ok) return;
    done(t("deliveries.replayed"));
    onDone();
  };
  return (
    <Confirm
      opened
      onClose={onClose}
      title={t("deliveries.replayDead", { count: endpoint.dead })}
      confirmLabel={t("deliveries.replay")}
      action={replay}
      onConfirm={confirm}
    >
      <Text>{t("deliveries.replayDeadText")}</Text>
    </Confirm>
  );
}
