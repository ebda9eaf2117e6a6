//! The auditor's report: one page without scripts, to be read on a screen or printed.

use std::collections::BTreeMap;
use std::io;

use askama::Template;
use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::trend::{self, Period};
use super::{Audit, Release, TagRow};
use crate::gate::GateStatus;
use crate::report::Style;

const STYLE: &str = concat!(
    include_str!("../html/base.css"),
    include_str!("../html/audit.css")
);
/// A list in the page is cut at this many lines, and says so; JSON has everything.
const MOST_LINES: usize = 200;

#[derive(Template)]
#[template(path = "audit.html")]
struct Page<'a> {
    audit: &'a Audit,
    style: &'static str,
    style_hash: String,
    period: String,
    all_tags: u64,
    accounted: u64,
    trend: String,
    periods: Vec<Period>,
    judged: usize,
    left_out: usize,
    no_release: usize,
    rows: Vec<Row<'a>>,
    lines: Vec<Violation>,
    exceptions: Vec<ExceptionLine<'a>>,
    approvals: Vec<(&'a Release, &'a super::release::ApprovalRow)>,
    sample: Vec<&'a Release>,
    policies: Vec<(String, usize, String, String)>,
    controls: Vec<Control>,
    unverified: Vec<(String, usize)>,
    lightweight: usize,
    others: Vec<&'a TagRow>,
    more_others: usize,
}

/// A release in the table.
struct Row<'a> {
    release: &'a Release,
    day: &'a str,
    commit: &'a str,
    errors: usize,
    open: usize,
    notes: String,
}

/// How often a rule was broken.
struct Violation {
    rule: String,
    severity: String,
    findings: usize,
    releases: usize,
    last: String,
}

/// Something that was let through.
struct ExceptionLine<'a> {
    tag: &'a str,
    what: String,
    reason: &'a str,
    by: &'a str,
    until: &'a str,
}

/// A control of a framework, and how its gates fared.
struct Control {
    framework: String,
    id: String,
    gates: Vec<String>,
    counts: [usize; 4],
}

impl Release {
    /// The first reasons: the highest demands.
    fn first_reasons(&self) -> &[super::release::ReasonRow] {
        self.reasons.get(..3).unwrap_or(&self.reasons)
    }

    /// The findings that are worth the space.
    fn first_findings(&self) -> &[super::FindingRow] {
        self.findings.get(..MOST_LINES).unwrap_or(&self.findings)
    }

    /// `3 pass: …; 1 fail: ci-tests; 2 not-evaluated: …`.
    fn gate_words(&self) -> String {
        let of = |status: GateStatus| {
            let ids: Vec<&str> = self
                .gates_that_are(status)
                .map(|gate| gate.id.as_str())
                .collect();
            (!ids.is_empty())
                .then(|| format!("{} {}: {}", ids.len(), status.as_str(), ids.join(", ")))
        };
        let parts: Vec<String> = STATUSES.into_iter().filter_map(of).collect();
        parts.join("; ")
    }
}

/// The first digits of a commit.
fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or("–")
}

impl TagRow {
    fn short(&self) -> &str {
        short(&self.commit)
    }

    fn day(&self) -> &str {
        self.date.get(..10).unwrap_or("–")
    }
}

pub(super) fn write(audit: &Audit, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = page(audit).render().map_err(io::Error::other)?;
    out.write_all(page.as_bytes())?;
    out.write_all(b"\n")
}

fn page(audit: &Audit) -> Page<'_> {
    let periods = trend::periods(&audit.releases);
    let treated = |treatment: &str| {
        let has = |row: &&TagRow| row.treatment == treatment;
        audit.population.iter().filter(has).count()
    };
    let others: Vec<&TagRow> = audit
        .population
        .iter()
        .filter(|row| row.treatment != "judged")
        .collect();
    let digest = Sha256::digest(STYLE.as_bytes());
    Page {
        audit,
        style: STYLE,
        style_hash: format!(
            "sha256-{}",
            base64::engine::general_purpose::STANDARD.encode(digest)
        ),
        period: period(audit),
        all_tags: audit.summary.tags,
        accounted: audit.tags.values().sum(),
        trend: if periods.is_empty() {
            String::new()
        } else {
            trend::picture(&periods)
        },
        periods,
        judged: treated("judged"),
        left_out: treated("left-out"),
        no_release: treated("no-release"),
        rows: audit.releases.iter().rev().map(row).collect(),
        lines: violations(&audit.releases),
        exceptions: exceptions(&audit.releases),
        approvals: audit
            .releases
            .iter()
            .rev()
            .flat_map(|release| release.approvals.iter().map(move |one| (release, one)))
            .collect(),
        sample: audit
            .sample
            .tags
            .iter()
            .filter_map(|tag| audit.releases.iter().find(|release| release.tag == *tag))
            .collect(),
        policies: policies(&audit.releases),
        controls: controls(&audit.releases),
        unverified: unverified(&audit.releases),
        lightweight: audit
            .releases
            .iter()
            .filter(|release| !release.annotated)
            .count(),
        more_others: others.len().saturating_sub(MOST_LINES),
        others: others.into_iter().take(MOST_LINES).collect(),
    }
}

