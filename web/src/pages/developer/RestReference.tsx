import { Anchor, Badge, Container, Group, Paper, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../api/client";
import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/rest.json";
import { CodeBlock } from "../../ui/Code";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { Inline, Prose } from "../../ui/Prose";
import { WideTable } from "../../ui/WideTable";
import { callersOf, type Document, type Endpoint, sectionsOf, typeOf } from "./openapi";

catalogue("rest", messages);

/** The description that the product serves of itself. */
function useDocument() {
  const [document, setDocument] = useState<Document | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const load = useCallback(async () => {
    setFault(null);
    try {
      const response = await fetch("/openapi.json");
      if (!response.ok) throw new Error(String(response.status));
      setDocument((await response.json()) as Document);
    } catch (error) {
      setFault({ code: "OFFLINE", message: String(error), remedy: null, requestId: null });
    }
  }, []);
  useEffect(() => {
    void load();
  }, [load]);
  return { document, fault, load };
}

/** Reads the OpenAPI document to people. */
export function RestReference() {
  const { t } = useTranslation("rest");
  const { document, fault, load } = useDocument();
  if (fault) return <FaultPanel fault={fault} retry={load} />;
  return (
    <Container size="lg" py="lg">
      <PageHeader
        title={t("title")}
        description={
          <>
            {t("text")}{" "}
            <Anchor href="/openapi.json" inherit>
              {t("file")}
            </Anchor>
          </>
        }
      />
      {document ? (
        <Stack gap="xl">
          {document.info.description ? (
            <div>
              <Prose text={document.info.description} />
            </div>
          ) : null}
          {sectionsOf(document).map(({ name, description, endpoints }) => (
            <section key={name} aria-label={name}>
              <Title order={2} size="h3">
                {name}
              </Title>
              {description ? <Text c="dimmed">{description}</Text> : null}
              <Stack gap="sm" mt="sm">
                {endpoints.map((endpoint) => (
                  <Card key={`${endpoint.method} ${endpoint.path}`} endpoint={endpoint} />
                ))}
              </Stack>
            </section>
          ))}
        </Stack>
      ) : (
        <Skeleton h={480} />
      )}
    </Container>
  );
}

function Card({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation("rest");
  const { parameters = [], requestBody, responses = {} } = endpoint;
  const body = Object.entries(requestBody?.content ?? {})[0];
  return (
    <Paper className="surface" p="md">
      <Group gap="xs" align="center">
        <Badge color={endpoint.method === "GET" ? "blue" : "green"}>{endpoint.method}</Badge>
        <Title order={3} size="h4" className="mono">
          {endpoint.path}
        </Title>
      </Group>
      {endpoint.summary ? <Text fw={500}>{endpoint.summary}</Text> : null}
      {endpoint.description ? <Prose size="sm" text={endpoint.description} /> : null}
      <Text size="sm" c="dimmed" mb="xs">
        {t("callers")}:{" "}
        {callersOf(endpoint)
          .map((it) => t(`caller.${it}`, { defaultValue: it }))
          .join(", ")}
      </Text>
      {parameters.length > 0 ? (
        <WideTable minWidth={480} label={t("parameters")}>
          <Table aria-label={`${t("parameters")}: ${endpoint.path}`} verticalSpacing={4}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("parameter")}</Table.Th>
                <Table.Th>{t("type")}</Table.Th>
                <Table.Th>{t("meaning")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {parameters.map((it) => (
                <Table.Tr key={`${it.in} ${it.name}`}>
                  <Table.Th scope="row" className="mono" fw={400}>
                    {it.name}
                  </Table.Th>
                  <Table.Td>
                    {typeOf(it.schema)} {it.required ? t("required") : null}
                  </Table.Td>
                  <Table.Td>
                    <Inline text={it.description ?? ""} />
                    {it.example === undefined ? null : (
                      <Text size="xs" c="dimmed" className="mono">
                        {String(it.example)}
                      </Text>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      ) : null}
      {body ? (
        <Text size="sm">
          {t("body")}: <span className="mono">{body[0]}</span> {typeOf(body[1].schema)}{" "}
          <Inline text={requestBody?.description ?? ""} />
        </Text>
      ) : null}
      {body?.[1].example === undefined ? null : (
        <CodeBlock label={t("example")} code={JSON.stringify(body[1].example, null, 2)} maxHeight={200} />
      )}
      <Stack component="ul" className="plain-list" gap={2} mt="xs" aria-label={t("answers")}>
        {Object.entries(responses).map(([status, { description, content }]) => (
          <li key={status}>
            <Text size="sm" component="span">
              <span className="mono">{status === "default" ? t("otherwise") : status}</span>{" "}
              <Inline text={description ?? ""} />{" "}
              <Text size="sm" c="dimmed" component="span">
                {Object.keys(content ?? {}).join(", ")}
              </Text>
            </Text>
          </li>
        ))}
      </Stack>
    </Paper>
  );
}
