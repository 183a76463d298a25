use chrono::TimeDelta;
use tenantry_authz::Ctx;
use tenantry_kernel::{Error, PasskeyId, Result, Secret, UserId, random_token};
use tenantry_store::{SystemRole, SystemTx};

use super::ceremony::{self, Asserted, Begun};
use super::model::check_name;
use super::repo::{self, Purpose};
use super::{Passkey, PasskeyAnswer, PasskeyChallenge, PasskeyRegistered};
use crate::accounts::LogInOutcome;
use crate::factors::Method;
use crate::mail::{self, MailKind};
use crate::{Identity, users};

/// How long a challenge waits for its answer.
const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// Of one person.
const MOST: usize = 20;

impl Identity {
    /// Begins to register a passkey of the acting person.
    ///
    /// # Errors
    /// `Forbidden` without a fresh proof; `Conflict` where the portal has no name, or the person 20 passkeys.
    pub async fn start_passkey_registration(&self, ctx: &Ctx) -> Result<PasskeyChallenge> {
        let user = ctx.user()?;
        ctx.ensure_own_proof()?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let person = users::repo::by_id(&tx, user).await?.ok_or_else(Error::unauthenticated)?;
        let existing = repo::of_user(&tx, user).await?;
        if existing.len() >= MOST {
            return Err(Error::conflict(format!("You have {MOST} passkeys."))
                .with_remedy("Remove one that you use no more."));
        }
        let existing = existing.into_iter().map(|stored| stored.credential).collect();
        let names = (person.email.as_str(), person.name.as_str());
        let begun = self.relying_party()?.start_registration(user, names, existing)?;
        self.give_out(tx, ctx, (Purpose::Register, Some(user)), begun).await
    }

