use tenantry_authz::Ctx;
use tenantry_kernel::{Error, Result, Secret, UserId};
use tenantry_store::{SystemRole, SystemTx};

use crate::Identity;
use crate::links::{self, Purpose};
use crate::mail::{self, MailKind};
use crate::passwords::Candidate;
use crate::users::entity::Model as UserRow;
use crate::users::{self, Email, PersonName};

/// What somebody signs up with.
#[derive(Debug, Clone)]
pub struct SignUp {
    pub email: String,
    pub password: Secret,
    pub name: String,
}

/// What following a verification link did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyOutcome {
    Verified,
    /// A second click: the link was used before, and the address is proven.
    AlreadyVerified,
    /// The link is too old: log in with the password to get another.
    Expired,
    /// Unknown, or void.
    InvalidLink,
}

impl Identity {
    /// Signs somebody up. The answer is the same whether or not the address has an account; the mail tells.
    ///
    /// An account whose address is not proven yet, and that is signed up again, keeps its password only if it is
    /// the same. Otherwise it has none until somebody with the mailbox chooses one: whichever of the two came
    /// first might be a stranger, waiting for the owner of the address to follow a link.
    ///
    /// # Errors
    /// `Invalid` for the address, the name or a weak password, `RateLimited` for too many attempts.
    pub async fn sign_up(&self, ctx: &Ctx, input: SignUp) -> Result<()> {
        self.throttle().address(ctx.origin().address)?;
        let email: Email = input.email.parse()?;
        let name = input.name.parse::<PersonName>()?.into_string();
        let candidate = Candidate { password: &input.password, email: email.as_str(), name: &name };
        self.hasher().judge(candidate).await?;
        self.throttle().mailbox(&email)?;

        // Twice, because somebody else may take the address in between; then it exists.
        for _ in 0..2 {
            let done = match self.user_by_email(&email).await? {
                Some(user) => self.sign_up_again(&user, &input.password).await?,
                None => self.sign_up_first(ctx, (&email, &name), &input.password).await?,
            };
            if done {
                return Ok(());
            }
        }
        Err(Error::conflict("This account is changing at this moment."))
    }

    pub(crate) async fn user_by_email(&self, email: &Email) -> Result<Option<UserRow>> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let user = users::repo::by_email(&tx, email).await?;
        tx.commit().await?;
        Ok(user)
    }

    async fn sign_up_first(&self, ctx: &Ctx, who: (&Email, &str), password: &Secret) -> Result<bool> {
        let (email, name) = who;
        let hash = self.hasher().hash(password).await?;
        let id = UserId::generate(ctx.clock(), ctx.entropy());
        let row = UserRow {
            id: id.uuid(),
            email: email.to_string(),
            name: name.to_owned(),
            password_hash: Some(hash),
            platform_role: None,
            email_verified_at: None,
            created_at: ctx.now(),
        };
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        if !users::repo::insert(&tx, row).await? {
            return Ok(false);
        }
        mail::enqueue(&tx, id, MailKind::Verify).await?;
        tx.commit().await?;
        tracing::info!(user.id = %id, request.id = %ctx.request(), "signed up");
        Ok(true)
    }

    async fn sign_up_again(&self, user: &UserRow, password: &Secret) -> Result<bool> {
        // Checked in every case, so that the answer takes as long as the first time.
        let same = self.hasher().check(password, user.password_hash.as_deref()).await?.is_right();
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let unproven = user.email_verified_at.is_none() && !user.is_staff();
        let kind = match (unproven, same) {
            (false, _) => MailKind::AlreadyRegistered,
            (true, true) => MailKind::Verify,
            (true, false) if users::repo::drop_unproven_password(&tx, user.user_id()).await? => {
                MailKind::ChoosePassword
            }
            // Proven in between: look again.
            (true, false) => return Ok(false),
        };
        mail::enqueue(&tx, user.user_id(), kind).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Follows a verification link.
    ///
    /// # Errors
    /// `RateLimited` for too many attempts. A link that does not work is an outcome, no error.
    pub async fn verify_email(&self, ctx: &Ctx, token: Secret) -> Result<VerifyOutcome> {
        self.throttle().address(ctx.origin().address)?;
        let link = (&token, ctx.now());
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let user = match links::repo::find(&tx, Purpose::Verify, link).await? {
            links::repo::Found::Live(user) => user,
            links::repo::Found::Expired => return Ok(VerifyOutcome::Expired),
            links::repo::Found::Invalid => return verified_before(&tx, &token).await,
        };
        if !links::repo::consume(&tx, Purpose::Verify, link).await? {
            return verified_before(&tx, &token).await;
        }
        users::repo::set_verified(&tx, user, ctx.now()).await?;
        links::repo::revoke(&tx, user, Purpose::Verify, ctx.now()).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, request.id = %ctx.request(), "e-mail address verified");
        Ok(VerifyOutcome::Verified)
    }
}

/// What following a link says that has done its work.
async fn verified_before(tx: &SystemTx, token: &Secret) -> Result<VerifyOutcome> {
    let Some(user) = links::repo::used(tx, Purpose::Verify, token).await? else {
        return Ok(VerifyOutcome::InvalidLink);
    };
    let proven = users::repo::by_id(tx, user).await?.is_some_and(|u| u.email_verified_at.is_some());
    Ok(if proven { VerifyOutcome::AlreadyVerified } else { VerifyOutcome::InvalidLink })
}
