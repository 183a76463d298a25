use sea_orm::entity::prelude::*;
use tenantry_kernel::TenantId;

use super::Tenant;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(schema_name = "tenancy", table_name = "tenants")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub status: String,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Tenant {
    fn from(row: Model) -> Self {
        Self {
            id: TenantId::from_uuid(row.id),
            slug: row.slug,
            name: row.name,
            status: row.status,
            created_at: row.created_at,
        }
    }
}
