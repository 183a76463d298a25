import { Accordion, Anchor, Group, Skeleton, Text, TextInput } from "@mantine/core";
import { IconMail, IconSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { MailTableDocument } from "../../api/admin/graphql";
import { faultOf } from "../../api/client";
import { EmptyState } from "../../ui/EmptyState";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { Pager } from "../../ui/Pager";
import { useFilters, useTyped } from "../../ui/useFilters";
import { usePages } from "../../ui/usePages";
import { When } from "../../ui/When";
import { Letter } from "./Letter";
import { useFresh } from "./useFresh";

/** A link of this product's in a mail. */
function linkIn(body: string): string | null {
  return body.match(/https?:\/\/\S+/)?.[0] ?? null;
}

/** The development mailbox. */
export function Mail() {
  const { t } = useTranslation("admin");
  const filters = useFilters();
  const { after, page, next, previous } = usePages(filters.key);
  const [{ data, error }, ask] = useQuery({
    query: MailTableDocument,
    variables: { first: 25, after, recipient: filters.get("to") },
  });
  useFresh(ask);
  const recipient = useTyped(filters.get("to"), (value) => filters.set({ to: value }));
  const mail = data?.capturedMail;
  return (
    <>
      <PageHeader title={t("mail.title")} description={t("mail.text")} />
      <TextInput
        {...recipient}
        label={t("mail.recipient")}
        placeholder={t("mail.recipientHint")}
        leftSection={<IconSearch size={16} aria-hidden />}
        type="search"
        maw={320}
        mb="md"
      />
      {error && !data ? <FaultPanel fault={faultOf(error)} retry={() => ask()} /> : null}
      {!data && !error ? <Skeleton h={300} /> : null}
      {mail?.nodes.length === 0 ? (
        <EmptyState icon={IconMail} title={t("mail.emptyTitle")}>
          {t("mail.emptyText")}
        </EmptyState>
      ) : null}
      {mail && mail.nodes.length > 0 ? (
        <>
          <Accordion variant="contained" order={2}>
            {mail.nodes.map((letter) => (
              <Accordion.Item key={letter.id} value={letter.id}>
                <Accordion.Control>
                  <Text fw={500}>{letter.subject}</Text>
                  <Group gap={6}>
                    <Text size="sm" c="dimmed">
                      {t("mail.to", { recipient: letter.recipient })}
                    </Text>
                    <Text size="sm" c="dimmed">
                      <When at={letter.createdAt} />
                    </Text>
                  </Group>
                </Accordion.Control>
                <Accordion.Panel>
                  <Letter subject={letter.subject} body={letter.body} html={letter.html} />
                  {linkIn(letter.body) ? (
                    <Anchor href={linkIn(letter.body) ?? ""} target="_blank" rel="noopener noreferrer">
                      {t("mail.open")}
                    </Anchor>
                  ) : null}
                </Accordion.Panel>
              </Accordion.Item>
            ))}
          </Accordion>
          <Pager
            page={page}
            hasNext={mail.pageInfo.hasNextPage}
            onPrevious={previous}
            onNext={() => next(mail.pageInfo.endCursor)}
            note={t("mail.total", { count: mail.totalCount })}
          />
        </>
      ) : null}
    </>
  );
}
