//! Recovery codes: for whoever lost their factors. Each is good once.

use tenantry_kernel::{Entropy, Result, Secret, UserId};
use tenantry_keys::InstallationKey;

/// How many are made at a time.
pub(super) const COUNT: usize = 10;
/// Characters of five bits: 60 bits, tried at most some tens of times an hour.
const LENGTH: usize = 12;
/// Crockford's base32: no letter looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A code as people read it: `xxxx-xxxx-xxxx`.
pub(super) fn generate(entropy: &dyn Entropy) -> Secret {
    let mut bytes = [0u8; LENGTH];
    entropy.fill(&mut bytes);
    let letter = |byte: &u8| ALPHABET.get(usize::from(byte & 31)).copied().map_or('0', char::from);
    let letters: Vec<char> = bytes.iter().map(letter).collect();
    Secret::new(letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-"))
}

/// A code as it was typed: without hyphens and spaces, and with what Crockford's alphabet takes for each other.
fn tidy(code: &Secret) -> Option<String> {
    let letters = code.expose().chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| {
        match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        }
    });
    let text: String = letters.collect();
    let good = text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte));
    good.then_some(text)
}

/// What is kept and looked up: without the installation's key nobody finds a code by trying. `None` for what is no code.
pub(super) fn mac(key: &InstallationKey, user: UserId, code: &Secret) -> Result<Option<String>> {
    let Some(text) = tidy(code) else { return Ok(None) };
    key.mac(&[b"recovery code", user.uuid().as_bytes(), text.as_bytes()]).map(Some)
}

#[cfg(test)]
mod tests {
    use tenantry_kernel::OsEntropy;

    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = generate(&OsEntropy);
        assert_eq!(code.expose().len(), LENGTH + 2);
        let plain = tidy(&code).unwrap();
        assert_eq!(tidy(&Secret::new(code.expose().to_uppercase().replace('-', " "))).unwrap(), plain);
        assert_eq!(tidy(&Secret::new("OIL0-1ill-oooo")).unwrap(), "011011110000");
        for bad in ["", "abcd-efgh", "uuuu-uuuu-uuuu", "0000-0000-0000-0"] {
            assert_eq!(tidy(&Secret::new(bad)), None, "{bad:?}");
        }
        assert_ne!(generate(&OsEntropy), code);
    }
}
