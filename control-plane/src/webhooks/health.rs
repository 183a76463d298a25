//! What an attempt says of its endpoint.
//!
//! An attempt may be recorded long after it was claimed, by a process that slept. So what is decided is decided by the
//! endpoint's row as it is now, under its lock, and never by what the claim saw. A failure says nothing of an endpoint that has
//! another epoch since (another address, enabled anew, deleted), nor of one that has taken something since the attempt began.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde_json::json;
use tenantry_kernel::Result;
use tenantry_store::audit::{self, By, Entry};
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::claim::Claimed;
use super::model::FAILING_FOR;

/// An endpoint of which a failure says something: it is held until the transaction ends.
pub(super) struct Failing {
    since: Option<DateTime<Utc>>,
}

/// The endpoint as it is now, if a failure of an attempt that began at `began` says anything of it.
pub(super) async fn concerned(
    tx: &SystemTx,
    claimed: &Claimed,
    began: DateTime<Utc>,
) -> Result<Option<Failing>> {
    let id = claimed.endpoint.uuid();
    let sql = "SELECT failing_since FROM webhooks.endpoints WHERE id = $1 AND epoch = $2 FOR NO KEY UPDATE";
    let row = tx.conn().query_one_raw(stmt(sql, [id.into(), claimed.epoch.into()])).await.db()?;
    let Some(row) = row else { return Ok(None) };
    // A statement of its own: it sees what was committed while the first one waited for the row.
    let sql = "SELECT 1 AS one FROM webhooks.deliveries WHERE endpoint_id = $1 AND delivered_at > $2 LIMIT 1";
    let taken = tx.conn().query_one_raw(stmt(sql, [id.into(), began.into()])).await.db()?;
    Ok(if taken.is_some() { None } else { Some(Failing { since: row.try_get("", "failing_since").db()? }) })
}

/// It said that it is gone (410).
pub(super) async fn gone(tx: &SystemTx, claimed: &Claimed, now: DateTime<Utc>) -> Result<()> {
    disable(tx, claimed, ("gone", now)).await
}

/// It failed: since when is kept in mind, and after five days it is disabled.
pub(super) async fn failed(
    tx: &SystemTx,
    claimed: &Claimed,
    (failing, now): (&Failing, DateTime<Utc>),
) -> Result<()> {
    match failing.since {
        Some(since) if since + FAILING_FOR <= now => disable(tx, claimed, ("failing", now)).await,
        Some(_) => Ok(()),
        None => {
            let sql = "UPDATE webhooks.endpoints SET failing_since = $2 WHERE id = $1";
            let values = [claimed.endpoint.uuid().into(), now.into()];
            tx.conn().execute_raw(stmt(sql, values)).await.db().map(|_| ())
        }
    }
}

/// It took something: it fails no longer.
pub(super) async fn delivered(tx: &SystemTx, claimed: &Claimed) -> Result<()> {
    let sql = "UPDATE webhooks.endpoints SET failing_since = NULL
               WHERE id = $1 AND epoch = $2 AND failing_since IS NOT NULL";
    let values = [claimed.endpoint.uuid().into(), claimed.epoch.into()];
    tx.conn().execute_raw(stmt(sql, values)).await.db().map(|_| ())
}

async fn disable(tx: &SystemTx, claimed: &Claimed, (why, now): (&'static str, DateTime<Utc>)) -> Result<()> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE webhooks.endpoints SET disabled_at = $2, disabled_why = $3 WHERE id = $1 AND disabled_at IS NULL",
            [claimed.endpoint.uuid().into(), now.into(), why.into()],
        ))
        .await
        .db()?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    let (subject, details) = (claimed.endpoint.to_string(), json!({ "reason": why }));
    let entry = Entry {
        tenant: claimed.tenant,
        action: "webhook.disable",
        resource: subject.clone(),
        result: "ok",
        details: details.clone(),
    };
    audit::append(tx, By::system("webhooks", now), entry).await?;
    let fact = Fact { tenant: claimed.tenant, topic: "webhook_endpoint.disabled", subject, payload: details };
    outbox::publish(tx, now, &fact).await
}
