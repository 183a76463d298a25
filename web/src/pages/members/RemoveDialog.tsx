import { List, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { RemoveMemberDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useSession, useViewer } from "../../app/session";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { useKept } from "../../ui/useKept";

interface Props {
  /** Who goes; null: nobody, the dialog is closed. */
  member: { userId: string; name: string } | null;
  onClose: () => void;
  onDone: () => void;
}

/** Removing a member, or leaving: what is lost, and what stays. */
export function RemoveDialog({ member, onClose, onDone }: Props) {
  const { t } = useTranslation("members");
  const tenant = useTenant();
  const viewer = useViewer();
  const { refresh } = useSession();
  const navigate = useNavigate();
  const remove = useAction(RemoveMemberDocument);
  const shown = useKept(member);
  const kind = shown?.userId === viewer.id ? "leave" : "remove";
  const values = { name: shown?.name ?? "", tenant: tenant.name };

  const close = () => {
    remove.reset();
    onClose();
  };
  const confirm = async () => {
    if (!shown) return;
    const outcome = await remove.run({ input: { tenantId: tenant.id, userId: shown.userId } });
    if (!outcome.ok) return;
    close();
    done(t(`${kind}.done`, values));
    if (kind === "remove") return onDone();
    navigate("/home", { replace: true });
    refresh();
  };
  return (
    <Confirm
      opened={member !== null}
      onClose={close}
      title={t(`${kind}.title`, values)}
      confirmLabel={t(`${kind}.confirm`)}
      danger
      action={remove}
      onConfirm={confirm}
    >
      <Text>{t(`${kind}.text`, values)}</Text>
      <List spacing={4} size="sm">
        <List.Item>{t(`${kind}.access`)}</List.Item>
        <List.Item>{t(`${kind}.invitations`)}</List.Item>
        <List.Item>{t(`${kind}.stays`)}</List.Item>
      </List>
    </Confirm>
  );
}
