import { Badge, Button, Group, Paper, SimpleGrid, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ServiceAccountShownFragment } from "../../api/customer/graphql";
import { CopyButton } from "../../ui/CopyButton";
import { When } from "../../ui/When";
import type { AccountAsked } from "./AccountDialogs";
import { Fact } from "./ApiKeyCard";

interface Props {
  account: ServiceAccountShownFragment;
  /** Absent: the viewer only looks. */
  onAsk?: (asked: AccountAsked) => void;
}

/** One service account, with what it can show to get a token. */
export function AccountCard({ account, onAsk }: Props) {
  const { t } = useTranslation("developers");
  const { id, name, credentials } = account;
  return (
    <Paper className="surface" p="md" component="li">
      <Group justify="space-between" align="flex-start">
        <Group gap="xs">
          <Title order={2} size="h4" style={{ overflowWrap: "anywhere" }}>
            {name}
          </Title>
          <Badge>{account.customRole?.name ?? t(`common:role.${account.role}`)}</Badge>
          {account.disabledAt ? <Badge color="red">{t("accounts.disabled")}</Badge> : null}
        </Group>
        {onAsk ? (
          <Group gap="xs">
            <Button
              variant="default"
              size="xs"
              onClick={() => onAsk({ what: "secret", account })}
              aria-label={t("accounts.addSecretOf", { name })}
            >
              {t("accounts.addSecret")}
            </Button>
            <Button
              variant="default"
              size="xs"
              onClick={() => onAsk({ what: "key", account })}
              aria-label={t("accounts.addKeyOf", { name })}
            >
              {t("accounts.addKey")}
            </Button>
            <Button
              variant="default"
              size="xs"
              onClick={() => onAsk({ what: "delete", account })}
              aria-label={t("accounts.deleteOf", { name })}
            >
              {t("accounts.delete")}
            </Button>
          </Group>
        ) : null}
      </Group>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm" mt="xs">
        <Fact name={t("accounts.clientId")}>
          <Group gap={4} wrap="nowrap">
            <span className="mono">{id}</span>
            <CopyButton value={id} label={t("accounts.copyId", { name })} />
          </Group>
        </Fact>
        <Fact name={t("keys.lastUsed")}>
          {account.lastUsedAt ? <When at={account.lastUsedAt} /> : t("common:never")}
        </Fact>
        <Fact name={t("keys.created")}>
          <When at={account.createdAt} /> {t("keys.by", { name: account.createdBy })}
        </Fact>
      </SimpleGrid>
      {credentials.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("accounts.noCredentials")}
        </Text>
      ) : (
        <ul className="plain-list" aria-label={t("accounts.credentialsOf", { name })}>
          {credentials.map((credential) => (
            <Group component="li" key={credential.id} gap="sm" mb={4}>
              <Badge color="gray">{t(`accounts.kind.${credential.kind}`)}</Badge>
              <Text size="sm" className="mono">
                {credential.hint}
              </Text>
              <Text size="sm" c="dimmed" component="div">
                {t("keys.lastUsed")}:{" "}
                {credential.lastUsedAt ? <When at={credential.lastUsedAt} /> : t("common:never")}
                {credential.expiresAt ? (
                  <>
                    , {t("accounts.expires")} <When at={credential.expiresAt} />
                  </>
                ) : null}
              </Text>
              {onAsk ? (
                <Button
                  variant="subtle"
                  size="compact-xs"
                  onClick={() => onAsk({ what: "remove", account, credential })}
                  aria-label={t("accounts.removeOf", { hint: credential.hint })}
                >
                  {t("accounts.remove")}
                </Button>
              ) : null}
            </Group>
          ))}
        </ul>
      )}
    </Paper>
  );
}
