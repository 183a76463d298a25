//! Passwords: which are good enough, and how they are kept.

mod hasher;
mod policy;

pub use hasher::Hashing;
pub(crate) use hasher::{Checked, PasswordHasher};
pub(crate) use policy::Candidate;
