//! Two processes on one PostgreSQL: what is revoked on the one is over on the other within a second.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tenantry_system_tests::{Api, Launch, Operator, Person, Product, Tenant, random_tag, until};

use crate::support::step;

/// From the answer of the first node to the refusal of the second.
const LIMIT: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_on_one_node_is_over_on_the_other_within_a_second() -> Result<()> {
    let (mut product, node) = tokio::task::spawn_blocking(|| {
        let product = Product::start(Launch::default())?;
        let node = product.second_node()?;
        anyhow::Ok((product, node))
    })
    .await??;
    let operator = product.operator().await?;
    let ada = Person::join(&operator, "Ada").await?;
    let slug = format!("acme-{}", random_tag());
    let tenant = ada.create_tenant("Acme", &slug, "starter").await?;
    let (here, there) = (product.addresses().api.as_str(), node.api.as_str());

    step("an API key", api_key((here, there), &ada, &tenant)).await?;
    step("a service account", service_account((here, there), &ada, &tenant)).await?;
    step("a role and a membership", role((here, there), &operator, (&ada, &tenant))).await?;
    step("a consent", consent(there, &operator, (&ada, &tenant))).await?;
    step("a session", session(there, &ada)).await?;

    tokio::task::spawn_blocking(move || {
        node.stop()?;
        product.stop()
    })
    .await??;
    Ok(())
}

fn slug_of(tenant: &Tenant) -> (&'static str, Value) {
    ("query($t: ID!) { tenant(id: $t) { slug } }", json!({ "t": tenant.id }))
}

/// Whether the tenant is seen, or with which code it is not.
async fn looks(api: &Api, tenant: &Tenant) -> Result<Option<String>> {
    let (query, variables) = slug_of(tenant);
    let answer = api.ask("/graphql", query, variables).await?;
    Ok(answer.refusal().map(|refusal| refusal.code))
}

async fn is_let_in(api: &Api, tenant: &Tenant) -> Result<()> {
    let refused = looks(api, tenant).await?;
    ensure!(refused.is_none(), "refused before: {refused:?}");
    Ok(())
}

/// Asks until it is refused as `code`, from a moment at which it must be soon.
async fn is_over(api: &Api, tenant: &Tenant, code: &str) -> Result<()> {
    over_within(async || looks(api, tenant).await, code).await
}

async fn over_within<F: Future<Output = Result<Option<String>>>>(
    look: impl Fn() -> F,
    code: &str,
) -> Result<()> {
    let start = Instant::now();
    let mut looked = 0;
    loop {
        looked += 1;
        let refused = look().await?;
        let took = start.elapsed();
        ensure!(took < LIMIT, "still let in after {took:?}");
        if let Some(refused) = refused {
            ensure!(refused == code, "{refused}");
            println!("           over after {:.0} ms, at request {looked}", took.as_secs_f64() * 1000.0);
            return Ok(());
        }
    }
}

async fn api_key((here, there): (&str, &str), ada: &Person, tenant: &Tenant) -> Result<()> {
    let made = ada
        .api
        .call(
            "mutation($t: ID!) { createApiKey(input: {tenantId: $t, name: \"Robot\", scopes: [\"tenant:view\"]})
               { key { id } secret problem { code message remedy } } }",
            json!({ "t": tenant.id }),
        )
        .await?;
    let made = &made["createApiKey"];
    let secret = made["secret"].as_str().context("a secret")?;
    let elsewhere = Api::bearer(there, secret)?;
    is_let_in(&Api::bearer(here, secret)?, tenant).await?;
    is_let_in(&elsewhere, tenant).await?;
    ada.api
        .call(
            "mutation($t: ID!, $k: ID!) { revokeApiKey(input: {tenantId: $t, id: $k}) { key { id } problem { code message remedy } } }",
            json!({ "t": tenant.id, "k": made["key"]["id"] }),
        )
        .await?;
    is_over(&elsewhere, tenant, "UNAUTHENTICATED").await
}

