use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use tenantry_kernel::TenantId;

use crate::places::Places;

/// Who turns names into addresses.
#[async_trait::async_trait]
pub trait Resolver: Send + Sync {
    /// All addresses of a host name, in the order in which they should be tried. `tenant` is whose name it is: one
    /// tenant's names must not hold up another's.
    ///
    /// # Errors
    /// When the name has none, or nobody can tell.
    async fn resolve(&self, tenant: TenantId, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The machine's resolver.
#[derive(Clone, Default)]
pub struct SystemResolver {
    places: Places,
}

#[async_trait::async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, tenant: TenantId, host: &str) -> io::Result<Vec<IpAddr>> {
        // Absolute, so that no search domain of this machine is tried: `a.b.svc` must not become a name of a cluster.
        let name =
            if host == "localhost" || host.ends_with('.') { host.to_owned() } else { format!("{host}.") };
        self.look_up(tenant, move || {
            (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|a: SocketAddr| a.ip()).collect())
        })
        .await
    }
}

impl SystemResolver {
    /// Runs a look-up on a thread of its own. The C library's cannot be cancelled: whoever stops waiting leaves its
    /// thread behind for as long as the name's servers are asked (by default up to ten seconds for each server of the
    /// machine's). So the thread itself holds the place, and it counts against its tenant until it ends.
    async fn look_up(
        &self,
        tenant: TenantId,
        look: impl FnOnce() -> io::Result<Vec<IpAddr>> + Send + 'static,
    ) -> io::Result<Vec<IpAddr>> {
        let place = self.places.take(tenant).await;
        let found = tokio::task::spawn_blocking(move || {
            let found = look();
            drop(place);
            found
        });
        found.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use tenantry_kernel::{OsEntropy, SystemClock};
    use tokio::time::timeout;

    use super::*;
    use crate::places::{IN_ALL, OF_ONE};

    const QUICK: Duration = Duration::from_secs(5);
    const BRIEF: Duration = Duration::from_millis(200);

    fn tenant() -> TenantId {
        TenantId::generate(&SystemClock, &OsEntropy)
    }

    /// Begins as many look-ups of names that never answer, until nobody waits for them any more. Their threads end when
    /// the senders are dropped.
    async fn that_never_answer(resolver: &SystemResolver, tenant: TenantId, many: usize) -> Vec<Sender<()>> {
        let begin = |_| {
            let (end, ended): (Sender<()>, Receiver<()>) = channel();
            let resolver = resolver.clone();
            let look = move || {
                let _ = ended.recv();
                Err(io::Error::other("no server answers"))
            };
            let waiting = async move { timeout(BRIEF, resolver.look_up(tenant, look)).await.is_err() };
            (end, tokio::spawn(waiting))
        };
        let (ends, waiting): (Vec<_>, Vec<_>) = (0..many).map(begin).unzip();
        for waiting in waiting {
            assert!(waiting.await.unwrap(), "no answer came");
        }
        ends
    }

    #[tokio::test]
    async fn names_of_one_tenant_that_never_answer_stop_no_other_tenants() {
        let resolver = SystemResolver::default();
        let (hostile, honest) = (tenant(), tenant());
        let ends = that_never_answer(&resolver, hostile, 2 * IN_ALL).await;
        let found = timeout(QUICK, resolver.resolve(honest, "localhost")).await.unwrap().unwrap();
        assert!(found.iter().all(IpAddr::is_loopback));
        // Its own wait: the threads that it has left behind are its places.
        let own = timeout(BRIEF, resolver.resolve(hostile, "localhost")).await;
        assert!(own.is_err(), "{OF_ONE} threads are still busy");
        drop(ends);
        assert!(timeout(QUICK, resolver.resolve(hostile, "localhost")).await.unwrap().is_ok());
    }
}
