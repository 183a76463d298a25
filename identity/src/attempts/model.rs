use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tenantry_kernel::{Error, Kind};

use crate::users::Email;

/// A day without any try starts anew.
pub(crate) const FORGIVEN_AFTER: TimeDelta = TimeDelta::days(1);
/// From this failure on there is a pause.
pub(crate) const PAUSE_FROM: i32 = 5;
/// The longest pause, in seconds.
pub(crate) const LONGEST: i32 = 900;

/// What came of asking to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tried {
    /// It counts as a failure until it is known to be none.
    Counted,
    /// Nothing is tried until then.
    PausedUntil(DateTime<Utc>),
}

/// What an account is counted by.
pub(crate) fn account_hash(email: &Email) -> String {
    hex::encode(Sha256::new().chain_update("log-in ").chain_update(email.as_str()).finalize())
}

pub(crate) fn paused(until: DateTime<Utc>, now: DateTime<Utc>) -> Error {
    // Rounded up: who comes then is not told to wait again.
    let seconds = ((until - now).num_milliseconds().max(1) + 999) / 1000;
    Error::new(Kind::RateLimited, "Too many failed attempts to log in to this account.").with_remedy(format!(
        "Wait {seconds} seconds, then try again. If you forgot the password, ask for a link to set a new one."
    ))
}
