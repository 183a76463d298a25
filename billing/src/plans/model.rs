use rust_decimal::Decimal;
use tenantry_kernel::{Error, Result};

use super::entity;
use crate::{Currency, Money};

/// One version of a plan: what a tenant may use, and what it costs. Never changed once it is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub code: String,
    pub version: i32,
    pub name: String,
    /// The order in which plans are offered, smallest first.
    pub rank: i32,
    pub currency: Currency,
    /// For a whole calendar month.
    pub base_price_minor: i64,
    /// Billable executions a calendar month that the base price covers.
    pub included_executions: i64,
    /// In minor units, with decimals. `None`: executions beyond the included are not sold.
    pub extra_execution_price: Option<Decimal>,
    pub max_instances: i32,
    pub max_members: i32,
    /// Executions at the same time, in each instance.
    pub concurrent_executions: i32,
    /// Thousandths of a processor, for each instance.
    pub cpu_millis: i32,
    /// For each instance.
    pub memory_mib: i32,
    /// For each instance.
    pub storage_mib: i32,
}

impl Plan {
    pub fn base_price(&self) -> Money {
        Money::new(self.base_price_minor, self.currency)
    }

    /// # Errors
    /// `Internal` for a stored currency that is none.
    pub(crate) fn from_row(row: entity::Model) -> Result<Self> {
        Ok(Self {
            currency: row.currency.parse().map_err(Error::internal)?,
            code: row.code,
            version: row.version,
            name: row.name,
            rank: row.rank,
            base_price_minor: row.base_price_minor,
            included_executions: row.included_executions,
            extra_execution_price: row.extra_execution_price,
            max_instances: row.max_instances,
            max_members: row.max_members,
            concurrent_executions: row.concurrent_executions,
            cpu_millis: row.cpu_millis,
            memory_mib: row.memory_mib,
            storage_mib: row.storage_mib,
        })
    }
}