fn day(release: &Release) -> &str {
    release.date.get(..10).unwrap_or("no date")
}

/// From which release to which, in days.
fn period(audit: &Audit) -> String {
    let days = audit
        .releases
        .iter()
        .map(day)
        .filter(|day| *day != "no date");
    match (days.clone().min(), days.max()) {
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "no release".to_owned(),
    }
}

fn row(release: &Release) -> Row<'_> {
    Row {
        day: day(release),
        commit: short(&release.commit),
        errors: release.open_errors().count(),
        open: release
            .gates_that_are(GateStatus::Fail)
            .chain(release.gates_that_are(GateStatus::NotEvaluated))
            .filter(|gate| gate.is_due())
            .count(),
        notes: release.notes().join(", "),
        release,
    }
}

fn violations(releases: &[Release]) -> Vec<Violation> {
    let mut found: BTreeMap<(&str, &str), Violation> = BTreeMap::new();
    for release in releases {
        let mut here = std::collections::BTreeSet::new();
        for finding in release.findings.iter().filter(|one| one.status == "open") {
            let key = (finding.severity.as_str(), finding.rule.as_str());
            let line = found.entry(key).or_insert_with(|| Violation {
                rule: finding.rule.clone(),
                severity: finding.severity.clone(),
                findings: 0,
                releases: 0,
                last: String::new(),
            });
            line.findings += 1;
            if here.insert(key) {
                line.releases += 1;
                line.last.clone_from(&release.tag);
            }
        }
    }
    let mut lines: Vec<Violation> = found.into_values().collect();
    let rank = |severity: &str| {
        ["error", "warning", "info"]
            .iter()
            .position(|one| *one == severity)
    };
    lines.sort_by(|a, b| {
        (rank(&a.severity), b.releases, &a.rule).cmp(&(rank(&b.severity), a.releases, &b.rule))
    });
    lines
}

fn exceptions(releases: &[Release]) -> Vec<ExceptionLine<'_>> {
    let mut lines = Vec::new();
    for release in releases.iter().rev() {
        for gate in &release.gates {
            if let Some(waiver) = &gate.waiver {
                lines.push(ExceptionLine {
                    tag: &release.tag,
                    what: format!("gate {}", gate.id),
                    reason: &waiver.reason,
                    by: &waiver.approved_by,
                    until: &waiver.expires_at,
                });
            }
        }
        for finding in release.findings.iter().filter(|one| one.status != "open") {
            lines.push(ExceptionLine {
                tag: &release.tag,
                what: format!("{} {} in {}", finding.status, finding.rule, finding.path),
                reason: &finding.status_reason,
                by: "",
                until: "",
            });
        }
    }
    lines
}

/// The policies that releases were judged by: digest, releases, the first and the last of them.
fn policies(releases: &[Release]) -> Vec<(String, usize, String, String)> {
    let mut found: Vec<(String, usize, String, String)> = Vec::new();
    for release in releases.iter().filter(|one| !one.policy_digest.is_empty()) {
        match found.last_mut() {
            Some(last) if last.0 == release.policy_digest => {
                last.1 += 1;
                last.3.clone_from(&release.tag);
            }
            _ => found.push((
                release.policy_digest.clone(),
                1,
                release.tag.clone(),
                release.tag.clone(),
            )),
        }
    }
    found
}

const STATUSES: [GateStatus; 4] = [
    GateStatus::Pass,
    GateStatus::Fail,
    GateStatus::Waived,
    GateStatus::NotEvaluated,
];

/// The gates of a control, and how often they had each status.
type Tally<'r> = (BTreeMap<&'r str, ()>, [usize; 4]);

fn controls(releases: &[Release]) -> Vec<Control> {
    let mut found: BTreeMap<(&str, &str), Tally<'_>> = BTreeMap::new();
    for gate in releases.iter().flat_map(|release| &release.gates) {
        let Some(index) = STATUSES.iter().position(|one| gate.status == one.as_str()) else {
            continue;
        };
        for (framework, id) in &gate.controls {
            let entry = found.entry((framework, id)).or_default();
            entry.0.insert(&gate.id, ());
            if let Some(count) = entry.1.get_mut(index) {
                *count += 1;
            }
        }
    }
    found
        .into_iter()
        .map(|((framework, id), (gates, counts))| Control {
            framework: framework.to_owned(),
            id: id.to_owned(),
            gates: gates.into_keys().map(str::to_owned).collect(),
            counts,
        })
        .collect()
}

/// What nobody looked at: gates without evidence, and files that could not be read; with the number of releases.
fn unverified(releases: &[Release]) -> Vec<(String, usize)> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for release in releases {
        for gate in release.gates_that_are(GateStatus::NotEvaluated) {
            *found.entry(format!("gate {}", gate.id)).or_default() += 1;
        }
        let mut reasons: Vec<&str> = release
            .not_examined
            .iter()
            .map(|entry| entry.reason.as_str())
            .collect();
        reasons.sort_unstable();
        reasons.dedup();
        for reason in reasons {
            *found.entry(format!("files: {reason}")).or_default() += 1;
        }
    }
    let mut lines: Vec<(String, usize)> = found.into_iter().collect();
    lines.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    lines
}