async fn service_account((here, there): (&str, &str), ada: &Person, tenant: &Tenant) -> Result<()> {
    let made = ada
        .api
        .call(
            "mutation($t: ID!) { createServiceAccount(input: {tenantId: $t, name: \"Robot\", role: VIEWER})
               { serviceAccount { id } problem { code message remedy } } }",
            json!({ "t": tenant.id }),
        )
        .await?;
    let id = made["createServiceAccount"]["serviceAccount"]["id"].clone();
    let added = ada
        .api
        .call(
            "mutation($t: ID!, $a: ID!) { addServiceAccountSecret(input: {tenantId: $t, id: $a})
               { clientId clientSecret problem { code message remedy } } }",
            json!({ "t": tenant.id, "a": id }),
        )
        .await?;
    let added = &added["addServiceAccountSecret"];
    let text = |field: &str| added[field].as_str().map(str::to_owned).context("a credential");
    let (client, secret) = (text("clientId")?, text("clientSecret")?);
    // Got at the one node, used at the other.
    let answer: Value = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .post(format!("{here}/oauth/token"))
        .basic_auth(&client, Some(&secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials")
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let elsewhere = Api::bearer(there, answer["access_token"].as_str().context("a token")?)?;
    is_let_in(&elsewhere, tenant).await?;
    ada.api
        .call(
            "mutation($t: ID!, $a: ID!) { deleteServiceAccount(input: {tenantId: $t, id: $a}) { ok problem { code message remedy } } }",
            json!({ "t": tenant.id, "a": id }),
        )
        .await?;
    is_over(&elsewhere, tenant, "UNAUTHENTICATED").await
}

async fn role(
    (_, there): (&str, &str),
    operator: &Operator,
    (ada, tenant): (&Person, &Tenant),
) -> Result<()> {
    let bob = Person::join(operator, "Bob").await?;
    ada.api
        .call(
            "mutation($t: ID!, $e: String!) { inviteMember(input: {tenantId: $t, email: $e, role: ADMIN}) { invitation { id } problem { code message remedy } } }",
            json!({ "t": tenant.id, "e": bob.email }),
        )
        .await?;
    let mail = operator.mail(&bob.email, 2).await?;
    let token =
        mail.split_once("#token=").context("a link")?.1.split_whitespace().next().context("a token")?;
    bob.api
        .call(
            "mutation($t: String!) { acceptInvitation(token: $t) { tenant { id } problem { code message remedy } } }",
            json!({ "t": token }),
        )
        .await?;
    let bob_id = bob.api.call("{ viewer { id } }", json!({})).await?["viewer"]["id"].clone();
    let elsewhere = bob.api.elsewhere(there)?;
    // An administrator sees API keys, a viewer does not.
    let keys = async || {
        let query = "query($t: ID!) { tenant(id: $t) { apiKeys { nodes { id } } } }";
        let answer = elsewhere.ask("/graphql", query, json!({ "t": tenant.id })).await?;
        Ok(answer.refusal().map(|refusal| refusal.code))
    };
    ensure!(keys().await?.is_none(), "an administrator sees keys");
    ada.api
        .call(
            "mutation($t: ID!, $u: ID!) { changeMemberRole(input: {tenantId: $t, userId: $u, role: VIEWER}) { member { userId } problem { code message remedy } } }",
            json!({ "t": tenant.id, "u": bob_id }),
        )
        .await?;
    over_within(keys, "NOT_FOUND").await?;
    is_let_in(&elsewhere, tenant).await?;
    ada.api
        .call(
            "mutation($t: ID!, $u: ID!) { removeMember(input: {tenantId: $t, userId: $u}) { ok problem { code message remedy } } }",
            json!({ "t": tenant.id, "u": bob_id }),
        )
        .await?;
    is_over(&elsewhere, tenant, "NOT_FOUND").await
}

async fn consent(there: &str, operator: &Operator, (ada, tenant): (&Person, &Tenant)) -> Result<()> {
    let elsewhere = operator.api.elsewhere(there)?;
    ensure!(looks(&elsewhere, tenant).await?.as_deref() == Some("NOT_FOUND"), "staff sees nothing by itself");
    let given = ada
        .api
        .call(
            "mutation($t: ID!) { grantSupportAccess(input: {tenantId: $t, level: READ, reason: \"A look\", hours: 1})
               { access { id } problem { code message remedy } } }",
            json!({ "t": tenant.id }),
        )
        .await?;
    until("the consent to be seen", LIMIT, async || {
        Ok(looks(&elsewhere, tenant).await?.is_none().then_some(()))
    })
    .await?;
    ada.api
        .call(
            "mutation($t: ID!, $s: ID!) { revokeSupportAccess(input: {tenantId: $t, id: $s}) { access { id } problem { code message remedy } } }",
            json!({ "t": tenant.id, "s": given["grantSupportAccess"]["access"]["id"] }),
        )
        .await?;
    is_over(&elsewhere, tenant, "NOT_FOUND").await
}

async fn session(there: &str, ada: &Person) -> Result<()> {
    let elsewhere = ada.api.elsewhere(there)?;
    let viewer = async || {
        let answer = elsewhere.call("{ viewer { id } }", json!({})).await?;
        Ok(answer["viewer"].is_null().then(|| "NOBODY".to_owned()))
    };
    ensure!(viewer().await?.is_none(), "the session is known there");
    ada.api.call("mutation { logOut { ok } }", json!({})).await?;
    over_within(viewer, "NOBODY").await
}
