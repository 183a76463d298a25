import { Anchor, Button, Stack, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useViewer } from "../../app/session";
import { Section } from "./Section";

export function Organisations() {
  const { t } = useTranslation("account");
  const { memberships } = useViewer();
  return (
    <Section id="account-organisations" title={t("organisations.title")}>
      <Stack align="flex-start">
        {memberships.length === 0 ? (
          <Text c="dimmed">{t("organisations.none")}</Text>
        ) : (
          <Table aria-label={t("organisations.title")}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("organisations.name")}</Table.Th>
                <Table.Th visibleFrom="xs">{t("organisations.address")}</Table.Th>
                <Table.Th>{t("organisations.role")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {memberships.map(({ tenant, role }) => (
                <Table.Tr key={tenant.id}>
                  <Table.Td style={{ overflowWrap: "anywhere" }}>
                    <Anchor component={Link} to={`/t/${tenant.slug}`} inherit>
                      {tenant.name}
                    </Anchor>
                  </Table.Td>
                  <Table.Td visibleFrom="xs">
                    <span className="mono">{tenant.slug}</span>
                  </Table.Td>
                  <Table.Td>{t(`common:role.${role}`)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        <Button component={Link} to="/start" variant="default">
          {t("organisations.make")}
        </Button>
      </Stack>
    </Section>
  );
}
