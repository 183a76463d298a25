//! Platform staff in a tenant: what they look at is told to the tenant before they see it.
//!
//! [`TenantTx::begin`](crate::TenantTx::begin) calls this for every permit of platform staff, so that no query can
//! forget it. Each kind of thing that somebody looks at by one access is one audit row an hour.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use serde_json::json;
use tenantry_authz::{Permit, SupportUse};
use tenantry_kernel::Result;

use crate::audit::{self, By, Entry};
use crate::{DbResultExt, TenantTx, Transaction, stmt};

/// When an access was last used is kept to the minute.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Notes the use in a transaction of its own, committed before anything is read: what is rolled back was seen too.
pub(crate) async fn note(tx: TenantTx, permit: &Permit, using: &SupportUse) -> Result<()> {
    let now = using.ctx.now();
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "INSERT INTO platform.support_uses (tenant_id, access_id, user_id, kind, hour, last_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (tenant_id, access_id, user_id, kind, hour) DO UPDATE SET last_at = excluded.last_at
               WHERE support_uses.last_at <= $7
             RETURNING xmax = 0 AS first",
            [
                tx.tenant().uuid().into(),
                using.access.uuid().into(),
                using.ctx.user()?.uuid().into(),
                permit.kind().as_str().into(),
                hour_of(now).into(),
                now.into(),
                (now - TOUCH_EVERY).into(),
            ],
        ))
        .await
        .db()?;
    let first: bool = row.map_or(Ok(false), |row| row.try_get("", "first")).db()?;
    if first {
        let entry = Entry {
            tenant: tx.tenant(),
            action: "support.viewed",
            resource: permit.kind().to_string(),
            result: "ok",
            details: json!({ "hour": hour_of(now) }),
        };
        audit::append(&tx, By::ctx(&using.ctx), entry).await?;
    }
    tx.commit().await
}

fn hour_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::seconds(at.timestamp().rem_euclid(3600))
        - TimeDelta::nanoseconds(i64::from(at.timestamp_subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_begins_on_the_hour() {
        let at: DateTime<Utc> = "2026-11-21T12:59:59.999999999Z".parse().unwrap();
        let hour: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
        assert_eq!((hour_of(at), hour_of(hour)), (hour, hour));
        assert_eq!(hour_of(hour - TimeDelta::nanoseconds(1)), hour - TimeDelta::hours(1));
    }
}
