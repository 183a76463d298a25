//! API keys: secrets by which programs act for the member who made them.
//!
//! A key may do what is in its scopes *and* what its maker may do now, in its tenant and nowhere else. So it never
//! outlives or outgrows its maker: a lower role lowers it at once, and with the membership it is dead for good. Whoever
//! holds `api-key:manage` makes keys, and manages their own; whoever may manage members may revoke anybody's. Only the
//! maker can rotate a key, because a new secret is the maker's authority in somebody's hand.
//!
//! The secret is shown once. The database keeps its SHA-256, in a table of its own that no request can read.

mod authenticate;
mod model;
mod networks;
pub(crate) mod repo;
mod service;

pub(crate) use authenticate::authenticate;
pub use model::{ApiKey, CreateApiKey, NewSecret, RotateApiKey};
pub(crate) use model::{LONGEST, check_expiry, check_name};
