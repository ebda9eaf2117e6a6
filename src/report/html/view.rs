//! What the page shows, as plain values. A field that the template takes as HTML is made by [`prose`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use askama::Template;
use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::super::text::{escape, plural};
use super::super::{Report, conclusion, redact};
use super::gates::{StageView, stages};
use crate::catalogue;
use crate::decision::Verdict;
use crate::finding::{Finding, Severity, Status};
use crate::policy::Demand;
use crate::source::Location;

const STYLE: &str = concat!(include_str!("base.css"), include_str!("style.css"));
/// Lines of a finding that are shown.
const MOST_LINES: u32 = 12;
/// Characters of a line that are shown.
const LONGEST_LINE: usize = 400;

/// The page.
#[derive(Template)]
#[template(path = "page.html")]
pub(super) struct Page {
    style: &'static str,
    style_hash: String,
    version: &'static str,
    title: String,
    repository: String,
    generated_at: String,
    verdict: &'static str,
    verdict_word: &'static str,
    verdict_reason: String,
    errors: Vec<String>,
    steps: Vec<String>,
    glance: Vec<(&'static str, String)>,
    type_words: String,
    reasons: Vec<Reason>,
    stages: Vec<StageView>,
    files: Vec<FileView>,
    evidence: Vec<(String, String, String)>,
    exceptions: Vec<(String, &'static str, String)>,
    examined: Vec<(String, u64)>,
    not_examined: Vec<(String, String)>,
    again: String,
    commit: String,
    packs: String,
    policy_digest: String,
    inputs: Vec<(String, String, String)>,
    inputs_words: String,
}

struct Reason {
    at_least: &'static str,
    too_much: bool,
    message: String,
    waiver: String,
    place: String,
    more: usize,
    policy: String,
}

struct FileView {
    path: String,
    findings: Vec<FindingView>,
}

struct FindingView {
    severity: &'static str,
    rule: String,
    url: String,
    message: String,
    place: String,
    lines: Vec<Line>,
    label: String,
    notes: Vec<(Cow<'static, str>, String)>,
}

struct Line {
    number: u32,
    before: String,
    marked: String,
    after: String,
}

/// Everything that the page shows of a report.
pub(super) fn page(report: &Report) -> Page {
    let subject = &report.subject;
    Page {
        style: STYLE,
        style_hash: hash_of(STYLE),
        version: env!("CARGO_PKG_VERSION"),
        title: title(report),
        repository: escape(&subject.repository),
        generated_at: escape(&report.generated_at),
        verdict: report.decision.verdict.as_str(),
        verdict_word: conclusion::verdict_word(report),
        verdict_reason: conclusion::verdict_reason(report),
        errors: report.errors.iter().map(|error| prose(error)).collect(),
        steps: conclusion::next_steps(report)
            .iter()
            .map(|step| prose(step))
            .collect(),
        glance: glance(report),
        type_words: type_words(report),
        reasons: report
            .decision
            .reasons
            .iter()
            .map(|reason| reason_view(report, reason))
            .collect(),
        stages: stages(report),
        files: files(report),
        evidence: evidence(report),
        exceptions: exceptions(report),
        examined: report
            .coverage
            .examined
            .iter()
            .map(|(what, &count)| ((*what).to_owned(), count))
            .collect(),
        not_examined: report
            .coverage
            .not_examined
            .iter()
            .map(|entry| (escape(&entry.path), prose(&entry.reason)))
            .collect(),
        again: again(report),
        commit: escape(&subject.commit),
        packs: escape(&report.policy.packs.join(", ")),
        policy_digest: escape(&report.policy.digest),
        inputs: report
            .inputs
            .iter()
            .map(|input| {
                let revision = if input.revision.is_empty() {
                    "work tree"
                } else {
                    &input.revision
                };
                (escape(&input.path), escape(revision), escape(&input.digest))
            })
            .collect(),
        inputs_words: format!("{} read", plural(report.inputs.len(), "file")),
    }
}

/// The source of a style for `Content-Security-Policy` (CSP3, 6.7.3).
fn hash_of(style: &str) -> String {
    let digest = Sha256::digest(style.as_bytes());
    format!(
        "sha256-{}",
        base64::engine::general_purpose::STANDARD.encode(digest)
    )
}

fn title(report: &Report) -> String {
    let subject = &report.subject;
    let what = match &subject.tag {
        Some(tag) => escape(tag),
        None if subject.commit.is_empty() => "staged changes".to_owned(),
        None => "next release".to_owned(),
    };
    let verdict = match report.decision.verdict {
        Verdict::Pass => "may go",
        Verdict::Fail => "blocked",
        Verdict::Error => "could not be judged",
    };
    format!("{} {what}: {verdict}", escape(&report.headline.name))
}

fn glance(report: &Report) -> Vec<(&'static str, String)> {
    let decision = &report.decision;
    let subject = &report.subject;
    let none = || "none".to_owned();
    let mut glance = vec![
        (
            "Declared",
            decision.declared.map_or_else(none, |kind| kind.to_string()),
        ),
        ("Required", decision.required.to_string()),
        (
            "Previous release",
            subject
                .previous
                .as_ref()
                .map_or_else(none, |previous| escape(&previous.tag)),
        ),
        ("Stage", subject.stage.to_string()),
        ("Commits", report.headline.commits.to_string()),
        ("Migrations", report.headline.migrations.to_string()),
    ];
    for (chart, from, to) in report.headline.charts.iter().take(3) {
        glance.push(("Chart", escape(&format!("{chart} {from} → {to}"))));
    }
    glance
}

fn type_words(report: &Report) -> String {
    let decision = &report.decision;
    let required = decision.required;
    match decision.declared {
        Some(declared) if declared < required => {
            format!(
                "The tag declares a {declared}, and a {required} is required: it declares too little."
            )
        }
        Some(declared) => format!("The tag declares a {declared}; a {required} is required."),
        None if decision.reasons.is_empty() => "Nothing demands a release.".to_owned(),
        None => format!("No tag declares a type; a {required} is required."),
    }
}

fn reason_view(report: &Report, reason: &Demand) -> Reason {
    let declared = report.decision.declared;
    Reason {
        at_least: reason.at_least.as_str(),
        too_much: reason.waiver.is_none() && declared.is_some_and(|it| reason.at_least > it),
        message: prose(&reason.message),
        waiver: reason.waiver.as_ref().map_or_else(String::new, |waiver| {
            escape(&format!(
                "waived until {} by {}",
                waiver.expires_at, waiver.approved_by
            ))
        }),
        place: reason
            .locations
            .first()
            .map_or_else(String::new, |&place| escape(&report.place(place))),
        more: reason.locations.len().saturating_sub(1),
        policy: escape(&format!("{}/{}", reason.policy, reason.id)),
    }
}

/// Findings by file, the files with the worst first; what is about no file stands on top.
fn files(report: &Report) -> Vec<FileView> {
    let open = report
        .findings
        .iter()
        .filter(|finding| finding.status == Status::Open);
    super::super::human::by_file(report, open)
        .into_iter()
        .map(|(path, findings)| FileView {
            path: if path.is_empty() {
                "The release as a whole".to_owned()
            } else {
                escape(path)
            },
            findings: findings
                .into_iter()
                .map(|finding| finding_view(report, finding))
                .collect(),
        })
        .collect()
}

fn finding_view(report: &Report, finding: &Finding) -> FindingView {
    let mut notes: Vec<(Cow<'static, str>, String)> = finding
        .related
        .iter()
        .map(|label| {
            let text = format!("{}  `{}`", label.message, report.place(label.location));
            (Cow::Borrowed("see"), prose(&text))
        })
        .collect();
    notes.extend(
        finding
            .notes
            .iter()
            .map(|note| (note.key.clone(), prose(&note.text))),
    );
    if !finding.help.is_empty() {
        notes.push((Cow::Borrowed("help"), prose(&finding.help)));
    }
    FindingView {
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        },
        rule: escape(&finding.rule),
        url: url(&finding.rule),
        message: prose(&finding.message),
        place: finding
            .location
            .map_or_else(String::new, |location| escape(&report.place(location))),
        // The table of the release type says where it comes from.
        lines: finding
            .location
            .filter(|_| !finding.rule.starts_with("release-type-too-"))
            .map_or_else(Vec::new, |location| lines(report, location)),
        label: escape(&finding.label),
        notes,
    }
}

/// The lines of a location with one around them.
fn lines(report: &Report, location: Location) -> Vec<Line> {
    let file = report.sources.get(location.source);
    let (start, end) = report.sources.positions(location);
    let first = start.line.saturating_sub(1).max(1);
    let last = end
        .line
        .min(start.line.saturating_add(MOST_LINES))
        .saturating_add(1);
    let mut lines = Vec::new();
    for number in first..=last {
        let text = file.lines().line_text(&file.text, number);
        if number > end.line && text.is_empty() {
            continue;
        }
        let text = redact::line(&file.path, text);
        let inside = (start.line..=end.line).contains(&number);
        let from = match number {
            _ if !inside => usize::MAX,
            _ if number == start.line => start.column as usize - 1,
            _ => text.chars().take_while(|c| c.is_whitespace()).count(),
        };
        let to = if number == end.line {
            end.column as usize - 1
        } else {
            usize::MAX
        };
        lines.push(line(number, &text, from, to));
    }
    lines
}

fn line(number: u32, text: &str, from: usize, to: usize) -> Line {
    let part = |from: usize, to: usize| {
        let length = to.saturating_sub(from);
        let part: String = text
            .chars()
            .take(LONGEST_LINE)
            .skip(from)
            .take(length)
            .map(|c| if c == '\t' { ' ' } else { c })
            .collect();
        escape(&part)
    };
    Line {
        number,
        before: part(0, from),
        marked: part(from, to.max(from)),
        after: if from == usize::MAX {
            String::new()
        } else {
            part(to.max(from), usize::MAX)
        },
    }
}

fn evidence(report: &Report) -> Vec<(String, String, String)> {
    let digests: BTreeMap<&str, &str> = report
        .inputs
        .iter()
        .map(|input| (input.path.as_str(), input.digest.as_str()))
        .collect();
    report
        .gates
        .iter()
        .flat_map(|gate| gate.evidence.iter().map(move |path| (gate, path)))
        .map(|(gate, path)| {
            let digest = digests.get(path.as_str()).copied().unwrap_or("");
            (escape(&gate.id), escape(path), escape(digest))
        })
        .collect()
}

fn exceptions(report: &Report) -> Vec<(String, &'static str, String)> {
    let gates = report.gates.iter().filter_map(|gate| {
        let waiver = gate.waiver.as_ref()?;
        let why = format!(
            "{} (by {}, until {})",
            waiver.reason, waiver.approved_by, waiver.expires_at
        );
        Some((escape(&format!("gate {}", gate.id)), "waived", prose(&why)))
    });
    let findings = report
        .findings
        .iter()
        .filter(|finding| finding.status != Status::Open)
        .map(|finding| {
            let place = finding
                .location
                .map_or_else(|| finding.about.clone(), |location| report.place(location));
            (
                escape(&format!("{} {place}", finding.rule)),
                finding.status.as_str(),
                prose(&finding.status_reason),
            )
        });
    gates.chain(findings).collect()
}

fn again(report: &Report) -> String {
    let subject = &report.subject;
    let mut check = "relgate".to_owned();
    if !report.policy.reference.is_empty() {
        check.push_str(&format!(
            " --policy-ref {}",
            shell(&report.policy.reference)
        ));
    }
    check.push_str(&format!(" --now {} check", shell(&report.generated_at)));
    match &subject.tag {
        Some(tag) if subject.proposed => {
            check.push_str(&format!(
                " --tag {} --at {}",
                shell(tag),
                shell(&subject.commit)
            ));
        }
        Some(tag) => check.push_str(&format!(" --tag {}", shell(tag))),
        None if subject.commit.is_empty() => check.push_str(" --staged"),
        None => {}
    }
    check.push_str(&format!(
        " --stage {} --output html=report.html",
        subject.stage
    ));
    let mut lines = vec!["git fetch --tags".to_owned()];
    if subject.tag.is_none() && !subject.commit.is_empty() {
        lines.push(format!("git switch --detach {}", shell(&subject.commit)));
    }
    lines.push(check);
    lines.join("\n")
}

/// A word of a command line as a shell takes it.
fn shell(word: &str) -> String {
    let word = escape(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The page of a built-in id; users' own have none on the web.
pub(super) fn url(id: &str) -> String {
    catalogue::summary(id).map_or_else(String::new, |_| catalogue::url(id))
}

/// Text as HTML, with code for what stands between backticks.
pub(super) fn prose(text: &str) -> String {
    let text = escape(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return quoted(&text);
    }
    parts
        .iter()
        .enumerate()
        .map(|(index, part)| match index % 2 {
            0 => quoted(part),
            _ => format!("<code>{}</code>", quoted(part)),
        })
        .collect()
}

fn quoted(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_markup() {
        assert_eq!(
            prose("`a<b` & <img onerror='x'> \u{202e}"),
            "<code>a&lt;b</code> &amp; &lt;img onerror=&#39;x&#39;&gt; \\u{202e}"
        );
        assert_eq!(prose("a ` <b>"), "a ` &lt;b&gt;");
    }

    #[test]
    fn lines_are_split_at_the_mark() {
        let line = line(1, "  DROP x;", 2, 6);
        assert_eq!(
            (
                line.before.as_str(),
                line.marked.as_str(),
                line.after.as_str()
            ),
            ("  ", "DROP", " x;")
        );
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell("v1.0.0"), "v1.0.0");
        assert_eq!(shell("v1;rm 'x'"), "'v1;rm '\\''x'\\'''");
    }
}
