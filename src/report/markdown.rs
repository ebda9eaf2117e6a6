//! Markdown for a comment on a pull request or a job summary: the verdict, what to do, findings, release type, gates.
//!
//! A comment on GitHub holds 65,536 characters. What does not fit is counted, never cut in the middle of a row.

use std::io;

use super::problem::{self, Problem, open_gates};
use super::text::{escape, plural, uri_path};
use super::{Report, Style, conclusion};
use crate::decision::Verdict;
use crate::finding::{Finding, Severity, Status};
use crate::gate::{GateOutcome, GateStatus};

/// The first line: by it a workflow finds the comment that it wrote before.
pub const MARKER: &str = "<!-- relgate:report -->";

/// Bytes of the whole; a character is at least one byte.
const MOST_BYTES: usize = 65_000;
/// Bytes that are kept for what comes behind the findings.
const KEPT_FOR_THE_REST: usize = 24_000;
/// What a cell holds at most.
const LONGEST_CELL: usize = 600;

/// Writes the report.
pub fn write(report: &Report, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::default();
    head(report, &mut page);
    findings(report, &mut page);
    release_type(report, &mut page);
    gates(report, &mut page);
    not_examined(report, &mut page);
    foot(report, &mut page);
    out.write_all(page.text.as_bytes())
}

/// The text, and how much of it there may be.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A line, unless it leaves less than `kept` bytes of the whole.
    fn fits(&mut self, line: &str, kept: usize) -> bool {
        let fits = self.text.len() + line.len() + kept < MOST_BYTES;
        if fits {
            self.line(line);
        }
        fits
    }

    /// The rows that fit, and a count of the others.
    fn rows(&mut self, rows: Vec<String>, kept: usize, what: &str) {
        let all = rows.len();
        let mut written = 0;
        for row in rows {
            if !self.fits(&row, kept) {
                break;
            }
            written += 1;
        }
        if written < all {
            let left = plural(all - written, what);
            self.line(&format!(
                "\n{left} not shown here: the whole report has them.\n"
            ));
        }
    }
}

fn head(report: &Report, page: &mut Page) {
    let subject = &report.subject;
    let name = match &subject.tag {
        Some(tag) => code(tag),
        None if subject.commit.is_empty() => "what is staged".to_owned(),
        None => format!("{} as the next release", code(short(&subject.commit))),
    };
    let (mark, verdict) = match report.decision.verdict {
        Verdict::Pass => ("✅", "may go"),
        Verdict::Fail => ("⛔", "is blocked"),
        Verdict::Error => ("⚠️", "could not be judged"),
    };
    page.line(MARKER);
    page.line(&format!("## {mark} relgate: {name} {verdict}\n"));
    page.line(&format!(
        "{} {}\n",
        bold(conclusion::verdict_word(report)),
        prose(&conclusion::verdict_reason(report))
    ));
    for error in report.errors.iter().take(20) {
        page.line(&format!("- {}", cell(error)));
    }
    for (index, step) in conclusion::next_steps(report).iter().enumerate() {
        page.line(&format!("{}. {}", index + 1, cell(step)));
    }
    page.line("");
    let headline = &report.headline;
    let mut parts = vec![match &subject.previous {
        Some(previous) => format!("from {}", code(&previous.tag)),
        None => super::human::no_previous(report).to_owned(),
    }];
    parts.push(plural(headline.commits, "commit"));
    parts.push(plural(headline.migrations, "migration"));
    for (chart, from, to) in headline.charts.iter().take(3) {
        parts.push(format!(
            "chart {} {} → {}",
            code(chart),
            code(from),
            code(to)
        ));
    }
    page.line(&format!("{}\n", parts.join(" · ")));
}

fn findings(report: &Report, page: &mut Page) {
    let problems = problem::open(report);
    let found: Vec<&Problem<'_>> = problems.iter().filter(|p| p.finding.is_some()).collect();
    if found.is_empty() {
        return;
    }
    page.line(&format!("### {}\n", plural(found.len(), "finding")));
    page.line("| | What | Where |\n|---|---|---|");
    let rows = found
        .iter()
        .map(|problem| finding_row(report, problem))
        .collect();
    page.rows(rows, KEPT_FOR_THE_REST, "finding");
    page.line("");
}

