//! A key per tenant: everything a tenant entrusts to us is sealed under it.
//!
//! What it owns:
//! - [`KeyProvider`]: who holds the key-encryption key. The embedded default is the local keyring
//!   ([`LocalKeyring`], one file, mode 0600);
//! - [`Keys`]: makes a tenant's data key, wraps it by the provider, keeps the wrapped key in the database, seals
//!   and opens values.
//!
//! Envelope encryption: value → sealed under the tenant's data key → data key wrapped under the provider's key.
//! The cipher is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the tenant and the value's purpose are
//! authenticated with it, so that a sealed value copied to another tenant or column does not open.
//!
//! Invariants: no plain key is written anywhere but the keyring file; a sealed value names its key version; once a
//! tenant's keys are deleted its sealed values are gone for good, on every copy and backup.
//!
//! Failure modes: a keyring that is missing while the database holds wrapped keys is refused at start (a new one
//! would make every secret unreadable without saying so); a value that does not open is `Internal`, never empty.

mod cipher;
mod installation;
mod keyring;
mod keys;

pub use installation::InstallationKey;
pub use keyring::LocalKeyring;
pub use keys::{KeyProvider, Keys, Purpose};
