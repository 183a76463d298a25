//! Mail: what is written to people, when, and by which way it leaves.

mod captured;
pub(crate) mod certificates;
pub(crate) mod compose;
mod delivery;
mod factors;
mod letter;
mod port;
mod smtp;

pub use captured::{CapturedMail, CapturingMailer};
pub(crate) use delivery::enqueue;
pub use delivery::{MailJob, MailKind, SEND_MAIL};
pub use port::{Mail, Mailer};
pub use smtp::{SmtpMailer, SmtpSettings};
