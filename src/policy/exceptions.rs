//! Waivers: `PolicyException` documents, which cover findings, demands and gates for a while.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::finding::{Finding, Severity, Status};
use crate::gate::{GateOutcome, GateStatus, WaiverUse};
use crate::glob;
use crate::source::{Location, SourceId, Sources};
use crate::suppress::Suppressions;
use crate::syntax::yaml::{self, Node};

use super::cel;
use super::error::PolicyError;
use super::load::PolicySet;
use super::node::Reader;
use super::read::head;

mod names;

pub use names::unknown_names;

/// A waiver that was read and is well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Its name.
    pub name: String,
    /// What it covers: a policy's name, `rules` or `gates`, and ids in it (none: all of them).
    pub refs: Vec<(String, Vec<String>)>,
    /// Path patterns; empty for any path.
    pub paths: Vec<String>,
    /// Tag patterns; empty for any tag.
    pub tags: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approved_by: String,
    /// From when it counts.
    pub effective_on: DateTime<Utc>,
    /// `effectiveOn` as it is written.
    pub effective_on_text: String,
    /// From when it does not count any more.
    pub expires_at: DateTime<Utc>,
    /// `expiresAt` as it is written.
    pub expires_at_text: String,
    /// Its place.
    pub location: Location,
}

/// What a file of waivers holds.
#[derive(Debug, Default)]
pub struct Waivers {
    /// Those that are well-formed.
    pub waivers: Vec<Waiver>,
    /// `exception-invalid` for those that are not: they waive nothing.
    pub findings: Vec<Finding>,
}

/// Reads a file of `PolicyException` documents.
pub fn read(sources: &Sources, file: SourceId) -> Waivers {
    let source = sources.get(file);
    let (waivers, mistakes) = documents(&source.path, &source.text, file);
    let findings = mistakes.into_iter().map(|mistake| {
        let location = Location {
            source: file,
            span: mistake.span,
        };
        Finding::at("exception-invalid", Severity::Error, location, mistake.message)
            .help("a waiver needs policyRefs, reason, approvedBy, effectiveOn and expiresAt; until then it waives nothing")
    });
    Waivers {
        waivers,
        findings: findings.collect(),
    }
}

/// Everything that is wrong with a file of waivers for these policies: what its documents lack, and the names that stand
/// for nothing.
pub fn mistakes(path: &str, text: &str, policies: &PolicySet) -> Vec<PolicyError> {
    let file = Sources::default().add(path, "", text);
    let (_, mut mistakes) = documents(path, &Arc::from(text), file);
    mistakes.extend(unknown_names(path, text, policies));
    mistakes
}

/// The well-formed waivers of a file, and what is wrong with the others.
fn documents(path: &str, text: &Arc<str>, file: SourceId) -> (Vec<Waiver>, Vec<PolicyError>) {
    let parsed = yaml::parse(text);
    let mut reader = Reader::new(path, Arc::clone(text));
    for error in parsed.errors {
        reader.error(error.span, error.message);
    }
    let mut waivers = Vec::new();
    for document in parsed.value.iter().filter(|document| !document.is_empty()) {
        let before = reader.errors.len();
        let waiver = exception(&mut reader, document.root(), file);
        if reader.errors.len() == before {
            waivers.extend(waiver);
        }
    }
    (waivers, reader.errors)
}

