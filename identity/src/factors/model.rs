use chrono::{DateTime, TimeDelta, Utc};
use tenantry_kernel::{Error, Kind};

/// How a person has proven who they are, as a session remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    Password,
    /// A code of an authenticator.
    Otp,
    /// A recovery code.
    Recovery,
    /// A passkey, which has verified the person.
    Passkey,
    /// An identity provider has vouched.
    Sso,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Password => "password",
            Method::Otp => "otp",
            Method::Recovery => "recovery",
            Method::Passkey => "passkey",
            Method::Sso => "sso",
        }
    }

    /// As a column holds them, with commas.
    pub(crate) fn list(methods: &[Self]) -> String {
        methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(",")
    }

    pub(crate) fn parse_list(text: &str) -> Vec<Self> {
        const ALL: [Method; 5] =
            [Method::Password, Method::Otp, Method::Recovery, Method::Passkey, Method::Sso];
        text.split(',').filter_map(|word| ALL.into_iter().find(|method| method.as_str() == word)).collect()
    }
}

/// With what a log-in can be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorKind {
    Totp,
    RecoveryCode,
    Passkey,
}

impl FactorKind {
    /// As the API names it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Totp => "TOTP",
            Self::RecoveryCode => "RECOVERY_CODE",
            Self::Passkey => "PASSKEY",
        }
    }
}

/// What a person has, as far as a log-in needs to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) totp: bool,
    pub(crate) passkeys: i64,
    pub(crate) recovery_codes: i64,
}

impl Held {
    /// Recovery codes alone are no factor: they stand in for one.
    pub(crate) fn any(self) -> bool {
        self.totp || self.passkeys > 0
    }

    pub(crate) fn kinds(self) -> Vec<FactorKind> {
        let all = [
            (self.passkeys > 0, FactorKind::Passkey),
            (self.totp, FactorKind::Totp),
            (self.recovery_codes > 0, FactorKind::RecoveryCode),
        ];
        all.into_iter().filter_map(|(has, kind)| has.then_some(kind)).collect()
    }
}

/// So many wrong codes in a row are free; with the last of them the second factor is locked.
const FREE: u32 = 5;
const FIRST_LOCK: TimeDelta = TimeDelta::minutes(1);
const LONGEST_LOCK: TimeDelta = TimeDelta::hours(1);

/// Wrong codes of a person in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    pub(crate) failures: u32,
    pub(crate) locked_until: Option<DateTime<Utc>>,
}

impl Tries {
    /// How long no code is looked at.
    pub(crate) fn wait(self, now: DateTime<Utc>) -> Option<TimeDelta> {
        self.locked_until.filter(|until| *until > now).map(|until| until - now)
    }

    /// After one more wrong code.
    pub(crate) fn failed(self, now: DateTime<Utc>) -> Self {
        let failures = self.failures.saturating_add(1);
        let over = failures.checked_sub(FREE);
        let pause = over.map(|over| (FIRST_LOCK * (1 << over.min(6))).min(LONGEST_LOCK));
        Self { failures, locked_until: pause.map(|pause| now + pause) }
    }
}

/// What somebody is told while the second factor is locked.
pub(crate) fn locked(wait: TimeDelta) -> Error {
    Error::new(Kind::RateLimited, "Too many wrong codes: codes are not looked at for a while.").with_remedy(
        format!("Wait {} seconds, then try again; or use a passkey.", wait.num_seconds().saturating_add(1)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_codes_lock_for_a_minute_and_each_further_one_for_twice_as_long_up_to_an_hour() {
        let now = DateTime::UNIX_EPOCH;
        let mut tries = Tries::default();
        let mut locks = Vec::new();
        for _ in 0..13 {
            tries = tries.failed(now);
            locks.push(tries.wait(now).map(|wait| wait.num_minutes()));
        }
        let some = |minutes: &[i64]| minutes.iter().copied().map(Some).collect::<Vec<_>>();
        assert_eq!(locks[..4], [None; 4]);
        assert_eq!(locks[4..], some(&[1, 2, 4, 8, 16, 32, 60, 60, 60]));
        assert_eq!(tries.wait(now + TimeDelta::minutes(60)), None);
        assert_eq!(Tries { failures: u32::MAX, locked_until: None }.failed(now).failures, u32::MAX);
    }

    #[test]
    fn recovery_codes_alone_are_no_factor() {
        let held = Held { recovery_codes: 3, ..Held::default() };
        assert!(!held.any());
        assert_eq!(held.kinds(), [FactorKind::RecoveryCode]);
    }

    #[test]
    fn methods_are_read_back_from_their_column() {
        let methods = [Method::Password, Method::Otp, Method::Recovery, Method::Passkey, Method::Sso];
        assert_eq!(Method::parse_list(&Method::list(&methods)), methods);
        assert_eq!(Method::parse_list(""), []);
    }
}
