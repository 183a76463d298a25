//! PostgreSQL's notifications, shared by everyone in the process who waits.
//!
//! A notification only shortens a wait: whoever listens also looks at the rows from time to time, so a lost
//! connection loses nothing. After a reconnect everyone is woken once, with an empty payload.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool};
use tokio::sync::broadcast;

/// The channels of the product.
pub const CHANNELS: [&str; 5] =
    ["tenantry_due", "tenantry_instance", "tenantry_outbox", "tenantry_webhook", TENANT_CHANNEL];

/// Says `<what> <tenant uuid>`: what is `instances`, `usage` or `members`.
pub const TENANT_CHANNEL: &str = "tenantry_tenant";

/// A notification: the channel and what was said. `payload` is empty for "look at everything again".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    pub channel: String,
    pub payload: String,
}

/// Fans the notifications of one database connection out to any number of receivers.
#[derive(Clone)]
pub struct Signals(broadcast::Sender<Signal>);

impl Signals {
    /// Starts listening on a connection of its own, for as long as the process runs. It reconnects by itself.
    pub fn listen(pool: PgPool) -> Self {
        let (sender, _) = broadcast::channel(1024);
        let signals = Self(sender.clone());
        tokio::spawn(async move {
            let mut first = true;
            loop {
                if let Err(error) = pump(&pool, &sender, &mut first).await {
                    tracing::warn!(error = %error, "lost the notification connection, reconnecting");
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        signals
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Signal> {
        self.0.subscribe()
    }
}

async fn pump(
    pool: &PgPool,
    sender: &broadcast::Sender<Signal>,
    first: &mut bool,
) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all(CHANNELS).await?;
    // Only now, or what is said between the waking and the listening would be missed.
    if !std::mem::take(first) {
        for channel in CHANNELS {
            let _ = sender.send(Signal { channel: channel.to_owned(), payload: String::new() });
        }
    }
    loop {
        let Some(notification) = listener.try_recv().await? else {
            return Ok(());
        };
        let _ = sender.send(Signal {
            channel: notification.channel().to_owned(),
            payload: notification.payload().to_owned(),
        });
    }
}
