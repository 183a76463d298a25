use std::sync::Arc;

use chrono::{DateTime, Utc};
use tenantry_authz::{Action, Actor, Ctx, Permit, Resource, ResourceKind};
use tenantry_kernel::{Clock, Entropy, Error, InstanceId, Kind, Result, Secret, random_token};
use tenantry_keys::Keys;
use tenantry_store::audit::{self, By, Entry};
use tenantry_store::{Db, SystemRole, SystemTx, TenantTx};

use super::model::{
    AskToOpen, CODE_LIFETIME, Issued, Redeem, SESSION_LIFETIME, Target, Visit, browser_hash, is_hash,
    one_has_hash,
};
use super::repo::{self, Door, Holder, StoredCode};
use crate::instances;
use crate::ports::PortalSessions;

/// What the service is made of.
#[derive(Clone)]
pub struct OpeningConfig {
    pub db: Db,
    pub keys: Keys,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub sessions: Arc<dyn PortalSessions>,
}

/// The way from the portal into an instance. Cheap to clone.
#[derive(Clone)]
pub struct Opening {
    config: Arc<OpeningConfig>,
}

/// n8n's owner account of an instance, which the control plane manages.
#[derive(Debug)]
pub struct OwnerLogIn {
    pub email: String,
    pub password: Secret,
}

impl Opening {
    pub fn new(config: OpeningConfig) -> Self {
        Self { config: Arc::new(config) }
    }

    /// A code for the browser of a person who is logged in at the portal.
    ///
    /// # Errors
    /// `Unauthenticated` without a session; `NotFound` and `Forbidden` without the right; `Invalid` for what is no hash.
    pub async fn issue(&self, ctx: &Ctx, ask: AskToOpen) -> Result<Issued> {
        let Actor::User { id: user, session, .. } = ctx.actor() else {
            return Err(Error::unauthenticated());
        };
        if !is_hash(&ask.browser) {
            return Err(Error::invalid("browser", "That is not the hash of a cookie.")
                .with_remedy("Open the instance from the portal."));
        }
        let tx = self.begin().await?;
        let door = repo::door(&tx, ask.instance).await?;
        tx.commit().await?;
        // The same answer as the gate's to a stranger.
        let door = door.ok_or_else(|| Error::not_found(ResourceKind::Instance.as_str()))?;
        let permit = permit(ctx, &door.tenant)?;
        if !door.takes_visitors {
            return Ok(Issued::NotReady { tenant: door.tenant });
        }
        let code = random_token(ctx.entropy());
        let stored = StoredCode {
            holder: Holder {
                tenant: door.tenant,
                instance: ask.instance,
                user: *user,
                session: *session,
                expires_at: ctx.now() + CODE_LIFETIME,
            },
            browser_hash: ask.browser,
            target: ask.target.as_str().to_owned(),
        };
        let tx = TenantTx::begin(&self.config.db, &permit).await?;
        repo::add_code(&tx, &browser_hash(&code), &stored, ctx.now()).await?;
        tx.commit().await?;
        Ok(Issued::Code { code, slug: door.slug, region: door.region })
    }

