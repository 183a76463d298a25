import { Alert, Button, Checkbox, Group, List, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  EnforceSsoConnectionDocument,
  SsoOwnersDocument,
  type SsoOwnersQuery,
  StopEnforcingSsoConnectionDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useAll } from "../../api/useAll";
import { useViewer } from "../../app/session";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { Card } from "./Card";
import type { Connection } from "./SsoPage";

const PEOPLE = {
  document: SsoOwnersDocument,
  page: (data: SsoOwnersQuery) => data.tenant.members,
  most: 5,
};

interface Props {
  connection: Connection;
  /** Whether the organisation has proven a domain. */
  proven: boolean;
  manages: boolean;
  onChanged: () => void;
}

/** From "may" to "must", and back. */
export function Enforcement({ connection, proven, manages, onChanged }: Props) {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const viewer = useViewer();
  const enforce = useAction(EnforceSsoConnectionDocument);
  const stop = useAction(StopEnforcingSsoConnectionDocument);
  const [asking, setAsking] = useState<"enforce" | "stop" | null>(null);
  const [exempt, setExempt] = useState<string[]>([viewer.id]);
  const [guests, setGuests] = useState(connection.guestsToo);
  const enforced = connection.state === "ENFORCED";
  const people = useAll(
    PEOPLE,
    manages && (asking === "enforce" || enforced) ? { tenantId: tenant.id, first: 100 } : null,
  );
  const owners = (people.rows ?? []).filter((member) => member.role === "OWNER");
  const exempted = owners.filter((owner) => connection.exemptUserIds.includes(owner.userId));
  const on = connection.guestsToo ? "enforce.onForAll" : "enforce.on";
  const close = () => {
    enforce.reset();
    stop.reset();
    setAsking(null);
  };
  const over = (said: string) => {
    close();
    done(t(said));
    onChanged();
  };
  const begin = async () => {
    const input = { tenantId: tenant.id, id: connection.id, exemptUserIds: exempt, guestsToo: guests };
    if ((await enforce.run({ input })).ok) over("enforce.done");
  };
  const end = async () => {
    if ((await stop.run({ input: { tenantId: tenant.id, id: connection.id } })).ok) over("enforce.stopped");
  };
  const missing = [
    ...(connection.state === "DRAFT" ? ["enforce.needsTest"] : []),
    ...(proven ? [] : ["enforce.needsDomain"]),
  ];
  return (
    <Card title={t("enforce.title")} text={t(enforced ? on : "enforce.text")}>
      {!enforced && missing.length ? (
        <List size="sm" mb="sm">
          {missing.map((what) => (
            <List.Item key={what}>{t(what)}</List.Item>
          ))}
        </List>
      ) : null}
      {enforced && exempted.length ? (
        <Text size="sm" mb="sm">
          {t("enforce.exempted")} {exempted.map((owner) => owner.name).join(", ")}
        </Text>
      ) : null}
      {manages ? (
        <Group justify="flex-end">
          {enforced ? (
            <Button variant="default" onClick={() => setAsking("stop")}>
              {t("enforce.stop")}
            </Button>
          ) : (
            <Button onClick={() => setAsking("enforce")} disabled={missing.length > 0}>
              {t("enforce.begin")}
            </Button>
          )}
        </Group>
      ) : null}
      <Confirm
        opened={asking === "enforce"}
        onClose={close}
        title={t("enforce.ask", { name: connection.name })}
        confirmLabel={t("enforce.begin")}
        action={enforce}
        onConfirm={begin}
      >
        <Alert color="yellow">{t("enforce.warning")}</Alert>
        <Checkbox.Group
          label={t("enforce.exempt")}
          description={t("enforce.exemptNote")}
          value={exempt}
          onChange={setExempt}
        >
          <Stack gap="xs" mt="xs">
            {owners.map((owner) => (
              <Checkbox
                key={owner.userId}
                value={owner.userId}
                label={owner.name}
                description={owner.email}
              />
            ))}
          </Stack>
        </Checkbox.Group>
        <Checkbox
          label={t("enforce.guests")}
          description={t("enforce.guestsNote")}
          checked={guests}
          onChange={(event) => setGuests(event.currentTarget.checked)}
        />
      </Confirm>
      <Confirm
        opened={asking === "stop"}
        onClose={close}
        title={t("enforce.stopAsk")}
        confirmLabel={t("enforce.stop")}
        action={stop}
        onConfirm={end}
      >
        <Text>{t("enforce.stopText")}</Text>
      </Confirm>
    </Card>
  );
}
