import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../../ui/CopyButton";

/** A value for somebody else's form, with its name. */
export function Copied({ label, value }: { label: string; value: string }) {
  const { t } = useTranslation();
  return (
    <div>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <Text span className="mono" size="sm" style={{ minWidth: 0, overflowWrap: "anywhere" }}>
          {value}
        </Text>
        <CopyButton value={value} label={`${t("copy.do")}: ${label}`} />
      </Group>
    </div>
  );
}
