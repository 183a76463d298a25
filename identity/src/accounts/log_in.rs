use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_kernel::{Result, Secret, SessionId, random_token};
use tenantry_store::{SystemRole, SystemTx};

use crate::factors::{FactorKind, Method};
use crate::mail::{self, MailKind};
use crate::passwords::Checked;
use crate::sessions::repo::NewSession;
use crate::users::entity::Model as UserRow;
use crate::users::{self, Email, User};
use crate::{Identity, sessions};

/// What somebody logs in with.
#[derive(Debug, Clone)]
pub struct LogIn {
    pub email: String,
    pub password: Secret,
}

/// What logging in did.
#[derive(Debug, Clone)]
pub enum LogInOutcome {
    LoggedIn {
        /// For the cookie: it is not stored and cannot be asked for again.
        token: Secret,
        session: SessionId,
        expires_at: DateTime<Utc>,
        user: User,
    },
    /// The password is right. What it has shown is remembered under the token, until
    /// [`Identity::complete_log_in`] is shown one of the factors.
    SecondFactorNeeded { token: Secret, factors: Vec<FactorKind>, expires_at: DateTime<Utc> },
    /// The second factor was wrong, or a code that was used before.
    WrongFactor,
    /// The log-in has waited too long for its second factor, or was tried too often: begin again.
    LogInExpired,
    /// No such account, or not its password: the two are never told apart.
    WrongCredentials,
    /// The password is right, but the address is not proven. Another link is on its way.
    NotVerified,
}

impl Identity {
    /// Logs somebody in with e-mail and password; whoever has a second factor is asked for it next.
    ///
    /// # Errors
    /// `RateLimited` for too many attempts, from one address or to one account, whether that exists or not.
    pub async fn log_in(&self, ctx: &Ctx, input: LogIn) -> Result<LogInOutcome> {
        self.throttle().address(ctx.origin().address)?;
        let Ok(email) = input.email.parse::<Email>() else {
            return Ok(LogInOutcome::WrongCredentials);
        };
        self.throttle().account(&email)?;
        self.count_attempt(ctx, &email).await?;
        let user = self.user_by_email(&email).await?;
        let stored = user.as_ref().and_then(|u| u.password_hash.as_deref());
        let checked = self.hasher().check(&input.password, stored).await?;
        let (Some(user), true) = (user, checked.is_right()) else {
            tracing::info!(request.id = %ctx.request(), "log-in refused");
            return Ok(LogInOutcome::WrongCredentials);
        };
        self.clear_attempts(&email).await?;
        if user.email_verified_at.is_none() {
            return self.remind_to_verify(&user, &email).await;
        }
        if checked == Checked::RightButOld {
            self.renew_hash(&user, &input.password).await?;
        }
        let held = self.held_factors(user.user_id()).await?;
        if held.any() {
            return self.await_factor(ctx, (user.user_id(), held), &[Method::Password]).await;
        }
        self.open_session(ctx, user, &[Method::Password]).await
    }

    /// Opens a session of somebody who has just proven who they are. The one place that does.
    pub(crate) async fn open_session(
        &self,
        ctx: &Ctx,
        user: UserRow,
        methods: &[Method],
    ) -> Result<LogInOutcome> {
        let id = SessionId::generate(ctx.clock(), ctx.entropy());
        let token = random_token(ctx.entropy());
        let expires_at = ctx.now() + self.config().session_lifetime;
        let new = NewSession {
            id,
            user: user.user_id(),
            token: &token,
            origin: ctx.origin(),
            methods,
            at: ctx.now(),
            expires_at,
        };
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        sessions::repo::insert(&tx, new).await?;
        self.note_device(&tx, ctx, user.user_id()).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user.user_id(), session.id = %id, request.id = %ctx.request(), "logged in");
        Ok(LogInOutcome::LoggedIn { token, session: id, expires_at, user: user.into() })
    }

    async fn remind_to_verify(&self, user: &UserRow, email: &Email) -> Result<LogInOutcome> {
        // Past the mailbox's limit the answer is the same, without another mail.
        if self.throttle().mailbox(email).is_ok() {
            let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
            mail::enqueue(&tx, user.user_id(), MailKind::Verify).await?;
            tx.commit().await?;
        }
        Ok(LogInOutcome::NotVerified)
    }

    async fn renew_hash(&self, user: &UserRow, password: &Secret) -> Result<()> {
        let Some(old) = user.password_hash.as_deref() else {
            return Ok(());
        };
        let new = self.hasher().hash(password).await?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        users::repo::renew_hash(&tx, user.user_id(), (old, &new)).await?;
        tx.commit().await
    }
}
