import { SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { nonce } from "../../app/nonce";

interface Props {
  subject: string;
  body: string;
  html: string | null | undefined;
}

/**
 * A mail in both its forms. The HTML stands in a frame that may do nothing: no script, no form, no way to this page or out
 * of it. The page's own policy holds in it as well, so its style needs this answer's nonce.
 */
export function Letter({ subject, body, html }: Props) {
  const { t } = useTranslation("admin");
  const [form, setForm] = useState("text");
  return (
    <Stack gap="sm">
      {html ? (
        <SegmentedControl
          aria-label={t("mail.form")}
          size="xs"
          value={form}
          onChange={setForm}
          data={[
            { value: "text", label: t("mail.asText") },
            { value: "html", label: t("mail.asHtml") },
          ]}
        />
      ) : null}
      {html && form === "html" ? (
        <iframe
          className="letter-frame"
          sandbox=""
          title={t("mail.frame", { subject })}
          srcDoc={html.replace("<style>", `<style nonce="${nonce()}">`)}
        />
      ) : (
        <Text style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{body}</Text>
      )}
    </Stack>
  );
}