fn exception(reader: &mut Reader, root: Node<'_>, file: SourceId) -> Option<Waiver> {
    let fields = reader.fields(
        root,
        "a waiver",
        &["apiVersion", "kind", "metadata", "spec"],
    );
    head(reader, &fields, "PolicyException");
    let (Some(metadata), Some(spec)) = (fields.get("metadata"), fields.get("spec")) else {
        reader.error(fields.span, "a waiver needs `metadata` and `spec`");
        return None;
    };
    let metadata = reader.fields(metadata, "metadata", &["name", "title", "description"]);
    let name_span = metadata.get("name").map_or(metadata.span, Node::span);
    let names = [
        "policyRefs",
        "match",
        "reason",
        "approvedBy",
        "effectiveOn",
        "expiresAt",
    ];
    let spec = reader.fields(spec, "the spec of a waiver", &names);
    let mut refs = Vec::new();
    for item in reader.items(&spec, "policyRefs") {
        let fields = reader.fields(item, "a policy reference", &["name", "ids"]);
        let name = reader.required(&fields, "name", "a policy reference");
        refs.push((name, reader.texts(&fields, "ids")));
    }
    if refs.is_empty() {
        reader.error(spec.span, "a waiver needs `policyRefs`");
    }
    let (mut paths, mut tags) = (Vec::new(), Vec::new());
    if let Some(node) = spec.get("match") {
        let fields = reader.fields(node, "`match`", &["paths", "tags"]);
        paths = reader.texts(&fields, "paths");
        tags = reader.texts(&fields, "tags");
    }
    let name = reader.required(&metadata, "name", "metadata");
    let reason = reader.required(&spec, "reason", "a waiver");
    let approved_by = reader.required(&spec, "approvedBy", "a waiver");
    for (field, text) in [("reason", &reason), ("approvedBy", &approved_by)] {
        if !text.is_empty()
            && !text.chars().any(char::is_alphanumeric)
            && let Some(node) = spec.get(field)
        {
            reader.error(node.span(), format!("`{field}` says nothing"));
            return None;
        }
    }
    let mut time = |field: &str, end: bool| {
        let text = reader.required(&spec, field, "a waiver");
        if text.is_empty() {
            return None;
        }
        let time = moment(&text, end);
        if time.is_none()
            && let Some(node) = spec.get(field)
        {
            reader.error(
                node.span(),
                format!("`{field}` is a day (2026-12-01) or a time (RFC 3339)"),
            );
        }
        time.map(|time| (time, text))
    };
    let (effective_on, effective_on_text) = time("effectiveOn", false)?;
    let (expires_at, expires_at_text) = time("expiresAt", true)?;
    if expires_at <= effective_on {
        reader.error(spec.span, "it expires before it takes effect");
    }
    Some(Waiver {
        name,
        refs,
        paths,
        tags,
        reason,
        approved_by,
        effective_on,
        effective_on_text,
        expires_at,
        expires_at_text,
        location: Location {
            source: file,
            span: name_span,
        },
    })
}

/// A time, or a day in UTC: from its begin, or to its end.
fn moment(text: &str, end: bool) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    let day = if end {
        day.checked_add_days(Days::new(1))?
    } else {
        day
    };
    Some(day.and_hms_opt(0, 0, 0)?.and_utc())
}

impl Waiver {
    fn names(&self, policy: &str, id: &str) -> bool {
        self.refs.iter().any(|(name, ids)| {
            // `rules` covers what came from a rule; the findings of validations are covered by it only when they are named.
            (name == policy && (ids.is_empty() || ids.iter().any(|known| known == id)))
                || (name == "rules" && policy != "gates" && ids.iter().any(|known| known == id))
        })
    }

    fn covers_path(&self, path: &str) -> bool {
        self.paths.is_empty()
            || self
                .paths
                .iter()
                .any(|pattern| glob::matches(pattern, path))
    }

    fn covers_tag(&self, tag: &str) -> bool {
        self.tags.is_empty() || self.tags.iter().any(|pattern| glob::matches(pattern, tag))
    }

    fn usage(&self) -> WaiverUse {
        WaiverUse {
            name: self.name.clone(),
            reason: self.reason.clone(),
            approved_by: self.approved_by.clone(),
            expires_at: self.expires_at_text.clone(),
        }
    }
}

/// Applies suppressions and waivers, and remembers which of them were of use.
pub(super) struct Desk<'w> {
    suppressions: Suppressions,
    all: &'w Waivers,
    /// The waivers whose tags match, each with whether it counts now and whether it was used.
    here: Vec<Case<'w>>,
}

struct Case<'w> {
    waiver: &'w Waiver,
    time: Time,
    used: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    Early,
    Counts,
    Expired,
}

impl Time {
    fn of(waiver: &Waiver, now: DateTime<Utc>) -> Self {
        if now < waiver.effective_on {
            Self::Early
        } else if now < waiver.expires_at {
            Self::Counts
        } else {
            Self::Expired
        }
    }
}

