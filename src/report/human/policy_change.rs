//! What a change to the policies would make of the judgement.

use std::io;

use super::paint::Paint;
use crate::report::Report;
use crate::report::text::escape;

pub(super) fn write(report: &Report, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(change) = &report.policy.change else {
        return Ok(());
    };
    let reference = report.policy.reference.get(..7);
    let reference = reference.unwrap_or(&report.policy.reference);
    writeln!(
        out,
        "\n{}   {}; judged by {reference} without it",
        paint.bold("Policies under review"),
        escape(&change.files.join(", "))
    )?;
    match &change.with {
        Err(why) => writeln!(out, "  with it  nothing could be judged: {}", escape(why)),
        Ok(with) if with.differences.is_empty() => {
            writeln!(out, "  with it  the judgement would be the same")
        }
        Ok(with) => {
            let width = with.differences.iter().map(|it| it.what.chars().count());
            let width = width.max().unwrap_or(0).min(60);
            for (index, it) in with.differences.iter().enumerate() {
                let lead = if index == 0 { "with it" } else { "" };
                writeln!(
                    out,
                    "  {lead:7}  {:width$}  {} → {}",
                    escape(&it.what),
                    escape(&it.before),
                    paint.warning(&escape(&it.after))
                )?;
            }
            Ok(())
        }
    }
}
