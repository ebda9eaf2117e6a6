//! Floats as Go writes them: `strconv.FormatFloat(v, 'g', -1, bits)`.

/// The shortest text that reads back as the same 64-bit float.
pub(super) fn shortest(value: f64) -> String {
    from_scientific(value, &format!("{value:e}"))
}

/// The shortest text that reads back as the same 32-bit float, which is what sigs.k8s.io/yaml makes of a float.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the conversion is what Go does"
)]
pub(super) fn shortest_32(value: f64) -> String {
    let narrow = value as f32;
    from_scientific(f64::from(narrow), &format!("{narrow:e}"))
}

/// Go's `%g` from Rust's scientific form, whose digits are the shortest ones too.
fn from_scientific(value: f64, scientific: &str) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // strconv: an exponent below -4 or from 6 on is written, when the digits are the shortest ones.
    if (-4..6).contains(&exponent) {
        return fixed(mantissa, exponent);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// Moves the decimal point of `d.ddd` by `exponent` places.
fn fixed(mantissa: &str, exponent: i32) -> String {
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|&c| c != '.').collect();
    if exponent < 0 {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    if digits.len() <= whole {
        return format!("{sign}{digits}{}", "0".repeat(whole - digits.len()));
    }
    let (before, behind) = digits.split_at(whole);
    format!("{sign}{before}.{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Float, what `fmt` prints for it, what `FormatFloat(v, 'g', -1, 32)` gives: printed by Go.
    const GO: &[(f64, &str, &str)] = &[
        (1e0, "1", "1"),
        (1.5, "1.5", "1.5"),
        (-1e-04, "-0.0001", "-0.0001"),
        (1e-05, "1e-05", "1e-05"),
        (123_456.0, "123456", "123456"),
        (999_999.0, "999999", "999999"),
        (1e+06, "1e+06", "1e+06"),
        (1_234_567.0, "1.234567e+06", "1.234567e+06"),
        (20_240_101.0, "2.0240101e+07", "2.02401e+07"),
        (1e+21, "1e+21", "1e+21"),
        (123_456_789.5, "1.234567895e+08", "1.2345679e+08"),
        (0.1, "0.1", "0.1"),
        (1.1, "1.1", "1.1"),
        (1000.0, "1000", "1000"),
        (-1e-07, "-1e-07", "-1e-07"),
        (1e+39, "1e+39", "+Inf"),
        (16_777_217.0, "1.6777217e+07", "1.6777216e+07"),
        (0.0, "0", "0"),
    ];

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for &(value, wide, narrow) in GO {
            assert_eq!(
                (shortest(value).as_str(), shortest_32(value).as_str()),
                (wide, narrow)
            );
        }
    }
}
