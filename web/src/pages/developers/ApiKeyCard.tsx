import { Badge, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { ApiKeyShownFragment } from "../../api/customer/graphql";
import { When } from "../../ui/When";
import { stateOf } from "./keyState";
import { RightsList } from "./RightsList";

const COLOURS = { active: "green", ending: "yellow", expired: "gray", revoked: "red" } as const;

interface Props {
  apiKey: ApiKeyShownFragment;
  onRotate?: () => void;
  onRevoke?: () => void;
}

/** One key: how it begins, what it may do, from where, until when, and when it was last used. */
export function ApiKeyCard({ apiKey, onRotate, onRevoke }: Props) {
  const { t } = useTranslation("developers");
  const state = stateOf(apiKey, Date.now());
  const live = state === "active" || state === "ending";
  const { name } = apiKey;
  return (
    <Paper className="surface" p="md" component="li">
      <Group justify="space-between" align="flex-start">
        <Group gap="xs">
          <Title order={2} size="h4" style={{ overflowWrap: "anywhere" }}>
            {name}
          </Title>
          <Badge color={COLOURS[state]}>{t(`keys.state.${state}`)}</Badge>
        </Group>
        {live && (onRotate || onRevoke) ? (
          <Group gap="xs">
            {state === "active" ? (
              <Button variant="default" size="xs" onClick={onRotate} aria-label={t("rotate.of", { name })}>
                {t("rotate.open")}
              </Button>
            ) : null}
            <Button variant="default" size="xs" onClick={onRevoke} aria-label={t("revoke.of", { name })}>
              {t("revoke.open")}
            </Button>
          </Group>
        ) : null}
      </Group>
      <Text size="sm" className="mono" mb="xs">
        {apiKey.prefix}…
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
        <Fact name={t("keys.lastUsed")}>
          {apiKey.lastUsedAt ? (
            <>
              <When at={apiKey.lastUsedAt} />{" "}
              {apiKey.lastUsedFrom ? t("keys.from", { address: apiKey.lastUsedFrom }) : null}
            </>
          ) : (
            t("common:never")
          )}
        </Fact>
        <Fact name={state === "ending" ? t("keys.worksUntil") : t("keys.expires")}>
          <Expiry apiKey={apiKey} />
        </Fact>
        <Fact name={t("keys.addresses")}>
          {apiKey.allowedAddresses.length === 0 ? (
            t("keys.anywhere")
          ) : (
            <span className="mono">{apiKey.allowedAddresses.join(", ")}</span>
          )}
        </Fact>
        <Fact name={t("keys.created")}>
          <When at={apiKey.createdAt} /> {t("keys.by", { name: apiKey.createdBy })}
        </Fact>
      </SimpleGrid>
      <RightsList rights={apiKey.scopes} />
    </Paper>
  );
}

function Expiry({ apiKey }: { apiKey: ApiKeyShownFragment }) {
  const { t } = useTranslation();
  const at = apiKey.revokedAt ?? apiKey.rotatedUntil ?? apiKey.expiresAt;
  return at ? <When at={at} /> : t("never");
}

/** A name and its value, one over the other. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Stack gap={0} mb="xs">
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text size="sm" component="div" style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
    </Stack>
  );
}
