use sea_orm::entity::prelude::*;
use tenantry_kernel::{InstanceId, Result, TenantId};

use super::model::{Failure, Instance};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(schema_name = "provisioner", table_name = "instances")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub region: String,
    pub slug: String,
    pub name: String,
    pub n8n_version: String,
    pub owner_email: String,
    pub owner_name: String,
    pub cpu_millis: i32,
    pub memory_mib: i32,
    pub storage_mib: i32,
    pub concurrency: i32,
    pub desired: String,
    pub generation: i64,
    pub epoch: i32,
    pub slot: Option<i32>,
    pub port: Option<i32>,
    pub broker_port: Option<i32>,
    pub phase: String,
    pub observed_generation: i64,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
    pub failure_remedy: Option<String>,
    pub attempts: i32,
    pub next_attempt_at: DateTimeUtc,
    pub lease_holder: Option<String>,
    pub lease_epoch: i64,
    pub lease_until: Option<DateTimeUtc>,
    pub reconciled_to: i64,
    pub boot_started_at: Option<DateTimeUtc>,
    pub ready_at: Option<DateTimeUtc>,
    pub boot_millis: Option<i32>,
    pub created_at: DateTimeUtc,
    pub deleted_at: Option<DateTimeUtc>,
    pub delete_at: Option<DateTimeUtc>,
    pub removal_began_at: Option<DateTimeUtc>,
    pub first_ready_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn instance_id(&self) -> InstanceId {
        InstanceId::from_uuid(self.id)
    }
}

impl TryFrom<Model> for Instance {
    type Error = tenantry_kernel::Error;

    fn try_from(row: Model) -> Result<Self> {
        let failure = match (row.failure_code, row.failure_message, row.failure_remedy) {
            (Some(code), Some(message), Some(remedy)) => Some(Failure { code, message, remedy }),
            _ => None,
        };
        Ok(Self {
            id: InstanceId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            region: row.region,
            slug: row.slug,
            name: row.name,
            n8n_version: row.n8n_version,
            desired: row.desired.parse()?,
            generation: row.generation,
            phase: row.phase.parse()?,
            failure,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            created_at: row.created_at,
            ready_at: row.ready_at,
            boot_millis: row.boot_millis,
            delete_at: row.delete_at,
            removal_began_at: row.removal_began_at,
        })
    }
}
