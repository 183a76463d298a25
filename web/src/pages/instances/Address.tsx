import { Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../../ui/CopyButton";

/** An instance's address, to read, without what is the same in all; copied whole. */
export function Address({ url, name }: { url: string; name: string }) {
  const { t } = useTranslation("instances");
  return (
    <Group gap={2} wrap="nowrap">
      <span className="mono">{url.replace(/^https?:\/\//, "").replace(/\/$/, "")}</span>
      <CopyButton value={url} label={t("page.copyAddress", { name })} />
    </Group>
  );
}