    /// Makes a session of a code. `None` for a code that is unknown, spent, late, another browser's or another
    /// instance's, and for a person who has logged out or lost the right since. The code is spent in any case.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn redeem(&self, redeem: Redeem<'_>) -> Result<Option<Visit>> {
        let tx = self.begin().await?;
        let code = repo::take_code(&tx, &browser_hash(redeem.code)).await?;
        tx.commit().await?;
        let Some(code) = code else {
            return Ok(None);
        };
        let now = self.now();
        let of = &code.holder;
        let right_one = one_has_hash(redeem.browsers, &code.browser_hash) & (of.instance == redeem.instance);
        if !right_one || of.expires_at <= now {
            tracing::info!(instance.id = %of.instance, user.id = %of.user, "a code to open an instance was refused");
            return Ok(None);
        }
        let Some((ctx, permit)) = self.still_may(of).await? else {
            return Ok(None);
        };
        let ctx = ctx.with_origin(redeem.origin);
        let token = random_token(&*self.config.entropy);
        let visit = Holder { expires_at: now + SESSION_LIFETIME, ..of.clone() };
        let tx = TenantTx::begin(&self.config.db, &permit).await?;
        repo::add_session(&tx, &browser_hash(&token), &visit, now).await?;
        let entry = Entry {
            tenant: of.tenant,
            action: "instance.open",
            resource: of.instance.to_string(),
            result: "ok",
            details: serde_json::json!({ "userAgent": ctx.origin().user_agent }),
        };
        audit::append(&tx, By::ctx(&ctx), entry).await?;
        tx.commit().await?;
        let target = code.target.parse().unwrap_or_else(|_| Target::home());
        Ok(Some(Visit { token, target, browser: code.browser_hash }))
    }

    /// Whether the session with this hash is good on this instance's host now: not run out, the portal's session
    /// alive, the person still allowed to open the instance.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn is_live(&self, hash: &str, instance: InstanceId) -> Result<bool> {
        let tx = self.begin().await?;
        let found = repo::session(&tx, hash).await?;
        tx.commit().await?;
        let Some(of) = found.filter(|of| of.instance == instance && of.expires_at > self.now()) else {
            return Ok(false);
        };
        if self.still_may(&of).await?.is_some() {
            return Ok(true);
        }
        // What its portal session has lost does not come back to it.
        self.end(hash).await?;
        Ok(false)
    }

    /// Ends a session. Ending it again changes nothing.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn end(&self, hash: &str) -> Result<()> {
        let tx = self.begin().await?;
        repo::end_session(&tx, hash).await?;
        tx.commit().await
    }

    /// How to log in to the instance as its owner.
    ///
    /// # Errors
    /// `NotFound` when it is gone.
    pub async fn owner_log_in(&self, instance: InstanceId) -> Result<OwnerLogIn> {
        let tx = self.begin().await?;
        let Door { tenant, owner_email, .. } =
            repo::door(&tx, instance).await?.ok_or_else(|| Error::not_found("instance"))?;
        let sealed = instances::repo::secret(&tx, instance, "owner_password")
            .await?
            .ok_or_else(|| Error::internal(format!("{instance} has no owner's password")))?;
        let subject = format!("{instance}/owner_password");
        let password = self.config.keys.open(&tx, tenant, instances::purpose(&subject), &sealed).await?;
        tx.commit().await?;
        Ok(OwnerLogIn { email: owner_email, password })
    }

    /// Deletes what has run out: for a job that runs now and then.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn purge_expired(&self) -> Result<u64> {
        let tx = self.begin().await?;
        let gone = repo::purge(&tx, self.now()).await?;
        tx.commit().await?;
        Ok(gone)
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.config.clock.now()
    }

    /// A random value for a browser's cookie.
    pub fn random(&self) -> Secret {
        random_token(&*self.config.entropy)
    }

    /// The person as they are now, with the proof that they may open the instance. `None`: not any more.
    async fn still_may(&self, of: &Holder) -> Result<Option<(Ctx, Permit)>> {
        let Some(ctx) = self.config.sessions.context(of.session).await? else {
            return Ok(None);
        };
        if ctx.user()? != of.user {
            return Ok(None);
        }
        match permit(&ctx, &of.tenant) {
            Ok(permit) => Ok(Some((ctx, permit))),
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Forbidden) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn begin(&self) -> Result<SystemTx> {
        SystemTx::begin(&self.config.db, SystemRole::Opening).await
    }
}

fn permit(ctx: &Ctx, tenant: &tenantry_kernel::TenantId) -> Result<Permit> {
    ctx.permit(Action::Open, &Resource::new(ResourceKind::Instance, *tenant))
}
