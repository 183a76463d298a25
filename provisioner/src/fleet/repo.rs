//! Queries on the instances of all tenants. In a tenant's transaction they find that tenant's rows and no others.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Value};
use tenantry_kernel::{InstanceId, Result, TenantId};
use tenantry_store::{DbResultExt, Page, PageRequest, Transaction, stmt};
use uuid::Uuid;

use super::cursor;
use super::model::{FleetFilter, FleetInstance, FleetOrder, FleetSort, PhaseCount, Search};
use crate::instances::{Failure, InstanceEvent};

const COLUMNS: &str = "id, tenant_id, region, slug, name, lower(name) AS lower_name, n8n_version, desired, generation,
    observed_generation, phase, failure_code, failure_message, failure_remedy, attempts, next_attempt_at, created_at,
    ready_at, delete_at, boot_millis";

/// A condition with its values, in the order of their numbers.
struct Where {
    sql: String,
    values: Vec<Value>,
}

impl Where {
    fn of(filter: &FleetFilter) -> Self {
        let mut all = Self { sql: "deleted_at IS NULL".to_owned(), values: Vec::new() };
        if let Some(region) = &filter.region {
            all.and("region = ", region.clone().into());
        }
        if let Some(phase) = filter.phase {
            all.and("phase = ", phase.as_str().into());
        }
        if let Some(tenant) = filter.tenant {
            all.and("tenant_id = ", tenant.uuid().into());
        }
        if let Some(search) = &filter.search {
            all.search(search);
        }
        all
    }

    /// The number of a new value.
    fn value(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn and(&mut self, condition: &str, value: Value) {
        let number = self.value(value);
        self.sql.push_str(&format!(" AND {condition}{number}"));
    }

    fn search(&mut self, search: &Search) {
        let text = self.value(search.text.pattern().into());
        let mut any = format!("name ILIKE {text} OR slug ILIKE {text}");
        if !search.tenants.is_empty() {
            // A sub-select is evaluated once a statement; an expression would be once a row.
            let ids = self.value(ids(search.tenants.iter().map(|t| t.uuid())));
            any.push_str(&format!(" OR tenant_id IN (SELECT unnest(string_to_array({ids}, ',')::uuid[]))"));
        }
        if let Some(id) = whole_id(search.text.as_str()) {
            let id = self.value(id.into());
            any.push_str(&format!(" OR id = {id} OR tenant_id = {id}"));
        }
        self.sql.push_str(&format!(" AND ({any})"));
    }
}

fn whole_id(text: &str) -> Option<Uuid> {
    let text = text.to_ascii_lowercase();
    let instance = text.parse::<InstanceId>().ok().map(InstanceId::uuid);
    instance.or_else(|| text.parse::<TenantId>().ok().map(TenantId::uuid)).or_else(|| text.parse().ok())
}

/// Ids as one value: `string_to_array($1, ',')::uuid[]`.
fn ids(ids: impl Iterator<Item = Uuid>) -> Value {
    ids.map(|id| id.to_string()).collect::<Vec<_>>().join(",").into()
}

pub(crate) async fn page(
    tx: &impl Transaction,
    filter: &FleetFilter,
    order: FleetOrder,
    page: &PageRequest,
) -> Result<Page<FleetInstance>> {
    let mut wanted = Where::of(filter);
    let (key, direction) = (order.sort.expression(), if order.descending { "DESC" } else { "ASC" });
    if let Some(after) = &page.after {
        let place = cursor::parse(after, order)?;
        let (value, id) = (wanted.value(place.key), wanted.value(place.id.uuid().into()));
        let beyond = if order.descending { "<" } else { ">" };
        wanted.sql.push_str(&format!(" AND ({key}, id) {beyond} ({value}, {id})"));
    }
    let limit = wanted.value(page.limit_plus_one().into());
    let sql = format!(
        "SELECT {COLUMNS} FROM provisioner.instances WHERE {} ORDER BY {key} {direction}, id {direction} LIMIT {limit}",
        wanted.sql
    );
    let rows = tx.conn().query_all_raw(stmt(&sql, wanted.values)).await.db()?;
    let rows = rows.iter().map(|row| of_row(row, order)).collect::<Result<_>>()?;
    Ok(Page::of(rows, page))
}

pub(crate) async fn count(tx: &impl Transaction, filter: &FleetFilter) -> Result<i64> {
    let wanted = Where::of(filter);
    let sql = format!("SELECT count(*) AS n FROM provisioner.instances WHERE {}", wanted.sql);
    let row = tx.conn().query_one_raw(stmt(&sql, wanted.values)).await.db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// One instance that is not gone. With `lock`, held until the transaction ends.
pub(crate) async fn get(tx: &impl Transaction, id: InstanceId, lock: bool) -> Result<Option<FleetInstance>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM provisioner.instances WHERE id = $1 AND deleted_at IS NULL{}",
        if lock { " FOR UPDATE" } else { "" }
    );
    let row = tx.conn().query_one_raw(stmt(&sql, [id.uuid().into()])).await.db()?;
    let order = FleetOrder { sort: FleetSort::CreatedAt, descending: true };
    row.map(|row| of_row(&row, order)).transpose()
}

