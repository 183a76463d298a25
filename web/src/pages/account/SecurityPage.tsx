import { Alert, Anchor, Skeleton, Stack } from "@mantine/core";
import { IconShieldLock } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { SecurityDocument } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useGone, useSession, useViewer } from "../../app/session";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { Passkeys } from "./Passkeys";
import { Recovery } from "./Recovery";
import { RecoveryCodes } from "./RecoveryCodes";
import { Totp } from "./Totp";

/** A person's second factors. */
export function SecurityPage() {
  const { t } = useTranslation("account");
  const { refresh } = useSession();
  const { memberships } = useViewer();
  const [params] = useSearchParams();
  const [codes, setCodes] = useState<string[] | null>(null);
  const security = useLasting({ query: SecurityDocument, variables: {} });
  const mine = security.data?.viewer?.security;
  useGone(security.data?.viewer === null);
  // What the person's organisations demand may be there now, or lack.
  const changed = (made?: string[] | null) => {
    if (made && made.length > 0) setCodes(made);
    security.again();
    refresh(false);
  };
  if (security.fault && !mine) return <FaultPanel fault={security.fault} retry={security.again} />;
  const wanted = memberships.find((it) => it.tenant.slug === params.get("for"));
  return (
    <Stack maw={760} gap="lg">
      <PageHeader title={t("security.title")} description={t("security.lead")} />
      {wanted ? (
        <Alert
          color={wanted.needsSecondFactor ? "yellow" : "green"}
          role="status"
          icon={<IconShieldLock aria-hidden />}
          title={wanted.needsSecondFactor ? t("security.needed.title") : wanted.tenant.name}
        >
          {wanted.needsSecondFactor ? (
            t("security.needed.text")
          ) : (
            <Anchor component={Link} to={`/t/${wanted.tenant.slug}`}>
              {t("security.needed.go")}
            </Anchor>
          )}
        </Alert>
      ) : null}
      {mine ? (
        <>
          <Totp since={mine.totpSince ?? null} onChanged={changed} />
          <Passkeys passkeys={mine.passkeys} onChanged={changed} />
          <Recovery
            left={mine.recoveryCodesLeft}
            possible={Boolean(mine.totpSince) || mine.passkeys.length > 0}
            onChanged={changed}
          />
        </>
      ) : (
        <Skeleton height={320} />
      )}
      <RecoveryCodes codes={codes} onClose={() => setCodes(null)} />
    </Stack>
  );
}
