import { Center, Loader, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";

export function PageLoading() {
  const { t } = useTranslation();
  return (
    <Center mih={240} role="status">
      <VisuallyHidden>{t("loading")}</VisuallyHidden>
      <Loader aria-hidden />
    </Center>
  );
}
