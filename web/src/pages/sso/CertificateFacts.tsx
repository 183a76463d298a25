import { Badge, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { date } from "../../ui/format";
import { When } from "../../ui/When";
import { type Certificate, type Urgency, urgencyOf } from "./certificates";

const COLOURS: Record<Urgency, string> = { ended: "red", seven: "red", thirty: "yellow", sixty: "yellow" };

/** From when to when a certificate is good, and by what it is told from others. */
export function CertificateFacts({ certificate, mark }: { certificate: Certificate; mark?: ReactNode }) {
  const { t } = useTranslation("sso");
  const now = Date.now();
  const urgency = urgencyOf(certificate, now);
  const begins = Date.parse(certificate.startsAt) > now;
  return (
    <div style={{ minWidth: 0 }}>
      <Group gap="xs">
        {mark}
        {urgency ? <Badge color={COLOURS[urgency]}>{t(`saml.urgency.${urgency}`)}</Badge> : null}
        {begins ? <Badge color="blue">{t("saml.begins", { date: date(certificate.startsAt) })}</Badge> : null}
        <Text size="sm" component="div">
          {t(urgency === "ended" ? "saml.endedOn" : "saml.endsOn", { date: date(certificate.endsAt) })} (
          <When at={certificate.endsAt} />)
        </Text>
      </Group>
      <Text size="xs" c="dimmed">
        {t("saml.fingerprint")}{" "}
        <span className="mono" style={{ overflowWrap: "anywhere" }}>
          {certificate.fingerprint}
        </span>
      </Text>
    </div>
  );
}
