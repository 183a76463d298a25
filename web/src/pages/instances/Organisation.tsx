import { Button, Group, SimpleGrid, Text, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Problem } from "../../api/useAction";
import { fieldError } from "../../ui/ActionAlert";

interface Props {
  name: string;
  slug: string;
  onName: (name: string) => void;
  onSlug: (slug: string) => void;
  onSlugLeft: () => void;
  problem: Problem | null;
  /** It exists already: the instance is what is missing. */
  made: boolean;
  /** Whether there is something to change before anything else, as a name that nothing suggests. */
  open: boolean;
}

/** The organisation that is made along the way: a line of text until somebody wants to change it. */
export function Organisation({ name, slug, onName, onSlug, onSlugLeft, problem, made, open }: Props) {
  const { t } = useTranslation("instances");
  const [editing, setEditing] = useState(open);
  const nameError = fieldError(problem, "name");
  const slugError = fieldError(problem, "slug");
  const failed = Boolean(nameError ?? slugError);
  useEffect(() => {
    if (failed) setEditing(true);
  }, [failed]);

  if (made) {
    return (
      <Text size="sm" c="dimmed">
        {t("start.tenantMade", { name })}
      </Text>
    );
  }
  if (!editing) {
    return (
      <Group gap="xs">
        <Text size="sm" c="dimmed">
          {t("start.tenantLine")}{" "}
          <Text span fw={600} c="var(--mantine-color-text)">
            {name}
          </Text>
        </Text>
        <Button variant="subtle" size="compact-sm" onClick={() => setEditing(true)}>
          {t("start.tenantChange")}
        </Button>
      </Group>
    );
  }
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      <TextInput
        label={t("start.tenantName")}
        value={name}
        maxLength={120}
        required
        autoComplete="organization"
        error={nameError}
        onChange={(event) => onName(event.currentTarget.value)}
      />
      <TextInput
        label={t("start.tenantSlug")}
        value={slug}
        maxLength={40}
        required
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        error={slugError}
        leftSection={
          <Text size="sm" c="dimmed">
            /t/
          </Text>
        }
        onChange={(event) => onSlug(event.currentTarget.value)}
        onBlur={onSlugLeft}
      />
    </SimpleGrid>
  );
}
