//! Reads how long a deleted instance's data is kept.

use chrono::TimeDelta;

/// As many days as a year has: whoever wants more wants backups.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// `7d`, `12h`, `30m`, `90s`; `0` is no time at all.
pub(super) fn parse(text: &str) -> Result<TimeDelta, String> {
    let text = text.trim();
    if text == "0" {
        return Ok(TimeDelta::zero());
    }
    let wrong = || format!("{text:?} is no length of time: write 7d, 12h, 30m or 90s, or 0 for none");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let number = text.strip_suffix(unit).unwrap_or_default();
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let length = match unit {
        'd' => TimeDelta::try_days(number),
        'h' => TimeDelta::try_hours(number),
        'm' => TimeDelta::try_minutes(number),
        's' => TimeDelta::try_seconds(number),
        _ => return Err(wrong()),
    };
    length
        .filter(|l| *l <= LONGEST)
        .ok_or_else(|| format!("{text} is longer than {} days", LONGEST.num_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_nonsense_is_refused() {
        for (text, seconds) in [
            ("0", 0),
            ("0d", 0),
            ("7d", 604_800),
            ("12h", 43_200),
            ("30m", 1_800),
            (" 90s ", 90),
            ("366d", 31_622_400),
        ] {
            assert_eq!(parse(text).unwrap().num_seconds(), seconds, "{text:?}");
        }
        for text in [
            "",
            "7",
            "d",
            "-1d",
            "+1d",
            "1.5d",
            "1w",
            "7 d",
            "367d",
            "9223372036854775807d",
            "99999999999999999999s",
            "7đ",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
