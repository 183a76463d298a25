import { Button, Group, Loader, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertCircle, IconCircleCheck } from "@tabler/icons-react";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { AddressState } from "./useAddressCheck";

interface Props {
  name: string;
  slug: string;
  onName: (name: string) => void;
  onSlug: (slug: string) => void;
  onSlugLeft: () => void;
  address: AddressState;
  nameError?: string;
  slugError?: string;
  nameRef?: RefObject<HTMLInputElement | null>;
  slugRef?: RefObject<HTMLInputElement | null>;
}

/** An instance's name, and its address with what the server says of it. */
export function NameAndAddress(props: Props) {
  const { t } = useTranslation("instances");
  const { name, slug, address } = props;
  return (
    <Stack gap="sm">
      <TextInput
        ref={props.nameRef}
        label={t("form.name")}
        placeholder={t("form.namePlaceholder")}
        value={name}
        maxLength={120}
        required
        autoComplete="off"
        error={props.nameError}
        onChange={(event) => props.onName(event.currentTarget.value)}
      />
      <div>
        <TextInput
          ref={props.slugRef}
          label={t("form.slug")}
          description={t("form.slugHint")}
          value={slug}
          maxLength={40}
          required
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          error={props.slugError}
          aria-describedby="address-state"
          rightSection={slug !== "" && address.checking ? <Loader size={16} aria-hidden /> : null}
          onChange={(event) => props.onSlug(event.currentTarget.value)}
          onBlur={props.onSlugLeft}
        />
        <div
          id="address-state"
          role="status"
          aria-live="polite"
          style={{ minHeight: "3.25rem", paddingTop: 6 }}
        >
          {slug === "" || props.slugError ? null : <Verdict address={address} onUse={props.onSlug} />}
        </div>
      </div>
    </Stack>
  );
}

function Verdict({ address, onUse }: { address: AddressState; onUse: (slug: string) => void }) {
  const { t } = useTranslation("instances");
  const { answer, checking, fault } = address;
  if (checking) {
    return (
      <Text size="sm" c="dimmed">
        {t("form.checking")}
      </Text>
    );
  }
  if (fault || !answer) {
    return fault ? (
      <Text size="sm" c="dimmed">
        {t("form.unchecked")}
      </Text>
    ) : null;
  }
  const { suggestion } = answer;
  if (answer.available) {
    return (
      <Group gap={6} wrap="nowrap" align="flex-start">
        <IconCircleCheck size={18} aria-hidden color="var(--mantine-color-green-light-color)" />
        <Text size="sm">
          {t("form.free")} <span className="mono">{answer.url}</span>
        </Text>
      </Group>
    );
  }
  return (
    <Group gap={6} align="flex-start">
      <IconAlertCircle size={18} aria-hidden color="var(--mantine-color-error)" />
      <Text size="sm" c="var(--mantine-color-error)">
        {answer.problem?.message} {suggestion ? "" : answer.problem?.remedy}
      </Text>
      {suggestion ? (
        <Button size="compact-sm" variant="light" onClick={() => onUse(suggestion)}>
          {t("form.use", { slug: suggestion })}
        </Button>
      ) : null}
    </Group>
  );
}
