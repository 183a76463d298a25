import { Anchor, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { RestoreInstanceDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { dateTime } from "../../ui/format";
import type { ListedInstance } from "./InstanceRow";

/** A deleted instance that can still be had back, or whose data is going. */
export function GraceRow({ instance, removing }: { instance: ListedInstance; removing: boolean }) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const restore = useAction(RestoreInstanceDocument);
  const { deleteAt } = instance;
  return (
    <Paper className="surface" p="md">
      <Stack gap="sm">
        <Group justify="space-between">
          <div>
            <Anchor component={Link} to={`/t/${tenant.slug}/instances/${instance.id}`} fw={600}>
              {instance.name}
            </Anchor>
            <Text size="sm" c="dimmed">
              {removing || !deleteAt ? t("grace.going") : t("grace.until", { when: dateTime(deleteAt) })}
            </Text>
          </div>
          {removing || !tenant.may("instance:delete") ? null : (
            <Button
              variant="default"
              loading={restore.busy}
              aria-label={t("grace.restoreNamed", { name: instance.name })}
              onClick={() => restore.run({ input: { tenantId: tenant.id, id: instance.id } })}
            >
              {t("grace.restore")}
            </Button>
          )}
        </Group>
        <ActionAlert {...restore} />
      </Stack>
    </Paper>
  );
}
