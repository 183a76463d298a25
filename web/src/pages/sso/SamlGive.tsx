import { Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { SsoSamlShownFragment } from "../../api/customer/graphql";
import { Card } from "./Card";
import { Copied } from "./Copied";
import { PemButtons } from "./PemButtons";

/** What is copied into the provider: all of it by our metadata, or piece by piece. */
export function SamlGive({ saml }: { saml: SsoSamlShownFragment }) {
  const { t } = useTranslation("sso");
  const own = saml.ownCertificates.filter((it) => it.state !== "PREVIOUS");
  return (
    <Card title={t("saml.give.title")} text={t("saml.give.text")}>
      <Stack gap="sm">
        <Copied label={t("saml.give.metadata")} value={saml.ownMetadataUrl} />
        <Copied label={t("saml.give.entityId")} value={saml.ownEntityId} />
        <Copied label={t("saml.give.acs")} value={saml.ownAcsUrl} />
        {own.map((certificate) => (
          <div key={certificate.fingerprint}>
            <Text size="sm" c="dimmed" mb={4}>
              {t(`saml.certificate.${certificate.state}`)}
            </Text>
            <PemButtons certificate={certificate} />
          </div>
        ))}
        <Text size="sm">{t("saml.give.note")}</Text>
      </Stack>
    </Card>
  );
}
