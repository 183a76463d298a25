use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::graphql::live::Connections;
use super::graphql::persisted::AllowList;
use crate::graphql::MAX_TIME;

/// How the APIs behave in this installation.
pub(crate) struct ApiSettings {
    /// Whether the schema is told to whoever is not logged in, and misspelt names are guessed for them.
    pub(crate) anonymous_introspection: bool,
    /// The only operations that the customers' API runs. `None`: it runs any.
    pub(crate) allow_list: Option<Arc<AllowList>>,
    /// Other sites whose pages may call the customers' API, without cookies.
    pub(crate) cors_origins: Vec<HeaderValue>,
    pub(crate) max_time: Duration,
    /// The process is about to end: it is no longer ready for new work, and still does what comes.
    pub(crate) draining: CancellationToken,
    /// Streams and sockets end now.
    pub(crate) closing: CancellationToken,
    /// Sockets and streams that are open, counted.
    pub(crate) connections: Arc<Connections>,
    /// The sockets that are open.
    pub(crate) sockets: TaskTracker,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            anonymous_introspection: true,
            allow_list: None,
            cors_origins: Vec::new(),
            max_time: MAX_TIME,
            draining: CancellationToken::new(),
            closing: CancellationToken::new(),
            connections: Arc::default(),
            sockets: TaskTracker::new(),
        }
    }
}
