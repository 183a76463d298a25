use tenantry_kernel::{Entropy, Secret};

/// n8n's own cost.
const COST: u32 = 10;

/// The bcrypt hash n8n expects of its owner's password. The password must have at most 72 bytes, as bcrypt
/// reads no more. It takes about 50 ms of processor time: call it off the async threads.
pub fn hash_owner_password(password: &Secret, entropy: &dyn Entropy) -> Result<Secret, bcrypt::BcryptError> {
    let mut salt = [0u8; 16];
    entropy.fill(&mut salt);
    let parts = bcrypt::non_truncating_hash_with_salt(password.expose(), COST, salt)?;
    Ok(Secret::new(parts.format_for_version(bcrypt::Version::TwoB)))
}

#[cfg(test)]
mod tests {
    use tenantry_kernel::OsEntropy;

    use super::*;

    #[test]
    fn the_hash_has_n8ns_form_and_verifies() {
        let password = Secret::new("correct horse");
        let hash = hash_owner_password(&password, &OsEntropy).unwrap();
        assert!(hash.expose().starts_with("$2b$10$") && hash.expose().len() == 60);
        assert!(bcrypt::verify("correct horse", hash.expose()).unwrap());
    }
}
