use serde::{Deserialize, Serialize};
use tenantry_kernel::{Result, Secret, UserId, random_token};
use tenantry_store::{SystemRole, SystemTx, Transaction, jobs};

use super::{Mail, compose, factors};
use crate::Identity;
use crate::links::{self, Purpose};
use crate::users;
use crate::users::entity::Model as UserRow;

/// The queue's name for the job that [`Identity::deliver_mail`] does.
pub const SEND_MAIL: &str = "send_mail";

/// Which mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// Confirm your address.
    Verify,
    /// Two sign-ups with different passwords: confirm your address and choose one.
    ChoosePassword,
    /// Somebody signed up with your address again.
    AlreadyRegistered,
    /// The link to a new password.
    Reset,
    /// Your password was changed.
    PasswordChanged,
    /// An authenticator or a passkey was added.
    FactorAdded,
    /// One was removed.
    FactorRemoved,
    /// All were taken away by somebody else.
    FactorsReset,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// New recovery codes were made.
    RecoveryCodesMade,
    /// Somebody handed an organisation over to you.
    OwnershipReceived,
}

impl MailKind {
    fn as_str(self) -> &'static str {
        match self {
            MailKind::Verify => "verify",
            MailKind::ChoosePassword => "choose_password",
            MailKind::AlreadyRegistered => "already_registered",
            MailKind::Reset => "reset",
            MailKind::PasswordChanged => "password_changed",
            MailKind::FactorAdded => "factor_added",
            MailKind::FactorRemoved => "factor_removed",
            MailKind::FactorsReset => "factors_reset",
            MailKind::RecoveryCodeUsed => "recovery_code_used",
            MailKind::RecoveryCodesMade => "recovery_codes_made",
            MailKind::OwnershipReceived => "ownership_received",
        }
    }
}

/// What the queue holds: ids, no token and no address. The token is made when the job runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailJob {
    pub user_id: UserId,
    pub kind: MailKind,
}

/// Adds the job. One of the same kind to the same person that still waits is replaced.
pub(crate) async fn enqueue(tx: &impl Transaction, user_id: UserId, kind: MailKind) -> Result<()> {
    let key = Some(format!("mail {} {user_id}", kind.as_str()));
    jobs::enqueue(tx, jobs::Job { task: SEND_MAIL, payload: MailJob { user_id, kind }, key, run_at: None })
        .await
}

impl Identity {
    /// Makes the link, writes the mail and hands it to the mailer. Repeating it sends another mail with another
    /// link, which does no harm. A person who is gone, or whose state made the mail pointless, gets none.
    ///
    /// # Errors
    /// `Unavailable` when the database or the mail server does not answer: run the job again later.
    pub async fn deliver_mail(&self, job: MailJob) -> Result<()> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let Some(user) = users::repo::by_id(&tx, job.user_id).await? else {
            return Ok(());
        };
        let mail = self.write(&tx, &user, job.kind).await?;
        // The link is stored before the mail can arrive.
        tx.commit().await?;
        let Some(mail) = mail else { return Ok(()) };
        self.config().mailer.send(mail).await?;
        tracing::info!(user.id = %job.user_id, mail.kind = job.kind.as_str(), "mail sent");
        Ok(())
    }

    async fn write(&self, tx: &SystemTx, user: &UserRow, kind: MailKind) -> Result<Option<Mail>> {
        let (to, portal) = (user.email.as_str(), self.config().public_url.trim_end_matches('/'));
        let unproven = user.email_verified_at.is_none();
        // Staff who have not set themselves up yet come in by the one-time link of the first start alone: mail
        // to an address that nobody has proven must not open the platform.
        let pending_staff = user.is_staff() && user.password_hash.is_none();
        Ok(match kind {
            _ if pending_staff => None,
            MailKind::Verify if unproven => {
                Some(compose::verify(to, &self.make_link(tx, user, Purpose::Verify).await?))
            }
            MailKind::Verify => None,
            MailKind::ChoosePassword if unproven => {
                Some(compose::choose_password(to, &self.make_link(tx, user, Purpose::Reset).await?))
            }
            MailKind::ChoosePassword | MailKind::AlreadyRegistered => {
                Some(compose::already_registered(to, portal))
            }
            MailKind::Reset => Some(compose::reset(to, &self.make_link(tx, user, Purpose::Reset).await?)),
            MailKind::PasswordChanged => Some(compose::password_changed(to, portal)),
            MailKind::FactorAdded => Some(factors::added(to, portal)),
            MailKind::FactorRemoved => Some(factors::removed(to, portal)),
            MailKind::FactorsReset => Some(factors::reset(to, portal)),
            MailKind::RecoveryCodeUsed => Some(factors::code_used(to, portal)),
            MailKind::RecoveryCodesMade => Some(factors::codes_made(to, portal)),
            MailKind::OwnershipReceived => Some(compose::ownership_received(to, portal)),
        })
    }

    async fn make_link(&self, tx: &SystemTx, user: &UserRow, purpose: Purpose) -> Result<Secret> {
        let runtime = self.runtime();
        let token = random_token(&*runtime.entropy);
        links::repo::insert(tx, user.user_id(), purpose, (&token, runtime.clock.now())).await?;
        let page = match purpose {
            Purpose::Verify => "verify-email",
            Purpose::Reset => "reset-password",
            Purpose::OperatorSetup => "operator-setup",
        };
        Ok(self.link(page, &token))
    }
}
