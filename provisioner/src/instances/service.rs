use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use serde::{Deserialize, Serialize};
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, InstanceId, Kind, Result, Secret, Shared, TenantId};
use tenantry_keys::{Keys, Purpose};
use tenantry_store::audit::{self, By, Entry, Facts};
use tenantry_store::idempotency::{self, IdempotencyKey, Keyed};
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{Db, Page, PageRequest, SystemRole, SystemTx, TenantRead, TenantTx};

use super::entity::ActiveModel;
use super::model::{Desired, Instance, InstanceEvent, Phase, Region, check_name, check_slug};
use super::repo;
use crate::fleet::{FleetFilter, FleetOrder};
use crate::n8n::hash_owner_password;
use crate::ports::{Entitlements, InstanceEntitlement};

/// Steps of an instance's life that are shown.
const EVENTS: i64 = 100;

/// What the service is made of.
#[derive(Clone)]
pub struct InstancesConfig {
    pub db: Db,
    pub keys: Keys,
    pub entitlements: Arc<dyn Entitlements>,
    /// The n8n version that new instances get.
    pub n8n_version: String,
    /// How long a deleted instance's data is kept.
    pub deletion_grace: TimeDelta,
}

/// Instances, for the people of a tenant and for platform staff. Cheap to clone.
#[derive(Clone)]
pub struct Instances {
    pub(super) config: Shared<InstancesConfig>,
}

/// A new instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateInstance {
    pub name: String,
    /// The first label of its host name; unique in its region.
    pub slug: String,
    pub region: String,
    /// Who owns the n8n account inside. The account is managed by the control plane.
    pub owner_email: String,
    pub owner_name: String,
}

impl Instances {
    pub fn new(config: InstancesConfig) -> Self {
        Self { config: Shared::new(config) }
    }

    /// Creates an instance. With a key, repeating the call gives the same instance.
    ///
    /// # Errors
    /// `Invalid` for a bad name, slug or region; `Conflict` for a slug that is taken, or was another tenant's until
    /// lately; `QuotaExceeded` at the plan's limit;
    /// `Unavailable` when the region is full.
    pub async fn create(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        input: CreateInstance,
        key: Option<&IdempotencyKey>,
    ) -> Result<Instance> {
        let permit = ctx.permit(Action::Create, &Resource::new(ResourceKind::Instance, tenant))?;
        check_name(&input.name)?;
        check_slug(&input.slug)?;
        self.check_region(&input.region).await?;
        // Hashed before the transaction: it takes tens of milliseconds of processor time.
        let secrets = NewSecrets::make(ctx).await?;

        let tx = TenantTx::begin(&self.config.db, &permit).await?;
        let actor = ctx.actor().label();
        let keyed = key.map(|key| Keyed {
            key,
            actor: &actor,
            operation: "createInstance",
            input: &input,
            at: ctx.now(),
        });
        if let Some(keyed) = &keyed
            && let Some(id) = idempotency::replay::<_, InstanceId>(&tx, keyed).await?
        {
            return repo::get(&tx, id, false).await?.try_into();
        }
        let entitlement = self.config.entitlements.instances(&tx).await?;
        let used = repo::count_for_update(&tx).await?;
        if used >= entitlement.max_instances {
            let kept = repo::count_kept(&tx, ctx.now()).await?;
            return Err(quota_exceeded(&entitlement, used, kept));
        }
        let id = InstanceId::generate(ctx.clock(), ctx.entropy());
        let now = ctx.now();
        let row = ActiveModel {
            id: Set(id.uuid()),
            tenant_id: Set(tenant.uuid()),
            region: Set(input.region.clone()),
            slug: Set(input.slug.clone()),
            name: Set(input.name.trim().to_owned()),
            n8n_version: Set(self.config.n8n_version.clone()),
            owner_email: Set(input.owner_email.clone()),
            owner_name: Set(input.owner_name.clone()),
            cpu_millis: Set(entitlement.cpu_millis),
            memory_mib: Set(entitlement.memory_mib),
            storage_mib: Set(entitlement.storage_mib),
            concurrency: Set(entitlement.concurrency),
            desired: Set(Desired::Running.as_str().to_owned()),
            phase: Set(Phase::Queued.as_str().to_owned()),
            next_attempt_at: Set(now),
            created_at: Set(now),
            ..Default::default()
        };
        let instance: Instance = repo::insert(&tx, row).await?.try_into()?;
        self.keep_secrets(&tx, &instance, secrets, now).await?;
        repo::add_event(&tx, (tenant, id), (now, Phase::Queued), "Waiting for the region's worker.").await?;
        self.record(&tx, ctx, (None, &instance), "instance.create").await?;
        if let Some(keyed) = &keyed {
            idempotency::keep(&tx, keyed, &id).await?;
        }
        tx.commit().await?;
        Ok(instance)
    }

