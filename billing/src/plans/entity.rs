#![expect(unreachable_pub, reason = "the derive makes its items public; the module is not")]

use rust_decimal::Decimal;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(schema_name = "billing", table_name = "plans")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    pub name: String,
    pub rank: i32,
    pub currency: String,
    pub base_price_minor: i64,
    pub included_executions: i64,
    pub extra_execution_price: Option<Decimal>,
    pub max_instances: i32,
    pub max_members: i32,
    pub concurrent_executions: i32,
    pub cpu_millis: i32,
    pub memory_mib: i32,
    pub storage_mib: i32,
    pub available: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
