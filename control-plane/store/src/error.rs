use sea_orm::{DbErr, RuntimeErr, SqlErr};
use tenantry_kernel::{Error, Kind, Result};

/// A database error as its remedy: a lost connection may be tried again, the rest is our fault.
pub fn db_error(error: DbErr) -> Error {
    let lost = match &error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => lost_connection(e),
        _ => false,
    };
    if lost {
        return Error::unavailable("The database", error);
    }
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            Error::new(Kind::Conflict, "It already exists.").with_source(error)
        }
        _ => Error::internal(error),
    }
}

fn lost_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Class 57: operator intervention (shutdown, crash recovery); class 08: connection exception.
        sqlx::Error::Database(e) => e.code().is_some_and(|c| c.starts_with("57P") || c.starts_with("08")),
        _ => false,
    }
}

/// Maps database results in one word.
pub trait DbResultExt<T> {
    fn db(self) -> Result<T>;

    /// As `db`, with a violated unique constraint of that name turned into the given error.
    fn unique(self, constraint: &str, taken: impl FnOnce() -> Error) -> Result<T>;
}

impl<T> DbResultExt<T> for std::result::Result<T, DbErr> {
    fn db(self) -> Result<T> {
        self.map_err(db_error)
    }

    fn unique(self, constraint: &str, taken: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|e| match e.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(message)) if message.contains(constraint) => taken(),
            _ => db_error(e),
        })
    }
}

impl<T> DbResultExt<T> for std::result::Result<T, sqlx::Error> {
    fn db(self) -> Result<T> {
        self.map_err(|e| {
            if lost_connection(&e) { Error::unavailable("The database", e) } else { Error::internal(e) }
        })
    }

    fn unique(self, constraint: &str, taken: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|e| match &e {
            sqlx::Error::Database(d) if d.constraint() == Some(constraint) => taken(),
            _ if lost_connection(&e) => Error::unavailable("The database", e),
            _ => Error::internal(e),
        })
    }
}
