use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use tokio::sync::Semaphore;

/// Who turns names into addresses.
#[async_trait::async_trait]
pub trait Resolver: Send + Sync {
    /// All addresses of a host name, in the order in which they should be tried.
    ///
    /// # Errors
    /// When the name has none, or nobody can tell.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The machine's resolver.
#[derive(Clone)]
pub struct SystemResolver {
    threads: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { threads: Arc::new(Semaphore::new(64)) }
    }
}

#[async_trait::async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        // The C library's look-up cannot be cancelled: whoever stops waiting leaves its thread behind, and a name
        // server that never answers could tie up all of them. So the thread itself holds the place.
        let place = self.threads.clone().acquire_owned().await.map_err(io::Error::other)?;
        // Absolute, so that no search domain of this machine is tried: `a.b.svc` must not become a name of a cluster.
        let name =
            if host == "localhost" || host.ends_with('.') { host.to_owned() } else { format!("{host}.") };
        let found = tokio::task::spawn_blocking(move || {
            let found =
                (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|a: SocketAddr| a.ip()).collect());
            drop(place);
            found
        });
        found.await.map_err(io::Error::other)?
    }
}
