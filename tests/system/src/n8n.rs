use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::until;

/// An instance as the public reaches it: by its host name, through the edge.
#[derive(Clone)]
pub struct N8n {
    http: reqwest::Client,
    edge: String,
    host: String,
    key: Option<String>,
}

impl N8n {
    /// `url` as the API says it. The edge is on loopback, so the name is sent and not looked up.
    ///
    /// # Errors
    /// When the address is not one.
    pub fn new(url: &str, edge_port: u16, key: Option<&str>) -> Result<Self> {
        let host = url.split("://").nth(1).context("an instance's address")?.trim_end_matches('/').to_owned();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { http, edge: format!("http://127.0.0.1:{edge_port}"), host, key: key.map(str::to_owned) })
    }

    /// The same key on another instance's host.
    pub fn pointed_at(&self, other: &N8n) -> Self {
        Self { host: other.host.clone(), ..self.clone() }
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    /// The status and text of any request.
    ///
    /// # Errors
    /// When the edge does not answer.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(StatusCode, String)> {
        let mut request =
            self.http.request(method, format!("{}{path}", self.edge)).header("host", &self.host);
        if let Some(key) = &self.key {
            request = request.header("x-n8n-api-key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        Ok((response.status(), response.text().await?))
    }

    async fn api(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let (status, text) = self.request(method, path, body).await?;
        if !status.is_success() {
            bail!("n8n answered {status} to {path}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// Makes a workflow and activates it; waits until its webhook answers anything but "not there".
    ///
    /// # Errors
    /// When n8n refuses it.
    pub async fn activate(&self, workflow: Value) -> Result<String> {
        let made = self.api(Method::POST, "/api/v1/workflows", Some(workflow)).await?;
        let id = made["id"].as_str().context("a workflow's id")?.to_owned();
        self.api(Method::POST, &format!("/api/v1/workflows/{id}/activate"), Some(json!({}))).await?;
        Ok(id)
    }

    /// Calls a webhook once.
    ///
    /// # Errors
    /// When the edge does not answer.
    pub async fn call(&self, path: &str) -> Result<(StatusCode, String)> {
        self.request(Method::POST, &format!("/webhook/{path}"), Some(json!({ "from": "outside" }))).await
    }

    /// Calls a webhook once it is there: n8n publishes it some moments after activation, and answers 404 (and runs
    /// nothing) until then.
    ///
    /// # Errors
    /// When it does not come, or fails.
    pub async fn call_when_published(&self, path: &str) -> Result<String> {
        until(&format!("the webhook {path}"), Duration::from_secs(20), async || {
            match self.call(path).await? {
                (StatusCode::NOT_FOUND, _) => Ok(None),
                (StatusCode::OK, text) => Ok(Some(text)),
                (status, text) => bail!("the webhook answered {status}: {text}"),
            }
        })
        .await
    }

    /// The ids of all executions that ended well, as n8n itself lists them.
    ///
    /// # Errors
    /// When n8n refuses it.
    pub async fn successes(&self) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self
                .api(Method::GET, &format!("/api/v1/executions?status=success&limit=250{cursor}"), None)
                .await?;
            let rows = page["data"].as_array().context("executions")?;
            ids.extend(rows.iter().map(|e| e["id"].to_string().trim_matches('"').to_owned()));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(ids),
            }
        }
    }
}

/// A workflow that answers a webhook. `middle` is a node between the webhook and its answer.
pub fn webhook_workflow(path: &str, middle: Option<Value>) -> Value {
    let webhook = json!({
        "id": "a", "name": "Webhook", "type": "n8n-nodes-base.webhook", "typeVersion": 2, "position": [0, 0],
        "webhookId": path, "parameters": { "path": path, "httpMethod": "POST", "responseMode": "lastNode" }
    });
    let middle = middle.unwrap_or_else(|| {
        json!({
            "id": "b", "name": "Answer", "type": "n8n-nodes-base.set", "typeVersion": 3.4, "position": [200, 0],
            "parameters": { "assignments": { "assignments": [
                { "id": "x", "name": "answer", "type": "string", "value": format!("from {path}") }] } }
        })
    });
    let second = middle["name"].clone();
    json!({
        "name": path, "settings": {}, "nodes": [webhook, middle],
        "connections": { "Webhook": { "main": [[{ "node": second, "type": "main", "index": 0 }]] } }
    })
}
