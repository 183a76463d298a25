use std::fmt;

use tenantry_kernel::Result;

use super::letter::Letter;

/// A mail to one person, in two forms that say the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    /// May hold a one-time link: not for any log.
    pub text: String,
    /// A whole document. Likewise.
    pub html: String,
}

impl Mail {
    /// A mail of plain paragraphs, with an empty line between them. An address that stands alone becomes a link of the HTML.
    pub fn plain(to: &str, subject: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        let html = Letter::of_text(to, subject, &text).html();
        Self { to: to.to_owned(), subject: subject.to_owned(), text, html }
    }
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
