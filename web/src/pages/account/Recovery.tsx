import { Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { MakeRecoveryCodesDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { Confirm } from "../../ui/Confirm";
import { Section } from "./Section";

interface Props {
  left: number;
  /** Whether there is a factor that they stand in for. */
  possible: boolean;
  onChanged: (codes?: string[] | null) => void;
}

/** The codes for whoever lost their factors. */
export function Recovery({ left, possible, onChanged }: Props) {
  const { t } = useTranslation("account");
  const [asking, setAsking] = useState(false);
  const make = useAction(MakeRecoveryCodesDocument);
  const close = () => {
    make.reset();
    setAsking(false);
  };
  const confirm = async () => {
    const made = await make.run({});
    if (!made.ok) return;
    close();
    onChanged(made.payload.recoveryCodes);
  };
  return (
    <Section id="security-recovery" title={t("security.recovery.title")} lead={t("security.recovery.lead")}>
      <Stack align="flex-start">
        <Text>{possible ? t("security.recovery.left", { count: left }) : t("security.recovery.none")}</Text>
        {possible ? (
          <Button variant="default" onClick={() => setAsking(true)}>
            {t("security.recovery.make")}
          </Button>
        ) : null}
      </Stack>
      <Confirm
        opened={asking}
        onClose={close}
        title={t("security.recovery.makeTitle")}
        confirmLabel={t("security.recovery.make")}
        danger
        action={make}
        onConfirm={confirm}
      >
        <Text>{t("security.recovery.makeText")}</Text>
      </Confirm>
    </Section>
  );
}
