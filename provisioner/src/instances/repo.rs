//! Queries on instances, in whichever transaction the caller holds.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryResult,
    QuerySelect,
};
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row};
use tenantry_kernel::{Error, InstanceId, Result, TenantId};
use tenantry_store::{DbResultExt, Page, PageRequest, TenantRows, TenantTx, Transaction, stmt};

use super::entity::{ActiveModel, Column, Entity, Model};
use super::model::{Desired, Failure, Instance, InstanceEvent, Phase, Region};

pub(crate) async fn insert(tx: &TenantTx, row: ActiveModel) -> Result<Model> {
    row.insert(tx.conn()).await.unique("instances_address", || {
        Error::conflict("This address is taken in this region.").with_remedy("Choose another address.")
    })
}

/// The tenant's instance, or `NotFound`. With `lock`, held until the transaction ends.
pub(crate) async fn get(tx: &TenantTx, id: InstanceId, lock: bool) -> Result<Model> {
    let mut query = Entity::find_by_id(id.uuid())
        .filter(Column::TenantId.eq(tx.tenant().uuid()))
        .filter(Column::DeletedAt.is_null());
    if lock {
        query = query.lock(LockType::Update);
    }
    query.one(tx.conn()).await.db()?.ok_or_else(|| Error::not_found("instance"))
}

/// The list that is asked for most: only the columns that are shown, read by their place.
pub(crate) async fn list(from: &impl TenantRows, page: &PageRequest) -> Result<Page<Instance>> {
    let after = page.after.as_deref().map(cursor).transpose()?;
    let body = "SELECT id, region, slug, name, n8n_version, desired, generation, phase, failure_code, failure_message,
                       failure_remedy, attempts, next_attempt_at, created_at, ready_at, boot_millis, delete_at,
                       removal_began_at
                FROM provisioner.instances
                WHERE tenant_id = tenant.id AND deleted_at IS NULL AND id > $2
                ORDER BY id LIMIT $3";
    // No id is smaller than the one of all zeroes.
    let values = vec![after.unwrap_or_default().into(), page.limit_plus_one().into()];
    let rows = from.rows(body, values).await?;
    let rows = rows.iter().map(|row| shown(from.tenant(), row)).collect::<Result<_>>()?;
    Ok(Page::of(rows, page))
}

/// A row of [`list`]. Its types are the table's, so that they are not compared once more for each value.
fn shown(tenant: TenantId, row: &QueryResult) -> Result<Instance> {
    let row = row.try_as_pg_row().ok_or_else(|| Error::internal("a row of another database"))?;
    let failure = match (at(row, 8)?, at(row, 9)?, at(row, 10)?) {
        (Some(code), Some(message), Some(remedy)) => Some(Failure { code, message, remedy }),
        _ => None,
    };
    Ok(Instance {
        id: InstanceId::from_uuid(at(row, 0)?),
        tenant,
        region: at(row, 1)?,
        slug: at(row, 2)?,
        name: at(row, 3)?,
        n8n_version: at(row, 4)?,
        desired: at::<&str>(row, 5)?.parse()?,
        generation: at(row, 6)?,
        phase: at::<&str>(row, 7)?.parse()?,
        failure,
        attempts: at(row, 11)?,
        next_attempt_at: at(row, 12)?,
        created_at: at(row, 13)?,
        ready_at: at(row, 14)?,
        boot_millis: at(row, 15)?,
        delete_at: at(row, 16)?,
        removal_began_at: at(row, 17)?,
    })
}

fn at<'r, T: Decode<'r, Postgres>>(row: &'r PgRow, index: usize) -> Result<T> {
    row.try_get_unchecked(index).map_err(Error::internal)
}

/// The tenant's instances of these.
pub(crate) async fn of(tx: &TenantTx, ids: &[InstanceId]) -> Result<HashMap<InstanceId, Instance>> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant().uuid()))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())))
        .all(tx.conn())
        .await
        .db()?;
    let instances = rows.into_iter().map(Instance::try_from).collect::<Result<Vec<_>>>()?;
    Ok(instances.into_iter().map(|instance| (instance.id, instance)).collect())
}

