//! One-time links: a token in a mail proves that whoever follows the link reads the mailbox.
//!
//! The token is 256 random bits and only its SHA-256 is stored, so the database cannot be used to follow a link.
//! Using a link is one `UPDATE … WHERE used_at IS NULL`: of two at once, one wins.

mod model;
pub(crate) mod repo;

pub(crate) use model::Purpose;
