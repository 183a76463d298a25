import { Button, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { MfaRequiredDocument, SetMfaRequiredDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { FaultPanel } from "../../ui/FaultPanel";

/** Whether every member needs a second factor; owners decide. */
export function MfaCard() {
  const { t } = useTranslation("members");
  const tenant = useTenant();
  const set = useAction(SetMfaRequiredDocument);
  const [asking, setAsking] = useState(false);
  const state = useLasting({ query: MfaRequiredDocument, variables: { tenantId: tenant.id } });
  const required = state.data?.tenant.mfaRequired;
  if (state.fault && required === undefined) return <FaultPanel fault={state.fault} retry={state.again} />;
  const close = () => {
    set.reset();
    setAsking(false);
  };
  const confirm = async () => {
    const outcome = await set.run({ input: { tenantId: tenant.id, required: !required } });
    if (!outcome.ok) return;
    close();
    done(t("mfa.done"));
    state.again();
  };
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="mfa">
      <Title order={2} size="h4" id="mfa" mb={4}>
        {t("mfa.title")}
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {t("mfa.lead")}
      </Text>
      {required === undefined ? (
        <Skeleton height={70} />
      ) : (
        <Stack align="flex-start">
          <Text>{t(required ? "mfa.on" : "mfa.off")}</Text>
          {tenant.may("tenant:manage") ? (
            <Button variant="default" onClick={() => setAsking(true)}>
              {t(required ? "mfa.turnOff" : "mfa.turnOn")}
            </Button>
          ) : null}
        </Stack>
      )}
      <Confirm
        opened={asking}
        onClose={close}
        title={t(required ? "mfa.offTitle" : "mfa.onTitle")}
        confirmLabel={t(required ? "mfa.turnOff" : "mfa.turnOn")}
        danger
        action={set}
        onConfirm={confirm}
      >
        <Text>{t(required ? "mfa.offText" : "mfa.onText")}</Text>
      </Confirm>
    </Paper>
  );
}
