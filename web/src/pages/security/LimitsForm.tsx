import { Button, Group, Select, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { type SessionPolicyQuery, UpdateSessionPolicyDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { ABSOLUTE, choices, IDLE, NONE, spanOf } from "./spans";

type Policy = SessionPolicyQuery["tenant"]["sessionPolicy"];

interface Props {
  policy: Policy;
  onDone: () => void;
}

/** The two limits, and a question before they change: sessions that are too old are refused at once. */
export function LimitsForm({ policy, onDone }: Props) {
  const { t } = useTranslation("security");
  const tenant = useTenant();
  const manages = tenant.may("tenant:manage");
  const update = useAction(UpdateSessionPolicyDocument);
  const [idle, setIdle] = useState(policy.idleMinutes ?? NONE);
  const [absolute, setAbsolute] = useState(policy.absoluteMinutes ?? NONE);
  const [asking, setAsking] = useState(false);
  const same = idle === (policy.idleMinutes ?? NONE) && absolute === (policy.absoluteMinutes ?? NONE);
  const close = () => {
    update.reset();
    setAsking(false);
  };
  const save = async () => {
    const input = { tenantId: tenant.id, idleMinutes: idle || null, absoluteMinutes: absolute || null };
    if (!(await update.run({ input })).ok) return;
    close();
    done(t("limits.done"));
    onDone();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsking(true);
  };
  const span = (minutes: number) => {
    const { unit, count } = spanOf(minutes);
    return t(`span.${unit}`, { count });
  };
  const data = (known: readonly number[], own: number | null | undefined) =>
    choices(known, own).map((minutes) => ({
      value: String(minutes),
      label: minutes === NONE ? t("span.none") : span(minutes),
    }));
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Select
          label={t("limits.idle")}
          description={t("limits.idleNote")}
          data={data(IDLE, policy.idleMinutes)}
          value={String(idle)}
          onChange={(value) => setIdle(Number(value ?? NONE))}
          allowDeselect={false}
          disabled={!manages}
          maw={320}
        />
        <Select
          label={t("limits.absolute")}
          description={t("limits.absoluteNote")}
          data={data(ABSOLUTE, policy.absoluteMinutes)}
          value={String(absolute)}
          onChange={(value) => setAbsolute(Number(value ?? NONE))}
          allowDeselect={false}
          disabled={!manages}
          maw={320}
        />
        {manages ? (
          <Group>
            <Button type="submit" variant="default" disabled={same}>
              {t("limits.save")}
            </Button>
          </Group>
        ) : (
          <Text size="sm" c="dimmed">
            {t("limits.owner")}
          </Text>
        )}
      </Stack>
      <Confirm
        opened={asking}
        onClose={close}
        title={t("limits.ask")}
        confirmLabel={t("limits.save")}
        action={update}
        onConfirm={save}
      >
        <Text>{t("limits.askText")}</Text>
      </Confirm>
    </form>
  );
}
