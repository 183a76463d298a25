import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CreateSsoSetupLinkDocument, RevokeSsoSetupLinkDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { done } from "../../ui/done";
import { SecretShown } from "../../ui/SecretShown";
import { When } from "../../ui/When";
import { Card } from "./Card";
import type { Connection } from "./SsoPage";

/** A link for whoever looks after the provider and has no account here. */
export function SetupLink({ connection, onChanged }: { connection: Connection; onChanged: () => void }) {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const create = useAction(CreateSsoSetupLinkDocument);
  const revoke = useAction(RevokeSsoSetupLinkDocument);
  const [url, setUrl] = useState<string | null>(null);
  const input = { tenantId: tenant.id, id: connection.id };
  const make = async () => {
    const made = await create.run({ input });
    if (!made.ok) return;
    setUrl(made.payload.url ?? null);
    onChanged();
  };
  const end = async () => {
    if (!(await revoke.run({ input })).ok) return;
    done(t("setupLink.revoked"));
    onChanged();
  };
  return (
    <Card title={t("setupLink.title")} text={t("setupLink.text")}>
      {connection.setupUntil ? (
        <Text size="sm" mb="sm" component="div">
          {t("setupLink.open")} <When at={connection.setupUntil} />
        </Text>
      ) : null}
      <ActionAlert problem={create.problem ?? revoke.problem} fault={create.fault ?? revoke.fault} />
      <Group justify="flex-end" mt="sm">
        {connection.setupUntil ? (
          <Button variant="default" onClick={end} loading={revoke.busy}>
            {t("setupLink.revoke")}
          </Button>
        ) : null}
        <Button
          variant="default"
          onClick={make}
          loading={create.busy}
          disabled={connection.state === "ENFORCED"}
        >
          {t(connection.setupUntil ? "setupLink.again" : "setupLink.make")}
        </Button>
      </Group>
      <SecretShown
        title={t("setupLink.made")}
        values={url ? [{ label: t("setupLink.url"), value: url }] : null}
        onClose={() => setUrl(null)}
      />
    </Card>
  );
}
