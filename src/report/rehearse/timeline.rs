//! Locks over time as a picture: one line for each table and mode, one bar from where a lock was taken to the end of its
//! transaction.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::effects::LockMode;
use crate::rehearse::MigrationRun;
use crate::rehearse::holds::{Hold, holds};
use crate::report::text::escape;

/// Widths and heights in user units of the picture.
const LABELS: f64 = 260.0;
const BARS: f64 = 620.0;
const ROW: f64 = 18.0;
const TOP: f64 = 26.0;
/// More lines than these are not drawn.
const MOST_ROWS: usize = 200;

/// A picture of the locks that the way up of the migrations held on relations that were there before, as an SVG element.
/// Empty when there is none.
pub fn svg(runs: &[MigrationRun]) -> String {
    let mut bars: Vec<(Hold, String)> = Vec::new();
    let mut marks: Vec<(Duration, String)> = Vec::new();
    let mut clock = Duration::ZERO;
    for run in runs {
        marks.push((clock, run.version.clone()));
        for mut hold in holds(run) {
            if hold.existed && hold.mode > LockMode::RowExclusive {
                hold.start += clock;
                hold.end += clock;
                bars.push((hold, run.path.clone()));
            }
        }
        clock += run.traces.iter().map(|trace| trace.took).sum::<Duration>();
    }
    if bars.is_empty() {
        return String::new();
    }
    let rows: BTreeSet<(String, LockMode)> = bars
        .iter()
        .map(|(hold, _)| (hold.relation.clone(), hold.mode))
        .collect();
    let rows: Vec<(String, LockMode)> = rows.into_iter().take(MOST_ROWS).collect();
    let total = clock.as_secs_f64().max(0.000_001);
    let x = |time: Duration| LABELS + BARS * (time.as_secs_f64() / total).clamp(0.0, 1.0);
    let y = |row: usize| TOP + ROW * f64::from(u16::try_from(row).unwrap_or(u16::MAX));
    let height = y(rows.len()) + 8.0;
    let width = LABELS + BARS + 10.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         font-family=\"monospace\" font-size=\"10\"><title>Locks on tables over {}</title>\n",
        super::span(clock)
    );
    for (time, version) in &marks {
        let x = x(*time);
        out.push_str(&format!(
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{height}\" stroke=\"#999\" stroke-dasharray=\"2 3\"/>\
             <text x=\"{x:.1}\" y=\"12\" fill=\"currentColor\">{}</text>\n",
            xml(version)
        ));
    }
    for (row, (relation, mode)) in rows.iter().enumerate() {
        let y = y(row);
        out.push_str(&format!(
            "<text x=\"4\" y=\"{:.1}\" fill=\"currentColor\">{} {}</text>\n",
            y + 12.0,
            xml(relation),
            short(*mode)
        ));
        let own = bars
            .iter()
            .filter(|(hold, _)| hold.relation == *relation && hold.mode == *mode);
        for (hold, path) in own {
            let (start, end) = (x(hold.start), x(hold.end));
            out.push_str(&format!(
                "<rect x=\"{start:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"12\" fill=\"{}\"><title>{} on {} for {}: {}</title></rect>\n",
                y + 3.0,
                (end - start).max(1.5),
                color(*mode),
                mode,
                xml(relation),
                super::span(hold.end.saturating_sub(hold.start)),
                xml(path)
            ));
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Red stops readers, orange writers, blue other changes of the schema.
fn color(mode: LockMode) -> &'static str {
    if mode.blocks_reads() {
        "#c62828"
    } else if mode.blocks_writes() {
        "#ef6c00"
    } else {
        "#1565c0"
    }
}

/// `AX` for ACCESS EXCLUSIVE.
fn short(mode: LockMode) -> String {
    mode.as_str()
        .split(' ')
        .filter_map(|word| word.chars().next())
        .collect()
}

fn xml(text: &str) -> String {
    escape(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
