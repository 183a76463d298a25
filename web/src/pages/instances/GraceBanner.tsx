import { Alert, Button, Stack, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { type InstanceStateFragment, RestoreInstanceDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { dateTime } from "../../ui/format";

/** A deleted instance in its days of grace: until when, and the way back. */
export function GraceBanner({ instance }: { instance: InstanceStateFragment }) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const restore = useAction(RestoreInstanceDocument);
  const at = instance.deleteAt;
  return (
    <Alert color="yellow" icon={<IconTrash aria-hidden />} title={t("grace.title")}>
      <Stack gap="sm" align="flex-start">
        {at ? <Text size="sm">{t("grace.text", { when: dateTime(at) })}</Text> : null}
        {tenant.may("instance:delete") ? (
          <Button
            loading={restore.busy}
            onClick={() => restore.run({ input: { tenantId: tenant.id, id: instance.id } })}
          >
            {t("grace.restore")}
          </Button>
        ) : (
          <Text size="sm">{t("grace.noRight")}</Text>
        )}
        <ActionAlert {...restore} />
      </Stack>
    </Alert>
  );
}
