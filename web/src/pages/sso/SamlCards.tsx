import { Alert } from "@mantine/core";
import { useTranslation } from "react-i18next";
import {
  RefreshSsoMetadataDocument,
  type SsoSamlInput,
  type SsoSamlShownFragment,
  UpdateSsoConnectionDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { done } from "../../ui/done";
import { Card } from "./Card";
import { OwnCertificates } from "./OwnCertificates";
import { SamlForm } from "./SamlForm";
import { SamlGive } from "./SamlGive";
import { RefreshMetadata, SamlProvider } from "./SamlProvider";
import type { Connection } from "./SsoPage";

interface Props {
  connection: Connection;
  saml: SsoSamlShownFragment;
  manages: boolean;
  onChanged: () => void;
}

/** What only a connection by SAML has on its page, in the order in which it is set up. */
export function SamlCards({ connection, saml, manages, onChanged }: Props) {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const update = useAction(UpdateSsoConnectionDocument);
  const refresh = useAction(RefreshSsoMetadataDocument);
  const enforced = connection.state === "ENFORCED";
  const save = async (changes: SsoSamlInput) => {
    const outcome = await update.run({
      input: { tenantId: tenant.id, id: connection.id, saml: changes },
    });
    if (outcome.ok) {
      // Other certificates of the same provider need no test.
      done(t(outcome.payload.connection?.state === "DRAFT" ? "settings.saved" : "saml.saved"));
      onChanged();
    }
    return outcome;
  };
  const read = async () => {
    const outcome = await refresh.run({ input: { tenantId: tenant.id, id: connection.id } });
    if (!outcome.ok) return null;
    onChanged();
    return outcome.payload.connection?.saml ?? null;
  };
  return (
    <>
      <SamlGive saml={saml} />
      <Card title={t("settings.title")}>
        {enforced ? (
          <Alert color="blue" mb="sm">
            {t("saml.enforced")}
          </Alert>
        ) : null}
        <SamlForm
          key={connection.id}
          saml={saml}
          action={update}
          disabled={!manages}
          frozen={enforced}
          onSave={save}
        />
      </Card>
      <SamlProvider saml={saml}>
        {manages && saml.metadataUrl ? <RefreshMetadata action={refresh} read={read} /> : null}
      </SamlProvider>
      <OwnCertificates connection={connection} saml={saml} manages={manages} onChanged={onChanged} />
    </>
  );
}
