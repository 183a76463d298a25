use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use http::StatusCode;
use http::header::{COOKIE, SET_COOKIE, USER_AGENT};
use serde::Deserialize;
use serde_json::json;
use tenantry_kernel::Secret;
use thiserror::Error;

/// n8n answers anything whose name contains "bot" with an empty page.
const AGENT: &str = concat!("tenantry/", env!("CARGO_PKG_VERSION"));
const COOKIE_NAME: &str = "n8n-auth=";
/// A health question that takes longer is a "no" for now.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(3);
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
const EXCERPT: usize = 300;

/// How far an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Nothing answers.
    Down,
    /// n8n answers and is not ready: migrations run, or its database is away.
    Listening,
    /// Connected, migrated, serving.
    Ready,
}

/// Why a call to an instance failed.
#[derive(Debug, Error)]
pub enum N8nError {
    #[error("the instance does not answer: it may be starting, stopped or overloaded")]
    Unreachable(#[source] reqwest::Error),
    #[error(
        "the instance refused the owner's log-in: its owner account is not the one on record; restarting it restores the account"
    )]
    LoginRefused,
    #[error("the instance has had too many log-ins within a minute: try again in a minute")]
    TooManyLogins,
    #[error("the instance refused the request ({status}): {excerpt}")]
    Refused { status: u16, excerpt: String },
    #[error("the instance gave an answer that this version of the product does not understand: {0}")]
    Unexpected(&'static str),
}

/// n8n's session of one user.
#[derive(Clone)]
pub struct SessionCookie(Secret);

impl SessionCookie {
    /// The value of the cookie `n8n-auth`.
    pub fn value(&self) -> &Secret {
        &self.0
    }

    fn header(&self) -> String {
        format!("{COOKIE_NAME}{}", self.0.expose())
    }
}

impl fmt::Debug for SessionCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionCookie(…)")
    }
}

/// A key for n8n's public API.
#[derive(Debug, Clone, Copy)]
pub struct ApiKeyRequest<'a> {
    /// Unique among the user's keys.
    pub label: &'a str,
    /// Scopes, or whole families as `workflow:*`. What the instance does not offer is left out.
    pub scopes: &'a [&'a str],
}

impl ApiKeyRequest<'static> {
    /// What the control plane needs to show and check an instance, and no more.
    pub const CONTROL_PLANE: Self = Self {
        label: "control-plane",
        scopes: &[
            "workflow:*",
            "workflowTags:*",
            "execution:*",
            "user:list",
            "user:read",
            "credential:list",
            "tag:*",
        ],
    };
}

/// Talks to one instance over loopback.
#[derive(Debug, Clone)]
pub struct N8nClient {
    http: reqwest::Client,
    base: String,
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct RawApiKey {
    #[serde(rename = "rawApiKey")]
    raw: Secret,
}

impl N8nClient {
    /// `http` needs no cookie store; redirects are not followed by any call n8n answers normally.
    pub fn new(http: reqwest::Client, port: u16) -> Self {
        Self { http, base: format!("http://{}:{port}", Ipv4Addr::LOCALHOST) }
    }

    pub async fn health(&self) -> Health {
        let ask = |path: &str| {
            self.http
                .get(format!("{}{path}", self.base))
                .header(USER_AGENT, AGENT)
                .timeout(HEALTH_TIMEOUT)
                .send()
        };
        match ask("/healthz/readiness").await {
            Ok(answer) if answer.status() == StatusCode::OK => Health::Ready,
            Ok(_) => Health::Listening,
            // Readiness asks the database and may hang with it; plain health does not.
            Err(_) => match ask("/healthz").await {
                Ok(_) => Health::Listening,
                Err(_) => Health::Down,
            },
        }
    }

