import { Alert, Button, Group, Stack, Table, Text } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { SsoSamlShownFragment } from "../../api/customer/graphql";
import type { useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";
import { done } from "../../ui/done";
import { When } from "../../ui/When";
import { Card } from "./Card";
import { CertificateFacts } from "./CertificateFacts";
import { warningOf } from "./certificates";
import { EndsSoon } from "./EndsSoon";

interface Props {
  saml: SsoSamlShownFragment;
  children?: ReactNode;
}

/** What we have read of the provider: who it is, when that was, and how long its certificates are good. */
export function SamlProvider({ saml, children }: Props) {
  const { t } = useTranslation("sso");
  if (!saml.entityId && !saml.metadataUrl) return null;
  const rows: [string, ReactNode][] = [
    ["entityId", saml.entityId ?? t("saml.provider.unread")],
    ["ssoUrl", saml.ssoUrl ?? t("saml.provider.unread")],
  ];
  if (saml.metadataUrl) {
    const at = saml.metadataFetchedAt;
    // Another moment is another element: the one before it would take it for one to come.
    rows.push(["fetched", at ? <When key={at} at={at} /> : t("saml.provider.never")]);
  }
  return (
    <Card title={t("saml.provider.title")}>
      <Stack>
        {saml.metadataProblem ? (
          <Alert
            color={saml.entityId ? "yellow" : "red"}
            icon={<IconAlertCircle aria-hidden />}
            title={t("saml.provider.problem")}
          >
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              {saml.metadataProblem}
            </Text>
            <Text size="sm" mt={4}>
              {t(saml.entityId ? "saml.provider.problemKept" : "saml.provider.problemFirst")}
            </Text>
          </Alert>
        ) : null}
        <EndsSoon
          warning={warningOf(saml.certificates, Date.now())}
          whose="provider"
          text={t(saml.metadataUrl ? "saml.ends.provider.read" : "saml.ends.provider.upload")}
        />
        <Table variant="vertical" layout="fixed">
          <Table.Tbody>
            {rows.map(([key, value]) => (
              <Table.Tr key={key}>
                <Table.Th w={140}>{t(`saml.provider.${key}`)}</Table.Th>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {saml.certificates.length ? (
          <div>
            <Text size="sm" fw={500} mb={4}>
              {t("saml.provider.certificates")}
            </Text>
            <Stack
              component="ul"
              className="plain-list"
              gap="sm"
              aria-label={t("saml.provider.certificates")}
            >
              {saml.certificates.map((certificate) => (
                <li key={certificate.fingerprint}>
                  <CertificateFacts certificate={certificate} />
                </li>
              ))}
            </Stack>
          </div>
        ) : null}
        {children}
      </Stack>
    </Card>
  );
}

interface RefreshProps {
  action: Pick<ReturnType<typeof useAction>, "busy" | "problem" | "fault">;
  /** What was read, or null where nobody was asked. */
  read: () => Promise<Pick<SsoSamlShownFragment, "metadataProblem"> | null>;
}

/** Reads the metadata at its address again, now. */
export function RefreshMetadata({ action, read }: RefreshProps) {
  const { t } = useTranslation("sso");
  const begin = async () => {
    const saml = await read();
    // Where it did not work, the page says why.
    if (saml && !saml.metadataProblem) done(t("saml.provider.refreshed"));
  };
  return (
    <>
      <ActionAlert problem={action.problem} fault={action.fault} />
      <Group justify="flex-end">
        <Button variant="default" onClick={begin} loading={action.busy}>
          {t("saml.provider.refresh")}
        </Button>
      </Group>
    </>
  );
}
