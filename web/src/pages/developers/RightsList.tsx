import { List, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** The rights that something has: their number, and their names on demand. */
export function RightsList({ rights }: { rights: readonly string[] }) {
  const { t } = useTranslation("developers");
  return (
    <details>
      <Text component="summary" size="sm" className="summary">
        {t("rights", { count: rights.length })}
      </Text>
      <List size="sm" className="mono" mt={4}>
        {rights.map((right) => (
          <List.Item key={right}>{right}</List.Item>
        ))}
      </List>
    </details>
  );
}
