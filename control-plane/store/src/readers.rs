//! Connections for reading by one message.
//!
//! sqlx's pool tests each connection when it comes back, by a round trip and in a task of its own. Around a single
//! statement that is a second message for each. Here a connection comes back untested, and only if its last statement
//! was answered to the end: one that was broken off, or that failed, is not used again.

use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, Pool, QueueMode, RecycleError, RecycleResult};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tenantry_kernel::{Error, Result};

use crate::db::{PATIENCE, UNTESTED};

/// Older ones are replaced: PostgreSQL's processes grow with what they have seen.
const OLDEST: Duration = Duration::from_mins(30);

/// Makes them.
pub(crate) struct Makes(PgConnectOptions);

/// A connection, and whether its last statement was answered to the end.
pub(crate) struct Reader {
    pub(crate) connection: PgConnection,
    pub(crate) is_sound: bool,
}

impl Manager for Makes {
    type Type = Reader;
    type Error = sqlx::Error;

    async fn create(&self) -> std::result::Result<Reader, sqlx::Error> {
        Ok(Reader { connection: PgConnection::connect_with(&self.0).await?, is_sound: true })
    }

    async fn recycle(&self, reader: &mut Reader, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if !reader.is_sound || metrics.age() > OLDEST {
            return Err(RecycleError::message("not used again"));
        }
        if metrics.last_used() >= UNTESTED {
            reader.connection.ping().await?;
        }
        Ok(())
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readers(Pool<Makes>);

impl Readers {
    /// Connections are made on demand.
    pub(crate) fn new(options: &PgConnectOptions, most: usize) -> Self {
        // Whoever goes away in the middle of a statement leaves its connection: PostgreSQL looks whether anybody is there
        // still, or such statements would pile up beyond the pool's bound, each in a process of its own.
        let options = options.clone().options([("client_connection_check_interval", "1s")]);
        // The warmest first: the others can grow old.
        let pool = Pool::builder(Makes(options)).max_size(most).queue_mode(QueueMode::Lifo).build();
        match pool {
            Ok(pool) => Self(pool),
            Err(_) => unreachable!("only time limits of its own would need a runtime"),
        }
    }

    /// One that answers.
    ///
    /// # Errors
    /// `Unavailable` when none is to be had in time.
    pub(crate) async fn get(&self) -> Result<Object<Makes>> {
        let unavailable =
            |cause: Box<dyn std::error::Error + Send + Sync>| Error::unavailable("The database", cause);
        match tokio::time::timeout(PATIENCE, self.0.get()).await {
            Ok(Ok(reader)) => Ok(reader),
            Ok(Err(error)) => Err(unavailable(error.into())),
            Err(late) => Err(unavailable(late.into())),
        }
    }
}
