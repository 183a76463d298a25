use chrono::{DateTime, Utc};
use tenantry_authz::{Actor, Ctx};
use tenantry_kernel::{Error, Result, Secret, SessionId, UserId, random_token};
use tenantry_store::{SystemRole, SystemTx};

use super::verify::Verdict;
use super::{FactorProof, Method, model};
use crate::sessions::repo::Proof;
use crate::users::Email;
use crate::{Identity, sessions, users};

/// With what somebody proves again who they are.
#[derive(Debug, Clone)]
pub enum ProveWith {
    Password(Secret),
    Factor(FactorProof),
}

/// What proving did.
#[derive(Debug, Clone)]
pub enum ProveOutcome {
    Proved {
        /// The session's new token, for the cookie. The one of this request is dead.
        token: Secret,
        expires_at: DateTime<Utc>,
    },
    Wrong,
}

impl Identity {
    /// A fresh proof of who the acting person is, for what the gate asks one for. The session gets another token, so
    /// that whoever has the present one profits nothing from the proof.
    ///
    /// # Errors
    /// `Unauthenticated` without a session, `Forbidden` for a program, `RateLimited` for too many attempts and while
    /// wrong codes have locked the second factor.
    pub async fn prove(&self, ctx: &Ctx, with: ProveWith) -> Result<ProveOutcome> {
        let user = ctx.user()?;
        let Actor::User { session, .. } = *ctx.actor() else {
            return Err(Error::unauthenticated());
        };
        self.throttle().address(ctx.origin().address)?;
        match with {
            ProveWith::Password(password) => {
                let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
                let person = users::repo::by_id(&tx, user).await?.ok_or_else(Error::unauthenticated)?;
                tx.commit().await?;
                let email: Email = person.email.parse()?;
                self.throttle().account(&email)?;
                // Together with log-ins: a session is no place to try passwords at.
                self.count_attempt(ctx, &email).await?;
                let stored = person.password_hash.as_deref();
                if !self.hasher().check(&password, stored).await?.is_right() {
                    tracing::info!(user.id = %user, request.id = %ctx.request(), "wrong password in a proof");
                    return Ok(ProveOutcome::Wrong);
                }
                self.clear_attempts(&email).await?;
                let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
                self.proved(tx, ctx, (user, session, Method::Password)).await
            }
            ProveWith::Factor(proof) => {
                let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
                match self.verify_factor(&tx, ctx, (user, &proof)).await? {
                    Verdict::Right(method) => self.proved(tx, ctx, (user, session, method)).await,
                    Verdict::Wrong => tx.commit().await.map(|()| ProveOutcome::Wrong),
                    Verdict::Locked(wait) => {
                        tx.commit().await?;
                        Err(model::locked(wait))
                    }
                }
            }
        }
    }

    async fn proved(
        &self,
        tx: SystemTx,
        ctx: &Ctx,
        (user, session, method): (UserId, SessionId, Method),
    ) -> Result<ProveOutcome> {
        let token = random_token(ctx.entropy());
        let proof = Proof { token: &token, method, at: ctx.now() };
        let expires_at = sessions::repo::prove(&tx, (user, session), proof).await?;
        let expires_at = expires_at.ok_or_else(Error::unauthenticated)?;
        tx.commit().await?;
        tracing::info!(
            user.id = %user, session.id = %session, request.id = %ctx.request(), proof.method = method.as_str(),
            "proved again"
        );
        Ok(ProveOutcome::Proved { token, expires_at })
    }
}
