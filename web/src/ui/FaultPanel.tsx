import { Button, Center, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Fault } from "../api/client";
import { CopyButton } from "./CopyButton";
import { DenialShown } from "./DenialShown";

interface Props {
  fault: Fault;
  detail?: string;
  retry?: () => void;
  home?: boolean;
}

/** In the place of a page that can't be shown: what is wrong, what to do, and the id that support asks for. */
export function FaultPanel({ fault, detail, retry, home }: Props) {
  const { t } = useTranslation();
  const offline = fault.code === "OFFLINE";
  return (
    <Center p="md" mih={320}>
      <Paper className="surface" p="xl" maw={520} role="alert">
        <Stack gap="sm">
          <IconAlertTriangle size={28} aria-hidden />
          <Title order={1} size="h3">
            {offline ? t("fault.offline") : fault.message || t("fault.title")}
          </Title>
          <Text>{offline ? t("fault.offlineRemedy") : fault.remedy}</Text>
          {detail ? (
            <Text size="sm" c="dimmed" className="mono">
              {detail}
            </Text>
          ) : null}
          <DenialShown denial={fault.access} />
          <RequestId fault={fault} />
          <Group>
            {retry ? <Button onClick={retry}>{t("fault.retry")}</Button> : null}
            {home ? (
              <Button component={Link} to="/home" variant="default">
                {t("fault.home")}
              </Button>
            ) : null}
          </Group>
        </Stack>
      </Paper>
    </Center>
  );
}

export function RequestId({ fault }: { fault: Fault }) {
  const { t } = useTranslation();
  if (!fault.requestId) return null;
  return (
    <Group gap={4}>
      <Text size="sm" c="dimmed">
        {t("fault.request")} <span className="mono">{fault.requestId}</span>
      </Text>
      <CopyButton value={fault.requestId} label={`${t("copy.do")}: ${t("fault.request")}`} />
    </Group>
  );
}
