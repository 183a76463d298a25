use sea_orm::ConnectionTrait;
use tenantry_authz::{Ctx, PlatformRole};
use tenantry_kernel::{Error, Result, Secret, UserId, random_token};
use tenantry_store::{DbResultExt, SystemRole, SystemTx, Transaction, stmt};

use super::ResetOutcome;
use super::reset::{Followed, Link};
use crate::Identity;
use crate::links::{self, Purpose};
use crate::passwords::Candidate;
use crate::users::entity::Model as UserRow;
use crate::users::{self, Email, PersonName};

/// The one-time way in for the first operator: print it once, store it nowhere.
#[derive(Debug, Clone)]
pub struct OperatorSetup {
    pub token: Secret,
    /// The page of the portal that takes the token.
    pub link: Secret,
}

/// What the first operator sets up with.
#[derive(Debug, Clone)]
pub struct CompleteSetup {
    pub token: Secret,
    pub password: Secret,
    pub name: String,
}

impl Identity {
    /// Makes sure that somebody can operate the platform: at first start it makes the account and a one-time
    /// link. While nobody has used one, each start gives a fresh link and voids the older. `None` once there is an
    /// operator with a password.
    ///
    /// # Errors
    /// `Conflict` when the address belongs to a customer: choose another for the operator.
    pub async fn ensure_operator(&self, email: &str) -> Result<Option<OperatorSetup>> {
        let email: Email = email.parse()?;
        let runtime = self.runtime();
        let now = runtime.clock.now();
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        // Two processes that start at once take turns.
        tx.conn()
            .execute_raw(stmt(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                ["identity first operator".into()],
            ))
            .await
            .db()?;
        let admins = users::repo::platform_admins(&tx).await?;
        if admins.iter().any(|a| a.password_hash.is_some()) {
            return Ok(None);
        }
        let id = match admins.first() {
            Some(pending) => {
                // The address may have been corrected since.
                users::repo::set_email(&tx, pending.user_id(), &email).await?;
                pending.user_id()
            }
            None => self.add_operator(&tx, &email).await?,
        };
        links::repo::revoke(&tx, id, Purpose::OperatorSetup, now).await?;
        let token = random_token(&*runtime.entropy);
        links::repo::insert(&tx, id, Purpose::OperatorSetup, (&token, now)).await?;
        tx.commit().await?;
        tracing::info!(user.id = %id, "operator account waits for its set-up");
        let link = self.link("operator-setup", &token);
        Ok(Some(OperatorSetup { token, link }))
    }

    async fn add_operator(&self, tx: &SystemTx, email: &Email) -> Result<UserId> {
        let runtime = self.runtime();
        let id = UserId::generate(&*runtime.clock, &*runtime.entropy);
        let row = UserRow {
            id: id.uuid(),
            email: email.to_string(),
            name: "Operator".to_owned(),
            password_hash: None,
            platform_role: Some(PlatformRole::Admin.as_str().to_owned()),
            email_verified_at: None,
            created_at: runtime.clock.now(),
        };
        if users::repo::insert(tx, row).await? {
            return Ok(id);
        }
        Err(Error::conflict("The operator's e-mail address belongs to a customer's account.")
            .with_remedy("Configure another e-mail address for the operator."))
    }

    /// Sets the first operator's password and name, by the one-time link of the first start.
    ///
    /// # Errors
    /// `Invalid` for the name or a weak password (the link stays good), `RateLimited` for too many attempts.
    pub async fn complete_operator_setup(&self, ctx: &Ctx, input: CompleteSetup) -> Result<ResetOutcome> {
        self.throttle().address(ctx.origin().address)?;
        let name = input.name.parse::<PersonName>()?.into_string();
        let link = Link { purpose: Purpose::OperatorSetup, token: &input.token };
        let user = match self.follow(ctx, &link).await? {
            Followed::By(user) => user,
            Followed::Not(outcome) => return Ok(outcome),
        };
        let candidate = Candidate { password: &input.password, email: &user.email, name: &name };
        self.hasher().judge(candidate).await?;
        let hash = self.hasher().hash(&input.password).await?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        if !self.set_password(&tx, ctx, (&link, &user, &hash)).await? {
            return Ok(ResetOutcome::InvalidLink);
        }
        users::repo::set_name(&tx, user.user_id(), name).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user.user_id(), request.id = %ctx.request(), "operator account set up");
        Ok(ResetOutcome::PasswordSet)
    }
}
