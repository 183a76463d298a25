//! Reading the trail. Each takes the tenant by name beside the transaction: the platform's own chain is read by staff,
//! whom row-level security does not bound.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use tenantry_kernel::{Error, Result, TenantId};

use super::Record;
use crate::{DbResultExt, Page, PageRequest, TenantTx, Transaction, stmt};

/// Which records of a trail. An empty one is all of them.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
    /// An id, exactly.
    pub actor: Option<String>,
    /// How the action begins: `instance.` finds `instance.create`.
    pub action: Option<String>,
    /// An id, exactly.
    pub resource: Option<String>,
    pub result: Option<String>,
}

/// The longest of a filter's texts.
const LONGEST: usize = 256;

impl Filter {
    /// The condition, and its values after the first `$n`.
    fn condition(&self, values: &mut Vec<Value>) -> Result<String> {
        let mut sql = String::new();
        let mut and = |text: &str, value: Value| {
            values.push(value);
            sql.push_str(&format!(" AND {}", text.replace('?', &format!("${}", values.len()))));
        };
        if let Some(from) = self.from {
            and("at >= ?", from.into());
        }
        if let Some(to) = self.to {
            and("at < ?", to.into());
        }
        for (field, value, text) in [
            ("actor", &self.actor, "actor = ?"),
            ("resource", &self.resource, "resource = ?"),
            ("result", &self.result, "result = ?"),
        ] {
            if let Some(value) = value {
                check(field, value)?;
                and(text, value.as_str().into());
            }
        }
        if let Some(prefix) = &self.action {
            check("action", prefix)?;
            and("action >= ?", prefix.as_str().into());
            // Every text that begins so sorts below the prefix with the highest character behind it.
            and("action < ?", format!("{prefix}\u{10FFFF}").into());
        }
        if self.result.as_deref().is_some_and(|result| result != super::OK) {
            // Says what the planner cannot see in a parameter: the partial index will do.
            sql.push_str(" AND result <> 'ok'");
        }
        Ok(sql)
    }
}

fn check(field: &'static str, text: &str) -> Result<()> {
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Err(Error::invalid(field, format!("It has at most {LONGEST} printable characters.")));
    }
    Ok(())
}

/// One page of a tenant's trail, newest first. The cursor is the last record's number.
///
/// # Errors
/// `Invalid` for a cursor or filter of a wrong form.
pub async fn page(
    tx: &impl Transaction,
    tenant: TenantId,
    filter: &Filter,
    request: &PageRequest,
) -> Result<Page<Record>> {
    let before: i64 = match &request.after {
        Some(cursor) => {
            cursor.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list."))?
        }
        None => i64::MAX,
    };
    let mut values = vec![tenant.uuid().into(), before.into(), request.limit_plus_one().into()];
    let condition = filter.condition(&mut values)?;
    let sql = format!(
        "SELECT * FROM platform.audit WHERE tenant_id = $1 AND seq < $2{condition} ORDER BY seq DESC LIMIT $3"
    );
    let rows = tx.conn().query_all_raw(stmt(&sql, values)).await.db()?;
    Ok(Page::of(records(&rows)?, request))
}

/// The tenant's trail, oldest first, from after `seq`.
pub async fn read(tx: &TenantTx, after: i64, most: i64) -> Result<Vec<Record>> {
    span(tx, tx.tenant(), (after, i64::MAX), most).await
}

/// A tenant's trail, oldest first, from after the first number up to the second.
pub async fn span(
    tx: &impl Transaction,
    tenant: TenantId,
    (after, upto): (i64, i64),
    most: i64,
) -> Result<Vec<Record>> {
    let sql =
        "SELECT * FROM platform.audit WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4";
    let values = [tenant.uuid().into(), after.into(), upto.into(), most.into()];
    records(&tx.conn().query_all_raw(stmt(sql, values)).await.db()?)
}

fn records(rows: &[QueryResult]) -> Result<Vec<Record>> {
    rows.iter().map(Record::of_row).collect::<std::result::Result<_, _>>().db()
}
