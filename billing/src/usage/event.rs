use chrono::{DateTime, TimeDelta, Utc};
use tenantry_kernel::{InstanceId, TenantId};

/// Late reports older than this count as if they had come this late: no report changes the distant past.
const MOST_LATE: TimeDelta = TimeDelta::days(35);
const LONGEST_WORKFLOW_ID: usize = 64;
const LONGEST_WORD: usize = 32;

/// One finished execution, as an instance reported it.
///
/// `tenant`, `instance` and `epoch` come from the region's worker. The rest was written inside the tenant's
/// reach and is hostile input: [`Billing::record`](crate::Billing::record) bounds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageEvent {
    pub tenant: TenantId,
    pub instance: InstanceId,
    /// Grows when the instance's database is restored: execution ids then start again from an older value.
    pub epoch: i32,
    pub execution_id: i64,
    pub workflow_id: String,
    /// How the execution was started, in n8n's words (`webhook`, `trigger`, `manual`, …).
    pub mode: String,
    /// How it ended, in n8n's words (`success`, `error`, `crashed`, `canceled`).
    pub status: String,
    pub billable: bool,
    pub started_at: DateTime<Utc>,
    /// Decides the hour, and so the invoice period, that the execution belongs to.
    pub stopped_at: DateTime<Utc>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Counted now.
    pub new: u64,
    /// Counted before: reported again, or reported twice in the batch.
    pub known: u64,
    /// Not counted, because no execution has such an id or epoch.
    pub refused: u64,
}

impl UsageEvent {
    /// Whether the event names an execution at all.
    pub(crate) fn has_identity(&self) -> bool {
        self.epoch >= 1 && self.execution_id >= 1
    }

    /// The event with every field in bounds. A strange field never loses the count: the execution happened.
    pub(crate) fn bounded(&self, now: DateTime<Utc>) -> Self {
        let earliest = now.checked_sub_signed(MOST_LATE).unwrap_or(now);
        let stopped_at = self.stopped_at.clamp(earliest, now);
        Self {
            workflow_id: word(&self.workflow_id, LONGEST_WORKFLOW_ID),
            mode: word(&self.mode, LONGEST_WORD),
            status: word(&self.status, LONGEST_WORD),
            started_at: self.started_at.clamp(earliest, stopped_at),
            stopped_at,
            ..*self
        }
    }
}

/// ASCII letters, digits, `-` and `_`; anything else, emptiness and overlength become `unknown`.
fn word(text: &str, longest: usize) -> String {
    let fits = (1..=longest).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits { text.to_owned() } else { "unknown".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenantry_kernel::{OsEntropy, SystemClock};

    #[test]
    fn hostile_fields_are_bounded_and_the_count_is_kept() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let event = UsageEvent {
            tenant: TenantId::generate(&SystemClock, &OsEntropy),
            instance: InstanceId::generate(&SystemClock, &OsEntropy),
            epoch: 1,
            execution_id: 1,
            workflow_id: "a\0b".to_owned(),
            mode: "x".repeat(33),
            status: String::new(),
            billable: true,
            started_at: DateTime::<Utc>::MAX_UTC,
            stopped_at: DateTime::<Utc>::MIN_UTC,
        };
        let bounded = event.bounded(now);
        assert_eq!(bounded.workflow_id, "unknown");
        assert_eq!(bounded.mode, "unknown");
        assert_eq!(bounded.status, "unknown");
        assert_eq!(bounded.stopped_at, now - MOST_LATE);
        assert_eq!(bounded.started_at, bounded.stopped_at);
        assert!(bounded.has_identity());
        let future = UsageEvent { stopped_at: DateTime::<Utc>::MAX_UTC, ..event };
        assert_eq!(future.bounded(now).stopped_at, now);
        assert!(!UsageEvent { execution_id: 0, ..future }.has_identity());
    }
}
