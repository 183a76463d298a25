//! Which certificates end soon.

use chrono::{DateTime, TimeDelta, Utc};

use super::certificate::Certificate;

/// Whose certificate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Ours, in use: make the next one and have the provider read it.
    Us,
    /// Ours, announced and not yet in use.
    UsNext,
    /// The provider's: its administrator has to change it, and its metadata to be uploaded again.
    Provider,
}

/// How near the end is. A later one is more urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    SixtyDays,
    ThirtyDays,
    SevenDays,
    Ended,
}

impl Urgency {
    /// How many days before the end it begins.
    pub fn days(self) -> i32 {
        match self {
            Self::SixtyDays => 60,
            Self::ThirtyDays => 30,
            Self::SevenDays => 7,
            Self::Ended => 0,
        }
    }
}

/// A certificate that ends within sixty days, or has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    pub holder: Holder,
    pub fingerprint: String,
    pub ends: DateTime<Utc>,
    pub urgency: Urgency,
    /// Whether the same side has another certificate without an alarm: then log-ins go on.
    pub covered: bool,
}

/// The alarms of one connection, the most urgent first: of our current and next certificate, and of the provider's.
/// Nothing is refused for an end by itself: providers whose software does refuse are the reason to be early.
pub fn alarms(
    (current, next): (&Certificate, Option<&Certificate>),
    provider: &[Certificate],
    now: DateTime<Utc>,
) -> Vec<Alarm> {
    let lasts = |certificate: &Certificate| urgency(certificate, now).is_none();
    let provider_lasts = provider.iter().any(lasts);
    let ours = [(Holder::Us, Some(current), next), (Holder::UsNext, next, None)];
    let ours = ours
        .into_iter()
        .filter_map(|(holder, certificate, other)| Some((holder, certificate?, other.is_some_and(lasts))));
    let theirs = provider.iter().map(|certificate| (Holder::Provider, certificate, provider_lasts));
    let mut alarms: Vec<_> = ours
        .chain(theirs)
        .filter_map(|(holder, certificate, covered)| {
            Some(Alarm {
                holder,
                fingerprint: certificate.fingerprint().to_owned(),
                ends: certificate.ends(),
                urgency: urgency(certificate, now)?,
                covered,
            })
        })
        .collect();
    alarms.sort_by_key(|alarm| alarm.ends);
    alarms
}

fn urgency(certificate: &Certificate, now: DateTime<Utc>) -> Option<Urgency> {
    let left = certificate.ends() - now;
    let steps =
        [(0, Urgency::Ended), (7, Urgency::SevenDays), (30, Urgency::ThirtyDays), (60, Urgency::SixtyDays)];
    steps.into_iter().find(|(days, _)| left <= TimeDelta::days(*days)).map(|(_, urgency)| urgency)
}
