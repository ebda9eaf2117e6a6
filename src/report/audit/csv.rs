//! An audit for spreadsheets: one release on a line, the newest last.

use std::io;

use super::{Audit, Release};
use crate::gate::GateStatus;
use crate::report::Style;
use crate::report::text::escape;

const COLUMNS: [&str; 22] = [
    "repository",
    "tag",
    "kind",
    "version",
    "commit",
    "date",
    "annotated",
    "on_main",
    "previous",
    "ancestor",
    "declared_type",
    "required_type",
    "verdict",
    "commits",
    "authors",
    "migrations_added",
    "migrations_modified",
    "changelog_entry",
    "last_candidate",
    "errors",
    "gates_failed",
    "gates_not_evaluated",
];

pub(super) fn write(audit: &Audit, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(COLUMNS).map_err(io::Error::other)?;
    for release in &audit.releases {
        let cells = cells(&audit.repository, release);
        csv.write_record(cells.iter().map(|text| harmless(text)))
            .map_err(io::Error::other)?;
    }
    csv.flush()
}

fn cells(repository: &str, release: &Release) -> [String; 22] {
    let joined = |gates: &mut dyn Iterator<Item = &super::GateRow>| {
        gates
            .filter(|gate| gate.is_due())
            .map(|gate| gate.id.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let mut errors: Vec<&str> = release.errors.iter().map(String::as_str).collect();
    errors.extend(release.open_errors().map(|finding| finding.rule.as_str()));
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        repository.to_owned(),
        release.tag.clone(),
        release.kind.clone(),
        release.version.clone(),
        release.commit.clone(),
        release.date.clone(),
        release.annotated.to_string(),
        release.on_main.clone(),
        or_empty(&release.previous),
        or_empty(&release.ancestor),
        or_empty(&release.declared_type),
        release.required_type.clone(),
        release.verdict.clone(),
        release.commits.to_string(),
        release.authors.join(" "),
        release.migrations.added.len().to_string(),
        release.migrations.modified.len().to_string(),
        release.changelog_entry.to_string(),
        release.candidates.last().cloned().unwrap_or_default(),
        errors.join(" "),
        joined(&mut release.gates_that_are(GateStatus::Fail)),
        joined(&mut release.gates_that_are(GateStatus::NotEvaluated)),
    ]
}

/// A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"), with nothing in it that steers a terminal.
fn harmless(text: &str) -> String {
    let text = escape(text);
    if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn cells_are_no_formulas() {
        assert_eq!(harmless("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(harmless("@ada"), "'@ada");
        assert_eq!(harmless("\t=1"), "\\u{9}=1");
        assert_eq!(harmless("v1.2.3"), "v1.2.3");
    }
}