fn finding_row(report: &Report, problem: &Problem<'_>) -> String {
    let mark = match problem.severity {
        Severity::Error => "⛔ error",
        Severity::Warning => "⚠️ warning",
        Severity::Info => "ℹ️ remark",
    };
    let mut what = format!("{} {}", bold(&code(problem.id)), cell(&problem.message));
    for note in problem.finding.map_or(&[][..], |finding| &finding.notes) {
        what.push_str(&format!("<br>{}: {}", note.key, cell(&note.text)));
    }
    if !problem.help.is_empty() {
        what.push_str(&format!("<br>→ {}", cell(&problem.help)));
    }
    let place = match problem.place.location {
        Some(_) => {
            let words = code(&format!(
                "{}:{}",
                problem.place.path, problem.place.start.line
            ));
            match link(report, problem) {
                Some(url) => format!("[{words}]({url})"),
                None => words,
            }
        }
        None => problem
            .finding
            .map_or_else(String::new, |finding| cell(&finding.about)),
    };
    format!("| {mark} | {what} | {place} |")
}

/// Where GitHub shows the line.
fn link(report: &Report, problem: &Problem<'_>) -> Option<String> {
    let subject = &report.subject;
    let repository = subject.repository.strip_prefix("https://github.com/")?;
    let repository = repository.trim_end_matches('/').trim_end_matches(".git");
    let at_previous = subject
        .previous
        .as_ref()
        .filter(|previous| previous.tag == problem.place.revision);
    let commit = at_previous.map_or(&subject.commit, |previous| &previous.commit);
    (!commit.is_empty()).then(|| {
        format!(
            "https://github.com/{}/blob/{commit}/{}#L{}",
            uri_path(repository),
            uri_path(problem.place.path),
            problem.place.start.line
        )
    })
}

fn release_type(report: &Report, page: &mut Page) {
    let decision = &report.decision;
    if decision.reasons.is_empty() {
        return;
    }
    let declared = decision
        .declared
        .map_or_else(String::new, |declared| format!(", {declared} declared"));
    page.line(&format!(
        "### Release type: {} required{declared}\n",
        decision.required
    ));
    page.line("| Demands | Because | Where |\n|---|---|---|");
    let rows = decision
        .reasons
        .iter()
        .map(|reason| {
            let place = reason
                .locations
                .first()
                .map_or_else(String::new, |&place| code(&report.place(place)));
            let waived = if reason.waiver.is_some() {
                " (waived)"
            } else {
                ""
            };
            format!(
                "| {}{waived} | {} | {place} |",
                reason.at_least,
                cell(&reason.message)
            )
        })
        .collect();
    page.rows(rows, KEPT_FOR_THE_REST / 2, "reason");
    page.line("");
}

fn gates(report: &Report, page: &mut Page) {
    let stage = report.subject.stage;
    let due: Vec<&GateOutcome> = report
        .gates
        .iter()
        .filter(|gate| stage.requires(gate.stage) && gate.status != GateStatus::NotRequired)
        .collect();
    if due.is_empty() {
        return;
    }
    let open = open_gates(report).count();
    page.line(&format!(
        "<details><summary>Gates at stage {stage}: {open} open, {} closed</summary>\n",
        due.len() - open
    ));
    page.line("| | Gate | |\n|---|---|---|");
    let rows = due
        .iter()
        .map(|gate| {
            let mark = match gate.status {
                GateStatus::Pass => "✅ pass",
                GateStatus::Fail => "⛔ fail",
                GateStatus::Waived => "➖ waived",
                GateStatus::NotEvaluated => "⭕ not evaluated",
                GateStatus::NotRequired => "",
            };
            let waiver = gate.waiver.as_ref().map_or_else(String::new, |waiver| {
                format!(
                    " (until {} by {}: {})",
                    cell(&waiver.expires_at),
                    cell(&waiver.approved_by),
                    cell(&waiver.reason)
                )
            });
            format!(
                "| {mark} | {} | {}{waiver} |",
                code(&gate.id),
                cell(&gate.message)
            )
        })
        .collect();
    page.rows(rows, KEPT_FOR_THE_REST / 4, "gate");
    page.line("\n</details>\n");
}

