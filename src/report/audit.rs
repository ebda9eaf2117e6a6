//! An audit: every release of a history, judged as of its own time, and the population that it comes from.

mod csv;
mod html;
mod human;
mod markdown;
mod oscal;
mod release;
mod sample;
mod trend;

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

pub use release::{FindingRow, GateRow, Release, WaiverRow};

use super::text::escape_json;
use super::{PolicySection, Style};
use crate::facts::tags::TagFact;
use crate::gate::Stage;

/// The stage at which a release of the past is judged.
pub const STAGE: Stage = Stage::Release;

/// All releases and all tags.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    schema_version: u32,
    tool: Tool,
    generated_at: String,
    /// The origin's address without credentials, else the directory's name.
    pub repository: String,
    scope: Scope,
    policy: Policy,
    /// The releases that were judged, in release order.
    pub releases: Vec<Release>,
    tags: BTreeMap<&'static str, u64>,
    population: Vec<TagRow>,
    sample: sample::Sample,
    /// What a ledger knows about tags that git has forgotten; `None` when no ledger was asked.
    ledger: Option<LedgerNotes>,
    summary: Summary,
}

#[derive(Debug, Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Which releases were asked for.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// The release or day behind which the period begins; empty for the beginning.
    pub since: String,
    /// The release or day with which it ends; empty for the end.
    pub until: String,
    /// The patterns that tags had to match; empty for all.
    pub tags: Vec<String>,
    /// What stands before the versions of the audited components' tags.
    pub prefixes: Vec<String>,
    /// The policies were those of each release's own commit.
    pub policy_as_of_release: bool,
    /// Gates without evidence decided the verdicts too.
    pub require_evidence: bool,
}

#[derive(Debug, Serialize)]
struct Policy {
    #[serde(rename = "ref")]
    reference: String,
    digest: String,
    packs: Vec<String>,
}

/// A tag of the repository, and what became of it.
#[derive(Debug, Serialize)]
struct TagRow {
    tag: String,
    kind: String,
    commit: String,
    date: String,
    /// `judged`, `left-out` (by period or filter), or `no-release`.
    treatment: &'static str,
}

/// What a ledger knows about tags that git has forgotten.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LedgerNotes {
    /// Tags that are not where they were and should be.
    pub moved: Vec<MovedNote>,
    /// Tags that are gone: name and last known commit.
    pub vanished: Vec<(String, String)>,
    /// Decisions that this audit added.
    pub recorded: usize,
    /// Decisions that the ledger had.
    pub known: usize,
}

/// A tag that is not where it was.
#[derive(Debug, Clone, Serialize)]
pub struct MovedNote {
    /// Its name.
    pub tag: String,
    /// Where it was.
    pub from: String,
    /// Where it is.
    pub to: String,
    /// `forwards`, `backwards`, `sideways` or `unknown`.
    pub direction: String,
}

#[derive(Debug, Default, Serialize)]
struct Summary {
    releases: usize,
    pass: usize,
    fail: usize,
    error: usize,
    tags: u64,
}

/// What an audit is made of.
#[derive(Debug)]
pub struct Parts {
    /// `--now`, in RFC 3339.
    pub generated_at: String,
    /// The repository's name.
    pub repository: String,
    /// Which releases were asked for.
    pub scope: Scope,
    /// The policies of the work tree, or of `--policy-ref`.
    pub policy: PolicySection,
    /// The releases, in release order.
    pub releases: Vec<Release>,
    /// Every tag of the repository.
    pub tags: Vec<TagFact>,
    /// How many releases are drawn, and with which seed.
    pub sample: (usize, Option<String>),
    /// What a ledger knows.
    pub ledger: Option<LedgerNotes>,
}

/// The formats of audits, each with the function that writes it: the one list from which the command line is made.
pub static FORMATS: &[Format] = &[
    Format {
        name: "human",
        summary: "a table for people",
        write: human::write,
    },
    Format {
        name: "json",
        summary: "everything, schemaVersion 1",
        write: json,
    },
    Format {
        name: "jsonl",
        summary: "one release on a line, as in json",
        write: jsonl,
    },
    Format {
        name: "csv",
        summary: "one release on a line, for spreadsheets",
        write: csv::write,
    },
    Format {
        name: "markdown",
        summary: "summary, releases and exceptions as Markdown",
        write: markdown::write,
    },
    Format {
        name: "oscal",
        summary: "OSCAL assessment results, a result for each release",
        write: oscal::write,
    },
    Format {
        name: "html",
        summary: "the auditor's report as one page",
        write: html::write,
    },
];

/// One format.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// Writes an audit in it.
    pub write: fn(&Audit, &Style, &mut dyn io::Write) -> io::Result<()>,
}

/// The format of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

impl Audit {
    /// Puts an audit together.
    pub fn new(parts: Parts) -> Self {
        let mut counts: BTreeMap<&'static str, u64> = crate::version::TagKind::ALL
            .iter()
            .map(|kind| (kind.as_str(), 0))
            .collect();
        for tag in &parts.tags {
            if let Some(count) = counts.get_mut(tag.kind.as_str()) {
                *count += 1;
            }
        }
        let releases = parts.releases;
        let count = |verdict: &str| {
            let has = |release: &&Release| release.verdict == verdict;
            releases.iter().filter(has).count()
        };
        let summary = Summary {
            releases: releases.len(),
            pass: count("pass"),
            fail: count("fail"),
            error: count("error"),
            tags: parts.tags.len() as u64,
        };
        let judged: std::collections::BTreeSet<&str> = releases
            .iter()
            .map(|release| release.tag.as_str())
            .collect();
        let population = parts
            .tags
            .into_iter()
            .map(|tag| TagRow {
                treatment: if judged.contains(tag.name.as_str()) {
                    "judged"
                } else if matches!(tag.kind.as_str(), "final" | "hotfix") {
                    "left-out"
                } else {
                    "no-release"
                },
                tag: tag.name,
                kind: tag.kind,
                commit: tag.commit,
                date: tag.date,
            })
            .collect();
        let sample = sample::draw(&releases, parts.sample.0, parts.sample.1, &parts.repository);
        Self {
            schema_version: 1,
            tool: Tool {
                name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
            },
            generated_at: parts.generated_at,
            repository: parts.repository,
            scope: parts.scope,
            policy: Policy {
                reference: parts.policy.reference,
                digest: parts.policy.digest,
                packs: parts.policy.packs,
            },
            releases,
            tags: counts,
            population,
            sample,
            ledger: parts.ledger,
            summary,
        }
    }

    /// 1 if any release fails or could not be judged, or a ledger knows of a tag that was tampered with, else 0.
    pub fn exit_code(&self) -> u8 {
        let tampered = self
            .ledger
            .as_ref()
            .is_some_and(|ledger| !ledger.moved.is_empty() || !ledger.vanished.is_empty());
        u8::from(tampered || self.summary.fail + self.summary.error > 0)
    }

    /// How many releases were judged, and how many of them passed, failed and could not be judged.
    pub fn counts(&self) -> [usize; 4] {
        let summary = &self.summary;
        [summary.releases, summary.pass, summary.fail, summary.error]
    }
}

fn json(audit: &Audit, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(audit).map_err(io::Error::other)?;
    writeln!(out, "{}", escape_json(&text))
}

fn jsonl(audit: &Audit, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    for release in &audit.releases {
        let text = serde_json::to_string(release).map_err(io::Error::other)?;
        writeln!(out, "{}", escape_json(&text))?;
    }
    Ok(())
}
