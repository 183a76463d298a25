import { Group, Paper, Skeleton, Stack, Table, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ExplainAccessDocument } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { FaultPanel } from "../../ui/FaultPanel";

/** The gate's answer, in words: the rule, the roles, what is missing, and who can change that. */
export function Explanation({ actor, right }: { actor: string; right: string }) {
  const { t } = useTranslation("roles");
  const tenant = useTenant();
  const { data, current, fault, again } = useLasting({
    query: ExplainAccessDocument,
    variables: { tenantId: tenant.id, actor, right },
  });
  if (fault) return <FaultPanel fault={fault} retry={again} />;
  if (!data || !current) return <Skeleton h={200} />;
  const it = data.explainAccess;
  const list = (values: readonly string[]) => (values.length > 0 ? values.join(", ") : t("explain.none"));
  const facts: [string, string, boolean?][] = [
    [t("explain.right"), it.right, true],
    [t("explain.roles"), list(it.roles)],
    [t("explain.rule"), it.rule ?? t("explain.noRule"), it.rule != null],
    ...(it.missing ? [[t("common:access.missing"), it.missing, true] as [string, string, boolean]] : []),
    [t("common:access.grantedBy"), list(it.grantedBy)],
    ...(it.allowed ? [] : [[t("common:access.whoCanGrant"), list(it.whoCanGrant)] as [string, string]]),
  ];
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="explanation" role="status">
      <Stack gap="sm">
        <Group gap="sm">
          <ThemeIcon color={it.allowed ? "green" : "red"} variant="light" radius="xl">
            {it.allowed ? <IconCheck size={16} aria-hidden /> : <IconX size={16} aria-hidden />}
          </ThemeIcon>
          <Title order={2} size="h4" id="explanation">
            {t(it.allowed ? "explain.allowed" : "explain.denied")}
          </Title>
        </Group>
        <Text>{it.reason}</Text>
        <Table variant="vertical" withRowBorders={false} verticalSpacing={6}>
          <Table.Tbody>
            {facts.map(([name, value, code]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" w={{ base: 120, sm: 200 }}>
                  {name}
                </Table.Th>
                <Table.Td className={code ? "mono" : undefined} style={{ overflowWrap: "anywhere" }}>
                  {value}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Stack>
    </Paper>
  );
}
