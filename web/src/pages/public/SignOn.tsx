import { Alert, Button, Divider, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { useClient, useQuery } from "urql";
import { type Fault, faultOf } from "../../api/client";
import { WaysInDocument } from "../../api/customer/graphql";
import { ActionAlert } from "../../ui/ActionAlert";
import { RequestId } from "../../ui/FaultPanel";

/** Where a browser sets out for a provider; the page to end at goes with it, and whom the provider may suggest. */
export function setOut(startUrl: string, next: string | null, email?: string): string {
  const to = `${startUrl}&return_to=${encodeURIComponent(next ?? "/home")}`;
  return email ? `${to}&email=${encodeURIComponent(email)}` : to;
}

interface Props {
  /** What stands in the field for the address. */
  email: string;
  next: string | null;
}

/** The ways in beside the password: the organisation's, found by the address, and those for everybody. */
export function SignOn({ email, next }: Props) {
  const { t } = useTranslation("signOn");
  const client = useClient();
  const [{ data }] = useQuery({ query: WaysInDocument, variables: {} });
  const [said, setSaid] = useState<"noEmail" | "none" | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const [busy, setBusy] = useState(false);
  const find = async () => {
    setFault(null);
    setSaid(email.trim() === "" ? "noEmail" : null);
    if (email.trim() === "") return;
    setBusy(true);
    const asked = { email: email.trim() };
    const result = await client.query(WaysInDocument, asked, { requestPolicy: "network-only" }).toPromise();
    const own = result.data?.waysIn.find((way) => !way.code);
    if (own) {
      location.assign(setOut(own.startUrl, next, asked.email));
      return;
    }
    setBusy(false);
    if (result.data) setSaid("none");
    else setFault(faultOf(result.error ?? { message: "" }));
  };
  return (
    <Stack gap="xs">
      <Divider label={t("or")} />
      {data?.waysIn.map((way) => (
        <Button key={way.startUrl} component="a" href={setOut(way.startUrl, next)} variant="default">
          {t("with", { name: way.name })}
        </Button>
      ))}
      <Button variant="default" onClick={find} loading={busy}>
        {t("sso")}
      </Button>
      <div role="status">{said ? <Text size="sm">{t(said)}</Text> : null}</div>
      <ActionAlert fault={fault} />
    </Stack>
  );
}

const CODES = [
  "SSO_EXPIRED",
  "SSO_FAILED",
  "SSO_DENIED",
  "SSO_NOT_FOUND",
  "SSO_NO_EMAIL",
  "SSO_EMAIL_NOT_VERIFIED",
  "SSO_FOREIGN_DOMAIN",
  "SSO_NOT_A_MEMBER",
  "SSO_NO_SEAT",
  "SSO_CHANGED",
  "RATE_LIMITED",
];

/** Why single sign-on led to nothing, where the browser was sent back with a code. */
export function SignOnProblem() {
  const { t } = useTranslation("signOn");
  const [params] = useSearchParams();
  const code = params.get("problem");
  if (!code) return null;
  const known = CODES.includes(code) ? code : "OTHER";
  const request = params.get("request");
  const requestId = request && /^req_[0-9a-z]{26}$/.test(request) ? request : null;
  return (
    <Alert color="red" role="alert" mb="md" title={t(`problem.${known}.title`)}>
      <Text size="sm">{t(`problem.${known}.text`)}</Text>
      <RequestId fault={{ code, message: "", remedy: "", requestId }} />
    </Alert>
  );
}
