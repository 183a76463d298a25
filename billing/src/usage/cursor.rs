use chrono::{DateTime, Utc};
use tenantry_kernel::{Error, InstanceId, Result};

use super::{UsageGroup, UsageRow};

/// The place of a row in its list: the list's sort key, so that a page goes on where the last one ended however
/// many rows came in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cursor {
    Time(DateTime<Utc>),
    Instance(InstanceId),
    Workflow(InstanceId, String),
}

impl Cursor {
    /// # Errors
    /// `Invalid` for a text that no row of this group gave.
    pub(crate) fn parse(group: UsageGroup, text: &str) -> Result<Self> {
        let parsed = match group {
            UsageGroup::Hour | UsageGroup::Day => {
                // PostgreSQL's calendar ends before chrono's: a time of four-digit years fits both.
                let seconds = text.parse::<i64>().ok().filter(|s| (0..=253_402_300_799).contains(s));
                seconds.and_then(|s| DateTime::from_timestamp(s, 0)).map(Self::Time)
            }
            UsageGroup::Instance => text.parse().ok().map(Self::Instance),
            UsageGroup::Workflow => {
                text.split_once('~').filter(|(_, workflow)| !workflow.contains('\0')).and_then(
                    |(instance, workflow)| Some(Self::Workflow(instance.parse().ok()?, workflow.to_owned())),
                )
            }
        };
        parsed.ok_or_else(|| {
            Error::invalid("after", "That is not a cursor of this list.").with_remedy(
                "Use the cursor of the last row you have, or leave it out to start from the beginning.",
            )
        })
    }
}

impl UsageRow {
    /// The row's cursor, for `PageRequest::after`.
    pub fn cursor(&self) -> String {
        match (self.hour, self.instance, &self.workflow_id) {
            (Some(hour), ..) => hour.timestamp().to_string(),
            (None, Some(instance), Some(workflow)) => format!("{instance}~{workflow}"),
            (None, Some(instance), None) => instance.to_string(),
            (None, None, _) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strange_cursors_are_refused() {
        for group in [UsageGroup::Hour, UsageGroup::Day, UsageGroup::Instance, UsageGroup::Workflow] {
            for text in ["", "x", "-1", "999999999999999", "ins_~", "ins_01h455vb4pex5vsknk084sn02q~\0"] {
                assert!(Cursor::parse(group, text).is_err(), "{group:?} {text:?}");
            }
        }
    }
}
