import { Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { RemoveTotpDocument, StartTotpDocument, type StartTotpMutation } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { date } from "../../ui/format";
import { Section } from "./Section";
import { TotpSetup } from "./TotpSetup";

interface Props {
  since: string | null;
  onChanged: (codes?: string[] | null) => void;
}

export type Setup = NonNullable<StartTotpMutation["startTotp"]["setup"]>;

/** The authenticator app: set up, or not. */
export function Totp({ since, onChanged }: Props) {
  const { t } = useTranslation("account");
  const start = useAction(StartTotpDocument);
  const remove = useAction(RemoveTotpDocument);
  const [setup, setSetup] = useState<Setup | null>(null);
  const [removing, setRemoving] = useState(false);
  const begin = async () => {
    const started = await start.run({});
    if (started.ok) setSetup(started.payload.setup ?? null);
  };
  const close = () => {
    remove.reset();
    setRemoving(false);
  };
  const confirm = async () => {
    if (!(await remove.run({})).ok) return;
    close();
    done(t("security.totp.removed"));
    onChanged();
  };
  return (
    <Section id="security-totp" title={t("security.totp.title")} lead={t("security.totp.lead")}>
      <Stack align="flex-start">
        <Text>{since ? t("security.totp.since", { date: date(since) }) : t("security.totp.off")}</Text>
        <ActionAlert problem={start.problem} fault={start.fault} />
        {since ? (
          <Button variant="default" onClick={() => setRemoving(true)}>
            {t("security.totp.remove")}
          </Button>
        ) : (
          <Button onClick={begin} loading={start.busy}>
            {t("security.totp.add")}
          </Button>
        )}
      </Stack>
      <TotpSetup
        setup={setup}
        onClose={() => setSetup(null)}
        onDone={(codes) => {
          setSetup(null);
          done(t("security.totp.done"));
          onChanged(codes);
        }}
      />
      <Confirm
        opened={removing}
        onClose={close}
        title={t("security.totp.removeTitle")}
        confirmLabel={t("security.totp.remove")}
        danger
        action={remove}
        onConfirm={confirm}
      >
        <Text>{t("security.totp.removeText")}</Text>
      </Confirm>
    </Section>
  );
}