    pub async fn get(&self, ctx: &Ctx, tenant: TenantId, id: InstanceId) -> Result<Instance> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Instance, tenant))?;
        let tx = TenantTx::begin(&self.config.db, &permit).await?;
        repo::get(&tx, id, false).await?.try_into()
    }

    /// An instance by its id alone, in whichever tenant it is: if the actor may see it there.
    ///
    /// # Errors
    /// `NotFound` also for one that is not visible.
    pub async fn find(&self, ctx: &Ctx, id: InstanceId) -> Result<Instance> {
        let tx = SystemTx::begin(&self.config.db, SystemRole::Opening).await?;
        let door = crate::open::repo::door(&tx, id).await?.ok_or_else(|| Error::not_found("instance"))?;
        tx.commit().await?;
        let found = self.get(ctx, door.tenant, id).await;
        // That there is one elsewhere is not said.
        found.map_err(
            |error| if error.kind() == Kind::NotFound { Error::not_found("instance") } else { error },
        )
    }

    /// The instances that match, in an order, each with its cursor.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another order.
    pub async fn search(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        (filter, order): (&FleetFilter, FleetOrder),
        page: &PageRequest,
    ) -> Result<Page<(String, Instance)>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Instance, tenant))?;
        let tx = TenantTx::begin(&self.config.db, &permit).await?;
        let filter = FleetFilter { tenant: Some(tenant), ..filter.clone() };
        let found = crate::fleet::repo::page(&tx, &filter, order, page).await?;
        let ids: Vec<InstanceId> = found.rows.iter().map(|row| row.id).collect();
        let mut rows = repo::of(&tx, &ids).await?;
        let in_order = found.rows.into_iter().filter_map(|row| Some((row.cursor, rows.remove(&row.id)?)));
        Ok(Page { rows: in_order.collect(), has_next: found.has_next })
    }

    pub async fn list(&self, ctx: &Ctx, tenant: TenantId, page: &PageRequest) -> Result<Page<Instance>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Instance, tenant))?;
        let read = TenantRead::begin(&self.config.db, &permit).await?;
        repo::list(&read, page).await
    }

    /// The newest steps in the instance's life.
    pub async fn events(&self, ctx: &Ctx, tenant: TenantId, id: InstanceId) -> Result<Vec<InstanceEvent>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Instance, tenant))?;
        let tx = TenantTx::begin(&self.config.db, &permit).await?;
        repo::get(&tx, id, false).await?;
        Ok(repo::events(&tx, &[id], EVENTS).await?.remove(&id).unwrap_or_default())
    }

    /// The newest steps in the life of each of these instances, by one statement. One without any, or of another tenant, is
    /// left out.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`.
    pub async fn events_of(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        ids: &[InstanceId],
    ) -> Result<HashMap<InstanceId, Vec<InstanceEvent>>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Instance, tenant))?;
        let tx = TenantTx::begin(&self.config.db, &permit).await?;
        repo::events(&tx, ids, EVENTS).await
    }

    pub async fn start(&self, ctx: &Ctx, tenant: TenantId, id: InstanceId) -> Result<Instance> {
        self.want(ctx, (tenant, id), (Action::Operate, Desired::Running), "instance.start").await
    }

    pub async fn stop(&self, ctx: &Ctx, tenant: TenantId, id: InstanceId) -> Result<Instance> {
        self.want(ctx, (tenant, id), (Action::Operate, Desired::Stopped), "instance.stop").await
    }

    /// The API key that the control plane holds on the instance, for people who may open it.
    ///
    /// # Errors
    /// `Conflict` while the instance has none yet.
    pub async fn api_key(&self, ctx: &Ctx, tenant: TenantId, id: InstanceId) -> Result<Secret> {
        let permit = ctx.permit(Action::Open, &Resource::new(ResourceKind::Instance, tenant))?;
        let tx = TenantTx::begin(&self.config.db, &permit).await?;
        let instance: Instance = repo::get(&tx, id, false).await?.try_into()?;
        let sealed = repo::secret(&tx, id, "api_key").await?.ok_or_else(|| {
            Error::conflict("The instance is not ready yet.").with_remedy("Wait until its phase is READY.")
        })?;
        let subject = format!("{id}/api_key");
        let key = self.config.keys.open(&tx, tenant, purpose(&subject), &sealed).await?;
        self.record(&tx, ctx, (Some(&instance), &instance), "instance.api_key.read").await?;
        tx.commit().await?;
        Ok(key)
    }

    /// Regions that take instances.
    pub async fn regions(&self) -> Result<Vec<Region>> {
        let tx = SystemTx::begin(&self.config.db, SystemRole::Provisioner).await?;
        repo::regions(&tx).await
    }

    async fn want(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, InstanceId),
        (action, desired): (Action, Desired),
        what: &'static str,
    ) -> Result<Instance> {
        let permit = ctx.permit(action, &Resource::new(ResourceKind::Instance, tenant))?;
        let tx = TenantTx::begin(&self.config.db, &permit).await?;
        let row = repo::get(&tx, id, true).await?;
        let instance: Instance = row.clone().try_into()?;
        if instance.desired == desired {
            return Ok(instance);
        }
        instance.ensure_alive(ctx.now())?;
        let changed = repo::set_desired(&tx, &row, (desired, None), ctx.now()).await?;
        self.record(&tx, ctx, (Some(&instance), &changed), what).await?;
        tx.commit().await?;
        Ok(changed)
    }

    async fn check_region(&self, code: &str) -> Result<()> {
        let regions = self.regions().await?;
        let Some(region) = regions.iter().find(|r| r.code == code) else {
            let known: Vec<_> = regions.iter().map(|r| r.code.as_str()).collect();
            return Err(Error::invalid("region", format!("There is no region {code:?}."))
                .with_remedy(format!("Choose one of: {}.", known.join(", "))));
        };
        if region.used >= i64::from(region.capacity) {
            return Err(Error::new(Kind::Unavailable, format!("The region {code} is full."))
                .with_remedy("Choose another region, or try again later."));
        }
        Ok(())
    }

    async fn keep_secrets(
        &self,
        tx: &TenantTx,
        instance: &Instance,
        secrets: NewSecrets,
        now: DateTime<Utc>,
    ) -> Result<()> {
        for (name, value) in secrets.0 {
            let subject = format!("{}/{name}", instance.id);
            let sealed = self.config.keys.seal(tx, instance.tenant, purpose(&subject), &value).await?;
            repo::put_secret(tx, (instance.tenant, instance.id), (name, sealed), now).await?;
        }
        Ok(())
    }

    pub(super) async fn record(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (before, instance): (Option<&Instance>, &Instance),
        action: &'static str,
    ) -> Result<()> {
        let details = serde_json::json!({ "slug": instance.slug, "region": instance.region,
            "desired": instance.desired.as_str(), "deleteAt": instance.delete_at });
        let entry = Entry {
            tenant: instance.tenant,
            action,
            resource: instance.id.to_string(),
            result: "ok",
            details: details.clone(),
        };
        // What only was looked at has not changed.
        let (before, after) = match before {
            Some(before) if state(before) == state(instance) => (None, None),
            before => (before.map(state), Some(state(instance))),
        };
        audit::append(tx, By::ctx(ctx), entry.changing(before, after)).await?;
        let fact = Fact {
            tenant: instance.tenant,
            topic: action,
            subject: instance.id.to_string(),
            payload: details,
        };
        outbox::publish(tx, ctx.now(), &fact).await
    }
}