/// How many instances are in each phase that has any.
pub(crate) async fn by_phase(tx: &impl Transaction) -> Result<Vec<PhaseCount>> {
    let sql =
        "SELECT phase, count(*) AS n FROM provisioner.instances WHERE deleted_at IS NULL GROUP BY phase";
    let rows = tx.conn().query_all_raw(stmt(sql, [])).await.db()?;
    rows.iter()
        .map(|row| {
            Ok(PhaseCount {
                phase: row.try_get::<String>("", "phase").db()?.parse()?,
                count: row.try_get("", "n").db()?,
            })
        })
        .collect()
}

/// How many instances each of these tenants has. Those without any are left out.
pub(crate) async fn count_by_tenant(
    tx: &impl Transaction,
    tenants: &[TenantId],
) -> Result<HashMap<TenantId, i64>> {
    if tenants.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT tenant_id, count(*) AS n FROM provisioner.instances
               WHERE deleted_at IS NULL AND tenant_id = ANY (string_to_array($1, ',')::uuid[]) GROUP BY tenant_id";
    let rows = tx.conn().query_all_raw(stmt(sql, [ids(tenants.iter().map(|t| t.uuid()))])).await.db()?;
    let counts: std::result::Result<HashMap<_, _>, DbErr> = rows
        .iter()
        .map(|row| Ok((TenantId::from_uuid(row.try_get("", "tenant_id")?), row.try_get("", "n")?)))
        .collect();
    counts.db()
}

/// The newest events of each of these instances, at most `most` of one, oldest of them first.
pub(crate) async fn events(
    tx: &impl Transaction,
    instances: &[InstanceId],
    most: i64,
) -> Result<HashMap<InstanceId, Vec<InstanceEvent>>> {
    let mut all: HashMap<InstanceId, Vec<InstanceEvent>> = HashMap::new();
    if instances.is_empty() {
        return Ok(all);
    }
    let sql = "SELECT e.* FROM unnest(string_to_array($1, ',')::uuid[]) AS wanted (instance)
               CROSS JOIN LATERAL (SELECT id, instance_id, at, phase, message FROM provisioner.instance_events
                                   WHERE instance_id = wanted.instance ORDER BY id DESC LIMIT $2) AS e ORDER BY e.id";
    let values = [ids(instances.iter().map(|i| i.uuid())), most.into()];
    for row in tx.conn().query_all_raw(stmt(sql, values)).await.db()? {
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

/// Makes the next attempt due at once, with the attempts given back. `false` when it was so already.
pub(crate) async fn make_due(tx: &impl Transaction, id: InstanceId, now: DateTime<Utc>) -> Result<bool> {
    let sql = "UPDATE provisioner.instances SET next_attempt_at = least(next_attempt_at, $2), attempts = 0
               WHERE id = $1 AND deleted_at IS NULL AND (next_attempt_at > $2 OR attempts > 0)";
    let done = tx.conn().execute_raw(stmt(sql, [id.uuid().into(), now.into()])).await.db()?;
    Ok(done.rows_affected() > 0)
}

fn of_row(row: &QueryResult, order: FleetOrder) -> Result<FleetInstance> {
    let text = |column: &str| row.try_get::<String>("", column).db();
    let maybe = |column: &str| row.try_get::<Option<String>>("", column).db();
    let failure = match (maybe("failure_code")?, maybe("failure_message")?, maybe("failure_remedy")?) {
        (Some(code), Some(message), Some(remedy)) => Some(Failure { code, message, remedy }),
        _ => None,
    };
    let mut instance = FleetInstance {
        id: InstanceId::from_uuid(row.try_get("", "id").db()?),
        tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
        region: text("region")?,
        slug: text("slug")?,
        name: text("name")?,
        n8n_version: text("n8n_version")?,
        desired: text("desired")?.parse()?,
        generation: row.try_get("", "generation").db()?,
        observed_generation: row.try_get("", "observed_generation").db()?,
        phase: text("phase")?.parse()?,
        failure,
        attempts: row.try_get("", "attempts").db()?,
        next_attempt_at: row.try_get("", "next_attempt_at").db()?,
        created_at: row.try_get("", "created_at").db()?,
        ready_at: row.try_get("", "ready_at").db()?,
        delete_at: row.try_get("", "delete_at").db()?,
        boot_millis: row.try_get("", "boot_millis").db()?,
        cursor: String::new(),
    };
    instance.cursor = cursor::of(&instance, &text("lower_name")?, order)?;
    Ok(instance)
}
