//! How many connections that stay, sockets and event streams alike, one actor and this process may have.
//!
//! Each looks again, every few seconds, at who it is for: a limit on how fast they are opened bounds nothing.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use parking_lot::Mutex;
use tenantry_authz::Ctx;

use super::answer::Refusal;
use super::negotiate::Form;

/// Of one person (whatever their sessions), API key or service account.
const MOST_OF_ONE: usize = 64;
/// Of this process.
const MOST: usize = 4_096;

/// The connections that are open.
#[derive(Default)]
pub(crate) struct Connections(Mutex<Open>);

#[derive(Default)]
struct Open {
    all: usize,
    of: HashMap<String, usize>,
}

/// One of them, until it is dropped.
pub(super) struct Connection {
    connections: Arc<Connections>,
    whose: String,
}

impl Connections {
    /// Counts one more, or refuses it.
    pub(super) fn admit(self: &Arc<Self>, ctx: &Ctx) -> Result<Connection, Box<Response>> {
        let refused =
            |refusal: Refusal<'_>, status| Err(Box::new(refusal.http(Form::GraphqlResponse, status)));
        let whose = ctx.actor().label();
        let mut open = self.0.lock();
        if open.all >= MOST {
            return refused(FULL, StatusCode::SERVICE_UNAVAILABLE);
        }
        let own = open.of.entry(whose.clone()).or_default();
        if *own >= MOST_OF_ONE {
            return refused(TOO_MANY, StatusCode::TOO_MANY_REQUESTS);
        }
        *own += 1;
        open.all += 1;
        Ok(Connection { connections: self.clone(), whose })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.connections.0.lock();
        open.all = open.all.saturating_sub(1);
        if let Some(own) = open.of.get_mut(&self.whose) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                open.of.remove(&self.whose);
            }
        }
    }
}

const FULL: Refusal<'static> = Refusal {
    code: "UNAVAILABLE",
    message: "As many streams are open as this server has room for.",
    remedy: "Try again in a moment, or ask at intervals.",
};
const TOO_MANY: Refusal<'static> = Refusal {
    code: "RATE_LIMITED",
    message: "You have as many live connections open as one may have.",
    remedy: "Close some; one WebSocket carries up to 32 subscriptions.",
};

#[cfg(test)]
mod tests {
    use tenantry_testkit::World;

    use super::*;

    #[tokio::test]
    async fn one_actor_has_so_many_and_gets_them_back_when_they_end() {
        let world = World::new().await;
        let (ada, bob) = (world.stranger(), world.stranger());
        let connections = Arc::new(Connections::default());
        let mut hers: Vec<_> = (0..MOST_OF_ONE).map(|_| connections.admit(&ada).ok().unwrap()).collect();
        let status = |ctx| connections.admit(ctx).err().map(|refused| refused.status());
        assert_eq!(status(&ada), Some(StatusCode::TOO_MANY_REQUESTS));
        assert_eq!(status(&bob), None, "others have theirs");
        hers.pop();
        assert_eq!(status(&ada), None);
        drop(hers);
        let open = connections.0.lock();
        assert_eq!((open.all, open.of.len()), (0, 0), "nothing is kept of who is gone");
    }
}
