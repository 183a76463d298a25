//! Serving, and ending without cutting anybody off.
//!
//! 1. The process says that it is not ready (`/readyz`), so that a load balancer sends new work elsewhere; until then it
//!    does what comes.
//! 2. Streams and sockets end: they have no end of their own. Sockets are told to come again (close code 1001).
//! 3. No connection is accepted any more. Requests that run end, within the time that a request has anyway.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How long sockets have to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// Serves until `stop`, and then until the requests that run have ended.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await {
        tracing::error!(error = %error, "a listener ended");
    }
}

/// The first two steps. After `lead`, in which the process only says that it is not ready.
pub(crate) async fn drain(app: &App, lead: Duration) {
    app.api.draining.cancel();
    tokio::time::sleep(lead).await;
    app.api.closing.cancel();
    app.api.sockets.close();
    if tokio::time::timeout(GOODBYE, app.api.sockets.wait()).await.is_err() {
        tracing::warn!(sockets.open = app.api.sockets.len(), "not all sockets were closed in order");
    }
}

#[cfg(test)]
#[path = "drain_tests.rs"]
mod tests;
