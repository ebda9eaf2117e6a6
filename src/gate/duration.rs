//! Lengths of time as ISO 8601 writes them.

use chrono::TimeDelta;

/// Reads `P7D`, `PT12H`, `P1DT6H30M` or `P2W`. Years and months have no fixed length and are refused, as is everything
/// that is not written in this form: `1m` means a month to some and a minute to others.
pub fn parse_duration(text: &str) -> Option<TimeDelta> {
    let (date, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text.strip_prefix('P')?, None),
    };
    if date.is_empty() && time.is_none_or(str::is_empty) || time.is_some_and(str::is_empty) {
        return None;
    }
    let days = parts(date, &[('W', 7 * 86_400), ('D', 86_400)])?;
    let clock = parts(time.unwrap_or(""), &[('H', 3_600), ('M', 60), ('S', 1)])?;
    TimeDelta::try_seconds(days.checked_add(clock)?)
}

/// The seconds of numbers with units, each unit at most once and in this order.
fn parts(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut total = 0_i64;
    let mut rest = text;
    let mut units = units.iter();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(end)?;
        let unit = tail.chars().next()?;
        let (_, seconds) = units.find(|(known, _)| *known == unit)?;
        let number: i64 = number.parse().ok()?;
        total = total.checked_add(number.checked_mul(*seconds)?)?;
        rest = tail.get(unit.len_utf8()..)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |text: &str, seconds: Option<i64>| {
            assert_eq!(
                parse_duration(text).map(|d| d.num_seconds()),
                seconds,
                "{text}"
            );
        };
        check("P7D", Some(604_800));
        check("PT12H", Some(43_200));
        check("P1DT6H30M", Some(109_800));
        check("P2W", Some(1_209_600));
        check("PT0S", Some(0));
        for bad in [
            "",
            "P",
            "PT",
            "P1DT",
            "1m",
            "7d",
            "P1M",
            "P1Y",
            "P-1D",
            "P1H",
            "PT1D",
            "P1D2W",
            "P1D1D",
            "P 1D",
            "P1,5D",
            "P99999999999999999999D",
            "P9223372036854775807W",
            "Pé",
        ] {
            check(bad, None);
        }
    }
}
