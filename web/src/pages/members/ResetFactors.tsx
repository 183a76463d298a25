import { List, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ResetMemberFactorsDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import type { Member } from "./roles";

interface Props {
  member: Member;
  opened: boolean;
  onClose: () => void;
}

/** For a member who has lost their factors. */
export function ResetFactors({ member, opened, onClose }: Props) {
  const { t } = useTranslation("members");
  const tenant = useTenant();
  const reset = useAction(ResetMemberFactorsDocument);
  const values = { name: member.name };
  const close = () => {
    reset.reset();
    onClose();
  };
  const confirm = async () => {
    const outcome = await reset.run({ input: { tenantId: tenant.id, userId: member.userId } });
    if (!outcome.ok) return;
    close();
    done(t("factors.done", values));
  };
  return (
    <Confirm
      opened={opened}
      onClose={close}
      title={t("factors.title", values)}
      confirmLabel={t("factors.confirm")}
      danger
      action={reset}
      onConfirm={confirm}
    >
      <Text>{t("factors.text", values)}</Text>
      <List spacing={4} size="sm">
        <List.Item>{t("factors.gone")}</List.Item>
        <List.Item>{t("factors.sessions")}</List.Item>
        <List.Item>{t("factors.mail")}</List.Item>
      </List>
    </Confirm>
  );
}