    /// Registers the passkey that a browser has made. Answers with new recovery codes if there are none.
    ///
    /// # Errors
    /// `Forbidden` without a fresh proof; `Invalid` for the name and for an answer that is not good, `Conflict` for a
    /// passkey that is registered already.
    pub async fn finish_passkey_registration(
        &self,
        ctx: &Ctx,
        (answer, name): (PasskeyAnswer, &str),
    ) -> Result<PasskeyRegistered> {
        let user = ctx.user()?;
        ctx.ensure_own_proof()?;
        let name = check_name(name)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let taken = (&answer.token, Purpose::Register);
        let state = repo::take_challenge(&tx, taken, Some(user), ctx.now()).await?;
        let state = state.ok_or_else(not_registered)?;
        let registered = self.relying_party()?.finish_registration(state, &answer.credential)?;
        let Some(registered) = registered else {
            // The challenge is used up.
            tx.commit().await?;
            return Err(not_registered());
        };
        let passkey = Passkey {
            id: PasskeyId::generate(ctx.clock(), ctx.entropy()),
            name,
            created_at: ctx.now(),
            last_used_at: None,
        };
        let new = repo::NewPasskey {
            passkey: &passkey,
            user,
            credential_id: &registered.credential_id,
            credential: &registered.credential,
        };
        repo::insert(&tx, new).await?;
        let recovery_codes = self.codes_of_first_factor(&tx, ctx, user).await?;
        mail::enqueue(&tx, user, MailKind::FactorAdded).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, passkey.id = %passkey.id, request.id = %ctx.request(), "passkey added");
        Ok(PasskeyRegistered { passkey, recovery_codes })
    }

    /// Gives a passkey of the acting person another name.
    ///
    /// # Errors
    /// `Invalid` for the name, `NotFound` for what is no passkey of theirs.
    pub async fn rename_passkey(&self, ctx: &Ctx, id: PasskeyId, name: &str) -> Result<()> {
        let user = ctx.user()?;
        let name = check_name(name)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        if !repo::rename(&tx, (user, id), &name).await? {
            return Err(Error::not_found("passkey"));
        }
        tx.commit().await
    }

    /// Takes a passkey of the acting person away. With the last factor go the recovery codes.
    ///
    /// # Errors
    /// `Forbidden` without a fresh proof, `NotFound` for what is no passkey of theirs.
    pub async fn remove_passkey(&self, ctx: &Ctx, id: PasskeyId) -> Result<()> {
        let user = ctx.user()?;
        ctx.ensure_own_proof()?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        if !repo::delete(&tx, (user, id)).await? {
            return Err(Error::not_found("passkey"));
        }
        self.factor_removed(&tx, user).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, passkey.id = %id, request.id = %ctx.request(), "passkey removed");
        Ok(())
    }

    /// A challenge for a passkey of somebody who is known: of whose log-in waits under the token, or of the acting
    /// person.
    ///
    /// # Errors
    /// `Unauthenticated` without either, `Conflict` for whoever has no passkey.
    pub async fn challenge_passkey(&self, ctx: &Ctx, pending: Option<&Secret>) -> Result<PasskeyChallenge> {
        self.throttle().address(ctx.origin().address)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let user = match pending {
            Some(token) => self.pending_user(&tx, ctx, token).await?.ok_or_else(Error::unauthenticated)?,
            None => ctx.user()?,
        };
        let existing: Vec<_> =
            repo::of_user(&tx, user).await?.into_iter().map(|stored| stored.credential).collect();
        if existing.is_empty() {
            return Err(Error::conflict("You have no passkey.").with_remedy("Use another of your factors."));
        }
        let begun = self.relying_party()?.start_assertion(existing)?;
        self.give_out(tx, ctx, (Purpose::Assert, Some(user)), begun).await
    }

    /// Whether an answer is by a passkey of this person, to a challenge that was given out for them.
    pub(crate) async fn verify_passkey(
        &self,
        tx: &SystemTx,
        ctx: &Ctx,
        (user, answer): (UserId, &PasskeyAnswer),
    ) -> Result<bool> {
        let taken = (&answer.token, Purpose::Assert);
        let Some(state) = repo::take_challenge(tx, taken, Some(user), ctx.now()).await? else {
            return Ok(false);
        };
        let Some(id) = ceremony::credential_id(&answer.credential) else { return Ok(false) };
        let Some(stored) = repo::by_credential(tx, user, &id).await? else { return Ok(false) };
        let found = (&answer.credential, stored.credential);
        let asserted = self.relying_party()?.finish_assertion(state, found)?;
        put_down(tx, ctx, (stored.passkey.id, asserted)).await
    }

    /// Begins a log-in by a passkey alone.
    ///
    /// # Errors
    /// `RateLimited` for too many attempts from one address, `Conflict` where the portal has no name.
    pub async fn start_passkey_log_in(&self, ctx: &Ctx) -> Result<PasskeyChallenge> {
        self.throttle().address(ctx.origin().address)?;
        let begun = self.relying_party()?.start_log_in()?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        self.give_out(tx, ctx, (Purpose::LogIn, None), begun).await
    }

    /// Logs in whoever's passkey has answered. It has verified the person, so no second factor is asked for.
    ///
    /// # Errors
    /// `RateLimited` for too many attempts from one address. An answer that is not good is an outcome.
    pub async fn log_in_with_passkey(&self, ctx: &Ctx, answer: PasskeyAnswer) -> Result<LogInOutcome> {
        self.throttle().address(ctx.origin().address)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let user = self.passkeys_person(&tx, ctx, &answer).await?;
        // Also of a refused answer: its challenge is used up.
        tx.commit().await?;
        match user {
            Some(user) if user.email_verified_at.is_some() => {
                self.open_session(ctx, user, &[Method::Passkey]).await
            }
            _ => Ok(LogInOutcome::WrongFactor),
        }
    }

    async fn passkeys_person(
        &self,
        tx: &SystemTx,
        ctx: &Ctx,
        answer: &PasskeyAnswer,
    ) -> Result<Option<users::entity::Model>> {
        let taken = (&answer.token, Purpose::LogIn);
        let Some(state) = repo::take_challenge(tx, taken, None, ctx.now()).await? else { return Ok(None) };
        let party = self.relying_party()?;
        let Some((user, id)) = party.claimed(&answer.credential) else { return Ok(None) };
        let Some(stored) = repo::by_credential(tx, user, &id).await? else { return Ok(None) };
        let asserted = party.finish_log_in(state, (&answer.credential, stored.credential))?;
        if !put_down(tx, ctx, (stored.passkey.id, asserted)).await? {
            return Ok(None);
        }
        users::repo::by_id(tx, user).await
    }

    async fn give_out(
        &self,
        tx: SystemTx,
        ctx: &Ctx,
        (purpose, user): (Purpose, Option<UserId>),
        begun: Begun,
    ) -> Result<PasskeyChallenge> {
        let token = random_token(ctx.entropy());
        let kept = (begun.state, ctx.now() + LIFETIME);
        repo::insert_challenge(&tx, (&token, purpose), user, kept).await?;
        tx.commit().await?;
        Ok(PasskeyChallenge { token, options: begun.options })
    }
}

async fn put_down(tx: &SystemTx, ctx: &Ctx, (id, asserted): (PasskeyId, Option<Asserted>)) -> Result<bool> {
    let Some(asserted) = asserted else { return Ok(false) };
    let good = repo::used(tx, (id, &asserted.credential, asserted.counter), ctx.now()).await?;
    if !good {
        tracing::warn!(passkey.id = %id, request.id = %ctx.request(), "a passkey's counter did not grow: a copy?");
    }
    Ok(good)
}

fn not_registered() -> Error {
    Error::invalid("credential", "The passkey could not be registered.")
        .with_remedy("Try again; each attempt has five minutes.")
}
