import { Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { SsoSamlShownFragment } from "../../api/customer/graphql";
import { CopyButton } from "../../ui/CopyButton";
import { saveFile } from "../../ui/saveFile";

type Own = SsoSamlShownFragment["ownCertificates"][number];

/** One of our certificates for the provider: as a file, or to paste. */
export function PemButtons({ certificate }: { certificate: Own }) {
  const { t } = useTranslation("sso");
  const name = t(`saml.certificate.${certificate.state}`);
  // By this ending every provider takes a certificate in PEM; Microsoft's takes no other.
  const file = `tenantry-saml-${certificate.state.toLowerCase()}.cer`;
  return (
    <Group gap="xs">
      <Button
        size="xs"
        variant="default"
        onClick={() => saveFile(file, certificate.pem, "application/x-pem-file")}
        aria-label={`${t("saml.download")}: ${name}`}
      >
        {t("saml.download")}
      </Button>
      <CopyButton value={certificate.pem} label={name} text />
    </Group>
  );
}
