//! Leases with a fencing epoch, for work that only one process may do at a time.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::Result;

use crate::{DbResultExt, SystemTx, Transaction, stmt};

/// A lease held. `epoch` grows each time the holder changes: a write that names an older epoch is void.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub epoch: i64,
    pub until: DateTime<Utc>,
}

/// Takes or renews a lease, or says `None` while another holds it.
pub async fn acquire(
    tx: &SystemTx,
    name: &str,
    holder: &str,
    (now, term): (DateTime<Utc>, TimeDelta),
) -> Result<Option<Lease>> {
    let until = now + term;
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "INSERT INTO platform.leases AS l (name, holder, epoch, until) VALUES ($1, $2, 1, $4)
             ON CONFLICT (name) DO UPDATE
               SET holder = $2, until = $4, epoch = l.epoch + CASE WHEN l.holder = $2 THEN 0 ELSE 1 END
               WHERE l.holder = $2 OR l.until < $3
             RETURNING epoch",
            [name.into(), holder.into(), now.into(), until.into()],
        ))
        .await
        .db()?;
    row.map(|row| Ok(Lease { name: name.to_owned(), epoch: row.try_get("", "epoch").db()?, until }))
        .transpose()
}

/// Gives back all that a holder has, so that another need not wait for the end of its terms.
pub async fn release_all(tx: &SystemTx, holder: &str, now: DateTime<Utc>) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE platform.leases SET until = LEAST(until, $2 - interval '1 microsecond') WHERE holder = $1",
            [holder.into(), now.into()],
        ))
        .await
        .db()?;
    Ok(())
}
