//! Passkeys (WebAuthn Level 3, by `webauthn-rs`): as a second factor, as a fresh proof, and as a log-in of their own.
//!
//! Invariants:
//! - the relying party is the host of the portal's public address, and only that origin is taken;
//! - a challenge is random, kept by the server, good for five minutes, for one purpose and one person, and used once:
//!   taking it deletes it. Its token is kept as a hash;
//! - each ceremony demands that the authenticator verifies the person (PIN, fingerprint): a passkey alone is two factors,
//!   so it may log somebody in without a password;
//! - an answer counts for the person whose passkey it is. One of somebody else's is wrong, whatever its signature;
//! - a signature counter that does not grow is of a copy: the answer is refused (section 6.1.1), also when the original
//!   and the copy answer at once. Authenticators that keep no counter send zero.

mod ceremony;
mod model;
pub(crate) mod repo;
mod service;

pub(crate) use ceremony::RelyingParty;
pub use model::{Passkey, PasskeyAnswer, PasskeyChallenge, PasskeyRegistered};
