use chrono::{DateTime, TimeDelta, Utc};
use tenantry_authz::Ctx;
use tenantry_kernel::{Error, Result, Secret, UserId};
use tenantry_store::{SystemRole, SystemTx};

use super::{QrCode, recovery, repo, totp};
use crate::mail::{self, MailKind};
use crate::passkeys::{self, Passkey};
use crate::{Identity, users};

/// How long an authenticator that was set up waits for its first code.
const ENROLMENT: TimeDelta = TimeDelta::hours(1);

/// An authenticator to be set up: shown once.
#[derive(Debug, Clone)]
pub struct TotpEnrolment {
    /// For typing it in, in base32.
    pub secret: Secret,
    /// For an app on the same device.
    pub url: Secret,
    /// For an app with a camera.
    pub qr: QrCode,
}

/// What a person proves themselves with.
#[derive(Debug, Clone)]
pub struct Factors {
    pub has_password: bool,
    /// Since when there is an authenticator.
    pub totp: Option<DateTime<Utc>>,
    pub passkeys: Vec<Passkey>,
    pub recovery_codes_left: i64,
}

impl Identity {
    /// The acting person's own factors.
    ///
    /// # Errors
    /// `Unauthenticated` without a session, `Forbidden` for a program.
    pub async fn factors(&self, ctx: &Ctx) -> Result<Factors> {
        let user = ctx.user()?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let person = users::repo::by_id(&tx, user).await?.ok_or_else(Error::unauthenticated)?;
        let totp = repo::totp(&tx, user).await?.and_then(|totp| totp.confirmed_at);
        let passkeys = passkeys::repo::of_user(&tx, user).await?;
        let held = repo::held(&tx, user).await?;
        tx.commit().await?;
        Ok(Factors {
            has_password: person.password_hash.is_some(),
            totp,
            passkeys: passkeys.into_iter().map(|stored| stored.passkey).collect(),
            recovery_codes_left: held.recovery_codes,
        })
    }

    /// Begins to set up an authenticator. It is no factor before [`confirm_totp`](Self::confirm_totp).
    ///
    /// # Errors
    /// `Forbidden` without a fresh proof, `Conflict` where there is an authenticator already.
    pub async fn start_totp(&self, ctx: &Ctx) -> Result<TotpEnrolment> {
        let user = ctx.user()?;
        ctx.ensure_own_proof()?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let person = users::repo::by_id(&tx, user).await?.ok_or_else(Error::unauthenticated)?;
        let seed = totp::new_seed(ctx.entropy());
        let sealed = self.seal_seed(&tx, (user, &seed)).await?;
        if !repo::begin_totp(&tx, user, (&sealed, ctx.now())).await? {
            return Err(Error::conflict("You have an authenticator already.")
                .with_remedy("Remove it first, then set up another."));
        }
        tx.commit().await?;
        let authenticator = totp::Authenticator::new(totp::SCHEME, &seed, &person.email)?;
        let url = authenticator.url()?;
        Ok(TotpEnrolment { secret: authenticator.secret(), qr: QrCode::of(&url)?, url })
    }

    /// Makes the authenticator that was set up a factor, by a code that it shows. Answers with new recovery codes if
    /// there are none.
    ///
    /// # Errors
    /// `Forbidden` without a fresh proof, `Invalid` for a wrong code, `Conflict` where none is being set up.
    pub async fn confirm_totp(&self, ctx: &Ctx, code: &Secret) -> Result<Vec<Secret>> {
        let user = ctx.user()?;
        // Another session, which somebody has taken, could try codes at what is begun in this one.
        ctx.ensure_own_proof()?;
        let none =
            || Error::conflict("No authenticator is being set up.").with_remedy("Begin to set it up again.");
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let stored = repo::totp(&tx, user).await?;
        let waits = stored.filter(|t| t.confirmed_at.is_none() && t.created_at + ENROLMENT > ctx.now());
        let stored = waits.ok_or_else(none)?;
        let authenticator = self.authenticator(&tx, user, &stored.seed).await?;
        let step = totp::tidy(code).and_then(|code| authenticator.step_of(&code, ctx.now()));
        let step = step.ok_or_else(|| {
            Error::invalid("code", "That is not the code that the authenticator shows now.")
                .with_remedy("Type the newest code; check that the clock of the device is right.")
        })?;
        if !repo::confirm_totp(&tx, user, (&stored.seed, step, ctx.now())).await? {
            return Err(none());
        }
        let codes = self.codes_of_first_factor(&tx, ctx, user).await?;
        mail::enqueue(&tx, user, MailKind::FactorAdded).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, request.id = %ctx.request(), "authenticator added");
        Ok(codes)
    }

    /// Takes the authenticator away. With the last factor go the recovery codes.
    ///
    /// # Errors
    /// `Forbidden` without a fresh proof, `NotFound` where there is none.
    pub async fn remove_totp(&self, ctx: &Ctx) -> Result<()> {
        let user = ctx.user()?;
        ctx.ensure_own_proof()?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        if !repo::delete_totp(&tx, user).await? {
            return Err(Error::not_found("authenticator"));
        }
        self.factor_removed(&tx, user).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, request.id = %ctx.request(), "authenticator removed");
        Ok(())
    }

    /// Makes new recovery codes; all earlier ones are dead.
    ///
    /// # Errors
    /// `Forbidden` without a fresh proof, `Conflict` for whoever has no factor.
    pub async fn new_recovery_codes(&self, ctx: &Ctx) -> Result<Vec<Secret>> {
        let user = ctx.user()?;
        ctx.ensure_own_proof()?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        if !repo::held(&tx, user).await?.any() {
            return Err(Error::conflict("Recovery codes stand in for a second factor, and you have none.")
                .with_remedy("Set up an authenticator or a passkey first."));
        }
        let codes = self.make_codes(&tx, ctx, user).await?;
        mail::enqueue(&tx, user, MailKind::RecoveryCodesMade).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, request.id = %ctx.request(), "recovery codes made");
        Ok(codes)
    }

    /// The recovery codes that come with a factor, where there are none yet.
    pub(crate) async fn codes_of_first_factor(
        &self,
        tx: &SystemTx,
        ctx: &Ctx,
        user: UserId,
    ) -> Result<Vec<Secret>> {
        if repo::held(tx, user).await?.recovery_codes > 0 {
            return Ok(Vec::new());
        }
        self.make_codes(tx, ctx, user).await
    }

    async fn make_codes(&self, tx: &SystemTx, ctx: &Ctx, user: UserId) -> Result<Vec<Secret>> {
        let key = self.factor_key(tx).await?;
        let codes: Vec<Secret> = (0..recovery::COUNT).map(|_| recovery::generate(ctx.entropy())).collect();
        let macs = codes.iter().filter_map(|code| recovery::mac(&key, user, code).transpose());
        let macs = macs.collect::<Result<Vec<String>>>()?;
        repo::replace_codes(tx, user, (&macs, ctx.now())).await?;
        Ok(codes)
    }

    /// What goes with a factor that was taken away.
    pub(crate) async fn factor_removed(&self, tx: &SystemTx, user: UserId) -> Result<()> {
        if !repo::held(tx, user).await?.any() {
            repo::delete_codes(tx, user).await?;
        }
        mail::enqueue(tx, user, MailKind::FactorRemoved).await
    }
}
