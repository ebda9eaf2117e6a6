//! A plan: the next version, why it is that, and the gates as a checklist.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::text::{escape, plural};
use super::{Report, Style};
use crate::gate::{GateOutcome, GateStatus, Stage};
use crate::report::human::paint::Paint;
use crate::version::ReleaseType;

/// The plan. `content` is the judgement of what there is; `release` that of the tag it would become, if it demands one.
pub fn text(content: &Report, release: Option<&Report>, style: &Style) -> String {
    let paint = Paint::new(style.color);
    let judged = release.unwrap_or(content);
    let mut out = String::new();
    let from = content.subject.previous.as_ref().map_or_else(
        || "no release before".to_owned(),
        |previous| format!("from {}", escape(&previous.tag)),
    );
    let commits = plural(content.headline.commits, "commit");
    let asked = content.subject.tag.as_deref();
    let title = match (&judged.subject.tag, content.decision.required) {
        (Some(tag), required) if asked.is_some() => asked_for(content, &escape(tag), required),
        (Some(tag), kind) => format!("Next release: {} ({kind})", escape(tag)),
        (None, ReleaseType::None) => "Nothing demands a release".to_owned(),
        (None, kind) => format!("Next release: a {kind}"),
    };
    let _ = writeln!(out, "{}   {from} · {commits}", paint.bold(&title));
    let mut label = "because";
    for (message, places) in reasons(content) {
        let mut place = places.first().map_or("", String::as_str).to_owned();
        if places.len() > 1 {
            place.push_str(&format!(" and {} more", places.len() - 1));
        }
        let line = format!("  {label:<7}  {}  {}", escape(message), paint.dim(&place));
        let _ = writeln!(out, "{}", line.trim_end());
        label = "";
    }
    let mut label = "to do";
    for stage in Stage::ALL
        .into_iter()
        .filter(|&stage| stage != Stage::Rollback)
    {
        let gates: Vec<&GateOutcome> = judged
            .gates
            .iter()
            .filter(|gate| gate.stage == stage && gate.status != GateStatus::NotRequired)
            .collect();
        if gates.is_empty() {
            continue;
        }
        let _ = writeln!(
            out,
            "  {label:<7}  {}",
            paint.dim(&format!("before {}", before(stage)))
        );
        label = "";
        for alike in gates.chunk_by(|a, b| a.status == b.status && a.message == b.message) {
            let Some(gate) = alike.first() else {
                continue;
            };
            let mark = match gate.status {
                GateStatus::Pass => paint.good("[x]"),
                GateStatus::Waived => paint.warning("[~]"),
                _ => "[ ]".to_owned(),
            };
            let ids: Vec<&str> = alike.iter().map(|gate| gate.id.as_str()).collect();
            let room = style.width.saturating_sub(INDENT).max(MIN_ROOM);
            let lines = wrapped(&ids, room);
            for (index, line) in lines.iter().enumerate() {
                let mark = if index == 0 { &mark } else { "   " };
                let message = if index + 1 == lines.len() {
                    format!("  {}", paint.dim(&escape(&gate.message)))
                } else {
                    String::new()
                };
                let _ = writeln!(out, "           {mark} {line}{message}");
            }
        }
    }
    for error in &content.errors {
        let _ = writeln!(out, "  {}  {}", paint.error("error"), escape(error));
    }
    let blocking = content
        .findings
        .iter()
        .filter(|finding| crate::decision::blocks(finding))
        .count();
    if blocking > 0 {
        let _ = writeln!(
            out,
            "  {} {}: relgate check{} shows them",
            paint.error("blocked by"),
            plural(blocking, "error"),
            asked.map_or_else(String::new, |tag| format!(" --tag {}", escape(tag)))
        );
    }
    out
}

/// What stands before a line of gates.
const INDENT: usize = 32;
/// However narrow the terminal is.
const MIN_ROOM: usize = 20;

/// The reasons, each message once, with the places that it stands for.
fn reasons(content: &Report) -> Vec<(&str, Vec<String>)> {
    let mut found: Vec<(&str, Vec<String>)> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in &content.decision.reasons {
        let message = reason.message.as_str();
        let index = *known.entry(message).or_insert(found.len());
        if index == found.len() {
            found.push((message, Vec::new()));
        }
        let places = reason
            .locations
            .iter()
            .map(|&place| escape(&content.place(place)));
        if let Some((_, all)) = found.get_mut(index) {
            all.extend(places);
        }
    }
    found
}

/// Names with commas, in lines of about that many columns.
fn wrapped(names: &[&str], room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let comma = if index + 1 < names.len() { "," } else { "" };
        match lines.last_mut() {
            Some(line) if line.len() + name.len() + 2 <= room => {
                line.push_str(&format!(" {name}{comma}"));
            }
            _ => lines.push(format!("{name}{comma}")),
        }
    }
    lines
}

/// The title for a tag that somebody named: its number may not be what the content asks for.
fn asked_for(content: &Report, tag: &str, required: ReleaseType) -> String {
    let release = if content.subject.proposed {
        "Next release"
    } else {
        "Release"
    };
    let next = content.decision.next_version.as_deref().map(escape);
    match (content.decision.declared, next) {
        (Some(declared), Some(next)) if declared < required => {
            format!(
                "{release}: {tag} says {declared}, what it holds asks for a {required} ({next})"
            )
        }
        (Some(declared), _) => format!("{release}: {tag} ({declared})"),
        (None, _) => format!("{release}: {tag}"),
    }
}

fn before(stage: Stage) -> &'static str {
    match stage {
        Stage::Change => "a change is merged",
        Stage::Candidate => "a candidate is released",
        Stage::Release => "the release is tagged",
        Stage::Deploy => "it is deployed",
        Stage::PostRelease => "the deployment counts as done",
        Stage::Closed => "the release is closed",
        Stage::Rollback => "a rollback counts as done",
    }
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn names_are_put_on_lines() {
        for (names, room, expected) in [
            (&["a"][..], 20, vec!["a"]),
            (&["aaaa", "bbbb", "cccc"], 12, vec!["aaaa, bbbb,", "cccc"]),
            (
                &["a-name-that-is-too-long", "b"],
                5,
                vec!["a-name-that-is-too-long,", "b"],
            ),
            (&[], 5, vec![]),
        ] {
            assert_eq!(wrapped(names, room), expected);
        }
    }
}
