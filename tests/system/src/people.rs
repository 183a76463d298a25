use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use tenantry_kernel::{Clock, SystemClock};

use crate::{Api, N8n, Progress, random_tag, until};

const PATIENCE: Duration = Duration::from_secs(20);

/// The fields of an instance that tests look at.
const INSTANCE: &str =
    "id slug region url phase bootMillis createdAt readyAt failure { code message remedy }";

/// The platform's staff.
pub struct Operator {
    pub api: Api,
}

impl Operator {
    /// Redeems the one-time set-up link and logs in.
    ///
    /// # Errors
    /// When the link is not good any more.
    pub async fn set_up(base: &str, token: &str, email: &str, password: &str) -> Result<Self> {
        let api = Api::new(base)?;
        api.call_admin(
            "mutation($t: String!, $p: String!) { completeOperatorSetup(input: {token: $t, name: \"Operator\", password: $p})
               { ok problem { code message remedy } } }",
            json!({ "t": token, "p": password }),
        )
        .await
        .context("the operator's set-up")?;
        log_in(&api, email, password).await?;
        Ok(Self { api })
    }

    /// Logs in where the set-up was done before.
    ///
    /// # Errors
    /// When the password is wrong.
    pub async fn log_in(base: &str, email: &str, password: &str) -> Result<Self> {
        let api = Api::new(base)?;
        log_in(&api, email, password).await?;
        Ok(Self { api })
    }

    /// Waits for the `count`-th mail to somebody and gives the newest one's text.
    ///
    /// # Errors
    /// When none comes.
    pub async fn mail(&self, recipient: &str, count: usize) -> Result<String> {
        until(&format!("mail {count} to {recipient}"), PATIENCE, async || {
            let found = self
                .api
                .call_admin(
                    "query($r: String) { capturedMail(recipient: $r, first: 20) { nodes { body } } }",
                    json!({ "r": recipient }),
                )
                .await?;
            let mails = found["capturedMail"]["nodes"].as_array().cloned().unwrap_or_default();
            let newest = mails.first().and_then(|m| m["body"].as_str()).map(str::to_owned);
            Ok(newest.filter(|_| mails.len() >= count))
        })
        .await
    }
}

async fn log_in(api: &Api, email: &str, password: &str) -> Result<Value> {
    api.call(
        "mutation($e: String!, $p: String!) { logIn(input: {email: $e, password: $p}) { viewer { id } problem { code message remedy } } }",
        json!({ "e": email, "p": password }),
    )
    .await
    .with_context(|| format!("{email} logs in"))
}

/// The token of a link in a mail's text.
pub(crate) fn link_token(text: &str) -> Option<String> {
    let rest = text.split_once("token=")?.1;
    let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    (!token.is_empty()).then_some(token)
}

/// A customer who is logged in.
pub struct Person {
    pub api: Api,
    pub email: String,
    pub password: String,
}

/// An organisation.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub id: String,
    pub slug: String,
}

/// An instance, and how far it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    pub id: String,
    pub slug: String,
    pub region: String,
    pub url: String,
    pub phase: String,
    pub boot_millis: Option<u64>,
    pub created_at: DateTime<Utc>,
    pub ready_at: Option<DateTime<Utc>>,
    pub failure: Option<Value>,
}

/// Executions of a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Usage {
    pub executions: u64,
    pub billable: u64,
    pub failed: u64,
}

/// The running month, from its first moment to the next month's.
pub fn month() -> (DateTime<Utc>, DateTime<Utc>) {
    let today = SystemClock.now().date_naive();
    let first = NaiveDate::from_ymd_opt(today.year(), today.month(), 1).unwrap_or(today);
    let at = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
    (at(first), at(first + Months::new(1)))
}

impl Person {
    /// Signs up, reads the mail, verifies and logs in.
    ///
    /// # Errors
    /// When one of these is refused.
    pub async fn join(operator: &Operator, name: &str) -> Result<Self> {
        let email = format!("{}-{}@example.com", name.to_lowercase(), random_tag());
        let password = format!("tall-giraffe-{}", random_tag());
        let api = Api::new(operator.api.base())?;
        api.call(
            "mutation($e: String!, $p: String!, $n: String!) { signUp(input: {email: $e, password: $p, name: $n}) { ok problem { code message remedy } } }",
            json!({ "e": email, "p": password, "n": name }),
        )
        .await
        .context("sign-up")?;
        let mail = operator.mail(&email, 1).await?;
        let token = link_token(&mail).context("the mail has no link")?;
        api.call(
            "mutation($t: String!) { verifyEmail(token: $t) { ok problem { code message remedy } } }",
            json!({ "t": token }),
        )
        .await
        .context("verification")?;
        log_in(&api, &email, &password).await?;
        Ok(Self { api, email, password })
    }

