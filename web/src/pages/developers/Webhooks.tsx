import { Anchor, Badge, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconPlus, IconWebhook } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type WebhookShownFragment, WebhooksDocument } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { EmptyState } from "../../ui/EmptyState";
import { PagedList } from "../../ui/PagedList";
import { PageHeader } from "../../ui/PageHeader";
import { SecretShown } from "../../ui/SecretShown";
import { usePages } from "../../ui/usePages";
import { NoRight } from "./NoRight";
import { WebhookForm } from "./WebhookForm";

/** The addresses that are told what happens. */
export function Webhooks() {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  return tenant.may("webhook:view") ? (
    <Endpoints />
  ) : (
    <>
      <PageHeader title={t("webhooks.title")} />
      <NoRight right="webhook:view" />
    </>
  );
}

function Endpoints() {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const pages = usePages(tenant.id);
  const endpoints = useLasting({
    query: WebhooksDocument,
    variables: { tenantId: tenant.id, first: 20, after: pages.after },
  });
  const manages = tenant.may("webhook:manage");
  const [creating, setCreating] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const made = (secret?: string | null) => {
    setCreating(false);
    setSecret(secret ?? null);
    endpoints.again();
  };
  const create = manages ? (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>
      {t("webhooks.create")}
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title={t("webhooks.title")} description={t("webhooks.text")} actions={create} />
      <PagedList
        list={endpoints.data?.tenant.webhookEndpoints}
        asked={endpoints}
        pages={pages}
        label={t("webhooks.title")}
        empty={
          <EmptyState icon={IconWebhook} title={t("webhooks.emptyTitle")}>
            {t("webhooks.emptyText")}
          </EmptyState>
        }
      >
        {(nodes) => (
          <Stack component="ul" className="plain-list" gap="sm" aria-label={t("webhooks.title")}>
            {nodes.map((endpoint) => (
              <Row key={endpoint.id} endpoint={endpoint} />
            ))}
          </Stack>
        )}
      </PagedList>
      {creating ? <WebhookForm onClose={() => setCreating(false)} onDone={made} /> : null}
      <SecretShown
        title={t("webhooks.made")}
        values={secret ? [{ label: t("webhooks.secret"), value: secret }] : null}
        onClose={() => setSecret(null)}
      >
        <Text size="sm">{t("webhooks.secretText")}</Text>
      </SecretShown>
    </>
  );
}

function Row({ endpoint }: { endpoint: WebhookShownFragment }) {
  const { t } = useTranslation("developers");
  const { slug } = useTenant();
  const types = endpoint.eventTypes;
  return (
    <Paper className="surface" p="md" component="li">
      <Group gap="xs">
        <Title order={2} size="h4" style={{ overflowWrap: "anywhere" }}>
          <Anchor component={Link} to={`/t/${slug}/developers/webhooks/${endpoint.id}`} inherit>
            {endpoint.url}
          </Anchor>
        </Title>
        <EndpointState endpoint={endpoint} />
      </Group>
      {endpoint.description ? <Text size="sm">{endpoint.description}</Text> : null}
      <Text size="sm" c="dimmed">
        {types.length === 0 ? t("webhooks.allTypes") : types.join(", ")}
      </Text>
    </Paper>
  );
}

/** Whether it is told, and what of it waits or failed for good. */
export function EndpointState({ endpoint }: { endpoint: WebhookShownFragment }) {
  const { t } = useTranslation("developers");
  return (
    <>
      {endpoint.disabledAt ? (
        <Badge color="gray">{t("webhooks.disabled")}</Badge>
      ) : (
        <Badge color="green">{t("webhooks.enabled")}</Badge>
      )}
      {endpoint.pending > 0 ? (
        <Badge color="blue">{t("webhooks.pending", { count: endpoint.pending })}</Badge>
      ) : null}
      {endpoint.dead > 0 ? <Badge color="red">{t("webhooks.dead", { count: endpoint.dead })}</Badge> : null}
    </>
  );
}
