import { Badge, List, Paper, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import changelog from "../../../../control-plane/schema.changelog.json";
import { date } from "../../ui/format";
import { PageHeader } from "../../ui/PageHeader";
import { Inline } from "../../ui/Prose";

/** What an entry of the file holds; `web/schema/release.mjs` writes it. */
interface Entry {
  date: string;
  added: string[];
  changed: string[];
  deprecated: string[];
  removed: string[];
}

const KINDS = ["added", "changed", "deprecated", "removed"] as const;
const COLOURS = { added: "green", changed: "blue", deprecated: "yellow", removed: "red" } as const;

/** What changed in the API's schema, release by release. */
export function Changelog() {
  const { t } = useTranslation("developers");
  const entries: Entry[] = changelog;
  return (
    <>
      <PageHeader title={t("changelog.title")} description={t("changelog.text")} />
      {entries.length === 0 ? <Text>{t("changelog.none")}</Text> : null}
      <Stack>
        {entries.map((entry) => (
          <Paper key={entry.date} className="surface" p="md" component="section" aria-label={entry.date}>
            <Title order={2} size="h4" mb="sm">
              {date(entry.date)}
            </Title>
            {KINDS.filter((kind) => entry[kind].length > 0).map((kind) => (
              <div key={kind}>
                <Badge color={COLOURS[kind]}>
                  {t(`changelog.${kind}`)} · {entry[kind].length}
                </Badge>
                <List size="sm" my="xs" style={{ overflowWrap: "anywhere" }}>
                  {entry[kind].map((line) => (
                    <List.Item key={line}>
                      <Inline text={line} />
                    </List.Item>
                  ))}
                </List>
              </div>
            ))}
          </Paper>
        ))}
      </Stack>
    </>
  );
}
