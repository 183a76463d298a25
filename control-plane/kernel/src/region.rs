use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A region's code, such as `eu-central`: lower-case letters, digits and single hyphens, 2 to 32 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

impl Region {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = (2..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if shape {
            Ok(Self(text.to_owned()))
        } else {
            Err(crate::Error::invalid("region", "That is not a region code, such as eu-central."))
        }
    }
}

impl TryFrom<String> for Region {
    type Error = crate::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
