use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenantry_kernel::{Error, Result};
use tenantry_store::{DbResultExt, Transaction};

use super::{Plan, entity};

/// The newest available version of each plan, by rank.
pub(crate) async fn offered(tx: &impl Transaction) -> Result<Vec<Plan>> {
    let rows = entity::Entity::find()
        .filter(entity::Column::Available.eq(true))
        .order_by_asc(entity::Column::Code)
        .order_by_desc(entity::Column::Version)
        .all(tx.conn())
        .await
        .db()?;
    let mut plans = rows.into_iter().map(Plan::from_row).collect::<Result<Vec<_>>>()?;
    plans.dedup_by(|later, first| later.code == first.code);
    plans.sort_by(|a, b| (a.rank, &a.code).cmp(&(b.rank, &b.code)));
    Ok(plans)
}

/// The newest available version of one plan.
///
/// # Errors
/// `Invalid`, naming the plans there are, for an unknown or withdrawn code.
pub(crate) async fn offered_by_code(tx: &impl Transaction, code: &str) -> Result<Plan> {
    let mut plans = offered(tx).await?;
    match plans.iter().position(|p| p.code == code) {
        Some(at) => Ok(plans.swap_remove(at)),
        None => {
            let codes: Vec<_> = plans.iter().map(|p| p.code.as_str()).collect();
            Err(Error::invalid("plan", "There is no such plan.")
                .with_remedy(format!("Choose one of these plans: {}.", codes.join(", "))))
        }
    }
}

/// The version that a subscription names, available or not.
pub(crate) async fn version(tx: &impl Transaction, code: &str, version: i32) -> Result<Plan> {
    let row = entity::Entity::find_by_id((code.to_owned(), version)).one(tx.conn()).await.db()?;
    let missing = || Error::internal(format!("plan {code} version {version} is not in the catalogue"));
    Plan::from_row(row.ok_or_else(missing)?)
}
