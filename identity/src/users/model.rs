use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use tenantry_kernel::{Error, Result, UserId};

/// A person, as that person and the members of the same tenants may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub created_at: DateTime<Utc>,
    /// Whether the address is proven.
    pub email_verified: bool,
    /// Whether the person is of the platform's staff.
    pub is_staff: bool,
}

/// An e-mail address that mail can be sent to, in the one form in which it is stored and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

impl Email {
    /// RFC 5321, 4.5.3.1.3: a path is at most 256 octets, with its two angle brackets.
    const LONGEST: usize = 254;

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = Error;

    /// Trims and lower-cases: nobody runs mailboxes that differ in case only, and people mistype case.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid("email", "That is not an e-mail address.")
                .with_remedy("Give an address such as ada@example.com.")
        };
        let text = text.trim().to_ascii_lowercase();
        // Only ASCII: our mail path does not promise SMTPUTF8, and look-alike letters would make look-alike
        // accounts. No address literals (`ada@[192.0.2.1]`): nobody's mailbox is there.
        if text.len() > Self::LONGEST || !text.is_ascii() || text.contains(['[', '"']) {
            return Err(wrong());
        }
        text.parse::<lettre::Address>().map_err(|_| wrong())?;
        Ok(Self(text))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person's name: 1 to 120 characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PersonName(String);

impl PersonName {
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl FromStr for PersonName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if !(1..=120).contains(&text.chars().count()) {
            return Err(Error::invalid("name", "A name has 1 to 120 characters."));
        }
        if text.chars().any(char::is_control) {
            return Err(Error::invalid("name", "A name has no line breaks or other control characters."));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_and_lower_cased() {
        assert_eq!(
            "  Ada.Lovelace@Example.COM ".parse::<Email>().unwrap().as_str(),
            "ada.lovelace@example.com"
        );
        assert!("operator@localhost".parse::<Email>().is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@@example.com",
            "ada @example.com",
            "a\r\nb@example.com",
            "ada@[192.0.2.1]",
            "\"a b\"@example.com",
            "ädä@example.com",
            "ada\0@example.com",
            long.as_str(),
        ] {
            assert_eq!(bad.parse::<Email>().unwrap_err().field(), Some("email"), "{bad:?}");
        }
    }

    #[test]
    fn names_are_one_line() {
        assert!("Ada Lovelace".parse::<PersonName>().is_ok());
        for bad in ["", "   ", "Ada\nBcc: x", "a\0b", "x".repeat(121).as_str()] {
            assert!(bad.parse::<PersonName>().is_err(), "{bad:?}");
        }
    }
}