fn cursor(text: &str) -> Result<uuid::Uuid> {
    text.parse::<InstanceId>()
        .map(InstanceId::uuid)
        .map_err(|_| Error::invalid("after", "That is not a cursor of this list."))
}

/// Counts the tenant's instances. Callers that create one take turns until their transactions end.
pub(crate) async fn count_for_update(tx: &TenantTx) -> Result<i64> {
    tx.conn()
        .execute_raw(stmt(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            [format!("instances {}", tx.tenant()).into()],
        ))
        .await
        .db()?;
    let count = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant().uuid()))
        .filter(Column::DeletedAt.is_null())
        .count(tx.conn())
        .await
        .db()?;
    i64::try_from(count).map_err(Error::internal)
}

/// As `get`, locked, and also an instance of which nothing is left.
pub(crate) async fn get_even_gone(tx: &TenantTx, id: InstanceId) -> Result<Model> {
    Entity::find_by_id(id.uuid())
        .filter(Column::TenantId.eq(tx.tenant().uuid()))
        .lock(LockType::Update)
        .one(tx.conn())
        .await
        .db()?
        .ok_or_else(|| Error::not_found("instance"))
}

/// How many deleted instances of the tenant are in their days of grace.
pub(crate) async fn count_kept(tx: &TenantTx, now: DateTime<Utc>) -> Result<u64> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant().uuid()))
        .filter(Column::RemovalBeganAt.is_null())
        .filter(Column::DeleteAt.gt(now))
        .count(tx.conn())
        .await
        .db()
}

/// Writes what is wanted, as a new generation that is due at once. A deletion has the moment when the data may go.
pub(crate) async fn set_desired(
    tx: &TenantTx,
    row: &Model,
    (desired, delete_at): (Desired, Option<DateTime<Utc>>),
    now: DateTime<Utc>,
) -> Result<Instance> {
    let query = Entity::update_many()
        .col_expr(Column::Desired, desired.as_str().into())
        .col_expr(Column::DeleteAt, delete_at.into())
        .col_expr(Column::Generation, (row.generation + 1).into())
        .col_expr(Column::Attempts, 0.into())
        .col_expr(Column::NextAttemptAt, now.into())
        .filter(Column::Id.eq(row.id))
        .filter(Column::TenantId.eq(tx.tenant().uuid()));
    query.exec(tx.conn()).await.db()?;
    get(tx, row.instance_id(), false).await?.try_into()
}

pub(crate) async fn add_event(
    tx: &impl Transaction,
    (tenant, id): (TenantId, InstanceId),
    (at, phase): (DateTime<Utc>, Phase),
    message: &str,
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO provisioner.instance_events (instance_id, tenant_id, at, phase, message) VALUES ($1, $2, $3, $4, $5)",
            [id.uuid().into(), tenant.uuid().into(), at.into(), phase.as_str().into(), message.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// The newest events of each of these instances, at most `most` of one, oldest of them first.
pub(crate) async fn events(
    tx: &TenantTx,
    ids: &[InstanceId],
    most: i64,
) -> Result<HashMap<InstanceId, Vec<InstanceEvent>>> {
    let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT wanted.instance_id, e.* FROM unnest($1::uuid[]) AS wanted (instance_id)
             CROSS JOIN LATERAL (
               SELECT id, at, phase, message FROM provisioner.instance_events AS event
               WHERE event.instance_id = wanted.instance_id AND event.tenant_id = $2
               ORDER BY id DESC LIMIT $3) AS e
             ORDER BY e.id",
            [ids.into(), tx.tenant().uuid().into(), most.into()],
        ))
        .await
        .db()?;
    let mut all: HashMap<InstanceId, Vec<InstanceEvent>> = HashMap::new();
    for row in rows {
        let instance = InstanceId::from_uuid(row.try_get("", "instance_id").db()?);
        all.entry(instance).or_default().push(InstanceEvent {
            id: row.try_get("", "id").db()?,
            at: row.try_get("", "at").db()?,
            phase: row.try_get::<String>("", "phase").db()?.parse()?,
            message: row.try_get("", "message").db()?,
        });
    }
    Ok(all)
}

