use chrono::{DateTime, Utc};
use tenantry_kernel::{Error, Result};

use super::Execution;

/// The end of PostgreSQL's four-digit years, in microseconds since 1970.
const LAST: i64 = 253_402_300_799_999_999;

/// The place of an execution in its list: new ones come in before it and move nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) stopped_at: DateTime<Utc>,
    pub(crate) epoch: i32,
    pub(crate) execution_id: i64,
}

impl Cursor {
    /// # Errors
    /// `Invalid` for a text that no execution gave.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut parts = text.split('~');
        let parsed = (|| {
            let micros = parts.next()?.parse::<i64>().ok().filter(|m| (0..=LAST).contains(m))?;
            let stopped_at = DateTime::from_timestamp_micros(micros)?;
            let epoch = parts.next()?.parse().ok()?;
            let execution_id = parts.next()?.parse().ok()?;
            parts.next().is_none().then_some(Self { stopped_at, epoch, execution_id })
        })();
        parsed.ok_or_else(|| {
            Error::invalid("after", "That is not a cursor of this list.").with_remedy(
                "Use the cursor of the last row you have, or leave it out to start from the newest.",
            )
        })
    }
}

impl Execution {
    /// The row's cursor, for `PageRequest::after`.
    pub fn cursor(&self) -> String {
        format!("{}~{}~{}", self.stopped_at.timestamp_micros(), self.epoch, self.execution_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strange_cursors_are_refused() {
        for text in ["", "x", "1", "1~1", "1~1~1~1", "-1~1~1", "1~99999999999~1", "999999999999999999~1~1"] {
            assert!(Cursor::parse(text).is_err(), "{text:?}");
        }
        assert!(Cursor::parse("1700000000000000~1~7").is_ok());
    }
}
