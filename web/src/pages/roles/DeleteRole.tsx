import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { DeleteRoleDocument, type RoleShownFragment } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { useKept } from "../../ui/useKept";

interface Props {
  role: RoleShownFragment | null;
  onClose: () => void;
  onDone: () => void;
}

/** Deletes a role that nobody holds; of one that is held, where to change that. */
export function DeleteRole({ role, onClose, onDone }: Props) {
  const { t } = useTranslation("roles");
  const tenant = useTenant();
  const remove = useAction(DeleteRoleDocument);
  const shown = useKept(role);
  const close = () => {
    remove.reset();
    onClose();
  };
  const confirm = async () => {
    if (!shown) return;
    if (!(await remove.run({ input: { tenantId: tenant.id, id: shown.id } })).ok) return;
    done(t("deleted", { name: shown.name }));
    onDone();
  };
  const held = (shown?.memberCount ?? 0) > 0;
  return (
    <Confirm
      opened={role !== null}
      onClose={close}
      title={t("deleteTitle", { name: shown?.name })}
      confirmLabel={t("delete")}
      danger
      action={remove}
      onConfirm={confirm}
    >
      {held ? (
        <Text>
          {t("deleteHeld", { count: shown?.memberCount })}{" "}
          <Link to={`/t/${tenant.slug}/members`}>{t("deleteMembers")}</Link>
        </Text>
      ) : (
        <Text>{t("deleteText")}</Text>
      )}
    </Confirm>
  );
}
