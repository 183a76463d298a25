import { ActionIcon, Button, CopyButton as Copies, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** Copies a text. `label` says what, for those who don't see what is beside it. */
export function CopyButton({ value, label, text = false }: { value: string; label: string; text?: boolean }) {
  const { t } = useTranslation();
  return (
    <Copies value={value} timeout={2000}>
      {({ copied, copy }) =>
        text ? (
          <Button
            variant="default"
            size="xs"
            style={{ flexShrink: 0 }}
            onClick={copy}
            aria-label={copied ? t("copy.done") : `${t("copy.do")}: ${label}`}
          >
            {copied ? t("copy.done") : t("copy.do")}
          </Button>
        ) : (
          <Tooltip label={copied ? t("copy.done") : label}>
            <ActionIcon
              variant="subtle"
              color="gray"
              onClick={copy}
              aria-label={copied ? t("copy.done") : label}
            >
              {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )
      }
    </Copies>
  );
}
