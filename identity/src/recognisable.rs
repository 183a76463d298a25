//! Secrets of programs, in a form that scanners of source code know at sight: `tnt_key_`, thirty random characters,
//! and a checksum of six.
//!
//! The checksum is the CRC-32 of all before it, in base62, as in GitHub's tokens. It proves nothing; it lets a scanner
//! report without asking us, and lets us refuse a typing error without asking the database. Whoever finds one matches
//! `\btnt_(key|sec|acc|scm)_[0-9A-Za-z]{36}\b` and recomputes the checksum.

use tenantry_kernel::{Entropy, Secret};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^30 is more than 2^178.
const BODY: usize = 30;
const CHECKSUM: usize = 6;
/// As much of the body as is shown to know a secret by.
const SHOWN: usize = 6;

/// What a secret is for. Each kind has its own beginning, and none passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    ApiKey,
    ClientSecret,
    AccessToken,
    ScimToken,
}

impl Form {
    const ALL: [Self; 4] = [Self::ApiKey, Self::ClientSecret, Self::AccessToken, Self::ScimToken];

    fn prefix(self) -> &'static str {
        match self {
            Self::ApiKey => "tnt_key_",
            Self::ClientSecret => "tnt_sec_",
            Self::AccessToken => "tnt_acc_",
            Self::ScimToken => "tnt_scm_",
        }
    }

    /// A new secret of this kind.
    pub(crate) fn generate(self, entropy: &dyn Entropy) -> Secret {
        let mut text = String::with_capacity(self.prefix().len() + BODY + CHECKSUM);
        text.push_str(self.prefix());
        let mut random = [0u8; 64];
        while text.len() < self.prefix().len() + BODY {
            entropy.fill(&mut random);
            // Bytes from 248 on are thrown away: with them the first letters would be likelier than the others.
            let letters = random.iter().filter(|b| **b < 248).filter_map(|b| digit(u32::from(*b) % 62));
            let missing = self.prefix().len() + BODY - text.len();
            text.extend(letters.take(missing));
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Secret::new(text)
    }

    /// What kind of secret a text is; `None` for a typing error and for what is none of ours.
    pub(crate) fn of(text: &Secret) -> Option<Self> {
        let text = text.expose();
        let form = Self::ALL.into_iter().find(|form| text.starts_with(form.prefix()))?;
        let whole = form.prefix().len() + BODY + CHECKSUM;
        let (body, sum) = text.split_at_checked(whole - CHECKSUM)?;
        (text.len() == whole && text.is_ascii() && checksum(body) == sum).then_some(form)
    }
}

/// The beginning of a secret: enough to know it by, and too little to guess it.
pub(crate) fn shown(secret: &Secret) -> String {
    secret.expose().chars().take(Form::ApiKey.prefix().len() + SHOWN).collect()
}

fn digit(value: u32) -> Option<char> {
    ALPHABET.get(usize::try_from(value).ok()?).copied().map(char::from)
}

/// Six digits hold any 32 bits: 62^6 is more than 2^35.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits: Vec<char> = Vec::with_capacity(CHECKSUM);
    for _ in 0..CHECKSUM {
        digits.extend(digit(rest % 62));
        rest /= 62;
    }
    digits.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tenantry_kernel::OsEntropy;

    use super::*;

    #[test]
    fn a_secret_is_known_as_what_it_is_and_any_slip_of_the_finger_is_refused() {
        for form in Form::ALL {
            let secret = form.generate(&OsEntropy);
            assert_eq!(secret.expose().len(), 44);
            assert_eq!(Form::of(&secret), Some(form));
            assert!(secret.expose().starts_with(&shown(&secret)) && shown(&secret).len() == 14);
            let text = secret.expose();
            for at in 0..text.len() {
                let mut letters: Vec<char> = text.chars().collect();
                letters[at] = if letters[at] == 'x' { 'y' } else { 'x' };
                let wrong: String = letters.iter().collect();
                assert_eq!(Form::of(&Secret::new(wrong)), None, "another letter at {at}");
                let shorter = format!("{}{}", &text[..at], &text[at + 1..]);
                assert_eq!(Form::of(&Secret::new(shorter)), None, "a letter less at {at}");
            }
            for swapped in 8..43 {
                let mut letters: Vec<char> = text.chars().collect();
                letters.swap(swapped, swapped + 1);
                let wrong: String = letters.iter().collect();
                assert!(wrong == text || Form::of(&Secret::new(wrong)).is_none(), "swapped at {swapped}");
            }
        }
        for text in ["", "tnt_key_", "tnt_key_ä", "Bearer tnt_key_", "0123456789abcdef"] {
            assert_eq!(Form::of(&Secret::new(text)), None, "{text}");
        }
    }

    /// The example of the guide: an implementation elsewhere must come to the same.
    #[test]
    fn a_known_vector() {
        let body = "tnt_key_0123456789ABCDEFGHIJKLMNOPQRST";
        assert_eq!(checksum(body), "07HPk7");
        assert_eq!(Form::of(&Secret::new(format!("{body}07HPk7"))), Some(Form::ApiKey));
        assert_eq!(Form::of(&Secret::new(format!("{}07HPk7", body.replace("key", "sec")))), None);
    }

    #[test]
    fn every_letter_comes_about_equally_often() {
        let text: String = (0..2_000)
            .map(|_| {
                Form::ApiKey.generate(&OsEntropy).expose().chars().skip(8).take(BODY).collect::<String>()
            })
            .collect();
        let letters: BTreeSet<char> = text.chars().collect();
        assert_eq!(letters.len(), 62);
        for letter in letters {
            // 60,000 letters: 968 of each on average, with a standard deviation of 31.
            let n = text.chars().filter(|c| *c == letter).count();
            assert!((740..1_200).contains(&n), "{letter}: {n}");
        }
    }
}
