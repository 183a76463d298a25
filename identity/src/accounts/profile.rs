use tenantry_authz::{Actor, Ctx};
use tenantry_kernel::{Error, Kind, Result, Secret, UserId, random_token};
use tenantry_store::{SystemRole, SystemTx};

use crate::links::{self, Purpose};
use crate::mail::{self, MailKind};
use crate::passwords::Candidate;
use crate::sessions::NewToken;
use crate::users::{self, Email, PersonName, User};
use crate::{Identity, factors, sessions};

/// A new password by whoever knows the old one.
#[derive(Debug, Clone)]
pub struct ChangePassword {
    pub current: Secret,
    pub new: Secret,
}

impl Identity {
    /// Changes the acting person's name, in every tenant they belong to.
    ///
    /// # Errors
    /// `Invalid` for the name, `Unauthenticated` without a session, `Forbidden` for one that came by a tenant's connection.
    pub async fn update_profile(&self, ctx: &Ctx, name: String) -> Result<User> {
        let user = ctx.user()?;
        ctx.ensure_own_way()?;
        let name = name.parse::<PersonName>()?.into_string();
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        users::repo::set_name(&tx, user, name).await?;
        let row = users::repo::by_id(&tx, user).await?;
        tx.commit().await?;
        row.map(User::from).ok_or_else(Error::unauthenticated)
    }

    /// Changes the acting person's password. Their other sessions end, and links to a new password are void. This session
    /// goes on with another token: whoever has copied the one before is out.
    ///
    /// # Errors
    /// `Invalid` on `currentPassword` or `newPassword`; `RateLimited` for too many tries, counted together with
    /// log-ins; `Conflict` when the password was changed elsewhere at this moment.
    pub async fn change_password(&self, ctx: &Ctx, input: ChangePassword) -> Result<NewToken> {
        let Actor::User { id, session, .. } = *ctx.actor() else {
            return Err(Error::unauthenticated());
        };
        self.throttle().address(ctx.origin().address)?;
        let user = self.user_by_id(id).await?;
        let email: Email = user.email.parse()?;
        self.throttle().account(&email)?;
        self.count_attempt(ctx, &email).await?;
        let stored = user.password_hash.as_deref();
        if !self.hasher().check(&input.current, stored).await?.is_right() {
            tracing::info!(user.id = %id, request.id = %ctx.request(), "wrong current password");
            return Err(Error::invalid("currentPassword", "That is not your current password.")
                .with_remedy("Type it again, or log out and ask for a link to set a new one."));
        }
        self.clear_attempts(&email).await?;
        if input.current == input.new {
            return Err(Error::invalid("newPassword", "That is the password you have now.")
                .with_remedy("Choose another one."));
        }
        let candidate = Candidate { password: &input.new, email: &user.email, name: &user.name };
        self.hasher().judge(candidate).await.map_err(of_new_password)?;
        let hash = self.hasher().hash(&input.new).await?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        if !users::repo::change_password(&tx, id, (stored.unwrap_or_default(), &hash)).await? {
            return Err(Error::conflict("Your password was changed elsewhere at this moment."));
        }
        links::repo::revoke(&tx, id, Purpose::Reset, ctx.now()).await?;
        sessions::repo::delete_others(&tx, id, session).await?;
        factors::repo::end_all_pending(&tx, id).await?;
        let token = random_token(ctx.entropy());
        let expires_at = sessions::repo::rotate(&tx, (id, session), &token).await?;
        let expires_at = expires_at.ok_or_else(Error::unauthenticated)?;
        mail::enqueue(&tx, id, MailKind::PasswordChanged).await?;
        tx.commit().await?;
        tracing::info!(user.id = %id, request.id = %ctx.request(), "password changed");
        Ok(NewToken { token, expires_at })
    }

    /// Ends every session of the acting person, this one too. Without one there is nothing to end, which is fine.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer; `Forbidden` for a session that came by a tenant's connection.
    pub async fn log_out_everywhere(&self, ctx: &Ctx) -> Result<()> {
        let Actor::User { id, .. } = ctx.actor() else {
            return Ok(());
        };
        ctx.ensure_own_way()?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let ended = sessions::repo::delete_all(&tx, *id).await?;
        tx.commit().await?;
        tracing::info!(user.id = %id, session.ended = ended, "logged out everywhere");
        Ok(())
    }

    /// Sends another link to verify an address, if there is an account that waits for it. The answer is always
    /// the same.
    ///
    /// # Errors
    /// `Invalid` for what is no address, `RateLimited` for too many attempts.
    pub async fn resend_verification(&self, ctx: &Ctx, email: String) -> Result<()> {
        self.throttle().address(ctx.origin().address)?;
        let email: Email = email.parse()?;
        self.throttle().mailbox(&email)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let user = users::repo::by_email(&tx, &email).await?;
        // Without an account there is the same job, for nobody; whose address is proven gets no mail of it.
        let nobody = || UserId::generate(ctx.clock(), ctx.entropy());
        mail::enqueue(&tx, user.map_or_else(nobody, |u| u.user_id()), MailKind::Verify).await?;
        tx.commit().await
    }

    async fn user_by_id(&self, id: UserId) -> Result<users::entity::Model> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let user = users::repo::by_id(&tx, id).await?;
        tx.commit().await?;
        user.ok_or_else(Error::unauthenticated)
    }
}

/// The policy speaks of `password`; here the field has another name.
fn of_new_password(error: Error) -> Error {
    if error.kind() == Kind::Invalid && error.field() == Some("password") {
        return Error::invalid("newPassword", error.message()).with_remedy(error.remedy());
    }
    error
}
