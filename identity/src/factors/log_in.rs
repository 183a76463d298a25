use chrono::TimeDelta;
use tenantry_authz::Ctx;
use tenantry_kernel::{Error, Result, Secret, UserId, random_token};
use tenantry_store::{SystemRole, SystemTx};

use super::model::{self, Held};
use super::verify::Verdict;
use super::{FactorProof, Method, repo};
use crate::accounts::LogInOutcome;
use crate::{Identity, users};

/// How long a log-in waits for its second factor.
const PENDING: TimeDelta = TimeDelta::minutes(10);
/// So many wrong tries end it.
const MOST_TRIES: i16 = 5;

/// The second step of a log-in.
#[derive(Debug, Clone)]
pub struct CompleteLogIn {
    /// Of [`LogInOutcome::SecondFactorNeeded`].
    pub token: Secret,
    pub proof: FactorProof,
}

impl Identity {
    /// What a person has beside a password.
    pub(crate) async fn held_factors(&self, user: UserId) -> Result<Held> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let held = repo::held(&tx, user).await?;
        tx.commit().await?;
        Ok(held)
    }

    /// Remembers that somebody has shown `methods`, until they show their second factor.
    pub(crate) async fn await_factor(
        &self,
        ctx: &Ctx,
        (user, held): (UserId, Held),
        methods: &[Method],
    ) -> Result<LogInOutcome> {
        let token = random_token(ctx.entropy());
        let expires_at = ctx.now() + PENDING;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        repo::insert_pending(&tx, (&token, user), methods, (ctx.now(), expires_at)).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, request.id = %ctx.request(), "log-in waits for the second factor");
        Ok(LogInOutcome::SecondFactorNeeded { token, factors: held.kinds(), expires_at })
    }

    /// Completes a log-in with the second factor.
    ///
    /// # Errors
    /// `RateLimited` for too many attempts from one address, and while wrong codes have locked the person's second
    /// factor. A wrong code, and a log-in that has waited too long, are outcomes.
    pub async fn complete_log_in(&self, ctx: &Ctx, input: CompleteLogIn) -> Result<LogInOutcome> {
        self.throttle().address(ctx.origin().address)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let pending = repo::pending(&tx, &input.token, ctx.now()).await?;
        let Some(pending) = pending.filter(|pending| pending.tries < MOST_TRIES) else {
            return Ok(LogInOutcome::LogInExpired);
        };
        match self.verify_factor(&tx, ctx, (pending.user, &input.proof)).await? {
            Verdict::Right(method) => {
                repo::end_pending(&tx, &input.token).await?;
                let user = users::repo::by_id(&tx, pending.user).await?.ok_or_else(Error::unauthenticated)?;
                tx.commit().await?;
                let methods: Vec<Method> = pending.methods.into_iter().chain([method]).collect();
                self.open_session(ctx, user, &methods).await
            }
            Verdict::Wrong => {
                repo::count_try(&tx, &input.token).await?;
                tx.commit().await?;
                Ok(LogInOutcome::WrongFactor)
            }
            Verdict::Locked(wait) => {
                tx.commit().await?;
                Err(model::locked(wait))
            }
        }
    }

    /// Whose log-in waits under this token: for a passkey's challenge.
    pub(crate) async fn pending_user(
        &self,
        tx: &SystemTx,
        ctx: &Ctx,
        token: &Secret,
    ) -> Result<Option<UserId>> {
        let pending = repo::pending(tx, token, ctx.now()).await?;
        Ok(pending.filter(|pending| pending.tries < MOST_TRIES).map(|pending| pending.user))
    }
}
