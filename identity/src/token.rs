//! Tokens of sessions and links: 256 random bits, given to the holder once, kept by us as a hash.

use sha2::{Digest, Sha256};
use tenantry_kernel::Secret;

/// What is stored and looked up. A plain SHA-256 is enough for a random 256-bit value, and a look-up by hash
/// compares nothing that a clock could measure usefully.
pub(crate) fn hash(token: &Secret) -> String {
    hex::encode(Sha256::digest(token.expose().as_bytes()))
}