    /// Logs in again, as after the product's restart with a new address.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn log_in_at(&mut self, base: &str) -> Result<()> {
        self.api = Api::new(base)?;
        log_in(&self.api, &self.email, &self.password).await.map(|_| ())
    }

    /// # Errors
    /// When it is refused.
    pub async fn create_tenant(&self, name: &str, slug: &str, plan: &str) -> Result<Tenant> {
        let made = self
            .api
            .call(
                "mutation($n: String!, $s: String!, $p: String!) { createTenant(input: {name: $n, slug: $s, plan: $p}) { tenant { id slug } problem { code message remedy } } }",
                json!({ "n": name, "s": slug, "p": plan }),
            )
            .await?;
        let id = made["createTenant"]["tenant"]["id"].as_str().context("a tenant's id")?;
        Ok(Tenant { id: id.to_owned(), slug: slug.to_owned() })
    }

    /// # Errors
    /// When it is refused.
    pub async fn create_instance(&self, tenant: &Tenant, slug: &str, region: &str) -> Result<Instance> {
        let query = format!(
            "mutation($t: ID!, $s: String!, $r: String!) {{ createInstance(input: {{tenantId: $t, name: \"Main\", slug: $s, region: $r}}) {{ instance {{ {INSTANCE} }} problem {{ code message remedy }} }} }}"
        );
        let mut made = self.api.call(&query, json!({ "t": tenant.id, "s": slug, "r": region })).await?;
        Ok(serde_json::from_value(made["createInstance"]["instance"].take())?)
    }

    /// # Errors
    /// When it is refused: it is not there any more, for one.
    pub async fn instance(&self, tenant: &Tenant, id: &str) -> Result<Instance> {
        let query =
            format!("query($t: ID!, $i: ID!) {{ tenant(id: $t) {{ instance(id: $i) {{ {INSTANCE} }} }} }}");
        let mut found = self.api.call(&query, json!({ "t": tenant.id, "i": id })).await?;
        Ok(serde_json::from_value(found["tenant"]["instance"].take())?)
    }

    /// Its progress, from now on, as the API tells it.
    ///
    /// # Errors
    /// When the subscription is refused.
    pub async fn watch(&self, tenant: &Tenant, id: &str) -> Result<Progress> {
        Progress::open(&self.api, &tenant.id, id).await
    }

    /// Watches until it is ready; gives how long that took beside the instance as it is then.
    ///
    /// # Errors
    /// When it is not ready in time.
    pub async fn ready(&self, tenant: &Tenant, id: &str, limit: Duration) -> Result<(Instance, Duration)> {
        let start = Instant::now();
        until(&format!("{id} to be ready"), limit, async || {
            let now = self.instance(tenant, id).await?;
            Ok((now.phase == "READY").then_some(now))
        })
        .await
        .map(|instance| (instance, start.elapsed()))
    }

    /// Proves again who they are: a log-in of more than five minutes ago deletes nothing.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn prove(&self) -> Result<()> {
        self.api
            .call(
                "mutation($p: String!) { prove(input: {password: $p}) { ok problem { code message remedy } } }",
                json!({ "p": self.password }),
            )
            .await
            .map(|_| ())
    }

    /// Asks for its deletion at once; it is gone some seconds later.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn delete_instance(&self, tenant: &Tenant, instance: &Instance) -> Result<()> {
        self.prove().await?;
        self.api
            .call(
                "mutation($t: ID!, $i: ID!, $s: String!) { deleteInstance(input: {tenantId: $t, id: $i, confirmSlug: $s, immediately: true}) { instance { id } problem { code message remedy } } }",
                json!({ "t": tenant.id, "i": instance.id, "s": instance.slug }),
            )
            .await
            .map(|_| ())
    }

    /// The instance through the edge, with its own API key.
    ///
    /// # Errors
    /// When the key is refused.
    pub async fn open(&self, tenant: &Tenant, instance: &Instance, edge_port: u16) -> Result<N8n> {
        let found = self
            .api
            .call(
                "mutation($t: ID!, $i: ID!) { revealInstanceApiKey(input: {tenantId: $t, id: $i}) { apiKey problem { code message remedy } } }",
                json!({ "t": tenant.id, "i": instance.id }),
            )
            .await?;
        let key = found["revealInstanceApiKey"]["apiKey"].as_str().context("an API key")?;
        N8n::new(&instance.url, edge_port, Some(key))
    }

    /// The running month's sums.
    ///
    /// # Errors
    /// When they are refused.
    pub async fn usage(&self, tenant: &Tenant) -> Result<Usage> {
        let (from, to) = month();
        let mut found = self
            .api
            .call(
                "query($t: ID!, $f: DateTime!, $u: DateTime!) { tenant(id: $t) { usageTotals(from: $f, to: $u) { executions billable failed } } }",
                json!({ "t": tenant.id, "f": from, "u": to }),
            )
            .await?;
        Ok(serde_json::from_value(found["tenant"]["usageTotals"].take())?)
    }

    /// The invoice as it would be now.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn invoice(&self, tenant: &Tenant) -> Result<Value> {
        let mut found = self
            .api
            .call(
                "query($t: ID!) { tenant(id: $t) { invoicePreview { periodStart periodEnd currency totalMinor
                   lines { description explanation quantity unitPriceMinor amountMinor } } } }",
                json!({ "t": tenant.id }),
            )
            .await?;
        Ok(found["tenant"]["invoicePreview"].take())
    }
}
