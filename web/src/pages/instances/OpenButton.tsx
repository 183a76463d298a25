import { Button, type ButtonProps, VisuallyHidden } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

interface Props extends ButtonProps {
  openUrl: string;
  /** Of the instance, where several are on the page. */
  name?: string;
}

/** Opens n8n, logged in, in a tab of its own: a real link, so that it can be opened as one likes. */
export function OpenButton({ openUrl, name, ...props }: Props) {
  const { t } = useTranslation("instances");
  return (
    <Button
      component="a"
      href={openUrl}
      target="_blank"
      rel="noopener"
      rightSection={<IconExternalLink size={16} aria-hidden />}
      {...props}
    >
      {t("page.open")}
      <VisuallyHidden>
        {name ? ` (${name})` : ""} {t("page.newTab")}
      </VisuallyHidden>
    </Button>
  );
}
