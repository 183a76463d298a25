use sea_orm::entity::prelude::*;
use tenantry_kernel::UserId;

use super::model::User;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(schema_name = "identity", table_name = "users")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique)]
    pub email: String,
    pub name: String,
    pub password_hash: Option<String>,
    pub platform_role: Option<String>,
    pub email_verified_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn user_id(&self) -> UserId {
        UserId::from_uuid(self.id)
    }

    pub(crate) fn is_staff(&self) -> bool {
        self.platform_role.is_some()
    }
}

impl From<Model> for User {
    fn from(row: Model) -> Self {
        User {
            id: row.user_id(),
            email_verified: row.email_verified_at.is_some(),
            is_staff: row.is_staff(),
            email: row.email,
            name: row.name,
            created_at: row.created_at,
        }
    }
}
