import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Provider } from "urql";
import { CompleteOperatorSetupDocument } from "../../api/admin/graphql";
import { adminClient } from "../../api/client";
import { useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";
import { NewPassword } from "../../ui/NewPassword";
import { useEntryForm } from "../../ui/useEntryForm";
import { EntryPage } from "./EntryPage";
import { useHeadFocus } from "./useHeadFocus";
import { useLinkToken } from "./useLinkToken";
import { checks } from "./validate";

/** The first operator's way in, by the link that the program prints. It is the operator's API that takes it. */
export function OperatorSetup() {
  const { t } = useTranslation("public");
  const token = useLinkToken();
  const client = useMemo(adminClient, []);
  if (!token) return <EntryPage title={t("setup.missing")} lead={t("setup.missingText")} />;
  return (
    <Provider value={client}>
      <Setup key={token} token={token} />
    </Provider>
  );
}

function Setup({ token }: { token: string }) {
  const { t } = useTranslation("public");
  const [done, setDone] = useState(false);
  const setup = useAction(CompleteOperatorSetupDocument);
  const check = checks(t);
  const { form, onInvalid, show } = useEntryForm({
    initialValues: { name: "", password: "" },
    validate: { name: check.name, password: check.newPassword },
  });
  useHeadFocus(done);
  const submit = form.onSubmit(async (values) => {
    const outcome = await setup.run({ input: { token, ...values } });
    show(outcome);
    if (outcome.ok) setDone(true);
  }, onInvalid);

  if (done) {
    return (
      <EntryPage title={t("setup.done")} lead={<Text role="status">{t("setup.doneText")}</Text>}>
        <Button component={Link} to="/log-in?next=/admin" fullWidth>
          {t("setup.logIn")}
        </Button>
      </EntryPage>
    );
  }
  return (
    <EntryPage title={t("setup.title")} lead={t("setup.lead")}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label={t("fields.name")}
            autoComplete="name"
            maxLength={120}
            {...form.getInputProps("name")}
          />
          <NewPassword
            label={t("fields.password")}
            password={form.values.password}
            {...form.getInputProps("password")}
          />
          <ActionAlert problem={setup.problem} fault={setup.fault} fields={["name", "password"]} />
          <Button type="submit" loading={setup.busy}>
            {t("setup.submit")}
          </Button>
        </Stack>
      </form>
    </EntryPage>
  );
}
