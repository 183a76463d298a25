/** The mails that the product has sent, which an installation without a mail server keeps. */
import { expect } from "./expect.ts";
import { world } from "./world.ts";

/** Waits for a mail to somebody; their newest of that subject. */
export async function mailed(recipient: string, subject: string): Promise<string> {
  const { operator } = await world();
  const query = "query($to: String) { capturedMail(recipient: $to, first: 20) { nodes { subject body } } }";
  let body = "";
  await expect(`a mail "${subject}" to ${recipient}`, async () => {
    const { capturedMail } = await operator.admin(query, { to: recipient });
    const mails = capturedMail.nodes as { subject: string; body: string }[];
    body = mails.find((it) => it.subject === subject)?.body ?? "";
    return body !== "";
  });
  return body;
}