    /// n8n allows five log-ins a minute for an address: keep the session, it lasts for days.
    pub async fn login(&self, email: &str, password: &Secret) -> Result<SessionCookie, N8nError> {
        // Without a `browser-id` header the session works in any browser it is handed to.
        let request = self
            .http
            .post(format!("{}/rest/login", self.base))
            .json(&json!({ "emailOrLdapLoginId": email, "password": password.expose() }));
        let answer = self.send(request).await?;
        match answer.status() {
            StatusCode::UNAUTHORIZED => return Err(N8nError::LoginRefused),
            StatusCode::TOO_MANY_REQUESTS => return Err(N8nError::TooManyLogins),
            _ => {}
        }
        let answer = accepted(answer).await?;
        answer
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok()?.strip_prefix(COOKIE_NAME)?.split(';').next())
            .find(|value| !value.is_empty())
            .map(|value| SessionCookie(Secret::new(value)))
            .ok_or(N8nError::Unexpected("the log-in set no session cookie"))
    }

    /// The scopes a key of this user may have.
    pub async fn api_key_scopes(&self, session: &SessionCookie) -> Result<Vec<String>, N8nError> {
        let request =
            self.http.get(format!("{}/rest/api-keys/scopes", self.base)).header(COOKIE, session.header());
        let answer = accepted(self.send(request).await?).await?;
        let scopes: Data<Vec<String>> =
            answer.json().await.map_err(|_| N8nError::Unexpected("the list of scopes"))?;
        Ok(scopes.data)
    }

    /// Makes a key that does not expire. n8n shows it this once: seal it before anything else.
    pub async fn create_api_key(
        &self,
        session: &SessionCookie,
        key: ApiKeyRequest<'_>,
    ) -> Result<Secret, N8nError> {
        let offered = self.api_key_scopes(session).await?;
        let scopes: Vec<&String> =
            offered.iter().filter(|scope| key.scopes.iter().any(|w| covers(w, scope))).collect();
        let request = self
            .http
            .post(format!("{}/rest/api-keys", self.base))
            .header(COOKIE, session.header())
            .json(&json!({ "label": key.label, "expiresAt": null, "scopes": scopes }));
        let answer = accepted(self.send(request).await?).await?;
        let made: Data<RawApiKey> = answer.json().await.map_err(|_| N8nError::Unexpected("the new key"))?;
        Ok(made.data.raw)
    }

    /// Removes the keys of a label: a key that was made and lost by a crash is made anew.
    pub async fn delete_api_keys(&self, session: &SessionCookie, label: &str) -> Result<usize, N8nError> {
        #[derive(Deserialize)]
        struct Key {
            id: String,
            label: String,
        }
        let request = self.http.get(format!("{}/rest/api-keys", self.base)).header(COOKIE, session.header());
        let answer = accepted(self.send(request).await?).await?;
        let text: serde_json::Value =
            answer.json().await.map_err(|_| N8nError::Unexpected("the list of keys"))?;
        // Older versions answer with the list itself, newer ones with a page of it.
        let list = text.pointer("/data/items").or_else(|| text.pointer("/data")).cloned().unwrap_or_default();
        let keys: Vec<Key> =
            serde_json::from_value(list).map_err(|_| N8nError::Unexpected("the list of keys"))?;
        let mut removed = 0;
        for key in keys.iter().filter(|key| key.label == label) {
            let url = format!("{}/rest/api-keys/{}", self.base, key.id);
            accepted(self.send(self.http.delete(url).header(COOKIE, session.header())).await?).await?;
            removed += 1;
        }
        Ok(removed)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, N8nError> {
        request.header(USER_AGENT, AGENT).timeout(CALL_TIMEOUT).send().await.map_err(N8nError::Unreachable)
    }
}

fn covers(wanted: &str, scope: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(family) => scope.starts_with(family),
        None => wanted == scope,
    }
}

async fn accepted(answer: reqwest::Response) -> Result<reqwest::Response, N8nError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let excerpt = answer.text().await.unwrap_or_default().chars().take(EXCERPT).collect();
    Err(N8nError::Refused { status: status.as_u16(), excerpt })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_covers_its_scopes_and_no_other() {
        assert!(covers("workflow:*", "workflow:create"));
        assert!(!covers("workflow:*", "workflowTags:update"));
        assert!(covers("user:list", "user:list") && !covers("user:list", "user:delete"));
    }
}
