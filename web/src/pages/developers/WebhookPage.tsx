import { Skeleton, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { WebhookDocument } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { BackLink } from "../../ui/BackLink";
import { FaultPanel } from "../../ui/FaultPanel";
import { dateTime } from "../../ui/format";
import { PageHeader } from "../../ui/PageHeader";
import { SecretShown } from "../../ui/SecretShown";
import { Deliveries } from "./Deliveries";
import { WebhookActions } from "./WebhookActions";
import { EndpointState } from "./Webhooks";

/** One endpoint: what it gets, what became of it, and what can be done about it. */
export function WebhookPage() {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const id = useParams().webhook ?? "";
  const endpoint = useLasting({ query: WebhookDocument, variables: { tenantId: tenant.id, id } });
  const [secret, setSecret] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const it = endpoint.data?.tenant.webhookEndpoint;
  if (endpoint.fault && !it) return <FaultPanel fault={endpoint.fault} retry={endpoint.again} />;
  if (!it) return <Skeleton h={420} />;
  const changed = (secret?: string | null) => {
    if (secret) setSecret(secret);
    endpoint.again();
    setTurn((before) => before + 1);
  };
  const types = it.eventTypes.length === 0 ? t("webhooks.allTypes") : it.eventTypes.join(", ");
  const rotated = it.secretRotatedUntil;
  return (
    <>
      <PageHeader
        title={it.url.replace(/^https?:\/\//, "")}
        mark={<EndpointState endpoint={it} />}
        back={<BackLink to={`/t/${tenant.slug}/developers/webhooks`}>{t("webhooks.title")}</BackLink>}
        description={
          <>
            {it.description ? <Text>{it.description}</Text> : null}
            <Text size="sm">{t("webhooks.gets", { types })}</Text>
            {rotated && Date.parse(rotated) > Date.now() ? (
              <Text size="sm">{t("webhooks.rotatedUntil", { until: dateTime(rotated) })}</Text>
            ) : null}
          </>
        }
      />
      <Stack gap="lg">
        <ActionAlert fault={endpoint.fault} />
        {tenant.may("webhook:manage") ? <WebhookActions endpoint={it} onChanged={changed} /> : null}
        <Deliveries endpoint={it} turn={turn} onChanged={endpoint.again} />
      </Stack>
      <SecretShown
        title={t("webhooks.rotated")}
        values={secret ? [{ label: t("webhooks.secret"), value: secret }] : null}
        onClose={() => setSecret(null)}
      >
        <Text size="sm">{t("webhooks.rotatedText")}</Text>
      </SecretShown>
    </>
  );
}
