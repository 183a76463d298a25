import { Button, FileButton, Group, Text, Textarea, type TextareaProps } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { MOST_BYTES } from "./samlInput";

interface Props {
  field: TextareaProps;
  keeps: boolean;
  disabled: boolean;
  onText: (text: string) => void;
  onTooLarge: () => void;
}

/** Metadata as a text: pasted, or out of a file. What a file says is shown, so that it can be looked at. */
export function MetadataText({ field, keeps, disabled, onText, onTooLarge }: Props) {
  const { t } = useTranslation("sso");
  const [read, setRead] = useState("");
  const take = async (file: File | null) => {
    if (!file) return;
    setRead("");
    if (file.size > MOST_BYTES) return onTooLarge();
    onText(await file.text());
    setRead(file.name);
  };
  return (
    <div>
      <Textarea
        {...field}
        label={t("saml.metadata")}
        description={t(keeps ? "saml.metadataKept" : "saml.metadataNote")}
        rows={6}
        spellCheck={false}
        autoComplete="off"
        disabled={disabled}
        classNames={{ input: "mono" }}
      />
      <Group gap="sm" mt="xs">
        <FileButton onChange={take} accept=".xml,text/xml,application/xml,application/samlmetadata+xml">
          {(button) => (
            <Button
              {...button}
              size="xs"
              variant="default"
              leftSection={<IconUpload size={14} aria-hidden />}
              disabled={disabled}
            >
              {t("saml.file")}
            </Button>
          )}
        </FileButton>
        <Text size="sm" role="status" style={{ minWidth: 0, overflowWrap: "anywhere" }}>
          {read && field.value ? t("saml.fileRead", { name: read }) : null}
        </Text>
      </Group>
    </div>
  );
}