fn not_examined(report: &Report, page: &mut Page) {
    let skipped = &report.coverage.not_examined;
    if skipped.is_empty() {
        return;
    }
    page.line(&format!(
        "<details><summary>Not examined: {}</summary>\n",
        skipped.len()
    ));
    let rows = skipped
        .iter()
        .map(|entry| format!("- {}: {}", code(&entry.path), cell(&entry.reason)))
        .collect();
    page.rows(rows, 1_500, "entry");
    page.line("\n</details>\n");
}

fn foot(report: &Report, page: &mut Page) {
    let aside = |status| {
        let of = |finding: &&Finding| finding.status == status;
        report.findings.iter().filter(of).count()
    };
    let mut parts = vec![format!(
        "relgate {} at {}",
        env!("CARGO_PKG_VERSION"),
        prose(&report.generated_at)
    )];
    for (n, word) in [
        (aside(Status::Waived), "waived"),
        (aside(Status::Suppressed), "suppressed"),
    ] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    if !report.subject.commit.is_empty() {
        parts.push(format!("commit {}", code(&report.subject.commit)));
    }
    parts.push(format!("policy {}", code(&report.policy.digest)));
    page.line(&format!("<sub>{}</sub>", parts.join(" · ")));
}

fn bold(markdown: &str) -> String {
    format!("**{markdown}**")
}

/// The first seven digits of a commit id.
fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

/// Text of a table cell, not longer than one should be.
fn cell(text: &str) -> String {
    if text.chars().count() <= LONGEST_CELL {
        return prose(text);
    }
    let start: String = text.chars().take(LONGEST_CELL).collect();
    format!("{}…", prose(&start))
}

/// Text as a code span that stays one, in a table too.
fn code(text: &str) -> String {
    let text = escape(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Text in which nothing is Markdown, HTML, a mention, a reference or a link, but for code between backticks.
fn prose(text: &str) -> String {
    let text = escape(text);
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() % 2 == 1;
    let mut out = String::with_capacity(text.len());
    for (index, part) in parts.iter().enumerate() {
        if paired && index % 2 == 1 && !part.trim().is_empty() {
            out.push_str(&code(part));
        } else if paired && index % 2 == 1 {
            out.push_str(&format!("\\`{part}\\`"));
        } else {
            if !paired && index > 0 {
                out.push_str("\\`");
            }
            words(part, &mut out);
        }
    }
    out
}

/// Appends words with every character that could mean something escaped.
fn words(text: &str, out: &mut String) {
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '\\' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // An invisible character keeps GitHub and GitLab from taking it for a person, an issue or an address.
            '@' => out.push_str("@&#8203;"),
            '#' if letters.peek().is_some_and(char::is_ascii_digit) => out.push_str("#&#8203;"),
            ':' if letters.peek() == Some(&'/') => out.push_str(":&#8203;"),
            '.' if out.ends_with("www") => out.push_str(".&#8203;"),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for (text, expected) in [
            ("column `a|b` is gone", "column `a\\|b` is gone"),
            ("a ` b", "a \\` b"),
            ("`` x", "\\`\\` x"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            (
                "@ada see #12 http://x",
                "@&#8203;ada see #&#8203;12 http:&#8203;//x",
            ),
            ("[x](y) *b* _c_", "\\[x\\](y) \\*b\\* \\_c\\_"),
            ("a\nb\u{202e}", "a\\\\u{a}b\\\\u{202e}"),
        ] {
            assert_eq!(prose(text), expected, "{text}");
        }
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
    }
}
