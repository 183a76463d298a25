//! Input that is wrong gets an answer that says what is wrong and what to do, with a code for programs.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tenantry_system_tests::{Addresses, Answer, Api, Operator, Person, Product, Tenant};

use crate::support::superuser;

/// The answer has this code, these words in its message, and a remedy.
fn expect(answer: &Answer, code: &str, words: &str) -> Result<()> {
    let Some(refusal) = answer.refusal() else { anyhow::bail!("accepted, wanted {code}: {}", answer.body) };
    let said = refusal.message.to_lowercase();
    ensure!(refusal.code == code, "wanted {code}: {refusal:?}");
    ensure!(said.contains(&words.to_lowercase()), "wanted {words:?}: {refusal:?}");
    ensure!(!refusal.remedy.is_empty(), "no remedy: {refusal:?}");
    Ok(())
}

pub(crate) async fn anonymous(addresses: &Addresses) -> Result<()> {
    let api = Api::new(&addresses.api)?;
    for (body, status, code) in [
        (b"{".to_vec(), 400, "BAD_REQUEST"),
        (b"[]".to_vec(), 400, "BAD_REQUEST"),
        (format!("[{}]", ["{}"; 11].join(",")).into_bytes(), 400, "BAD_REQUEST"),
        (br#"[{"query":"{plans{code}}"},{}]"#.to_vec(), 400, "BAD_REQUEST"),
        (vec![b' '; 300 * 1024], 413, "PAYLOAD_TOO_LARGE"),
        (json!({ "query": "{ plans {" }).to_string().into_bytes(), 200, "BAD_REQUEST"),
        (json!({ "query": "{ nothing }" }).to_string().into_bytes(), 200, "BAD_REQUEST"),
        (json!({ "query": deep(30) }).to_string().into_bytes(), 200, "BAD_REQUEST"),
        (json!({ "query": wide(6000) }).to_string().into_bytes(), 200, "BAD_REQUEST"),
    ] {
        let shown = String::from_utf8_lossy(&body).chars().take(60).collect::<String>();
        let answer = api.post("/graphql", body).await?;
        ensure!(answer.status == status, "{shown}: {} {}", answer.status, answer.body);
        expect(&answer, code, "")?;
    }
    // A page that does not end is the parser's business, not the stack's.
    let answer =
        api.post("/graphql", json!({ "query": "{".repeat(50_000) }).to_string().into_bytes()).await?;
    expect(&answer, "BAD_REQUEST", "")?;
    expect(&api.ask("/graphql", "{ tenant(id: \"nonsense\") { id } }", json!({})).await?, "NOT_FOUND", "")?;
    Ok(())
}

fn deep(levels: usize) -> String {
    format!(
        "{{ __schema {{ types {} name {} }} }}",
        "{ ofType: fields { type ".repeat(levels),
        "} }".repeat(levels)
    )
}

fn wide(fields: usize) -> String {
    let aliases: String = (0..fields).map(|n| format!("a{n}: regions {{ code }} ")).collect();
    format!("{{ {aliases} }}")
}

pub(crate) async fn wrong_setup(addresses: &Addresses) -> Result<()> {
    let api = Api::new(&addresses.api)?;
    let answer = api
        .ask(
            "/admin/graphql",
            "mutation { completeOperatorSetup(input: {token: \"0123\", name: \"Eve\", password: \"correct-horse-battery\"}) { ok problem { code message remedy } } }",
            json!({}),
        )
        .await?;
    expect(&answer, "INVALID_LINK", "link")
}

const SIGN_UP: &str = "mutation($e: String!, $p: String!) { signUp(input: {email: $e, password: $p, name: \"Eve\"}) { ok problem { code field message remedy } } }";
const VERIFY: &str =
    "mutation($t: String!) { verifyEmail(token: $t) { ok problem { code message remedy } } }";
const LOG_IN: &str = "mutation($e: String!, $p: String!) { logIn(input: {email: $e, password: $p}) { viewer { id } problem { code message remedy } } }";
const RESET: &str = "mutation($t: String!, $p: String!) { resetPassword(input: {token: $t, password: $p}) { ok problem { code message remedy } } }";

pub(crate) async fn accounts(product: &Product, operator: &Operator) -> Result<()> {
    let api = Api::new(&product.addresses().api)?;
    let email = format!("eve-{}@example.com", tenantry_system_tests::random_tag());
    let good = "seven-quiet-otters";
    for (email, password, words) in [
        (email.as_str(), "short", "password"),
        (email.as_str(), "password1234", "password"),
        (email.as_str(), &"x".repeat(200), "password"),
        ("not-an-address", good, "address"),
    ] {
        expect(&api.ask("/graphql", SIGN_UP, json!({ "e": email, "p": password })).await?, "INVALID", words)?;
    }
    api.call(SIGN_UP, json!({ "e": email, "p": good })).await?;
    let first = token(&operator.mail(&email, 1).await?)?;
    // Not verified: the answer tells no more than for a wrong password.
    expect_any(
        &api.ask("/graphql", LOG_IN, json!({ "e": email, "p": "wrong-horse-battery" })).await?,
        &["WRONG_CREDENTIALS"],
    )?;
    expect(&api.ask("/graphql", VERIFY, json!({ "t": "0".repeat(64) })).await?, "INVALID_LINK", "link")?;
    // A link that has run out: time is moved in the database, as nobody waits for hours.
    let mut database = superuser(product, "tenantry").await?;
    let expired = sqlx::query("UPDATE identity.email_tokens SET expires_at = created_at + interval '1 millisecond' WHERE used_at IS NULL")
        .execute(&mut database)
        .await?;
    ensure!(expired.rows_affected() > 0, "no link to expire");
    expect(&api.ask("/graphql", VERIFY, json!({ "t": first })).await?, "LINK_EXPIRED", "expired")?;
    // A new sign-up sends a new one, which works once.
    api.call(SIGN_UP, json!({ "e": email, "p": good })).await?;
    let second = token(&operator.mail(&email, 2).await?)?;
    api.call(VERIFY, json!({ "t": second })).await?;
    expect(&api.ask("/graphql", VERIFY, json!({ "t": second })).await?, "ALREADY_VERIFIED", "already")?;
    expect(
        &api.ask("/graphql", LOG_IN, json!({ "e": email, "p": "wrong-horse-battery" })).await?,
        "WRONG_CREDENTIALS",
        "wrong",
    )?;
    expect(
        &api.ask("/graphql", LOG_IN, json!({ "e": "nobody@example.com", "p": good })).await?,
        "WRONG_CREDENTIALS",
        "wrong",
    )?;
    api.call(LOG_IN, json!({ "e": email, "p": good })).await?;
    expect(
        &api.ask("/graphql", RESET, json!({ "t": second, "p": "new-quiet-otters-8" })).await?,
        "INVALID_LINK",
        "link",
    )?;
    api.call(
        "mutation($e: String!) { requestPasswordReset(email: $e) { ok problem { code message remedy } } }",
        json!({ "e": email }),
    )
    .await?;
    let reset = token(&operator.mail(&email, 3).await?)?;
    expect(&api.ask("/graphql", RESET, json!({ "t": reset, "p": "short" })).await?, "INVALID", "password")?;
    api.call(RESET, json!({ "t": reset, "p": "new-quiet-otters-8" })).await?;
    expect(
        &api.ask("/graphql", RESET, json!({ "t": reset, "p": "newer-quiet-otters-9" })).await?,
        "INVALID_LINK",
        "used",
    )?;
    // The new password ended the session.
    let viewer = api.call("{ viewer { id } }", json!({})).await?;
    ensure!(viewer["viewer"].is_null(), "{viewer}");
    Ok(())
}

fn expect_any(answer: &Answer, codes: &[&str]) -> Result<()> {
    let code = answer.refusal().map(|r| r.code).unwrap_or_default();
    ensure!(codes.contains(&code.as_str()), "{}", answer.body);
    Ok(())
}

fn token(mail: &str) -> Result<String> {
    let rest = mail.split_once("token=").map(|(_, rest)| rest).unwrap_or_default();
    let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    ensure!(!token.is_empty(), "no link in: {mail}");
    Ok(token)
}

const TENANT: &str = "mutation($n: String!, $s: String!, $p: String!) { createTenant(input: {name: $n, slug: $s, plan: $p}) { tenant { id } problem { code field message remedy } } }";

pub(crate) async fn tenants(first: &Person, person: &Person) -> Result<()> {
    let slug = format!("taken-{}", tenantry_system_tests::random_tag());
    first.create_tenant("Taken", &slug, "free").await?;
    let other = |name: &str, slug: &str, plan: &str| json!({ "n": name, "s": slug, "p": plan });
    let ask = async |variables: Value| person.api.ask("/graphql", TENANT, variables).await;
    expect(&ask(other("Other", &slug, "free")).await?, "CONFLICT", "taken")?;
    expect(&ask(other("Other", "Not A Slug", "free")).await?, "INVALID", "address")?;
    expect(&ask(other("Other", "fine", "platinum")).await?, "INVALID", "plan")?;
    expect(&ask(other("", "fine", "free")).await?, "INVALID", "name")
}

const INSTANCE: &str = "mutation($t: ID!, $s: String!, $r: String!) { createInstance(input: {tenantId: $t, name: \"Main\", slug: $s, region: $r}) { instance { id } problem { code field message remedy } } }";

pub(crate) async fn instances(person: &Person, tenant: &Tenant) -> Result<()> {
    let ask = async |slug: &str, region: &str| {
        person.api.ask("/graphql", INSTANCE, json!({ "t": tenant.id, "s": slug, "r": region })).await
    };
    expect(&ask("fine", "atlantis").await?, "INVALID", "region")?;
    expect(&ask("Not.A.Slug", "eu-central").await?, "INVALID", "address")
}

pub(crate) async fn plan_limit(person: &Person, tenant: &Tenant) -> Result<()> {
    let variables = json!({ "t": tenant.id, "s": "one-more", "r": "us-west" });
    expect(&person.api.ask("/graphql", INSTANCE, variables).await?, "QUOTA_EXCEEDED", "instance")
}
