import { Alert, Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  AddSsoCertificateDocument,
  RemoveSsoCertificateDocument,
  type SsoCertificateState,
  type SsoSamlShownFragment,
  UseSsoCertificateDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { Card } from "./Card";
import { CertificateFacts } from "./CertificateFacts";
import { stepOf, warningOf } from "./certificates";
import { EndsSoon } from "./EndsSoon";
import { PemButtons } from "./PemButtons";
import type { Connection } from "./SsoPage";

const COLOURS: Record<SsoCertificateState, string> = { NEXT: "blue", CURRENT: "green", PREVIOUS: "gray" };

interface Props {
  connection: Connection;
  saml: SsoSamlShownFragment;
  manages: boolean;
  onChanged: () => void;
}

/** Our side's certificates, and how one follows another without a log-in that fails. */
export function OwnCertificates({ connection, saml, manages, onChanged }: Props) {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const add = useAction(AddSsoCertificateDocument);
  const use = useAction(UseSsoCertificateDocument);
  const remove = useAction(RemoveSsoCertificateDocument);
  const [asking, setAsking] = useState<"use" | "remove" | null>(null);
  const variables = { input: { tenantId: tenant.id, id: connection.id } };
  const own = saml.ownCertificates;
  const step = stepOf(own);
  const current = own.filter((it) => it.state === "CURRENT");
  const close = () => {
    use.reset();
    remove.reset();
    setAsking(null);
  };
  const over = (said: string) => {
    close();
    done(t(said));
    onChanged();
  };
  const make = async () => {
    if ((await add.run(variables)).ok) over("saml.own.made");
  };
  const change = async () => {
    if ((await use.run(variables)).ok) over("saml.own.used");
  };
  const drop = async () => {
    if ((await remove.run(variables)).ok) over("saml.own.removed");
  };
  const begin = step === "make" ? make : () => setAsking(step);
  return (
    <Card title={t("saml.own.title")} text={t("saml.own.text")}>
      <Stack>
        <EndsSoon warning={warningOf(current, Date.now())} whose="own" text={t(`saml.ends.own.${step}`)} />
        <Stack component="ul" className="plain-list" gap="md" aria-label={t("saml.own.title")}>
          {own.map((certificate) => (
            <li key={certificate.fingerprint}>
              <Group justify="space-between" align="flex-start">
                <CertificateFacts
                  certificate={certificate}
                  mark={
                    <Badge color={COLOURS[certificate.state]}>
                      {t(`saml.own.state.${certificate.state}`)}
                    </Badge>
                  }
                />
                <PemButtons certificate={certificate} />
              </Group>
            </li>
          ))}
        </Stack>
        {manages ? (
          <>
            <Text size="sm" role="status">
              {t(`saml.own.step.${step}`)}
            </Text>
            <ActionAlert problem={add.problem} fault={add.fault} />
            <Group justify="flex-end">
              {/* One button for all steps: the focus stays on it from step to step. */}
              <Button variant={step === "use" ? "filled" : "default"} onClick={begin} loading={add.busy}>
                {t(`saml.own.${step}`)}
              </Button>
            </Group>
          </>
        ) : null}
      </Stack>
      <Confirm
        opened={asking === "use"}
        onClose={close}
        title={t("saml.own.useAsk")}
        confirmLabel={t("saml.own.use")}
        action={use}
        onConfirm={change}
      >
        <Text>{t("saml.own.useText")}</Text>
        {connection.state === "ENFORCED" ? <Alert color="yellow">{t("saml.own.useEnforced")}</Alert> : null}
      </Confirm>
      <Confirm
        opened={asking === "remove"}
        onClose={close}
        title={t("saml.own.removeAsk")}
        confirmLabel={t("saml.own.remove")}
        danger
        action={remove}
        onConfirm={drop}
      >
        <Text>{t("saml.own.removeText")}</Text>
      </Confirm>
    </Card>
  );
}