/// What people change of an instance.
fn state(instance: &Instance) -> Facts {
    Facts::one("desired", instance.desired.as_str()).with("deleteAt", instance.delete_at)
}

/// A deleted instance in its days of grace counts: it holds storage, and can come back at any moment.
fn quota_exceeded(entitlement: &InstanceEntitlement, used: i64, kept: u64) -> Error {
    let message = format!(
        "The plan {} includes {} instance(s), and you have {used}.",
        entitlement.plan, entitlement.max_instances
    );
    if kept == 0 {
        return Error::new(Kind::QuotaExceeded, message)
            .with_remedy("Change to a larger plan, or delete an instance you no longer need.");
    }
    let message = format!("{message} Of these, {kept} are deleted and kept for their days of grace.");
    Error::new(Kind::QuotaExceeded, message)
        .with_remedy("Change to a larger plan, or delete one of the deleted instances immediately.")
}

/// The purpose that an instance's secret is sealed for; the subject is `<instance>/<name>`.
pub(crate) fn purpose(subject: &str) -> Purpose<'_> {
    Purpose { kind: "instance_secret", subject }
}

/// What a new instance needs before it exists.
struct NewSecrets(Vec<(&'static str, Secret)>);

impl NewSecrets {
    async fn make(ctx: &Ctx) -> Result<Self> {
        let random = || Secret::random(ctx.entropy(), 32);
        let owner_password = Secret::random(ctx.entropy(), 24);
        let plain = owner_password.clone();
        let entropy = ctx.runtime().entropy.clone();
        let hash = tokio::task::spawn_blocking(move || hash_owner_password(&plain, &*entropy))
            .await
            .map_err(Error::internal)?
            .map_err(Error::internal)?;
        Ok(Self(vec![
            ("encryption_key", random()),
            ("database_password", random()),
            ("owner_password", owner_password),
            ("owner_password_hash", hash),
        ]))
    }
}
