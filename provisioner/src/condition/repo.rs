//! Queries on samples.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use tenantry_kernel::{InstanceId, Result};
use tenantry_store::{DbResultExt, SystemTx, TenantTx, Transaction, stmt};

use super::model::{Resources, Sample, Seen};

/// These instances of the tenant with their newest samples, in one statement.
pub(crate) async fn of(tx: &TenantTx, ids: &[InstanceId]) -> Result<HashMap<InstanceId, Seen>> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT i.id, i.desired, i.phase, i.ready_at, i.memory_mib AS memory_limit, i.cpu_millis AS cpu_limit,
                    i.storage_mib AS storage_limit,
                    s.answer, s.answered_at, s.memory_mib, s.cpu_millis, s.storage_mib
             FROM provisioner.instances i
             LEFT JOIN provisioner.instance_samples s ON s.instance_id = i.id AND s.tenant_id = i.tenant_id
             WHERE i.tenant_id = $1 AND i.id = ANY($2)",
            [tx.tenant().uuid().into(), ids.into()],
        ))
        .await
        .db()?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let instance = InstanceId::from_uuid(row.try_get("", "id").db()?);
        let limits = Resources {
            memory_limit_mib: row.try_get("", "memory_limit").db()?,
            cpu_limit_millis: row.try_get("", "cpu_limit").db()?,
            storage_limit_mib: row.try_get("", "storage_limit").db()?,
            ..Resources::default()
        };
        let sample = match row.try_get::<Option<String>>("", "answer").db()? {
            None => None,
            Some(answer) => Some(Sample {
                tenant: tx.tenant(),
                instance,
                answer: answer.parse()?,
                at: row.try_get("", "answered_at").db()?,
                memory_mib: row.try_get("", "memory_mib").db()?,
                cpu_millis: row.try_get("", "cpu_millis").db()?,
                storage_mib: row.try_get("", "storage_mib").db()?,
            }),
        };
        let seen = Seen {
            desired: row.try_get::<String>("", "desired").db()?.parse()?,
            phase: row.try_get::<String>("", "phase").db()?.parse()?,
            ready_at: row.try_get("", "ready_at").db()?,
            limits,
            sample,
        };
        found.insert(instance, seen);
    }
    Ok(found)
}

/// How many instances the tenant has, as its plan counts them.
pub(crate) async fn count(tx: &TenantTx) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM provisioner.instances WHERE tenant_id = $1 AND deleted_at IS NULL",
            [tx.tenant().uuid().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// Keeps samples (-1 stands for what was not measured). Of two samplers of one instance the newer word stays; rows are locked in the order of their keys.
pub(crate) async fn record(tx: &SystemTx, samples: &[Sample]) -> Result<u64> {
    fn column<T>(samples: &[Sample], of: impl Fn(&Sample) -> T) -> Vec<T> {
        samples.iter().map(of).collect()
    }
    let done = tx
        .conn()
        .execute_raw(stmt(
            "INSERT INTO provisioner.instance_samples AS s
               (instance_id, tenant_id, answer, answered_at, memory_mib, cpu_millis, storage_mib, measured_at)
             SELECT i.id, i.tenant_id, n.answer, n.at, nullif(n.memory, -1), nullif(n.cpu, -1), nullif(n.storage, -1),
                    CASE WHEN greatest(n.memory, n.cpu, n.storage) >= 0 THEN n.at END
             FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::int4[], $6::int4[], $7::int4[])
                    AS n (instance, tenant, answer, at, memory, cpu, storage)
             JOIN provisioner.instances i ON i.id = n.instance AND i.tenant_id = n.tenant
             ORDER BY i.id
             ON CONFLICT (instance_id) DO UPDATE
               SET answer = excluded.answer, answered_at = excluded.answered_at, memory_mib = excluded.memory_mib,
                   cpu_millis = excluded.cpu_millis, storage_mib = excluded.storage_mib,
                   measured_at = excluded.measured_at
               WHERE s.answered_at <= excluded.answered_at",
            [
                column(samples, |s| s.instance.uuid()).into(),
                column(samples, |s| s.tenant.uuid()).into(),
                column(samples, |s| s.answer.as_str().to_owned()).into(),
                column(samples, |s| s.at).into(),
                column(samples, |s| s.memory_mib.unwrap_or(-1)).into(),
                column(samples, |s| s.cpu_millis.unwrap_or(-1)).into(),
                column(samples, |s| s.storage_mib.unwrap_or(-1)).into(),
            ],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}
