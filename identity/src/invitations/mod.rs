//! Invitations: an address asked into a tenant as something, by a link that its mailbox gets.
//!
//! The link proves the mailbox, and only the account with that address can use it: a link that is passed on opens
//! nothing for anybody else. Of an invitation's links the newest works, once, for seven days. Every decision about a
//! tenant's people is taken under one lock (`members::seats`), so no two at once exceed the plan or lose the last
//! owner. An invitation falls when its inviter may no longer give that role.

mod accept;
mod delivery;
mod model;
pub(crate) mod repo;
mod service;

pub(crate) use delivery::enqueue;
pub use delivery::{InvitationJob, SEND_INVITATION};
pub(crate) use model::LIFETIME;
pub use model::{AcceptOutcome, Invitation, InvitationPreview, InviteMember};
