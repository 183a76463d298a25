import { Button, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { SecretShown } from "../../ui/SecretShown";
import { saveFile } from "../../ui/saveFile";

/** New recovery codes, shown this one time: to copy or to download. */
export function RecoveryCodes({ codes, onClose }: { codes: string[] | null; onClose: () => void }) {
  const { t } = useTranslation("account");
  const download = () => saveFile("tenantry-recovery-codes.txt", `${codes?.join("\n")}\n`);
  return (
    <SecretShown
      title={t("security.recovery.shown")}
      values={codes ? [{ label: t("security.recovery.codes"), value: codes.join(" ") }] : null}
      onClose={onClose}
    >
      <Text size="sm">{t("security.recovery.keep")}</Text>
      <Button variant="default" onClick={download} style={{ alignSelf: "flex-start" }}>
        {t("security.recovery.download")}
      </Button>
    </SecretShown>
  );
}
