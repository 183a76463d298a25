import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { EndMemberSessionsDocument } from "../../api/customer/graphql";
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

/** The end of a member's sessions in this organisation. */
export function EndSessions({ member, opened, onClose }: Props) {
  const { t } = useTranslation("members");
  const tenant = useTenant();
  const end = useAction(EndMemberSessionsDocument);
  const values = { name: member.name, tenant: tenant.name };
  const close = () => {
    end.reset();
    onClose();
  };
  const confirm = async () => {
    if (!(await end.run({ input: { tenantId: tenant.id, userId: member.userId } })).ok) return;
    close();
    done(t("sessions.done", values));
  };
  return (
    <Confirm
      opened={opened}
      onClose={close}
      title={t("sessions.title", values)}
      confirmLabel={t("sessions.confirm")}
      danger
      action={end}
      onConfirm={confirm}
    >
      <Text>{t("sessions.text", values)}</Text>
    </Confirm>
  );
}
