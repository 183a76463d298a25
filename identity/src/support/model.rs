use chrono::{DateTime, TimeDelta, Utc};
use tenantry_authz::SupportRole;
use tenantry_kernel::{Error, Result, SupportAccessId, TenantId};

/// How far ahead consent may be given.
const FURTHEST: TimeDelta = TimeDelta::days(30);
/// A clock of the asker's that is this much behind ours is forgiven.
const SKEW: TimeDelta = TimeDelta::minutes(5);
const LONGEST_REASON: usize = 500;

/// What staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Read,
    Write,
}

impl Level {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        match text {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            _ => Err(Error::internal(format!("an unknown level of support access: {text}"))),
        }
    }

    pub(crate) fn role(self) -> SupportRole {
        match self {
            Self::Read => SupportRole::Read,
            Self::Write => SupportRole::Write,
        }
    }
}

/// How staff came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessKind {
    /// The tenant's owner or administrator gave it.
    Consent,
    /// A platform administrator took it.
    BreakGlass,
}

impl AccessKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::BreakGlass => "break-glass",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        match text {
            "consent" => Ok(Self::Consent),
            "break-glass" => Ok(Self::BreakGlass),
            _ => Err(Error::internal(format!("an unknown kind of support access: {text}"))),
        }
    }
}

/// What lets platform staff into a tenant for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportAccess {
    pub id: SupportAccessId,
    pub tenant: TenantId,
    pub kind: AccessKind,
    pub level: Level,
    pub reason: String,
    /// The name of the member who gave it, or the address of the administrator who took it.
    pub granted_by: String,
    pub created_at: DateTime<Utc>,
    pub starts_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl SupportAccess {
    /// Whether it lets anybody in now.
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.starts_at <= now && now < self.expires_at
    }

    /// Whether there is anything left to revoke.
    pub(crate) fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// A reason that a person can read.
///
/// # Errors
/// `Invalid` when it is shorter than `least`, longer than 500 characters, or has control characters in it.
pub(crate) fn reason(text: &str, least: usize) -> Result<String> {
    let text = text.trim();
    let length = text.chars().count();
    if length < least || length > LONGEST_REASON {
        return Err(Error::invalid(
            "reason",
            format!("A reason has {least} to {LONGEST_REASON} characters."),
        )
        .with_remedy("Say what has to be done, so that whoever reads it later understands."));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid("reason", "A reason is one line of text."));
    }
    Ok(text.to_owned())
}

/// From when until when consent is good.
///
/// # Errors
/// `Invalid` for hours outside 1 to 168, a start in the past or more than 30 days ahead.
pub(crate) fn span(
    now: DateTime<Utc>,
    starts_at: Option<DateTime<Utc>>,
    hours: i32,
) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
    if !(1..=168).contains(&hours) {
        return Err(Error::invalid("hours", "Support access is given for 1 to 168 hours.")
            .with_remedy("Choose a number of hours between 1 and 168 (a week)."));
    }
    let start = starts_at.unwrap_or(now);
    if start < now - SKEW || start > now + FURTHEST {
        return Err(Error::invalid("startsAt", "Access begins now, or within the next 30 days.")
            .with_remedy("Choose a moment from now to 30 days ahead."));
    }
    let start = start.max(now);
    Ok((start, start + TimeDelta::hours(i64::from(hours))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn consent_is_for_an_hour_to_a_week_and_begins_now_or_soon() {
        let of = |start: Option<i64>, hours| span(now(), start.map(|m| now() + TimeDelta::minutes(m)), hours);
        assert_eq!(of(None, 1).unwrap(), (now(), now() + TimeDelta::hours(1)));
        assert_eq!(of(Some(-5), 168).unwrap(), (now(), now() + TimeDelta::hours(168)), "never before now");
        assert_eq!(of(Some(90), 2).unwrap().1, now() + TimeDelta::minutes(210));
        for hours in [i32::MIN, -1, 0, 169, i32::MAX] {
            assert_eq!(of(None, hours).unwrap_err().field(), Some("hours"));
        }
        for minutes in [-6, 30 * 24 * 60 + 1] {
            assert_eq!(of(Some(minutes), 1).unwrap_err().field(), Some("startsAt"));
        }
        let ends = [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC];
        assert!(ends.into_iter().all(|at| span(now(), Some(at), 168).is_err()));
    }

    #[test]
    fn a_reason_is_one_line_that_says_something() {
        assert_eq!(reason("  why  ", 1).unwrap(), "why");
        assert_eq!(reason(&"é".repeat(500), 20).unwrap().chars().count(), 500);
        for (text, least) in [("", 1), ("   ", 1), ("nineteen characters", 20), ("a\nb", 1), ("a\0b", 1)] {
            assert_eq!(reason(text, least).unwrap_err().field(), Some("reason"), "{text:?}");
        }
        assert!(reason(&"x".repeat(501), 1).is_err());
    }

    #[test]
    fn an_access_is_active_from_its_start_until_its_end_or_its_revocation() {
        let access = SupportAccess {
            id: SupportAccessId::from_uuid(uuid::Uuid::nil()),
            tenant: TenantId::from_uuid(uuid::Uuid::nil()),
            kind: AccessKind::Consent,
            level: Level::Read,
            reason: String::new(),
            granted_by: String::new(),
            created_at: now(),
            starts_at: now(),
            expires_at: now() + TimeDelta::hours(1),
            revoked_at: None,
            last_used_at: None,
        };
        let at = |minutes| now() + TimeDelta::minutes(minutes);
        assert_eq!([-1, 0, 59, 60].map(|m| access.is_active(at(m))), [false, true, true, false]);
        assert_eq!([-1, 0, 59, 60].map(|m| access.is_open(at(m))), [true, true, true, false]);
        let revoked = SupportAccess { revoked_at: Some(at(1)), ..access };
        assert!(!revoked.is_active(at(2)) && !revoked.is_open(at(2)));
    }
}
