//! An audit as Markdown, for a wiki or a change record.

use std::fmt::Write as _;
use std::io;

use super::Audit;
use crate::gate::GateStatus;
use crate::report::Style;
use crate::report::text::escape;

pub(super) fn write(audit: &Audit, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut text = String::new();
    let summary = &audit.summary;
    let _ = writeln!(text, "# Release audit of {}\n", cell(&audit.repository));
    let _ = writeln!(
        text,
        "{} releases out of {} tags: **{} pass, {} fail, {} could not be judged**. {} with relgate {}; policies `{}`.\n",
        summary.releases,
        summary.tags,
        summary.pass,
        summary.fail,
        summary.error,
        audit.generated_at,
        audit.tool.version,
        audit.policy.digest,
    );
    text.push_str(
        "| release | date | declared | required | verdict | migrations | changelog | notes |\n",
    );
    text.push_str("|---|---|---|---|---|---|---|---|\n");
    for release in audit.releases.iter().rev() {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            cell(&release.tag),
            release.date.get(..10).unwrap_or_default(),
            release.declared_type.as_deref().unwrap_or("–"),
            release.required_type,
            release.verdict,
            release.migrations.words(),
            if release.changelog_entry { "yes" } else { "no" },
            cell(&release.notes().join(", ")),
        );
    }
    text.push_str("\n## Population\n\n| kind | tags |\n|---|---:|\n");
    for (kind, n) in &audit.tags {
        let _ = writeln!(text, "| {kind} | {n} |");
    }
    let _ = writeln!(text, "| all | {} |", audit.tags.values().sum::<u64>());
    text.push_str("\n## Exceptions\n\n");
    let mut none = true;
    for release in &audit.releases {
        for gate in release.gates_that_are(GateStatus::Waived) {
            none = false;
            let waiver = gate.waiver.as_ref();
            let _ = writeln!(
                text,
                "- {}: gate {} waived by {}: {}",
                cell(&release.tag),
                cell(&gate.id),
                cell(waiver.map_or("", |waiver| &waiver.approved_by)),
                cell(waiver.map_or("", |waiver| &waiver.reason)),
            );
        }
        for finding in release.findings.iter().filter(|one| one.status != "open") {
            none = false;
            let _ = writeln!(
                text,
                "- {}: {} {}: {}",
                cell(&release.tag),
                cell(&finding.rule),
                finding.status,
                cell(&finding.status_reason),
            );
        }
    }
    if none {
        text.push_str("None.\n");
    }
    out.write_all(text.as_bytes())
}

/// Text that neither breaks a table nor is markup.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in escape(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '@' | '#' | '!' | '~' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}
