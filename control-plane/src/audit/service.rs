use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tenantry_authz::{Action, Ctx, PlatformResource, Resource, ResourceKind};
use tenantry_identity::Identity;
use tenantry_kernel::{Clock, Error, Result, Shared, TenantId};
use tenantry_keys::Keys;
use tenantry_outbound::Outbound;
use tenantry_store::audit::checkpoints::{self, Checkpoint, PublicKey};
use tenantry_store::audit::{self, By, Entry, Facts, Filter, PLATFORM, Record, settings};
use tenantry_store::{Db, Page, PageRequest, SystemRole, SystemTx, TenantTx};

use super::signer::{is_named, is_signed};
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
pub(crate) struct Audit(Shared<AuditConfig>);

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
    /// Makes the signing key known to all nodes, and refuses to work where another key is on record under its name:
    /// then somebody wrote it there, and what is checked with it proves nothing.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer; `Internal` for a record that was tampered with.
    pub(crate) async fn open(config: AuditConfig) -> Result<Self> {
        let own = config.signer.public_key(config.clock.now());
        let tx = SystemTx::begin(&config.db, SystemRole::Audit).await?;
        checkpoints::add_key(&tx, &own).await?;
        let known = checkpoints::keys(&tx).await?;
        tx.commit().await?;
        for key in known.iter().filter(|key| !is_named(key)) {
            tracing::error!(audit.key_id = %key.key_id,
                "THE AUDIT TRAIL'S KEYS WERE TAMPERED WITH: this key on record is not what its name says; it is not believed");
        }
        if !known.iter().any(|key| key.key_id == own.key_id && key.public_key == own.public_key) {
            tracing::error!(audit.key_id = %own.key_id,
                "THE AUDIT TRAIL'S KEYS WERE TAMPERED WITH: the key on record is not the one that signs");
            return Err(Error::internal(format!(
                "the key on record in platform.audit_keys for {} is not the audit trail's signing key: somebody has \
                 written it. Compare exports with the fingerprints that you have kept, restore the row, and start again",
                own.key_id
            )));
        }
        tracing::info!(audit.key_id = %own.key_id, "the audit trail is signed by this key");
        Ok(Self(Shared::new(config)))
    }

    /// Whether a checkpoint's signature is good. What this node has signed is checked with the key that it holds; for what
    /// others signed the database is believed, as far as a key is what its name says.
    pub(super) async fn is_vouched(&self, tx: &SystemTx, checkpoint: &Checkpoint) -> Result<bool> {
        let own = self.0.signer.public_key(self.now());
        let known = if checkpoint.key_id == own.key_id { vec![own] } else { checkpoints::keys(tx).await? };
        let mut known = known.iter().filter(|key| key.key_id == checkpoint.key_id && is_named(key));
        Ok(known.any(|key| is_signed(&key.public_key, &checkpoint.message(), &checkpoint.signature)))
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
