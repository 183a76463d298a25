use sea_orm::entity::prelude::*;
use tenantry_kernel::{Error, UserId};

use super::Member;
use crate::roles::AssignedRole;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(schema_name = "identity", table_name = "memberships")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    pub role: String,
    pub custom_role_id: Option<Uuid>,
    pub email: String,
    pub name: String,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Member {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self, Error> {
        Ok(Self {
            user_id: UserId::from_uuid(row.user_id),
            role: AssignedRole::stored(&row.role, row.custom_role_id)?,
            email: row.email,
            name: row.name,
            joined_at: row.created_at,
        })
    }
}
