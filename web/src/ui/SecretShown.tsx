import { Alert, Button, Checkbox, Group, Modal, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "./CopyButton";

/** Something to copy, and what it is. */
export interface Shown {
  label: string;
  value: string;
}

interface Props {
  title: string;
  /** Null: nothing is shown. */
  values: readonly Shown[] | null;
  children?: ReactNode;
  onClose: () => void;
}

/** What is shown once. It stays until the person says that it is saved: neither Escape nor a click beside it ends it. */
export function SecretShown({ values, ...rest }: Props) {
  return values ? <Opened values={values} {...rest} /> : null;
}

function Opened({ title, values, children, onClose }: Props & { values: readonly Shown[] }) {
  const { t } = useTranslation();
  const [saved, setSaved] = useState(false);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size="lg"
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
    >
      <Stack>
        <Alert color="yellow" icon={<IconKey aria-hidden />}>
          {t("secret.once")}
        </Alert>
        {values.map(({ label, value }) => (
          <div key={label}>
            <Text size="sm" fw={500}>
              {label}
            </Text>
            <Group gap="xs" wrap="nowrap" align="flex-start">
              <Text span className="mono" size="sm" style={{ minWidth: 0 }} data-testid="secret">
                {value}
              </Text>
              <CopyButton value={value} label={`${t("copy.do")}: ${label}`} />
            </Group>
          </div>
        ))}
        {children}
        <Checkbox
          label={t("secret.saved")}
          checked={saved}
          onChange={(event) => setSaved(event.currentTarget.checked)}
          data-autofocus
        />
        <Group justify="flex-end">
          <Button disabled={!saved} onClick={onClose}>
            {t("secret.done")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
