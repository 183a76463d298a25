//! The vocabulary every Tenantry crate shares: typed ids, time, randomness, secrets, errors.
//!
//! What it owns:
//! - [`id`]: typed, prefixed, time-sortable identifiers (`ten_…`, `ins_…`), so that a tenant id can never
//!   be passed where an instance id is meant;
//! - [`Clock`] and [`Entropy`]: the only ways to the ambient world. Everything else asks for them, so tests
//!   can move time and repeat randomness (clippy refuses the ambient calls);
//! - [`Error`] and [`Kind`]: an error says what the *caller* can do about it ([`Kind`]), carries a public
//!   message and a remedy, and keeps the private cause apart;
//! - [`Secret`]: a string that never shows in `Debug`, is compared in constant time and wiped on drop;
//! - [`Shared`]: an `Arc` that is quick to compile futures with;
//! - [`Region`]: a region's code.
//!
//! What it refuses: I/O, async, knowledge of any context. It depends on nothing of ours, and everything of
//! ours may depend on it.
//!
//! Invariants:
//! - an id prints as `<prefix>_<26 characters of Crockford base32>` (the TypeID encoding of a UUIDv7) and
//!   parses back to the same value; any other prefix is refused;
//! - `Error::message` is fit for a stranger's eyes; `Error::source` is for the log.

mod clock;
mod error;
pub mod id;
mod region;
mod secret;
mod shared;

pub use clock::{Clock, Entropy, ManualClock, OsEntropy, SystemClock};
pub use error::{Access, Error, Kind, Result};
pub use id::{
    ApiKeyId, AuditStreamId, ConnectionId, CredentialId, DeliveryId, DeviceId, InstanceId, InvitationId,
    MessageId, PasskeyId, RequestId, RoleId, ScimGroupId, ScimTokenId, ScimUserId, ServiceAccountId,
    SessionId, SubscriptionId, SupportAccessId, TenantId, UserId, WebhookEndpointId,
};
pub use region::Region;
pub use secret::{Secret, random_token};
pub use shared::Shared;
