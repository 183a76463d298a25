import { Button, Stack, Text } from "@mantine/core";
import { IconLifebuoy, IconLock } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { RevokeSupportAccessDocument, SupportAccessesDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { EmptyState } from "../../ui/EmptyState";
import { PagedList } from "../../ui/PagedList";
import { PageHeader } from "../../ui/PageHeader";
import { useKept } from "../../ui/useKept";
import { usePages } from "../../ui/usePages";
import { AccessCard, type SupportAccess } from "./AccessCard";
import { GrantDialog } from "./GrantDialog";

/** Who of the platform may look in here, how long, and why. */
export function SupportPage() {
  const { t } = useTranslation("support");
  const tenant = useTenant();
  if (tenant.may("support-access:view")) return <Accesses />;
  return (
    <>
      <PageHeader title={t("title")} />
      <EmptyState icon={IconLock} title={t("forbidden")}>
        {t("forbiddenText")}
      </EmptyState>
    </>
  );
}

function Accesses() {
  const { t } = useTranslation("support");
  const tenant = useTenant();
  const pages = usePages(tenant.id);
  const accesses = useLasting({
    query: SupportAccessesDocument,
    variables: { tenantId: tenant.id, first: 20, after: pages.after },
  });
  const revoke = useAction(RevokeSupportAccessDocument);
  const [granting, setGranting] = useState(false);
  const [asked, setAsked] = useState<SupportAccess | null>(null);
  const shown = useKept(asked);
  const manages = tenant.may("support-access:manage");
  const close = () => {
    revoke.reset();
    setAsked(null);
  };
  const confirm = async () => {
    if (!shown) return;
    if (!(await revoke.run({ input: { tenantId: tenant.id, id: shown.id } })).ok) return;
    close();
    done(t("revoke.done"));
    accesses.again();
  };
  const grant = manages ? <Button onClick={() => setGranting(true)}>{t("grant.open")}</Button> : null;
  return (
    <>
      <PageHeader title={t("title")} description={t("text")} actions={grant} />
      <PagedList
        list={accesses.data?.tenant.supportAccess}
        asked={accesses}
        pages={pages}
        label={t("title")}
        empty={
          <EmptyState icon={IconLifebuoy} title={t("emptyTitle")}>
            {t("emptyText")}
          </EmptyState>
        }
      >
        {(nodes) => (
          <Stack component="ul" className="plain-list" gap="sm" aria-label={t("title")}>
            {nodes.map((access) => (
              <AccessCard
                key={access.id}
                access={access}
                onRevoke={manages && access.active ? () => setAsked(access) : undefined}
                onEnd={accesses.again}
              />
            ))}
          </Stack>
        )}
      </PagedList>
      {granting ? (
        <GrantDialog
          onClose={() => setGranting(false)}
          onDone={() => {
            setGranting(false);
            accesses.again();
          }}
        />
      ) : null}
      <Confirm
        opened={asked !== null}
        onClose={close}
        title={t("revoke.title")}
        confirmLabel={t("revoke.confirm")}
        danger
        action={revoke}
        onConfirm={confirm}
      >
        <Text>{t("revoke.text")}</Text>
      </Confirm>
    </>
  );
}
