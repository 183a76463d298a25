import { Button, Center, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ConfirmTotpDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";
import { CopyButton } from "../../ui/CopyButton";
import { useEntryForm } from "../../ui/useEntryForm";
import type { Setup } from "./Totp";

interface Props {
  /** Null: nothing is set up now. */
  setup: Setup | null;
  onClose: () => void;
  onDone: (codes?: string[] | null) => void;
}

/** The app scans the picture, or is told the key; then it shows a first code. */
export function TotpSetup({ setup, ...rest }: Props) {
  return setup ? <Opened setup={setup} {...rest} /> : null;
}

function Opened({ setup, onClose, onDone }: Props & { setup: Setup }) {
  const { t } = useTranslation("account");
  const confirm = useAction(ConfirmTotpDocument);
  const { form, onInvalid, show } = useEntryForm({
    initialValues: { code: "" },
    validate: { code: (value: string) => (value.trim() === "" ? t("security.totp.missing") : null) },
  });
  const submit = form.onSubmit(async ({ code }) => {
    const outcome = await confirm.run({ code });
    show(outcome);
    if (outcome.ok) onDone(outcome.payload.recoveryCodes);
  }, onInvalid);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("security.totp.setup")}
      closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
      attributes={{ header: { role: "none" } }}
      closeOnClickOutside={false}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text>{t("security.totp.scan")}</Text>
          <Center>
            <svg
              role="img"
              aria-label={t("security.totp.qr")}
              viewBox={`0 0 ${setup.qrSize} ${setup.qrSize}`}
              width={220}
              height={220}
              shapeRendering="crispEdges"
            >
              {/* Dark on light in both themes: readers expect it. */}
              <rect width={setup.qrSize} height={setup.qrSize} fill="#fff" />
              <path d={setup.qrPath} fill="#000" />
            </svg>
          </Center>
          <div>
            <Text size="sm" fw={500}>
              {t("security.totp.key")}
            </Text>
            <Group gap="xs" wrap="nowrap">
              <Text
                span
                className="mono"
                size="sm"
                style={{ minWidth: 0, overflowWrap: "anywhere" }}
                data-testid="totp-key"
              >
                {setup.secret}
              </Text>
              <CopyButton value={setup.secret} label={t("security.totp.key")} />
            </Group>
          </div>
          <TextInput
            label={t("security.totp.code")}
            inputMode="numeric"
            autoComplete="one-time-code"
            data-autofocus
            {...form.getInputProps("code")}
          />
          <ActionAlert problem={confirm.problem} fault={confirm.fault} fields={["code"]} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common:confirm.cancel")}
            </Button>
            <Button type="submit" loading={confirm.busy}>
              {t("security.totp.confirm")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
