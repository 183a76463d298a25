use chrono::{DateTime, Datelike, Months, NaiveDate, Timelike, Utc};
use tenantry_kernel::{Error, Result};

/// An invoice period: a calendar month of UTC, from its first second up to the next month's first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Period {
    /// The month that `at` lies in.
    ///
    /// # Errors
    /// `Internal` at the end of the calendar.
    pub fn containing(at: DateTime<Utc>) -> Result<Self> {
        let first = NaiveDate::from_ymd_opt(at.year(), at.month(), 1);
        let next = first.and_then(|d| d.checked_add_months(Months::new(1)));
        let midnight = |d: NaiveDate| d.and_hms_opt(0, 0, 0).map(|t| t.and_utc());
        match (first.and_then(midnight), next.and_then(midnight)) {
            (Some(start), Some(end)) => Ok(Self { start, end }),
            _ => Err(Error::internal("the month is out of range")),
        }
    }

    pub fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// The next period's start.
    pub fn end(&self) -> DateTime<Utc> {
        self.end
    }

    pub fn seconds(&self) -> u64 {
        seconds_between(self.start, self.end)
    }

    /// As people say it: `November 2026`.
    pub fn name(&self) -> String {
        self.start.format("%B %Y").to_string()
    }

    /// The moment within the period, to the whole second below, so that spans that touch share no second and
    /// miss none.
    pub(crate) fn clamp(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let at = at.clamp(self.start, self.end);
        at.with_nanosecond(0).unwrap_or(at)
    }
}

pub(crate) fn seconds_between(from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    u64::try_from(to.signed_duration_since(from).num_seconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_of_utc_and_as_long_as_they_are() {
        let month = |text: &str| Period::containing(text.parse().unwrap()).unwrap();
        assert_eq!(month("2028-02-29T23:59:59.999Z").seconds(), 29 * 86_400);
        assert_eq!(
            month("2026-12-31T23:59:59Z").end(),
            "2027-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
        assert_eq!(month("2026-11-01T00:00:00Z").name(), "November 2026");
        assert!(Period::containing(DateTime::<Utc>::MAX_UTC).is_err());
    }
}