impl<'w> Desk<'w> {
    pub(super) fn new(
        all: &'w Waivers,
        suppressions: Suppressions,
        tag: &str,
        now: DateTime<Utc>,
    ) -> Self {
        let here = all.waivers.iter().filter(|waiver| waiver.covers_tag(tag));
        let here = here.map(|waiver| Case {
            waiver,
            time: Time::of(waiver, now),
            used: false,
        });
        Self {
            suppressions,
            all,
            here: here.collect(),
        }
    }

    fn find(&mut self, policy: &str, id: &str, path: &str) -> Option<WaiverUse> {
        let case = self.here.iter_mut().find(|case| {
            case.time == Time::Counts
                && case.waiver.names(policy, id)
                && case.waiver.covers_path(path)
        })?;
        case.used = true;
        Some(case.waiver.usage())
    }

    /// Marks a finding as suppressed where it stands, or as waived if a waiver covers it. `policy` is `rules` for what a
    /// rule found.
    pub(super) fn waive_finding(&mut self, finding: &mut Finding, policy: &str, sources: &Sources) {
        self.suppressions.apply(finding, sources);
        if finding.status != Status::Open {
            return;
        }
        let path = finding
            .location
            .map_or("", |location| sources.get(location.source).path.as_str());
        if let Some(waiver) = self.find(policy, &finding.rule, path) {
            finding.status = Status::Waived;
            finding.status_reason = format!(
                "waived until {} by {}: \"{}\"",
                waiver.expires_at, waiver.approved_by, waiver.reason
            );
        }
    }

    /// Splits the facts of a demand by the waiver that covers them.
    pub(super) fn split_demand(
        &mut self,
        policy: &str,
        id: &str,
        facts: Vec<cel::Value>,
        path: impl Fn(&cel::Value) -> Option<String>,
    ) -> Vec<(Option<WaiverUse>, Vec<cel::Value>)> {
        if facts.is_empty() {
            return vec![(self.find(policy, id, ""), facts)];
        }
        let mut groups: Vec<(Option<WaiverUse>, Vec<cel::Value>)> = Vec::new();
        for fact in facts {
            let waiver = self.find(policy, id, path(&fact).as_deref().unwrap_or(""));
            match groups.iter_mut().find(|(known, _)| *known == waiver) {
                Some((_, group)) => group.push(fact),
                None => groups.push((waiver, vec![fact])),
            }
        }
        groups
    }

    /// Marks an open gate as waived if a waiver covers it.
    pub(super) fn waive_gate(&mut self, gate: &mut GateOutcome, policy: &str) {
        if !matches!(gate.status, GateStatus::Fail | GateStatus::NotEvaluated) {
            return;
        }
        let id = gate.id.clone();
        if let Some(waiver) = self
            .find("gates", &id, "")
            .or_else(|| self.find(policy, &id, ""))
        {
            gate.status = GateStatus::Waived;
            gate.message = format!(
                "waived until {} by {}: \"{}\"",
                waiver.expires_at, waiver.approved_by, waiver.reason
            );
            gate.waiver = Some(waiver);
        }
    }

    /// What is wrong with suppressions and waivers themselves: invalid, expired, not effective yet, or of no use here.
    pub(super) fn finish(self) -> Vec<Finding> {
        let mut findings = self.all.findings.clone();
        findings.extend(self.suppressions.finish());
        for case in &self.here {
            let waiver = case.waiver;
            let about = format!("waiver `{}`", waiver.name);
            let (rule, severity, message, help) = match case.time {
                Time::Expired => (
                    "exception-expired",
                    Severity::Warning,
                    format!("{about} expired on {}", waiver.expires_at_text),
                    "remove it, or have it approved again with a new date",
                ),
                Time::Early => (
                    "exception-not-effective",
                    Severity::Info,
                    format!("{about} waives nothing before {}", waiver.effective_on_text),
                    "what it covers stays open until then",
                ),
                Time::Counts if !case.used => (
                    "exception-unused",
                    Severity::Warning,
                    format!("{about} covers nothing in this release"),
                    "remove it, or correct what it names",
                ),
                Time::Counts => continue,
            };
            findings.push(Finding::at(rule, severity, waiver.location, message).help(help));
        }
        findings
    }
}
