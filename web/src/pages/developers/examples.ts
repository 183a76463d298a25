/** Programs to copy: they run as they stand, with a key in the environment. Tests run them. */

export const LANGUAGES = ["curl", "typescript", "python", "go"] as const;
export type Language = (typeof LANGUAGES)[number];

export const TASKS = ["list", "create", "verify"] as const;
export type Task = (typeof TASKS)[number];

const LIST =
  "query($tenant: ID!) { tenant(id: $tenant) { instances(first: 20) { nodes { id name phase url } } } }";
const CREATE =
  "mutation($input: CreateInstanceInput!) { createInstance(input: $input) { instance { id url } problem { code message } } }";

/** What an example is about: where the API is, and whose data. */
export interface Place {
  origin: string;
  tenantId: string;
  region: string;
}

function createInput({ tenantId, region }: Place): string {
  return JSON.stringify({ input: { tenantId, name: "Orders", slug: "orders", region } });
}

function curl(place: Place): Record<Task, string> {
  const call = (body: string, header = "") => `curl -sS ${place.origin}/graphql \\
  -H "Authorization: Bearer $TENANTRY_API_KEY" \\
  -H "Content-Type: application/json" \\${header}
  --data '${body}'`;
  return {
    list: call(JSON.stringify({ query: LIST, variables: { tenant: place.tenantId } })),
    create: call(
      JSON.stringify({ query: CREATE, variables: JSON.parse(createInput(place)) }),
      '\n  -H "Idempotency-Key: $(openssl rand -hex 16)" \\',
    ),
    verify: `# The three headers and the body of a delivery, as they came:
#   WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE, body.json
key=$(printf %s "\${WEBHOOK_SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \\n')
signature=$( (printf '%s.%s.' "$WEBHOOK_ID" "$WEBHOOK_TIMESTAMP"; cat body.json) \\
  | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
case " $WEBHOOK_SIGNATURE " in
  *" v1,$signature "*) echo genuine ;;
  *) echo forged; exit 1 ;;
esac`,
  };
}

function typescript(place: Place): Record<Task, string> {
  const ask = `async function ask(query: string, variables: object, headers: Record<string, string> = {}) {
  const response = await fetch("${place.origin}/graphql", {
    method: "POST",
    headers: {
      authorization: \`Bearer \${process.env.TENANTRY_API_KEY}\`,
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}
`;
  return {
    list: `${ask}
const data = await ask(
  "${LIST}",
  { tenant: "${place.tenantId}" },
);
console.log(data.tenant.instances.nodes);`,
    create: `import { randomUUID } from "node:crypto";

${ask}
// With the same key, a repeated call gives the first answer again.
const data = await ask(
  "${CREATE}",
  ${createInput(place)},
  { "idempotency-key": randomUUID() },
);
console.log(data.createInstance);`,
    verify: `import { createHmac, timingSafeEqual } from "node:crypto";

/** Whether a delivery is genuine and at most five minutes old. \`body\` is the raw text. */
export function verify(secret: string, headers: Record<string, string>, body: string): boolean {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const wanted = createHmac("sha256", key).update(\`\${id}.\${timestamp}.\${body}\`).digest();
  return headers["webhook-signature"].split(" ").some((signature) => {
    const [version, value = ""] = signature.split(",");
    const given = Buffer.from(value, "base64");
    return version === "v1" && given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}`,
  };
}

function python(place: Place): Record<Task, string> {
  const ask = `def ask(query, variables, headers={}):
    request = urllib.request.Request(
        "${place.origin}/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Authorization": "Bearer " + os.environ["TENANTRY_API_KEY"],
         "Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request) as response:
        answer = json.load(response)
    if "errors" in answer:
        raise RuntimeError(answer["errors"][0]["message"])
    return answer["data"]
`;
  return {
    list: `import json
import os
import urllib.request


${ask}

data = ask(
    "${LIST}",
    {"tenant": "${place.tenantId}"},
)
print(data["tenant"]["instances"]["nodes"])`,
    create: `import json
import os
import urllib.request
import uuid


${ask}

# With the same key, a repeated call gives the first answer again.
data = ask(
    "${CREATE}",
    ${createInput(place)},
    {"Idempotency-Key": str(uuid.uuid4())},
)
print(data["createInstance"])`,
    verify: `import base64
import hashlib
import hmac
import time


def verify(secret: str, headers: dict, body: bytes) -> bool:
    """Whether a delivery is genuine and at most five minutes old. body is the raw bytes."""
    timestamp = headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{timestamp}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(wanted, it) for it in headers["webhook-signature"].split(" "))`,
  };
}

function go(place: Place): Record<Task, string> {
  const program = (query: string, variables: string, imports: string, header: string) => `package main

import (
	"bytes"${imports}
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	body, _ := json.Marshal(map[string]any{
		"query":     ${JSON.stringify(query)},
		"variables": json.RawMessage(\`${variables}\`),
	})
	request, err := http.NewRequest("POST", "${place.origin}/graphql", bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("TENANTRY_API_KEY"))
	request.Header.Set("Content-Type", "application/json")${header}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(answer))
}`;
  return {
    list: program(LIST, JSON.stringify({ tenant: place.tenantId }), "", ""),
    create: program(
      CREATE,
      createInput(place),
      '\n\t"crypto/rand"',
      '\n\t// With the same key, a repeated call gives the first answer again.\n\trequest.Header.Set("Idempotency-Key", rand.Text())',
    ),
    verify: `package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Verify tells whether a delivery is genuine and at most five minutes old. body is the raw body.
func Verify(secret string, header http.Header, body []byte) bool {
	timestamp := header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || math.Abs(time.Since(time.Unix(seconds, 0)).Minutes()) > 5 {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(header.Get("webhook-id") + "." + timestamp + "."))
	mac.Write(body)
	wanted := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, signature := range strings.Fields(header.Get("webhook-signature")) {
		if hmac.Equal([]byte(signature), []byte(wanted)) {
			return true
		}
	}
	return false
}`,
  };
}

/** The examples of a language. */
export function examples(language: Language, place: Place): Record<Task, string> {
  return { curl, typescript, python, go }[language](place);
}
