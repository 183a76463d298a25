import { Alert, Button, Group, Paper, Radio, Text, Textarea, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { BreakGlassDocument } from "../../api/admin/graphql";
import { useAction } from "../../api/useAction";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { TypedConfirm } from "../../ui/TypedConfirm";

const MINUTES = [15, 30, 60] as const;

/** Getting into an organisation without its consent, for an emergency. The organisation is told. */
export function BreakGlass({ tenant }: { tenant: { id: string; slug: string; name: string } }) {
  const { t } = useTranslation("admin");
  const navigate = useNavigate();
  const breakGlass = useAction(BreakGlassDocument);
  const [opened, setOpened] = useState(false);
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState("30");
  const close = () => {
    setOpened(false);
    breakGlass.reset();
  };
  const confirm = async () => {
    const outcome = await breakGlass.run({
      input: {
        tenantId: tenant.id,
        reason: reason.trim(),
        confirmSlug: tenant.slug,
        minutes: Number(minutes),
      },
    });
    if (outcome.ok) navigate(`/t/${tenant.id}`);
  };
  return (
    <Paper className="surface" p="md" mt="md">
      <Group justify="space-between">
        <div style={{ flex: 1, minWidth: 220 }}>
          <Title order={2} size="h4" mb={4}>
            {t("glass.title")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("glass.text")}
          </Text>
        </div>
        <Button variant="outline" color="var(--mantine-color-error)" onClick={() => setOpened(true)}>
          {t("glass.open")}
        </Button>
      </Group>
      <TypedConfirm
        key={String(opened)}
        opened={opened}
        onClose={close}
        title={t("glass.dialog", { name: tenant.name })}
        phrase={tenant.slug}
        confirmLabel={t("glass.confirm")}
        busy={breakGlass.busy}
        onConfirm={confirm}
      >
        <Alert color="red" title={t("glass.loud")}>
          {t("glass.loudText")}
        </Alert>
        <Textarea
          label={t("glass.reason")}
          description={t("glass.reasonNote")}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={fieldError(breakGlass.problem, "reason")}
          maxLength={500}
          rows={3}
        />
        <Radio.Group label={t("glass.minutes")} value={minutes} onChange={setMinutes}>
          <Group mt="xs">
            {MINUTES.map((it) => (
              <Radio key={it} value={String(it)} label={t("glass.for", { count: it })} />
            ))}
          </Group>
        </Radio.Group>
        <ActionAlert problem={breakGlass.problem} fault={breakGlass.fault} fields={["reason"]} />
      </TypedConfirm>
    </Paper>
  );
}
