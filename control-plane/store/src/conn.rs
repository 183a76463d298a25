use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Postgres};
use tokio::sync::Mutex;

/// A connection of a pool, for sea-orm and for statements of one's own. Statements on one connection take turns.
///
/// It is not sea-orm's own transaction because that one begins with a `BEGIN` and nothing else: what a transaction has
/// to be told first would cost a round trip more, on every request.
pub struct Conn(Mutex<Held>);

enum Held {
    Transaction(sqlx::Transaction<'static, Postgres>),
    Single(PoolConnection<Postgres>),
}

impl Conn {
    /// Begins a transaction.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(pool: &PgPool) -> Result<Self, sqlx::Error> {
        Ok(Self(Mutex::new(Held::Transaction(pool.begin().await?))))
    }

    /// Begins a transaction by these statements, sent in one message. `BEGIN` is the first of them, and nothing in
    /// them comes from outside.
    pub(crate) async fn begin_with(pool: &PgPool, statements: String) -> Result<Self, sqlx::Error> {
        let tx = pool.begin_with(AssertSqlSafe(statements)).await?;
        Ok(Self(Mutex::new(Held::Transaction(tx))))
    }

    /// Takes a connection without beginning a transaction: each statement is one of its own.
    pub(crate) async fn single(pool: &PgPool) -> Result<Self, sqlx::Error> {
        Ok(Self(Mutex::new(Held::Single(pool.acquire().await?))))
    }

    /// Commits. Dropped without it, a transaction is rolled back.
    ///
    /// # Errors
    /// When the database does not answer, or a deferred constraint is violated.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self.0.into_inner() {
            Held::Transaction(tx) => tx.commit().await,
            Held::Single(_) => Ok(()),
        }
    }
}

impl Held {
    fn connection(&mut self) -> &mut PgConnection {
        match self {
            Held::Transaction(tx) => tx,
            Held::Single(connection) => connection,
        }
    }
}

pub(crate) fn query(statement: Statement) -> Query<'static, Postgres, SqlxValues> {
    let values = statement.values.unwrap_or_else(|| sea_orm::Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

pub(crate) fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

#[async_trait]
impl ConnectionTrait for Conn {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let done = query(statement).execute(self.0.lock().await.connection()).await;
        done.map(ExecResult::from).map_err(|error| DbErr::Exec(RuntimeErr::SqlxError(error.into())))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let done = self.0.lock().await.connection().execute(AssertSqlSafe(sql.to_owned())).await;
        done.map(ExecResult::from).map_err(|error| DbErr::Exec(RuntimeErr::SqlxError(error.into())))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let row = query(statement).fetch_optional(self.0.lock().await.connection()).await;
        row.map(|row| row.map(QueryResult::from)).map_err(failed)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let rows = query(statement).fetch_all(self.0.lock().await.connection()).await;
        rows.map(|rows| rows.into_iter().map(QueryResult::from).collect()).map_err(failed)
    }
}
