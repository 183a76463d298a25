use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};
use tenantry_kernel::{Error, Result};

use crate::readers::Readers;

/// How many connections each role's pool may open. The application's role has as many again for reading by one
/// message.
#[derive(Debug, Clone, Copy)]
pub struct PoolSizes {
    pub app: u32,
    pub system: u32,
}

impl Default for PoolSizes {
    fn default() -> Self {
        Self { app: 16, system: 16 }
    }
}

/// A connection that was used this recently is taken to be alive: the pool has seen it answer when it came back, and a
/// test on each use would be a round trip on each request.
pub(crate) const UNTESTED: Duration = Duration::from_secs(1);
/// How long a connection is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The product's pools. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pub(crate) app: PgPool,
    /// The application's role too.
    pub(crate) readers: Readers,
    system_pool: PgPool,
}

impl Db {
    /// Opens the pools. Connections are made on demand, so the database may come up later.
    pub fn connect(app: &PgConnectOptions, system: &PgConnectOptions, sizes: PoolSizes) -> Self {
        let pool = |options: &PgConnectOptions, max| {
            PgPoolOptions::new()
                .max_connections(max)
                .acquire_timeout(PATIENCE)
                .test_before_acquire(false)
                .before_acquire(|connection, held| {
                    Box::pin(async move {
                        if held.idle_for < UNTESTED {
                            return Ok(true);
                        }
                        connection.ping().await.map(|()| true)
                    })
                })
                .connect_lazy_with(options.clone())
        };
        let readers = Readers::new(app, sizes.app as usize);
        Self { app: pool(app, sizes.app), readers, system_pool: pool(system, sizes.system) }
    }

    /// The system role's pool, for the job runner and listeners, which bring their own transactions.
    pub fn system_pool(&self) -> &PgPool {
        &self.system_pool
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// `Unavailable` when it does not within the pool's time-out.
    pub async fn ping(&self) -> Result<()> {
        let unavailable = |e| Error::unavailable("The database", e);
        let mut connection = self.system_pool.acquire().await.map_err(unavailable)?;
        connection.ping().await.map_err(unavailable)
    }
}
