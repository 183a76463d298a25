import { Button, Stack } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type ApiKeyShownFragment, ApiKeysDocument } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { EmptyState } from "../../ui/EmptyState";
import { PagedList } from "../../ui/PagedList";
import { PageHeader } from "../../ui/PageHeader";
import { SecretShown } from "../../ui/SecretShown";
import { usePages } from "../../ui/usePages";
import { ApiKeyCard } from "./ApiKeyCard";
import { CreateKey } from "./CreateKey";
import { NoRight } from "./NoRight";
import { RevokeKey } from "./RevokeKey";
import { RotateKey } from "./RotateKey";

/** What is asked about a key: one dialog at a time. */
type Asked = { what: "rotate" | "revoke"; key: ApiKeyShownFragment } | null;

/** The organisation's API keys. */
export function ApiKeys() {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  return tenant.may("api-key:view") ? (
    <Keys />
  ) : (
    <>
      <PageHeader title={t("keys.title")} />
      <NoRight right="api-key:view" />
    </>
  );
}

function Keys() {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const pages = usePages(tenant.id);
  const keys = useLasting({
    query: ApiKeysDocument,
    variables: { tenantId: tenant.id, first: 20, after: pages.after },
  });
  const manages = tenant.may("api-key:manage");
  const [creating, setCreating] = useState(false);
  const [asked, setAsked] = useState<Asked>(null);
  const [secret, setSecret] = useState<string | null>(null);

  const shown = (made: string | null | undefined) => {
    setCreating(false);
    setAsked(null);
    if (made) setSecret(made);
    keys.again();
  };
  const create = manages ? (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>
      {t("keys.create")}
    </Button>
  ) : null;
  const close = () => setAsked(null);
  return (
    <>
      <PageHeader title={t("keys.title")} description={t("keys.text")} actions={create} />
      <PagedList
        list={keys.data?.tenant.apiKeys}
        asked={keys}
        pages={pages}
        label={t("keys.title")}
        empty={
          <EmptyState icon={IconKey} title={t("keys.emptyTitle")}>
            {t(manages ? "keys.emptyText" : "keys.emptyNoRight")}
          </EmptyState>
        }
      >
        {(nodes) => (
          <Stack component="ul" className="plain-list" gap="sm" aria-label={t("keys.title")}>
            {nodes.map((key) => (
              <ApiKeyCard
                key={key.id}
                apiKey={key}
                onRotate={manages ? () => setAsked({ what: "rotate", key }) : undefined}
                onRevoke={manages ? () => setAsked({ what: "revoke", key }) : undefined}
              />
            ))}
          </Stack>
        )}
      </PagedList>
      {creating ? <CreateKey onClose={() => setCreating(false)} onMade={shown} /> : null}
      <RotateKey apiKey={asked?.what === "rotate" ? asked.key : null} onClose={close} onMade={shown} />
      <RevokeKey
        apiKey={asked?.what === "revoke" ? asked.key : null}
        onClose={close}
        onDone={() => shown(null)}
      />
      <SecretShown
        title={t("keys.made")}
        values={secret ? [{ label: t("keys.secret"), value: secret }] : null}
        onClose={() => setSecret(null)}
      />
    </>
  );
}
