import { Badge, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type ProvisioningTokenShownFragment,
  ProvisioningTokensDocument,
  RevokeProvisioningTokenDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { PagedList } from "../../ui/PagedList";
import { SecretShown } from "../../ui/SecretShown";
import { useKept } from "../../ui/useKept";
import { usePages } from "../../ui/usePages";
import { When } from "../../ui/When";
import { CreateToken } from "./CreateToken";

type Token = ProvisioningTokenShownFragment;

/** The directory's tokens. Several may work at once: that is how one is changed without a gap. */
export function Tokens({ manages }: { manages: boolean }) {
  const { t } = useTranslation("provisioning");
  const tenant = useTenant();
  const pages = usePages(tenant.id);
  const tokens = useLasting({
    query: ProvisioningTokensDocument,
    variables: { tenantId: tenant.id, first: 20, after: pages.after },
  });
  const revoke = useAction(RevokeProvisioningTokenDocument);
  const [creating, setCreating] = useState(false);
  const [asked, setAsked] = useState<Token | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const shown = useKept(asked);
  const made = (secret: string | null | undefined) => {
    setCreating(false);
    setSecret(secret ?? null);
    tokens.again();
  };
  const confirm = async () => {
    if (!shown) return;
    if (!(await revoke.run({ input: { tenantId: tenant.id, id: shown.id } })).ok) return;
    setAsked(null);
    done(t("tokens.revoked", { name: shown.name }));
    tokens.again();
  };
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="tokens">
      <Group justify="space-between" align="flex-start" mb="sm">
        <div style={{ flex: 1, minWidth: 220 }}>
          <Title order={2} size="h4" id="tokens">
            {t("tokens.title")}
          </Title>
          <Text size="sm">{t("tokens.text")}</Text>
        </div>
        {manages ? (
          <Button variant="default" onClick={() => setCreating(true)}>
            {t("tokens.create")}
          </Button>
        ) : null}
      </Group>
      <PagedList
        list={tokens.data?.tenant.provisioning.tokens}
        asked={tokens}
        pages={pages}
        label={t("tokens.title")}
        empty={<Text c="dimmed">{t("tokens.none")}</Text>}
      >
        {(nodes) => (
          <Stack component="ul" className="plain-list" gap="sm" aria-labelledby="tokens">
            {nodes.map((token) => (
              <TokenRow
                key={token.id}
                token={token}
                onRevoke={manages && stateOf(token) === "active" ? () => setAsked(token) : undefined}
              />
            ))}
          </Stack>
        )}
      </PagedList>
      {creating ? <CreateToken onClose={() => setCreating(false)} onMade={made} /> : null}
      <Confirm
        opened={asked !== null}
        onClose={() => {
          revoke.reset();
          setAsked(null);
        }}
        title={t("tokens.revokeTitle", { name: shown?.name })}
        confirmLabel={t("tokens.revoke")}
        danger
        action={revoke}
        onConfirm={confirm}
      >
        <Text>{t("tokens.revokeText")}</Text>
      </Confirm>
      <SecretShown
        title={t("tokens.made")}
        values={secret ? [{ label: t("tokens.secret"), value: secret }] : null}
        onClose={() => setSecret(null)}
      />
    </Paper>
  );
}

function stateOf(token: Token): "active" | "expired" | "revoked" {
  if (token.revokedAt) return "revoked";
  return Date.parse(token.expiresAt) <= Date.now() ? "expired" : "active";
}

const COLOURS = { active: "green", expired: "gray", revoked: "red" } as const;

function TokenRow({ token, onRevoke }: { token: Token; onRevoke?: () => void }) {
  const { t } = useTranslation("provisioning");
  const state = stateOf(token);
  const { name } = token;
  return (
    <li>
      <Group justify="space-between" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Group gap="xs">
            <Text fw={500} style={{ overflowWrap: "anywhere" }}>
              {name}
            </Text>
            <Badge color={COLOURS[state]}>{t(`tokens.state.${state}`)}</Badge>
          </Group>
          <Text size="sm" className="mono">
            {token.prefix}…
          </Text>
          <Text size="sm" c="dimmed" component="div">
            {t("tokens.by", { name: token.createdBy })} <When at={token.createdAt} /> ·{" "}
            {t(state === "active" ? "tokens.ends" : "tokens.ended")}{" "}
            <When at={token.revokedAt ?? token.expiresAt} /> ·{" "}
            {t(token.lastUsedAt ? "tokens.lastUsed" : "tokens.neverUsed")}{" "}
            {token.lastUsedAt ? <When at={token.lastUsedAt} /> : null}{" "}
            {token.lastUsedFrom ? t("tokens.from", { address: token.lastUsedFrom }) : null}
          </Text>
        </div>
        {onRevoke ? (
          <Button variant="default" size="xs" onClick={onRevoke} aria-label={t("tokens.revokeOf", { name })}>
            {t("tokens.revoke")}
          </Button>
        ) : null}
      </Group>
    </li>
  );
}