/// Regions that take instances, with how full and how quick they are. It counts every tenant's, so it needs a
/// system transaction. Of first boots the last twenty count; what took longer than a quarter of an hour was
/// interrupted (stopped by its owner, no capacity, the product down) and says nothing about the next one.
pub(crate) async fn regions(tx: &impl Transaction) -> Result<Vec<Region>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT r.code, r.name, r.residency, r.driver, r.capacity,
                    (SELECT count(*) FROM provisioner.instances i WHERE i.region = r.code AND i.deleted_at IS NULL) AS used,
                    (SELECT ceil(percentile_cont(0.5) WITHIN GROUP (ORDER BY b.seconds))::int4
                     FROM (SELECT extract(epoch FROM i.first_ready_at - i.created_at) AS seconds
                           FROM provisioner.instances i
                           WHERE i.region = r.code AND i.first_ready_at IS NOT NULL
                             AND i.first_ready_at - i.created_at < interval '15 minutes'
                           ORDER BY i.first_ready_at DESC LIMIT 20) b) AS ready_seconds
             FROM provisioner.regions r WHERE r.enabled ORDER BY r.code",
            [],
        ))
        .await
        .db()?;
    rows.iter()
        .map(|row| {
            Ok(Region {
                code: row.try_get("", "code").db()?,
                name: row.try_get("", "name").db()?,
                residency: row.try_get("", "residency").db()?,
                driver: row.try_get("", "driver").db()?,
                capacity: row.try_get("", "capacity").db()?,
                used: row.try_get("", "used").db()?,
                ready_seconds: row.try_get("", "ready_seconds").db()?,
            })
        })
        .collect()
}

/// Whose address it is, or was until lately.
pub(crate) struct Taken {
    pub(crate) slug: String,
    pub(crate) tenant: TenantId,
    pub(crate) name: String,
    pub(crate) delete_at: Option<DateTime<Utc>>,
}

/// Which of these addresses are taken in a region, by whomever; one that has gone is still taken for everybody but the
/// tenant that had it. None: there is no such region.
pub(crate) async fn addresses(
    tx: &impl Transaction,
    region: &str,
    slugs: Vec<String>,
    (tenant, now): (Option<TenantId>, DateTime<Utc>),
) -> Result<Option<Vec<Taken>>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT i.slug, i.tenant_id, i.name, i.delete_at FROM provisioner.regions r
             LEFT JOIN provisioner.instances i
               ON i.region = r.code AND i.slug = ANY($2) AND provisioner.holds_address(i.deleted_at, $4)
               AND (i.deleted_at IS NULL OR i.tenant_id IS DISTINCT FROM $3)
             WHERE r.code = $1 AND r.enabled",
            [region.into(), slugs.into(), tenant.map(TenantId::uuid).into(), now.into()],
        ))
        .await
        .db()?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut taken = Vec::new();
    for row in &rows {
        // The region's own row, where none of the addresses is taken.
        let Some(slug) = row.try_get("", "slug").db()? else { continue };
        taken.push(Taken {
            slug,
            tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
            name: row.try_get("", "name").db()?,
            delete_at: row.try_get("", "delete_at").db()?,
        });
    }
    Ok(Some(taken))
}

/// Keeps a sealed secret of an instance, replacing an older one of the name.
pub(crate) async fn put_secret(
    tx: &impl Transaction,
    (tenant, id): (TenantId, InstanceId),
    (name, sealed): (&str, String),
    at: DateTime<Utc>,
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO provisioner.instance_secrets (instance_id, tenant_id, name, sealed, created_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (instance_id, name) DO UPDATE SET sealed = $4, created_at = $5",
            [id.uuid().into(), tenant.uuid().into(), name.into(), sealed.into(), at.into()],
        ))
        .await
        .db()?;
    Ok(())
}

pub(crate) async fn secret(tx: &impl Transaction, id: InstanceId, name: &str) -> Result<Option<String>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT sealed FROM provisioner.instance_secrets WHERE instance_id = $1 AND name = $2",
            [id.uuid().into(), name.into()],
        ))
        .await
        .db()?;
    row.map(|row| row.try_get("", "sealed").db()).transpose()
}
