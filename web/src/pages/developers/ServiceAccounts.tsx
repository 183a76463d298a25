import { Button, Stack } from "@mantine/core";
import { IconPlus, IconRobot } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ServiceAccountsDocument } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { EmptyState } from "../../ui/EmptyState";
import { PagedList } from "../../ui/PagedList";
import { PageHeader } from "../../ui/PageHeader";
import { SecretShown, type Shown } from "../../ui/SecretShown";
import { usePages } from "../../ui/usePages";
import { AccountCard } from "./AccountCard";
import { type AccountAsked, AccountDialogs } from "./AccountDialogs";
import { CreateAccount } from "./CreateAccount";
import { NoRight } from "./NoRight";

/** Identities for programs, with short-lived tokens. */
export function ServiceAccounts() {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  return tenant.may("service-account:view") ? (
    <Accounts />
  ) : (
    <>
      <PageHeader title={t("accounts.title")} />
      <NoRight right="service-account:view" />
    </>
  );
}

function Accounts() {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const pages = usePages(tenant.id);
  const accounts = useLasting({
    query: ServiceAccountsDocument,
    variables: { tenantId: tenant.id, first: 20, after: pages.after },
  });
  const manages = tenant.may("service-account:manage");
  const [creating, setCreating] = useState(false);
  const [asked, setAsked] = useState<AccountAsked | null>(null);
  const [secret, setSecret] = useState<Shown[] | null>(null);
  const changed = (shown?: Shown[]) => {
    setCreating(false);
    setAsked(null);
    if (shown) setSecret(shown);
    accounts.again();
  };
  const create = manages ? (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>
      {t("accounts.create")}
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title={t("accounts.title")} description={t("accounts.text")} actions={create} />
      <PagedList
        list={accounts.data?.tenant.serviceAccounts}
        asked={accounts}
        pages={pages}
        label={t("accounts.title")}
        empty={
          <EmptyState icon={IconRobot} title={t("accounts.emptyTitle")}>
            {t("accounts.emptyText")}
          </EmptyState>
        }
      >
        {(nodes) => (
          <Stack component="ul" className="plain-list" gap="sm" aria-label={t("accounts.title")}>
            {nodes.map((account) => (
              <AccountCard key={account.id} account={account} onAsk={manages ? setAsked : undefined} />
            ))}
          </Stack>
        )}
      </PagedList>
      {creating ? <CreateAccount onClose={() => setCreating(false)} onDone={() => changed()} /> : null}
      <AccountDialogs asked={asked} onClose={() => setAsked(null)} onDone={changed} />
      <SecretShown title={t("accounts.secretTitle")} values={secret} onClose={() => setSecret(null)} />
    </>
  );
}
