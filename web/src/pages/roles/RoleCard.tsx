import { Badge, Button, Group, List, Paper, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { RoleShownFragment } from "../../api/customer/graphql";
import { When } from "../../ui/When";

interface Props {
  role: RoleShownFragment;
  onEdit?: () => void;
  onDelete?: () => void;
}

/** One of the organisation's own roles. */
export function RoleCard({ role, onEdit, onDelete }: Props) {
  const { t } = useTranslation("roles");
  const { name } = role;
  return (
    <Paper className="surface" p="md" component="li">
      <Group justify="space-between" align="flex-start">
        <Group gap="xs">
          <Title order={3} size="h4" style={{ overflowWrap: "anywhere" }}>
            {name}
          </Title>
          <Badge>{t("members", { count: role.memberCount })}</Badge>
        </Group>
        {onEdit || onDelete ? (
          <Group gap="xs">
            <Button variant="default" size="xs" onClick={onEdit} aria-label={t("editOf", { name })}>
              {t("edit")}
            </Button>
            <Button variant="default" size="xs" onClick={onDelete} aria-label={t("deleteOf", { name })}>
              {t("delete")}
            </Button>
          </Group>
        ) : null}
      </Group>
      {role.description ? <Text size="sm">{role.description}</Text> : null}
      <Text size="sm" c="dimmed" component="div">
        {t("changed")} <When at={role.updatedAt} />
      </Text>
      <details>
        <Text component="summary" size="sm" className="summary">
          {t("rights", { count: role.rights.length })}
        </Text>
        <List size="sm" className="mono" mt={4}>
          {role.rights.map((right) => (
            <List.Item key={right}>{right}</List.Item>
          ))}
        </List>
      </details>
    </Paper>
  );
}
