use std::fmt;

use tenantry_kernel::Result;

/// A plain-text mail to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    /// May hold a one-time link: not for any log.
    pub text: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("to", &self.to).field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// A way for mail to leave.
#[async_trait::async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a mail over.
    ///
    /// # Errors
    /// `Unavailable` when it was not taken and trying again may help, `Invalid` when this mail can never be sent.
    async fn send(&self, mail: Mail) -> Result<()>;
}
