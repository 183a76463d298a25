import { Alert, Button, Paper, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ResetFactorsDocument } from "../../api/admin/graphql";
import { useAction } from "../../api/useAction";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { PageHeader } from "../../ui/PageHeader";
import { useEntryForm } from "../../ui/useEntryForm";

const SHORTEST = 20;

/** For a person who has lost all second factors and belongs to no organisation whose administrator could help. */
export function LostFactors() {
  const { t } = useTranslation("admin");
  const reset = useAction(ResetFactorsDocument);
  const [asking, setAsking] = useState(false);
  const { form, onInvalid, show } = useEntryForm({
    initialValues: { email: "", reason: "" },
    validate: {
      email: (value: string) => (/^\S+@\S+$/.test(value.trim()) ? null : t("factors.noEmail")),
      reason: (value: string) => (value.trim().length < SHORTEST ? t("factors.short") : null),
    },
  });
  const { email, reason } = form.values;
  const close = () => {
    reset.reset();
    setAsking(false);
  };
  const confirm = async () => {
    const outcome = await reset.run({ input: { email: email.trim(), reason: reason.trim() } });
    if (!outcome.ok) {
      // What is wrong with a field is said beside it.
      if (outcome.problem?.field) {
        setAsking(false);
        show(outcome);
      }
      return;
    }
    close();
    form.reset();
    done(t("factors.done", { email: email.trim() }));
  };
  return (
    <>
      <PageHeader title={t("factors.title")} description={t("factors.text")} />
      <Paper className="surface" p="md" maw={640}>
        <form onSubmit={form.onSubmit(() => setAsking(true), onInvalid)} noValidate>
          <Stack>
            <TextInput
              label={t("factors.email")}
              type="email"
              autoComplete="off"
              {...form.getInputProps("email")}
            />
            <Textarea
              label={t("factors.reason")}
              description={t("factors.reasonNote")}
              maxLength={500}
              rows={3}
              {...form.getInputProps("reason")}
            />
            <div>
              <Button type="submit" color="red.8">
                {t("factors.open")}
              </Button>
            </div>
          </Stack>
        </form>
      </Paper>
      <Confirm
        opened={asking}
        onClose={close}
        title={t("factors.ask", { email: email.trim() })}
        confirmLabel={t("factors.confirm")}
        danger
        action={reset}
        onConfirm={confirm}
      >
        <Alert color="yellow">{t("factors.warning")}</Alert>
        <Text>{t("factors.told")}</Text>
      </Confirm>
    </>
  );
}
