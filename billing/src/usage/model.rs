use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use tenantry_kernel::{Error, InstanceId, Result};

/// The longest span one question about usage may cover.
const MOST_DAYS: i64 = 400;

/// By what usage is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageGroup {
    Hour,
    /// Of UTC.
    Day,
    Instance,
    /// A workflow of one instance: workflow ids are unique within an instance only.
    Workflow,
}

/// Which usage is wanted. Whole hours count: `from` is taken back to the start of its hour, `to` on to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageQuery {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub group: UsageGroup,
    pub instance: Option<InstanceId>,
}

/// Usage of one hour, day, instance or workflow: the group's own fields are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// Start of the hour or day.
    pub hour: Option<DateTime<Utc>>,
    pub instance: Option<InstanceId>,
    pub workflow_id: Option<String>,
    /// Every finished execution.
    pub executions: i64,
    /// Those that the invoice counts.
    pub billable: i64,
    /// Those that ended in an error or a crash.
    pub failed: i64,
}

/// Usage of a span, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsageTotals {
    pub executions: i64,
    pub billable: i64,
    pub failed: i64,
}

/// Whole hours, from and to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hours {
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
}

impl Hours {
    /// The whole hours that cover `[from, to)`.
    ///
    /// # Errors
    /// `Invalid` when it is empty, longer than 400 days or beyond any calendar.
    pub(crate) fn covering(from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Self> {
        if from >= to {
            return Err(Error::invalid("from", "The start must be before the end."));
        }
        if to.signed_duration_since(from) > TimeDelta::days(MOST_DAYS) {
            return Err(Error::invalid("from", format!("A span may be at most {MOST_DAYS} days long."))
                .with_remedy("Ask for shorter spans, one after the other."));
        }
        let hour = TimeDelta::hours(1);
        let start = |at: DateTime<Utc>| at.duration_trunc(hour).map_err(|_| no_such_time());
        let (from, last) = (start(from)?, start(to)?);
        let to = if last == to { last } else { last.checked_add_signed(hour).ok_or_else(no_such_time)? };
        Ok(Self { from, to })
    }
}

fn no_such_time() -> Error {
    Error::invalid("from", "That time is out of range.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn whole_hours_cover_the_span() {
        let hours = Hours::covering(at("2026-03-01T10:20:00Z"), at("2026-03-01T11:00:01Z")).unwrap();
        assert_eq!((hours.from, hours.to), (at("2026-03-01T10:00:00Z"), at("2026-03-01T12:00:00Z")));
        let exact = Hours::covering(at("2026-03-01T10:00:00Z"), at("2026-03-01T11:00:00Z")).unwrap();
        assert_eq!((exact.from, exact.to), (at("2026-03-01T10:00:00Z"), at("2026-03-01T11:00:00Z")));
    }

    #[test]
    fn empty_long_and_impossible_spans_are_refused() {
        let start = at("2026-03-01T00:00:00Z");
        assert!(Hours::covering(start, start).is_err());
        assert!(Hours::covering(start, start + TimeDelta::days(400)).is_ok());
        assert!(Hours::covering(start, start + TimeDelta::days(400) + TimeDelta::seconds(1)).is_err());
        let end = DateTime::<Utc>::MAX_UTC;
        assert!(Hours::covering(end - TimeDelta::days(1), end).is_err());
        assert!(Hours::covering(DateTime::<Utc>::MIN_UTC, end).is_err());
    }
}
