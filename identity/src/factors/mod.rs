//! Second factors: codes of an authenticator, recovery codes, and how a log-in and a session are proven with them.
//!
//! What it owns: enrolment of an authenticator (RFC 6238), recovery codes, the second step of a log-in, the fresh
//! proof within a session (`prove`), what a tenant demands of its members, and taking a person's factors away.
//! Passkeys are beside it ([`crate::passkeys`]).
//!
//! Invariants:
//! - factors are the person's, in every tenant: only the system role reads them, and a tenant's owner takes away those
//!   of people alone who are in no other tenant;
//! - *a code is taken once*: the step of an authenticator's code is put down in the statement that takes it, a recovery
//!   code is marked by the statement that takes it. Of any number at once, one wins;
//! - *wrong codes lock the second factor*: five in a row for a minute, each further one for twice as long as before, for
//!   an hour at the most. While it is locked a right code is refused too, unseen. Tries are counted in the database,
//!   under a lock of the person's row, so more nodes or connections give no more tries. A code that was used before is
//!   refused and not counted: it tells of no guessing. Passkeys cannot be guessed and are not locked;
//! - seeds are sealed and recovery codes kept as MACs, under keys of the installation that the database does not hold;
//! - a pending log-in is a token of 256 random bits, kept as a hash, good for ten minutes and five wrong tries.

mod enrol;
mod log_in;
mod model;
mod policy;
mod prove;
mod qr;
mod recovery;
pub(crate) mod repo;
mod reset;
mod totp;
mod verify;

pub use enrol::{Factors, TotpEnrolment};
pub use log_in::CompleteLogIn;
pub use model::{FactorKind, Method};
pub use policy::SetMfaRequired;
pub use prove::{ProveOutcome, ProveWith};
pub use qr::QrCode;
pub use reset::ResetFactors;
pub use verify::FactorProof;
