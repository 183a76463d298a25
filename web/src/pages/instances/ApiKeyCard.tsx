import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconEye, IconEyeOff } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { RevealInstanceApiKeyDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { CopyButton } from "../../ui/CopyButton";

/** The key of n8n's own API: shown only when asked for, and kept nowhere. */
export function ApiKeyCard({ instanceId }: { instanceId: string }) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const reveal = useAction(RevealInstanceApiKeyDocument);
  const [key, setKey] = useState<string | null>(null);
  const show = async () => {
    const done = await reveal.run({ input: { tenantId: tenant.id, id: instanceId } });
    if (done.ok) setKey(done.payload.apiKey);
  };
  return (
    <Paper className="surface" p="lg">
      <Title order={2} size="h4" mb={4}>
        {t("key.title")}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t("key.text")} <span className="mono">X-N8N-API-KEY</span>. {t("key.audited")}
      </Text>
      <Stack gap="sm">
        {key ? (
          <Group gap="xs" wrap="nowrap" align="flex-start" role="status">
            <Text span className="mono" size="sm" style={{ minWidth: 0 }}>
              {key}
            </Text>
            <CopyButton value={key} label={t("key.copy")} />
          </Group>
        ) : null}
        <ActionAlert {...reveal} />
        <Group>
          {key ? (
            <Button
              variant="default"
              leftSection={<IconEyeOff size={16} aria-hidden />}
              onClick={() => setKey(null)}
            >
              {t("key.hide")}
            </Button>
          ) : (
            <Button
              variant="default"
              leftSection={<IconEye size={16} aria-hidden />}
              loading={reveal.busy}
              onClick={show}
            >
              {t("key.show")}
            </Button>
          )}
        </Group>
      </Stack>
    </Paper>
  );
}
