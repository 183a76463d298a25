use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde_json::{Value, json};

/// A client of the product's GraphQL APIs with a cookie jar: one person at one browser.
pub struct Api {
    base: String,
    http: reqwest::Client,
    cookie: Mutex<Option<String>>,
    bearer: Option<String>,
}

/// A GraphQL answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// Why an operation was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub message: String,
    pub remedy: String,
}

impl Api {
    /// `base` is the portal's address, without a slash at the end.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(base: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { base, http, cookie: Mutex::new(None), bearer: None })
    }

    /// A program with an API key or access token.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn bearer(base: &str, token: &str) -> Result<Self> {
        Ok(Self { bearer: Some(token.to_owned()), ..Self::new(base)? })
    }

    /// The same person at another node, with the same cookie.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn elsewhere(&self, base: &str) -> Result<Self> {
        Ok(Self { cookie: Mutex::new(self.cookie()), ..Self::new(base)? })
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// The session cookie as a request sends it.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Sends bytes as a GraphQL request to a path.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, path: &str, body: Vec<u8>) -> Result<Answer> {
        let mut request = self
            .http
            .post(format!("{}{path}", self.base))
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        if let Some(cookie) = self.cookie() {
            request = request.header(COOKIE, cookie);
        }
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        let response =
            request.send().await.with_context(|| format!("{}{path} does not answer", self.base))?;
        if let Some(set) = response.headers().get(SET_COOKIE).and_then(|v| v.to_str().ok()) {
            let pair = set.split(';').next().unwrap_or_default();
            let ended = pair.ends_with('=');
            *self.cookie.lock().unwrap_or_else(|e| e.into_inner()) = (!ended).then(|| pair.to_owned());
        }
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }

    /// Sends an operation to a path and gives the whole answer, errors included.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask(&self, path: &str, query: &str, variables: Value) -> Result<Answer> {
        self.post(path, serde_json::to_vec(&json!({ "query": query, "variables": variables }))?).await
    }

    /// An operation of the customers' API.
    ///
    /// # Errors
    /// When it is refused, or the answer is not one.
    pub async fn call(&self, query: &str, variables: Value) -> Result<Value> {
        self.ask("/graphql", query, variables).await?.data()
    }

    /// An operation of the operators' API.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_admin(&self, query: &str, variables: Value) -> Result<Value> {
        self.ask("/admin/graphql", query, variables).await?.data()
    }
}

impl Answer {
    /// The first refusal: of GraphQL, or a payload's problem.
    pub fn refusal(&self) -> Option<Refusal> {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        if let Some(error) = self.body["errors"].as_array().and_then(|e| e.first()) {
            return Some(Refusal {
                code: text(&error["extensions"]["code"]),
                message: text(&error["message"]),
                remedy: text(&error["extensions"]["remedy"]),
            });
        }
        let payloads = self.body["data"].as_object()?;
        let problem = payloads.values().map(|p| &p["problem"]).find(|p| p.is_object())?;
        Some(Refusal {
            code: text(&problem["code"]),
            message: text(&problem["message"]),
            remedy: text(&problem["remedy"]),
        })
    }

    /// The data of an operation that went well.
    ///
    /// # Errors
    /// When it was refused.
    pub fn data(self) -> Result<Value> {
        if let Some(r) = self.refusal() {
            bail!("{}: {} {}", r.code, r.message, r.remedy);
        }
        match self.body.get("data") {
            Some(data) if self.status == 200 => Ok(data.clone()),
            _ => bail!("HTTP {}: {}", self.status, self.body),
        }
    }
}
