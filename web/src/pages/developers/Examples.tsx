import { Alert, Anchor, SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTenant } from "../../app/tenant";
import { CodeBlock } from "../../ui/Code";
import { PageHeader } from "../../ui/PageHeader";
import { examples, LANGUAGES, type Language, TASKS } from "./examples";

const KEPT = "tenantry-example-language";

/** The region that the examples make an instance in. */
const REGION = "eu-central";

/** Programs to copy, with this organisation's id in them. */
export function Examples() {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const [language, setLanguage] = useState<Language>(
    () => LANGUAGES.find((it) => it === localStorage.getItem(KEPT)) ?? "curl",
  );
  const code = examples(language, { origin: location.origin, tenantId: tenant.id, region: REGION });
  const choose = (value: string) => {
    setLanguage(value as Language);
    localStorage.setItem(KEPT, value);
  };
  return (
    <>
      <PageHeader title={t("examples.title")} description={t("examples.text")} />
      <Stack gap="lg">
        <Alert>
          <Text size="sm">
            <Trans
              t={t}
              i18nKey="examples.key"
              components={[
                <Anchor key="0" component={Link} to={`/t/${tenant.slug}/developers`} />,
                <span key="1" className="mono" />,
              ]}
            />
          </Text>
        </Alert>
        <SegmentedControl
          aria-label={t("examples.language")}
          value={language}
          onChange={choose}
          data={LANGUAGES.map((it) => ({ value: it, label: t(`examples.languages.${it}`) }))}
          w="fit-content"
        />
        {TASKS.map((task) => (
          <CodeBlock key={task} label={t(`examples.task.${task}`)} code={code[task]} />
        ))}
      </Stack>
    </>
  );
}
