use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use tenantry_kernel::{Error, Result, SubscriptionId, TenantId};
use tenantry_store::{DbResultExt, SystemTx, TenantTx, Transaction, stmt};

use super::entity;
use crate::Plan;

/// A subscription to be written.
pub(crate) struct NewSubscription<'a> {
    pub(crate) id: SubscriptionId,
    pub(crate) tenant: TenantId,
    pub(crate) plan: &'a Plan,
    pub(crate) started_at: DateTime<Utc>,
}

/// # Errors
/// `Conflict` when the tenant has a running subscription.
pub(crate) async fn insert(tx: &SystemTx, new: NewSubscription<'_>) -> Result<()> {
    entity::ActiveModel {
        id: ActiveValue::Set(new.id.uuid()),
        tenant_id: ActiveValue::Set(new.tenant.uuid()),
        plan_code: ActiveValue::Set(new.plan.code.clone()),
        plan_version: ActiveValue::Set(new.plan.version),
        started_at: ActiveValue::Set(new.started_at),
        ended_at: ActiveValue::Set(None),
    }
    .insert(tx.conn())
    .await
    .unique("subscriptions_running", || Error::conflict("The tenant already has a plan."))?;
    Ok(())
}

/// The tenant's running subscription.
pub(crate) async fn running(tx: &TenantTx) -> Result<Option<entity::Model>> {
    running_query(tx).one(tx.conn()).await.db()
}

/// The tenant's running subscription, kept from being ended until the transaction ends: what is decided by
/// its limits is still within them at commit. Readers and other deciders do not wait.
pub(crate) async fn running_held(tx: &TenantTx) -> Result<Option<entity::Model>> {
    running_query(tx).lock_shared().one(tx.conn()).await.db()
}

fn running_query(tx: &TenantTx) -> sea_orm::Select<entity::Entity> {
    entity::Entity::find()
        .filter(entity::Column::TenantId.eq(tx.tenant().uuid()))
        .filter(entity::Column::EndedAt.is_null())
}

/// The tenant's subscriptions that ran at any moment of `[from, to)`, oldest first.
pub(crate) async fn within(
    tx: &TenantTx,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<entity::Model>> {
    entity::Entity::find()
        .filter(entity::Column::TenantId.eq(tx.tenant().uuid()))
        .filter(entity::Column::StartedAt.lt(to))
        .filter(Condition::any().add(entity::Column::EndedAt.is_null()).add(entity::Column::EndedAt.gt(from)))
        .order_by_asc(entity::Column::StartedAt)
        .order_by_asc(entity::Column::Id)
        .all(tx.conn())
        .await
        .db()
}

/// How many members the running plan allows. The subscription is kept as by `running_held`. For whoever is about to
/// become a member there is no tenant's transaction, so the tenant is named.
pub(crate) async fn max_members(tx: &dyn Transaction, tenant: TenantId) -> Result<Option<i64>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT p.max_members::int8 AS most FROM billing.subscriptions s
             JOIN billing.plans p ON p.code = s.plan_code AND p.version = s.plan_version
             WHERE s.tenant_id = $1 AND s.ended_at IS NULL FOR SHARE OF s",
            [tenant.uuid().into()],
        ))
        .await
        .db()?;
    row.map(|row| row.try_get("", "most").db()).transpose()
}

/// How many API requests a minute the running plan allows. Asked before anybody is permitted anything, so the tenant is
/// named.
pub(crate) async fn requests_per_minute(tx: &dyn Transaction, tenant: TenantId) -> Result<Option<u32>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT p.requests_per_minute FROM billing.subscriptions s
             JOIN billing.plans p ON p.code = s.plan_code AND p.version = s.plan_version
             WHERE s.tenant_id = $1 AND s.ended_at IS NULL",
            [tenant.uuid().into()],
        ))
        .await
        .db()?;
    row.map(|row| {
        let most: i32 = row.try_get("", "requests_per_minute").db()?;
        u32::try_from(most).map_err(Error::internal)
    })
    .transpose()
}
