use tenantry_authz::Ctx;
use tenantry_kernel::{Error, Result, Secret, UserId};
use tenantry_store::{SystemRole, SystemTx};

use crate::links::repo::Found;
use crate::links::{self, Purpose};
use crate::mail::{self, MailKind};
use crate::passwords::Candidate;
use crate::users::entity::Model as UserRow;
use crate::users::{self, Email};
use crate::{Identity, factors, sessions};

/// A new password, by the link of a mail.
#[derive(Debug, Clone)]
pub struct ResetPassword {
    pub token: Secret,
    pub password: Secret,
}

/// What following a link to a new password did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetOutcome {
    /// The password is set; log in with it. All earlier sessions are ended.
    PasswordSet,
    /// The link is too old: ask for another.
    Expired,
    /// Unknown or used before.
    InvalidLink,
}

/// A link that works, and whose it is.
pub(super) enum Followed {
    By(Box<UserRow>),
    Not(ResetOutcome),
}

impl Identity {
    /// Sends a link to a new password, if there is such an account. The answer is always the same.
    ///
    /// # Errors
    /// `Invalid` for what is no address, `RateLimited` for too many attempts.
    pub async fn request_password_reset(&self, ctx: &Ctx, email: String) -> Result<()> {
        self.throttle().address(ctx.origin().address)?;
        let email: Email = email.parse()?;
        self.throttle().mailbox(&email)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let user = users::repo::by_email(&tx, &email).await?;
        // Without an account there is the same job, for nobody: so both answers take the same time.
        let nobody = || UserId::generate(ctx.clock(), ctx.entropy());
        let whom = user.map_or_else(nobody, |u| u.user_id());
        mail::enqueue(&tx, whom, MailKind::Reset).await?;
        tx.commit().await
    }

    /// Sets a new password by a link, ends all the person's sessions, and takes the address as proven: the link
    /// came by mail.
    ///
    /// # Errors
    /// `Invalid` for a weak password (the link stays good), `RateLimited` for too many attempts.
    pub async fn reset_password(&self, ctx: &Ctx, input: ResetPassword) -> Result<ResetOutcome> {
        self.throttle().address(ctx.origin().address)?;
        let link = Link { purpose: Purpose::Reset, token: &input.token };
        let user = match self.follow(ctx, &link).await? {
            Followed::By(user) => user,
            Followed::Not(outcome) => return Ok(outcome),
        };
        let candidate = Candidate { password: &input.password, email: &user.email, name: &user.name };
        self.hasher().judge(candidate).await?;
        let hash = self.hasher().hash(&input.password).await?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        if !self.set_password(&tx, ctx, (&link, &user, &hash)).await? {
            return Ok(ResetOutcome::InvalidLink);
        }
        mail::enqueue(&tx, user.user_id(), MailKind::PasswordChanged).await?;
        tx.commit().await?;
        // Failures before were of another password, and perhaps a stranger's.
        self.clear_attempts(&user.email.parse()?).await?;
        tracing::info!(user.id = %user.user_id(), request.id = %ctx.request(), "password reset");
        Ok(ResetOutcome::PasswordSet)
    }

    /// Looks whose link it is, without using it up: a password that is refused must not cost the link.
    pub(super) async fn follow(&self, ctx: &Ctx, link: &Link<'_>) -> Result<Followed> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let id = match links::repo::find(&tx, link.purpose, (link.token, ctx.now())).await? {
            Found::Live(id) => id,
            Found::Expired => return Ok(Followed::Not(ResetOutcome::Expired)),
            Found::Invalid => return Ok(Followed::Not(ResetOutcome::InvalidLink)),
        };
        let user = users::repo::by_id(&tx, id).await?;
        tx.commit().await?;
        user.map(|u| Followed::By(Box::new(u))).ok_or_else(|| Error::internal("a link belongs to a person"))
    }

    /// Uses the link up and sets the password. `false` when somebody else used the link just now.
    pub(super) async fn set_password(
        &self,
        tx: &SystemTx,
        ctx: &Ctx,
        (link, user, hash): (&Link<'_>, &UserRow, &str),
    ) -> Result<bool> {
        let (id, now) = (user.user_id(), ctx.now());
        if !links::repo::consume(tx, link.purpose, (link.token, now)).await? {
            return Ok(false);
        }
        users::repo::set_password(tx, id, hash).await?;
        users::repo::set_verified(tx, id, now).await?;
        links::repo::revoke(tx, id, link.purpose, now).await?;
        sessions::repo::delete_all(tx, id).await?;
        // What was begun with the password before ends too.
        factors::repo::end_all_pending(tx, id).await?;
        Ok(true)
    }
}

/// A token and what it claims to be for.
pub(super) struct Link<'a> {
    pub(super) purpose: Purpose,
    pub(super) token: &'a Secret,
}
