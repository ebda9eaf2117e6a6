//! An audit as a table for people, the newest release first.

use std::fmt::Write as _;
use std::io;

use super::Audit;
use crate::report::Style;
use crate::report::human::paint::Paint;
use crate::report::text::{escape, plural};

pub(super) fn write(audit: &Audit, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let paint = Paint::new(style.color);
    let longest = audit.releases.iter().map(|one| one.tag.chars().count());
    let width = longest.max().unwrap_or(7).clamp(7, 40);
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}",
        paint.bold(&format!(
            "{:width$}  declared  required  verdict  migrations           changelog  candidate      notes",
            "release"
        ))
    );
    for release in audit.releases.iter().rev() {
        let verdict = format!("{:7}", release.verdict);
        let verdict = match release.verdict.as_str() {
            "pass" => paint.good(&verdict),
            "fail" => paint.error(&verdict),
            _ => paint.warning(&verdict),
        };
        let _ = writeln!(
            text,
            "{:width$}  {:8}  {:8}  {verdict}  {:19}  {:9}  {:13}  {}",
            escape(&release.tag),
            release.declared_type.as_deref().unwrap_or("-"),
            release.required_type,
            release.migrations.words(),
            if release.changelog_entry { "yes" } else { "no" },
            escape(release.candidates.last().map_or("none", String::as_str)),
            escape(&release.notes().join(", ")),
        );
    }
    if let Some(ledger) = &audit.ledger {
        for moved in &ledger.moved {
            let _ = writeln!(
                text,
                "{} tag {} moved {} from {} to {}",
                paint.error("error:"),
                escape(&moved.tag),
                moved.direction,
                moved.from,
                moved.to
            );
        }
        for (tag, commit) in &ledger.vanished {
            let _ = writeln!(
                text,
                "{} tag {} is gone; it was at {commit}",
                paint.error("error:"),
                escape(tag)
            );
        }
    }
    let _ = writeln!(text, "\n{}", closing(audit));
    out.write_all(text.as_bytes())
}

/// `31 releases: 77 of 77 tags accounted for (…). 24 pass, 5 fail, 2 could not be judged.`
fn closing(audit: &Audit) -> String {
    let kinds: Vec<String> = audit
        .tags
        .iter()
        .filter(|(_, n)| **n > 0)
        .map(|(kind, n)| format!("{n} {kind}"))
        .collect();
    let tags = usize::try_from(audit.summary.tags).unwrap_or(usize::MAX);
    let mut text = format!(
        "{}: {} of {} accounted for ({}). {} pass, {} fail, {} could not be judged.",
        plural(audit.summary.releases, "release"),
        audit.tags.values().sum::<u64>(),
        plural(tags, "tag"),
        kinds.join(", "),
        audit.summary.pass,
        audit.summary.fail,
        audit.summary.error,
    );
    if let Some(ledger) = &audit.ledger {
        text.push_str(&format!(
            " {} recorded, {} known.",
            plural(ledger.recorded, "decision"),
            ledger.known
        ));
    }
    text
}
