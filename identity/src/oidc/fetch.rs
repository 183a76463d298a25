//! Requests to a provider's addresses: by the guarded way out only, once, within bounds.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use tenantry_kernel::{Secret, TenantId};
use tenantry_outbound::{OutboundOf, Request};
use url::form_urlencoded;

use super::Oidc;
use super::refusal::{Refusal, What, shown};

/// The largest answer that is read, in bytes. Microsoft's key set, the largest that is known, has 25 KiB.
const MOST: usize = 128 << 10;

/// The way to one provider.
pub(super) struct Way {
    out: OutboundOf,
    patience: Duration,
}

/// How a request shows who sends it.
pub(super) enum Proving<'a> {
    Nothing,
    Bearer(&'a Secret),
    /// Client id and secret, form-encoded beneath the Base64 (RFC 6749, section 2.3.1).
    Basic(&'a str, &'a Secret),
}

pub(super) struct Got {
    pub(super) status: StatusCode,
    body: Bytes,
    what: What,
}

impl Oidc {
    /// The way to the addresses of a tenant's provider, or of one of the operator's.
    pub(super) fn way(&self, owner: Option<TenantId>) -> Way {
        // The operator's own providers are no tenant's: together they count as one.
        let owner = owner.unwrap_or(TenantId::from_uuid(uuid::Uuid::nil()));
        Way { out: self.0.outbound.of(owner), patience: self.0.patience }
    }
}

impl Way {
    /// An address that browsers are sent to: judged by the same rules, as far as that goes without a connection.
    pub(super) fn check(&self, url: &str) -> Result<(), Refusal> {
        self.out.target(url).map(drop).map_err(|why| Refusal::Endpoint(why.to_string()))
    }

    /// # Errors
    /// For every status but 200.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        (what, url): (What, &str),
        proving: Proving<'_>,
    ) -> Result<T, Refusal> {
        let got = self.send((what, url), (Method::GET, Bytes::new()), proving).await?;
        if got.status != StatusCode::OK {
            return Err(Refusal::Status(what, got.status));
        }
        got.json()
    }

    /// Sends a form. The caller judges the status.
    pub(super) async fn post(
        &self,
        at: (What, &str),
        form: &[(&str, &str)],
        proving: Proving<'_>,
    ) -> Result<Got, Refusal> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(at, (Method::POST, body.into()), proving).await
    }

    async fn send(
        &self,
        (what, url): (What, &str),
        (method, body): (Method, Bytes),
        proving: Proving<'_>,
    ) -> Result<Got, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if method == Method::POST {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(header::CONTENT_TYPE, form);
        }
        if let Some(shown) = proving.header() {
            // A secret that no header can hold proves nothing: the provider will say so.
            if let Ok(mut value) = HeaderValue::from_str(&shown) {
                value.set_sensitive(true);
                headers.insert(header::AUTHORIZATION, value);
            }
        }
        let asked = self.out.send(Request { method, url, headers, body, most: MOST });
        let answer = match tokio::time::timeout(self.patience, asked).await {
            Ok(answer) => answer.map_err(|why| Refusal::Unreachable(what, why))?,
            Err(_) => return Err(Refusal::Slow(what)),
        };
        if answer.status.is_redirection() {
            return Err(Refusal::Redirected(what));
        }
        if answer.truncated {
            return Err(Refusal::TooLarge(what));
        }
        Ok(Got { status: answer.status, body: answer.body, what })
    }
}

impl Proving<'_> {
    fn header(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Bearer(token) => Some(format!("Bearer {}", token.expose())),
            Self::Basic(id, secret) => {
                let encoded =
                    |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(id), encoded(secret.expose()));
                Some(format!("Basic {}", STANDARD.encode(pair)))
            }
        }
    }
}

impl Got {
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::Unreadable(self.what, shown(&error.to_string())))
    }
}
