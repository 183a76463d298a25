import { Checkbox, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { TransferOwnershipDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useSession } from "../../app/session";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { done } from "../../ui/done";
import { TypedConfirm } from "../../ui/TypedConfirm";
import type { Member } from "./roles";

interface Props {
  member: Member;
  opened: boolean;
  onClose: () => void;
  onDone: () => void;
}

/** Handing the organisation to another member, after its address is typed. */
export function TransferOwnership({ member, opened, onClose, onDone }: Props) {
  const { t } = useTranslation("members");
  const tenant = useTenant();
  const { refresh } = useSession();
  const transfer = useAction(TransferOwnershipDocument);
  const [stay, setStay] = useState(false);
  const values = { name: member.name, tenant: tenant.name };
  const close = () => {
    transfer.reset();
    onClose();
  };
  const confirm = async () => {
    const input = { tenantId: tenant.id, userId: member.userId, confirmSlug: tenant.slug, stay };
    if (!(await transfer.run({ input })).ok) return;
    close();
    done(t("transfer.done", values));
    onDone();
    // What the viewer may do has changed with it.
    refresh();
  };
  return (
    <TypedConfirm
      opened={opened}
      onClose={close}
      title={t("transfer.title", values)}
      phrase={tenant.slug}
      confirmLabel={t("transfer.confirm")}
      busy={transfer.busy}
      onConfirm={confirm}
    >
      <Text>{t("transfer.text", values)}</Text>
      <Checkbox
        label={t("transfer.stay")}
        description={t("transfer.stayNote")}
        checked={stay}
        onChange={(event) => setStay(event.currentTarget.checked)}
      />
      <ActionAlert problem={transfer.problem} fault={transfer.fault} />
    </TypedConfirm>
  );
}
