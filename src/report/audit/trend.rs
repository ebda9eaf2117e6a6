//! Releases over time: by type, and how many were blocked. A picture and the same numbers as rows of a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Release;

/// The types, in the order in which they are stacked.
pub(super) const TYPES: [&str; 4] = ["patch", "minor", "major", "other"];

/// One period.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Period {
    /// `2026-03` or `2026 Q1`.
    pub(super) name: String,
    /// Releases by type, as in [`TYPES`].
    pub(super) types: [usize; 4],
    /// Releases that failed.
    pub(super) failed: usize,
    /// Findings of severity error that were open.
    pub(super) errors: usize,
}

impl Period {
    /// All releases of the period.
    pub(super) fn releases(&self) -> usize {
        self.types.iter().sum()
    }
}

/// More columns than these are drawn by quarter, and by year when they are still too many.
const MOST_COLUMNS: usize = 24;

/// The periods, the oldest first; those without a release are there too, up to a limit.
pub(super) fn periods(releases: &[Release]) -> Vec<Period> {
    let names: [fn(i64) -> String; 3] = [
        |month| format!("{}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1),
        |quarter| format!("{} Q{}", quarter.div_euclid(4), quarter.rem_euclid(4) + 1),
        |year| year.to_string(),
    ];
    for (months, name) in [1, 3, 12].into_iter().zip(names) {
        let (periods, whole) = by(releases, months, name);
        if (whole && periods.len() <= MOST_COLUMNS) || months == 12 {
            return periods;
        }
    }
    Vec::new()
}

/// The periods, and whether those without a release are among them.
fn by(releases: &[Release], months: i64, name: fn(i64) -> String) -> (Vec<Period>, bool) {
    let mut found: BTreeMap<i64, Period> = BTreeMap::new();
    for release in releases {
        let Some(month) = month(&release.date) else {
            continue;
        };
        let period = found.entry(month.div_euclid(months)).or_default();
        let declared = release.declared_type.as_deref().unwrap_or_default();
        let index = TYPES.iter().position(|word| *word == declared).unwrap_or(3);
        if let Some(count) = period.types.get_mut(index) {
            *count += 1;
        }
        period.failed += usize::from(release.verdict != "pass");
        period.errors += release.open_errors().count();
    }
    let (Some(first), Some(last)) = (
        found.keys().next().copied(),
        found.keys().next_back().copied(),
    ) else {
        return (Vec::new(), true);
    };
    // A commit may claim any year; a gap that no project has is not drawn.
    let gaps = last.saturating_sub(first) < 200;
    let keys: Vec<i64> = if gaps {
        (first..=last).collect()
    } else {
        found.keys().copied().collect()
    };
    let periods = keys
        .into_iter()
        .map(|key| Period {
            name: name(key),
            ..found.remove(&key).unwrap_or_default()
        })
        .collect();
    (periods, gaps)
}

/// Months since the year 0.
fn month(date: &str) -> Option<i64> {
    let year: i64 = date.get(..4)?.parse().ok()?;
    let month: i64 = date.get(5..7)?.parse().ok()?;
    Some(year * 12 + month - 1)
}

const WIDTH: usize = 960;
const HEIGHT: usize = 220;
const LEFT: usize = 40;
const BOTTOM: usize = 34;

/// Stacked columns of releases by type, with a mark for those that were blocked. Every number in it is ours.
pub(super) fn picture(periods: &[Period]) -> String {
    let most = periods
        .iter()
        .map(Period::releases)
        .max()
        .unwrap_or(0)
        .max(1);
    let step = (WIDTH - LEFT) / periods.len().max(1);
    let bar = (step * 7 / 10).clamp(2, 56);
    let plot = HEIGHT - BOTTOM - 10;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"trend-title trend-desc\">\
         <title id=\"trend-title\">Releases over time</title>\
         <desc id=\"trend-desc\">Stacked columns: patch, minor, major and other releases of each period; a line shows how many were blocked. The table below has the numbers.</desc>"
    );
    for (value, y) in [(0, plot + 10), (most, 10)] {
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y}\" x2=\"{WIDTH}\" y2=\"{y}\"/><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value}</text>",
            LEFT - 6,
            y + 4,
        );
    }
    // Labels stand as often as they fit.
    let every = (periods.len() * 64).div_ceil(WIDTH - LEFT).max(1);
    let mut line = String::new();
    for (index, period) in periods.iter().enumerate() {
        let x = LEFT + index * step + (step - bar) / 2;
        let mut y = plot + 10;
        for (word, count) in TYPES.iter().zip(period.types) {
            let height = count * plot / most;
            y -= height;
            if height > 0 {
                let _ = write!(
                    svg,
                    "<rect class=\"{word}\" x=\"{x}\" y=\"{y}\" width=\"{bar}\" height=\"{height}\"/>"
                );
            }
        }
        if index % every == 0 {
            let _ = write!(
                svg,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                x + bar / 2,
                HEIGHT - 12,
                period.name
            );
        }
        let failed = plot + 10 - period.failed * plot / most;
        let _ = write!(line, "{},{failed} ", x + bar / 2);
    }
    let _ = write!(
        svg,
        "<polyline class=\"failed\" points=\"{}\"/></svg>",
        line.trim_end()
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(date: &str, declared: &str, verdict: &str) -> Release {
        Release {
            date: date.to_owned(),
            declared_type: Some(declared.to_owned()),
            verdict: verdict.to_owned(),
            ..Release::default()
        }
    }

    #[test]
    fn months_without_a_release_are_columns_too() {
        let releases = [
            release("2025-12-30T00:00:00Z", "patch", "pass"),
            release("2026-02-01T00:00:00Z", "minor", "fail"),
            release("", "minor", "fail"),
        ];
        let found: Vec<(String, usize, usize)> = periods(&releases)
            .into_iter()
            .map(|period| (period.name.clone(), period.releases(), period.failed))
            .collect();
        let expected = [("2025-12", 1, 0), ("2026-01", 0, 0), ("2026-02", 1, 1)];
        assert_eq!(
            found,
            expected.map(|(name, n, failed)| (name.to_owned(), n, failed))
        );
    }

    #[test]
    fn long_histories_are_drawn_by_quarter_or_year() {
        let history = |years: usize| -> Vec<Release> {
            (0..years)
                .map(|year| release(&format!("{}-05-01T00:00:00Z", 2000 + year), "major", "pass"))
                .collect()
        };
        assert_eq!(periods(&history(4))[0].name, "2000 Q2");
        assert_eq!(periods(&history(20)).len(), 20);
        assert!(picture(&periods(&history(20))).contains(">2000</text>"));
        // What a clock without a battery writes.
        let mut odd = history(2);
        odd.push(release("9999-01-01T00:00:00Z", "patch", "pass"));
        assert_eq!(periods(&odd).len(), 3);
        assert!(periods(&[]).is_empty());
    }
}
