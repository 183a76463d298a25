use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tenantry_authz::{Action, Ctx, PlatformResource, Resource, ResourceKind};
use tenantry_identity::Identity;
use tenantry_kernel::{Clock, Error, Result, TenantId};
use tenantry_keys::Keys;
use tenantry_outbound::Outbound;
use tenantry_store::audit::checkpoints::{self, PublicKey};
use tenantry_store::audit::{self, By, Entry, Facts, Filter, PLATFORM, Record, settings};
use tenantry_store::{Db, Page, PageRequest, SystemRole, SystemTx, TenantTx};

use super::{DenialLog, Signer, pem};

/// What the trail needs.
pub(crate) struct AuditConfig {
    pub(crate) db: Db,
    pub(crate) keys: Keys,
    pub(crate) identity: Identity,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) signer: Signer,
    pub(crate) outbound: Outbound,
    /// Where streams to files are written, if the operator wants any.
    pub(crate) directory: Option<PathBuf>,
    /// This installation's name in syslog messages.
    pub(crate) host: String,
    /// What the gate refuses, until it is written.
    pub(crate) denials: Arc<DenialLog>,
}

/// The audit trail. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Audit(Arc<AuditConfig>);

/// How a tenant's trail is kept.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) retention_days: i32,
    /// The number of the oldest record that is there.
    pub(crate) chain_start: i64,
    pub(crate) last_seq: i64,
    pub(crate) last_checkpoint_at: Option<DateTime<Utc>>,
    /// As PEM.
    pub(crate) public_key: String,
}

impl Audit {
    /// Makes the signing key known to all nodes.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub(crate) async fn open(config: AuditConfig) -> Result<Self> {
        let tx = SystemTx::begin(&config.db, SystemRole::Audit).await?;
        checkpoints::add_key(&tx, &config.signer.public_key(config.clock.now())).await?;
        tx.commit().await?;
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn config(&self) -> &AuditConfig {
        &self.0
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    pub(super) async fn system(&self) -> Result<SystemTx> {
        SystemTx::begin(&self.0.db, SystemRole::Audit).await
    }

    /// A page of a tenant's trail, newest first. The cursor is the last record's number.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` without `audit:view`; `Invalid` for a cursor or filter of a wrong form.
    pub(crate) async fn page(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        filter: &Filter,
        request: &PageRequest,
    ) -> Result<Page<Record>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Audit, tenant))?;
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        let page = audit::page(&tx, tenant, filter, request).await?;
        tx.commit().await?;
        Ok(page)
    }

    /// What the actors of these records of a tenant are called.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub(crate) async fn actor_names(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        records: &[Record],
    ) -> Result<HashMap<String, String>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Audit, tenant))?;
        let mut labels: Vec<&str> =
            records.iter().filter(|r| r.tenant == tenant).map(|r| r.actor.as_str()).collect();
        labels.sort_unstable();
        labels.dedup();
        self.0.identity.actor_names(&permit, &labels).await
    }

    /// A page of the platform's own trail.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` for whoever is not staff with that right.
    pub(crate) async fn platform_page(
        &self,
        ctx: &Ctx,
        filter: &Filter,
        request: &PageRequest,
    ) -> Result<Page<Record>> {
        let permit = ctx.permit_platform(Action::View, PlatformResource::Audit)?;
        let tx = SystemTx::begin_platform(&self.0.db, &permit).await?;
        audit::page(&tx, PLATFORM, filter, request).await
    }

    /// How the trail is kept.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub(crate) async fn settings(&self, ctx: &Ctx, tenant: TenantId) -> Result<Settings> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Audit, tenant))?;
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        let settings = self.read_settings(&tx).await?;
        tx.commit().await?;
        Ok(settings)
    }

    async fn read_settings(&self, tx: &TenantTx) -> Result<Settings> {
        let tenant = tx.tenant();
        let (chain_start, last_seq) = settings::extent(tx, tenant).await?;
        Ok(Settings {
            retention_days: settings::retention_days(tx, tenant).await?,
            chain_start,
            last_seq,
            last_checkpoint_at: checkpoints::last(tx, tenant).await?.map(|c| c.at),
            public_key: pem(&self.0.signer.public_key(self.now()).public_key)?,
        })
    }

    /// Sets how many days records are kept, in effect at the next daily pruning. Repeating it changes nothing.
    ///
    /// # Errors
    /// `Invalid` outside 30 to 3650 days; `NotFound` or `Forbidden` without `audit:manage`.
    pub(crate) async fn keep_for(&self, ctx: &Ctx, tenant: TenantId, days: i32) -> Result<Settings> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Audit, tenant))?;
        if !(30..=3650).contains(&days) {
            return Err(Error::invalid("retentionDays", "Records are kept for 30 to 3650 days.")
                .with_remedy("Choose a number of days in that range; the default is 400."));
        }
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        let before = settings::retention_days(&tx, tenant).await?;
        if before != days {
            settings::set_retention_days(&tx, days, ctx.now()).await?;
            let entry = Entry {
                tenant,
                action: "audit.settings.update",
                resource: tenant.to_string(),
                result: audit::OK,
                details: serde_json::json!({}),
            };
            let of = |days: i32| Facts::one("retentionDays", days);
            audit::append(&tx, By::ctx(ctx), entry.changing(of(before), of(days))).await?;
        }
        let settings = self.read_settings(&tx).await?;
        tx.commit().await?;
        Ok(settings)
    }

    /// The public keys that signed or sign checkpoints, newest first. They are anybody's to read.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub(crate) async fn public_keys(&self) -> Result<Vec<PublicKey>> {
        checkpoints::keys(&self.system().await?).await
    }
}
