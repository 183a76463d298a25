use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt};
use http::header::{COOKIE, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::Api;

/// What the subscription asks for.
const QUERY: &str = "subscription($t: ID!, $i: ID!) { instanceProgress(tenantId: $t, id: $i) {
    phase bootMillis failure { code message remedy } } }";

/// An instance's progress by the graphql-transport-ws protocol.
pub struct Progress {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// One step of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    pub phase: String,
    pub boot_millis: Option<u64>,
    pub failure: Option<Value>,
}

impl Progress {
    /// Connects with this person's session and subscribes.
    ///
    /// # Errors
    /// When the product refuses the connection.
    pub async fn open(api: &Api, tenant: &str, id: &str) -> Result<Self> {
        let mut progress = Self::connect(api).await?;
        progress.subscribe(QUERY, json!({ "t": tenant, "i": id })).await?;
        Ok(progress)
    }

    /// Connects without subscribing to anything yet.
    ///
    /// # Errors
    /// When the product refuses the connection.
    pub async fn connect(api: &Api) -> Result<Self> {
        let url = format!("{}/graphql", api.base().replacen("http", "ws", 1));
        let mut request = url.into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, "graphql-transport-ws".parse()?);
        headers.insert(ORIGIN, api.base().parse()?);
        if let Some(cookie) = api.cookie() {
            headers.insert(COOKIE, cookie.parse()?);
        }
        let (socket, _) = connect_async(request).await.context("the subscription's connection")?;
        let mut progress = Self { socket };
        progress.send(json!({ "type": "connection_init" })).await?;
        let greeting = progress.receive().await?.context("the connection was closed")?;
        anyhow::ensure!(greeting["type"] == "connection_ack", "unexpected: {greeting}");
        Ok(progress)
    }

    /// Starts a subscription.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn subscribe(&mut self, query: &str, variables: Value) -> Result<()> {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await
    }

    /// The next step; `None` when the instance is gone.
    ///
    /// # Errors
    /// When it is refused, or the connection breaks.
    pub async fn next(&mut self) -> Result<Option<Update>> {
        match self.message().await? {
            Some(message) if message["type"] == "next" && message["payload"]["errors"].is_null() => {
                let update = message["payload"]["data"]["instanceProgress"].clone();
                Ok(Some(serde_json::from_value(update)?))
            }
            Some(message) if message["type"] == "complete" => Ok(None),
            Some(message) => bail!("refused: {message}"),
            None => Ok(None),
        }
    }

    /// The protocol's next message about the subscription, whatever it is.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn message(&mut self) -> Result<Option<Value>> {
        loop {
            let Some(message) = self.receive().await? else { return Ok(None) };
            if message["type"] == "ping" {
                self.send(json!({ "type": "pong" })).await?;
                continue;
            }
            return Ok(Some(message));
        }
    }

    async fn send(&mut self, message: Value) -> Result<()> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }

    async fn receive(&mut self) -> Result<Option<Value>> {
        while let Some(message) = self.socket.next().await {
            match message? {
                Message::Text(text) => return Ok(Some(serde_json::from_str(&text)?)),
                Message::Close(_) => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
    }
}
