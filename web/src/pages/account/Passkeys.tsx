import { Button, Group, List, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type PasskeyShownFragment, RemovePasskeyDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { date } from "../../ui/format";
import { hasPasskeys } from "../../ui/passkey";
import { useKept } from "../../ui/useKept";
import { AddPasskey } from "./AddPasskey";
import { RenamePasskey } from "./RenamePasskey";
import { Section } from "./Section";

interface Props {
  passkeys: readonly PasskeyShownFragment[];
  onChanged: (codes?: string[] | null) => void;
}

/** A person's passkeys, each by its name. */
export function Passkeys({ passkeys, onChanged }: Props) {
  const { t } = useTranslation("account");
  const [adding, setAdding] = useState(false);
  const [renaming, setRenaming] = useState<PasskeyShownFragment | null>(null);
  const [removing, setRemoving] = useState<PasskeyShownFragment | null>(null);
  const remove = useAction(RemovePasskeyDocument);
  const shown = useKept(removing);
  const close = () => {
    remove.reset();
    setRemoving(null);
  };
  const confirm = async () => {
    if (!shown || !(await remove.run({ input: { id: shown.id } })).ok) return;
    close();
    done(t("security.passkeys.removed"));
    onChanged();
  };
  return (
    <Section id="security-passkeys" title={t("security.passkeys.title")} lead={t("security.passkeys.lead")}>
      <Stack align="flex-start">
        {passkeys.length === 0 ? (
          <Text>{t("security.passkeys.none")}</Text>
        ) : (
          <List listStyleType="none" spacing="md" w="100%" aria-label={t("security.passkeys.list")}>
            {passkeys.map((it) => (
              <List.Item
                key={it.id}
                styles={{ itemWrapper: { width: "100%" }, itemLabel: { width: "100%" } }}
              >
                <Group justify="space-between" gap="xs">
                  <div style={{ minWidth: 0 }}>
                    <Text style={{ overflowWrap: "anywhere" }}>{it.name}</Text>
                    <Text size="sm" c="dimmed">
                      {t("security.passkeys.made", { date: date(it.createdAt) })}{" "}
                      {it.lastUsedAt
                        ? t("security.passkeys.used", { date: date(it.lastUsedAt) })
                        : t("security.passkeys.unused")}
                    </Text>
                  </div>
                  <Group gap="xs">
                    <Button
                      variant="default"
                      size="xs"
                      onClick={() => setRenaming(it)}
                      aria-label={t("security.passkeys.renameOf", { name: it.name })}
                    >
                      {t("security.passkeys.rename")}
                    </Button>
                    <Button
                      variant="default"
                      size="xs"
                      onClick={() => setRemoving(it)}
                      aria-label={t("security.passkeys.removeOf", { name: it.name })}
                    >
                      {t("security.passkeys.remove")}
                    </Button>
                  </Group>
                </Group>
              </List.Item>
            ))}
          </List>
        )}
        {hasPasskeys() ? (
          <Button onClick={() => setAdding(true)}>{t("security.passkeys.add")}</Button>
        ) : (
          <Text size="sm" c="dimmed">
            {t("security.passkeys.unavailable")}
          </Text>
        )}
      </Stack>
      {adding ? <AddPasskey onClose={() => setAdding(false)} onDone={onChanged} /> : null}
      {renaming ? (
        <RenamePasskey passkey={renaming} onClose={() => setRenaming(null)} onDone={onChanged} />
      ) : null}
      <Confirm
        opened={removing !== null}
        onClose={close}
        title={t("security.passkeys.removeTitle", { name: shown?.name })}
        confirmLabel={t("security.passkeys.remove")}
        danger
        action={remove}
        onConfirm={confirm}
      >
        <Text>{t("security.passkeys.removeText")}</Text>
      </Confirm>
    </Section>
  );
}
