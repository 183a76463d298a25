import { Code, Group, List, Text } from "@mantine/core";
import { Trans, useTranslation } from "react-i18next";
import { CopyButton } from "../../ui/CopyButton";

const PATH = "hello";

/** Before the first execution: how one comes about. */
export function FirstWorkflow({ url }: { url: string }) {
  const { t } = useTranslation("instances");
  const call = `curl ${url.replace(/\/$/, "")}/webhook/${PATH}`;
  return (
    <>
      <Text mb="sm">{t("first.intro")}</Text>
      <List type="ordered" spacing="xs">
        <List.Item>{t("first.create")}</List.Item>
        <List.Item>
          <Trans t={t} i18nKey="first.trigger" values={{ path: PATH }} components={{ code: <Code /> }} />
        </List.Item>
        <List.Item>{t("first.publish")}</List.Item>
        <List.Item>
          {t("first.call")}
          <Group gap={4} wrap="nowrap" mt={4} maw="100%">
            <Code style={{ overflowWrap: "anywhere", minWidth: 0 }}>{call}</Code>
            <CopyButton value={call} label={t("first.copy")} />
          </Group>
        </List.Item>
      </List>
      <Text size="sm" c="dimmed" mt="sm">
        {t("first.then")}
      </Text>
    </>
  );
}
