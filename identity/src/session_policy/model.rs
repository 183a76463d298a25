use std::ops::RangeInclusive;

use tenantry_kernel::{Error, Result};

/// A tenant's limits. `None`: the platform's alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Minutes without use.
    pub idle_minutes: Option<i32>,
    /// Minutes since the log-in, however busy.
    pub absolute_minutes: Option<i32>,
}

/// Five minutes to 14 days: what the platform itself allows.
const IDLE: RangeInclusive<i32> = 5..=14 * 24 * 60;
/// A quarter of an hour to 30 days.
const ABSOLUTE: RangeInclusive<i32> = 15..=30 * 24 * 60;

impl SessionPolicy {
    /// # Errors
    /// `Invalid` for a limit out of the platform's bounds.
    pub(crate) fn check(self) -> Result<Self> {
        within("idleMinutes", self.idle_minutes, IDLE)?;
        within("absoluteMinutes", self.absolute_minutes, ABSOLUTE)?;
        Ok(self)
    }
}

fn within(field: &'static str, minutes: Option<i32>, bounds: RangeInclusive<i32>) -> Result<()> {
    match minutes {
        Some(minutes) if !bounds.contains(&minutes) => Err(Error::invalid(
            field,
            format!("A limit is {} to {} minutes, or none of your own.", bounds.start(), bounds.end()),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_within_the_platforms_bounds_or_none() {
        let policy =
            |idle_minutes, absolute_minutes| SessionPolicy { idle_minutes, absolute_minutes }.check();
        for good in [(None, None), (Some(5), Some(15)), (Some(20_160), Some(43_200)), (Some(60), None)] {
            assert!(policy(good.0, good.1).is_ok(), "{good:?}");
        }
        for (idle, absolute, field) in [
            (Some(4), None, "idleMinutes"),
            (Some(20_161), None, "idleMinutes"),
            (Some(-1), None, "idleMinutes"),
            (None, Some(14), "absoluteMinutes"),
            (None, Some(43_201), "absoluteMinutes"),
            (Some(i32::MAX), Some(i32::MIN), "idleMinutes"),
        ] {
            assert_eq!(policy(idle, absolute).unwrap_err().field(), Some(field), "{idle:?} {absolute:?}");
        }
    }
}
