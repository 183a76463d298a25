import { Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type ApiKeyShownFragment, RotateApiKeyDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { useKept } from "../../ui/useKept";

/** How long the old secret works beside the new one, in seconds. */
const OVERLAPS = [0, 3_600, 86_400, 604_800] as const;

interface Props {
  apiKey: ApiKeyShownFragment | null;
  onClose: () => void;
  onMade: (secret: string | null | undefined) => void;
}

/** A new secret for a key; the old one goes on for as long as programs need to change over. */
export function RotateKey({ apiKey, onClose, onMade }: Props) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const rotate = useAction(RotateApiKeyDocument);
  const [overlap, setOverlap] = useState("86400");
  const shown = useKept(apiKey);
  const close = () => {
    rotate.reset();
    onClose();
  };
  const confirm = async () => {
    if (!shown) return;
    const input = { tenantId: tenant.id, id: shown.id, overlapSeconds: Number(overlap) };
    const made = await rotate.run({ input });
    if (made.ok) onMade(made.payload.secret);
  };
  return (
    <Confirm
      opened={apiKey !== null}
      onClose={close}
      title={t("rotate.title", { name: shown?.name })}
      confirmLabel={t("rotate.confirm")}
      action={rotate}
      onConfirm={confirm}
    >
      <Text>{t("rotate.text")}</Text>
      <Radio.Group label={t("rotate.overlap")} value={overlap} onChange={setOverlap}>
        <Stack gap="xs" mt="xs">
          {OVERLAPS.map((seconds) => (
            <Radio key={seconds} value={String(seconds)} label={t(`rotate.for.${seconds}`)} />
          ))}
        </Stack>
      </Radio.Group>
    </Confirm>
  );
}
