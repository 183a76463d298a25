import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { DeleteSsoConnectionDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { Card } from "./Card";
import type { Connection } from "./SsoPage";

export function DeleteConnection({ connection }: { connection: Connection }) {
  const { t } = useTranslation("sso");
  const tenant = useTenant();
  const navigate = useNavigate();
  const remove = useAction(DeleteSsoConnectionDocument);
  const [asking, setAsking] = useState(false);
  const close = () => {
    remove.reset();
    setAsking(false);
  };
  const confirm = async () => {
    if (!(await remove.run({ input: { tenantId: tenant.id, id: connection.id } })).ok) return;
    done(t("delete.done"));
    navigate(`/t/${tenant.slug}/security/sso`);
  };
  return (
    <Card title={t("delete.title")} text={t("delete.text")}>
      <Group justify="flex-end">
        <Button color="red" variant="light" onClick={() => setAsking(true)}>
          {t("delete.open")}
        </Button>
      </Group>
      <Confirm
        opened={asking}
        onClose={close}
        title={t("delete.ask", { name: connection.name })}
        confirmLabel={t("delete.open")}
        danger
        action={remove}
        onConfirm={confirm}
      >
        <Text>{t("delete.text")}</Text>
      </Confirm>
    </Card>
  );
}
