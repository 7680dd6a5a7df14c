//! Measures as people write them: digits and a unit, such as `24h`.

use std::time::Duration;

/// The units of durations, in milliseconds, the longest first.
const DURATIONS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Parses digits and one of these units; `None` if the text has another form, or the value is too
/// large.
#[must_use]
pub fn read(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit_start = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(unit_start);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    digits.parse::<u64>().ok()?.checked_mul(*factor)
}

/// Parses a duration such as `250ms`, `30s`, `5m`, `24h` or `7d`.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    read(text, &DURATIONS).map(Duration::from_millis)
}

/// A duration in the longest unit in which it is a whole number. A single day is written as 24
/// hours.
#[must_use]
pub fn told(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let tells = |(unit, factor): &&(&str, u64)| {
        let count = millis.checked_div(*factor).unwrap_or_default();
        let is_whole = count.checked_mul(*factor) == Some(millis);
        is_whole && count > 0 && !(*unit == "d" && count == 1)
    };
    match DURATIONS.iter().find(tells) {
        Some((unit, factor)) => {
            format!("{}{unit}", millis.checked_div(*factor).unwrap_or_default())
        }
        None => "0s".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_digits_and_a_unit() {
        for (text, millis) in
            [("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("24h", 86_400_000), ("0s", 0)]
        {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(duration("7d"), Some(Duration::from_hours(168)));
        for text in ["", "30", "s", "1.5h", "-1s", "30 s", "1h30m", "30S", "99999999999999999d"] {
            assert_eq!(duration(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_duration_is_written_in_its_longest_whole_unit() {
        for text in ["0s", "1ms", "1500ms", "90s", "90m", "24h", "36h", "2d", "90d"] {
            assert_eq!(told(duration(text).unwrap()), text);
        }
        assert_eq!(told(duration("1d").unwrap()), "24h");
        assert_eq!(told(duration("3600s").unwrap()), "1h");
    }
}
