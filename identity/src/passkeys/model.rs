use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tenantry_kernel::{Error, PasskeyId, Result, Secret};

/// A passkey as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    pub id: PasskeyId,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What a browser's `navigator.credentials` is called with.
#[derive(Debug, Clone)]
pub struct PasskeyChallenge {
    /// To be sent back with the answer.
    pub token: Secret,
    /// `PublicKeyCredentialCreationOptions` or `PublicKeyCredentialRequestOptions`, in their JSON form.
    pub options: Value,
}

/// What a browser has answered.
#[derive(Clone)]
pub struct PasskeyAnswer {
    pub token: Secret,
    /// `PublicKeyCredential`, in its JSON form.
    pub credential: Value,
}

impl fmt::Debug for PasskeyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasskeyAnswer").finish_non_exhaustive()
    }
}

/// A new passkey.
#[derive(Debug, Clone)]
pub struct PasskeyRegistered {
    pub passkey: Passkey,
    /// New recovery codes, if there were none.
    pub recovery_codes: Vec<Secret>,
}

/// A passkey's name: 1 to 60 characters, none of them a control character.
pub(super) fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    if !(1..=60).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "A name has 1 to 60 characters, all in one line.")
            .with_remedy("Name it after the device that holds it."));
    }
    Ok(name.to_owned())
}
