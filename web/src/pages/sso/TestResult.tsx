import { Alert, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { SsoProtocol, SsoTestShownFragment } from "../../api/customer/graphql";
import { When } from "../../ui/When";

interface Props {
  test: SsoTestShownFragment;
  protocol: SsoProtocol;
}

/** What the last test saw. */
export function TestResult({ test, protocol }: Props) {
  const { t } = useTranslation("sso");
  if (!test.passed) {
    return (
      <Alert color="red" title={t("test.failed")}>
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {test.reason}
        </Text>
        <When at={test.at} />
      </Alert>
    );
  }
  const rows: [string, string][] = [
    ["subject", test.subject ?? ""],
    ["email", test.email ?? t("test.nothing")],
    // SAML has no word for it: there the proven domain alone counts.
    ...(protocol === "OIDC"
      ? [["verified", t(test.emailVerified ? "test.yes" : "test.no")] as [string, string]]
      : []),
    ["name", test.name ?? t("test.nothing")],
    ["groups", test.groups.join(", ") || t("test.nothing")],
    ["methods", test.methods.join(", ") || t("test.nothing")],
  ];
  return (
    <>
      <Text size="sm" mb="xs">
        {t("test.passed")} <When at={test.at} />
      </Text>
      <Table variant="vertical" layout="fixed">
        <Table.Tbody>
          {rows.map(([key, value]) => (
            <Table.Tr key={key}>
              <Table.Th w={140}>{t(`test.${key}`)}</Table.Th>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
