//! Feeds the edge's routing table from the database.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use tenantry_kernel::{InstanceId, Result};
use tenantry_store::notify::{Signal, Signals};
use tenantry_store::{Db, DbResultExt, SystemRole, SystemTx, Transaction, stmt};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::edge::{Route, RouteTable};

/// Keeps the table as the database says, until cancelled. While the database is away, the last table serves on.
///
/// A reading is of the whole table, so it answers all that was announced before it began, however much that was; and
/// the pause after it is four times as long as it took, so a fleet in which something always changes costs a fifth of a
/// processor at the most.
pub async fn follow(db: Db, table: Arc<RouteTable>, signals: Signals, stop: CancellationToken) {
    loop {
        let mut changes = signals.subscribe();
        let began = Instant::now();
        match read(&db).await {
            Ok(routes) => table.replace_all(routes),
            Err(error) => tracing::warn!(error = ?error, "the edge serves on with its last routes"),
        }
        let pause = 4 * began.elapsed();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
            () = async { changed(&mut changes).await; tokio::time::sleep(pause).await } => {}
        }
    }
}

async fn changed(changes: &mut broadcast::Receiver<Signal>) {
    loop {
        match changes.recv().await {
            Ok(signal) if signal.channel != "tenantry_instance" => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn read(db: &Db) -> Result<Vec<(String, String, Route)>> {
    let tx = SystemTx::begin(db, SystemRole::Provisioner).await?;
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT id, slug, region, phase, port, desired FROM provisioner.instances
             WHERE deleted_at IS NULL",
            [],
        ))
        .await
        .db()?;
    rows.iter()
        .map(|row| {
            let phase: String = row.try_get("", "phase").db()?;
            let desired: String = row.try_get("", "desired").db()?;
            let port: Option<i32> = row.try_get("", "port").db()?;
            let instance = InstanceId::from_uuid(row.try_get("", "id").db()?);
            let route = match port.and_then(|p| u16::try_from(p).ok()) {
                Some(port) if phase == "ready" && desired == "running" => Route::Ready { port, instance },
                // The cause of a failure is the tenant's to see, not every visitor's.
                _ => Route::NotReady { phase, detail: None },
            };
            Ok((row.try_get("", "slug").db()?, row.try_get("", "region").db()?, route))
        })
        .collect()
}
