import { type MantineColorScheme, SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Section } from "./Section";

const SCHEMES: readonly MantineColorScheme[] = ["light", "dark", "auto"];

export function Appearance() {
  const { t } = useTranslation("account");
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Section id="account-appearance" title={t("appearance.title")} lead={t("appearance.lead")}>
      <SegmentedControl
        aria-label={t("appearance.label")}
        value={colorScheme}
        onChange={(value) => setColorScheme(value as MantineColorScheme)}
        data={SCHEMES.map((value) => ({ value, label: t(`appearance.${value}`) }))}
      />
    </Section>
  );
}
