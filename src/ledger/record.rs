//! What a record says, and its one canonical form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{LedgerError, Row};
use crate::facts::Facts;
use crate::finding::Status;
use crate::gate::GateOutcome;
use crate::report::text::{escape, sha256_hex};
use crate::report::{Report, fingerprints};

/// What `relgate --version` says: builds of other commits are other tools, and judge again.
pub const TOOL_VERSION: &str = env!("RELGATE_VERSION");

/// The version of the records' form.
const SCHEMA_VERSION: u32 = 1;

/// One entry of a chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// 1.
    pub schema_version: u32,
    /// The chain that it belongs to: the repository's name as reports have it.
    pub repository: String,
    /// Its number in the chain, from 1.
    pub sequence: i64,
    /// The hash of the record before it; empty for the first.
    pub previous: String,
    /// When it was recorded: the judge's clock, RFC 3339 in UTC.
    pub recorded_at: String,
    /// Who recorded it.
    pub actor: Actor,
    /// What judged.
    pub tool: Tool,
    /// What it says.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub enum Entry {
    /// A release was judged.
    Decision(Box<Decision>),
    /// The repository's tags are other ones than those that the chain knows.
    Tags(TagsSeen),
}

/// Who recorded, as the environment says; nothing vouches for it but the access to the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// A person or an account; empty when it is not known.
    pub name: String,
    /// Where the name is from: `option`, `github-actions`, `gitlab-ci`, `environment`; empty when it is not known.
    pub source: String,
    /// The address of the run; empty outside of CI.
    pub run: String,
}

/// What judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `relgate`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What every record of one run has in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The judge's clock, RFC 3339 in UTC.
    pub recorded_at: String,
    /// Who records.
    pub actor: Actor,
}

/// Why a decision was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// `ledger record`: each answer that differs from the one before is a record.
    Record,
    /// `audit --ledger`: one record for a tag, its commit, the policies with the configuration, and the tool's version.
    Audit,
}

/// A release that was judged. What was read stands here by digest, never by content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Why it was recorded.
    pub mode: Mode,
    /// The tag.
    pub tag: String,
    /// Its kind.
    pub kind: String,
    /// Its version; empty when it has none.
    pub version: String,
    /// The commit that was judged; empty for a tag that leads to none.
    pub commit: String,
    /// The tag did not exist yet.
    pub proposed: bool,
    /// The date of the tag, else of the commit; RFC 3339 in UTC.
    pub released_at: String,
    /// The stage by which gates had to be closed.
    pub stage: String,
    /// The release that an upgrade starts from.
    pub previous_release: Option<ReleasePoint>,
    /// The type that the tag declares.
    pub declared_type: Option<String>,
    /// The type that is required.
    pub required_type: String,
    /// `pass`, `fail` or `error`.
    pub verdict: String,
    /// How many files of migrations were added, modified, deleted and renamed.
    pub migrations: BTreeMap<String, usize>,
    /// What became of each gate that the release needs.
    pub gates: BTreeMap<String, String>,
    /// What gates were closed with.
    pub evidence: Vec<Evidence>,
    /// Waived gates and waived or suppressed findings, and why.
    pub exceptions: Vec<Exception>,
    /// What was found.
    pub findings: Vec<FindingLine>,
    /// Why it could not be judged.
    pub errors: Vec<String>,
    /// What decided.
    pub policy: Policy,
    /// What was read.
    pub inputs: Inputs,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasePoint {
    /// Its tag.
    pub tag: String,
    /// Its commit.
    pub commit: String,
}

/// A statement that closed a gate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// The gate.
    pub gate: String,
    /// Where the statement was.
    pub path: String,
    /// Its digest; empty when it is not known.
    pub digest: String,
}

/// What was let through, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exception {
    /// The gate, or the finding's rule.
    pub id: String,
    /// The waiver's name; empty for a comment in a file.
    pub waiver: String,
    /// Why.
    pub reason: String,
    /// Who approved it; empty for a comment in a file.
    pub approved_by: String,
    /// Until when; empty for a comment in a file.
    pub expires_at: String,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLine {
    /// Its rule.
    pub rule: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// `open`, `waived` or `suppressed`.
    pub status: String,
    /// The file; empty for what is about the release.
    pub path: String,
    /// Identifies it across runs.
    pub fingerprint: String,
}

/// What decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The commit that policies were read from; empty for the work tree.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Their digest.
    pub digest: String,
    /// The packs.
    pub packs: Vec<String>,
    /// Of an audit: the digest of everything else that decides, such as configuration, waivers, signers and options. Records of
    /// before have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub configuration: String,
}

/// Everything that was read, as one digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// How many files.
    pub files: usize,
    /// SHA-256 over a line `DIGEST PATH` for each, sorted; the report's `inputs` are the list.
    pub digest: String,
}

/// What changed among the tags since the chain last looked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagsSeen {
    /// How many tags there are.
    pub total: usize,
    /// New tags and their commits; an empty commit for a tag that leads to none.
    pub appeared: BTreeMap<String, String>,
    /// Tags at another commit than before.
    pub moved: Vec<MovedTag>,
    /// Tags that are gone, and where they were.
    pub vanished: BTreeMap<String, String>,
}

/// A tag at another commit than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedTag {
    /// Its name.
    pub tag: String,
    /// Its kind.
    pub kind: String,
    /// Where it was.
    pub from: String,
    /// Where it is.
    pub to: String,
    /// Which way it went.
    pub direction: super::Direction,
}

impl Record {
    /// The record that continues a chain.
    pub(super) fn next(
        repository: &str,
        head: Option<&super::Head>,
        stamp: &Stamp,
        entry: Entry,
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            repository: repository.to_owned(),
            sequence: head.map_or(1, |head| head.sequence.saturating_add(1)),
            previous: head.map_or_else(String::new, |head| head.hash.clone()),
            recorded_at: stamp.recorded_at.clone(),
            actor: stamp.actor.clone(),
            tool: Tool {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: TOOL_VERSION.to_owned(),
            },
            entry,
        }
    }

    /// The record as a store holds it.
    pub(super) fn row(&self) -> Result<Row, LedgerError> {
        let body = canonical(self)?;
        Ok(Row {
            repository: self.repository.clone(),
            sequence: self.sequence,
            hash: hash(&body),
            tag: self.tag().to_owned(),
            body,
        })
    }

    /// Understands what a store holds.
    pub fn read(row: &Row) -> Result<Self, LedgerError> {
        serde_json::from_str(&row.body).map_err(|error| LedgerError::Record {
            repository: row.repository.clone(),
            sequence: row.sequence,
            why: error.to_string(),
        })
    }

    /// The tag of a decision; empty for other records.
    pub fn tag(&self) -> &str {
        match &self.entry {
            Entry::Decision(decision) => &decision.tag,
            Entry::Tags(_) => "",
        }
    }

    /// What it saw of the tags, if that is what it says.
    pub fn tags(&self) -> Option<&TagsSeen> {
        match &self.entry {
            Entry::Decision(_) => None,
            Entry::Tags(seen) => Some(seen),
        }
    }

    /// What it decides, if it is a decision.
    pub fn decision(&self) -> Option<&Decision> {
        match &self.entry {
            Entry::Decision(decision) => Some(decision),
            Entry::Tags(_) => None,
        }
    }
}

impl Decision {
    /// What a judgement says, in the form in which it is kept.
    pub fn of(mode: Mode, report: &Report, facts: &Facts) -> Self {
        let subject = &report.subject;
        let release = &facts.release;
        let migrations = &facts.migrations;
        Self {
            mode,
            tag: subject.tag.clone().unwrap_or_default(),
            kind: release.kind.clone(),
            version: subject.version.clone().unwrap_or_default(),
            commit: subject.commit.clone(),
            proposed: subject.proposed,
            released_at: release.date.clone(),
            stage: subject.stage.as_str().to_owned(),
            previous_release: subject.previous.as_ref().map(|point| ReleasePoint {
                tag: point.tag.clone(),
                commit: point.commit.clone(),
            }),
            declared_type: report
                .decision
                .declared
                .map(|declared| declared.as_str().to_owned()),
            required_type: report.decision.required.as_str().to_owned(),
            verdict: report.decision.verdict.as_str().to_owned(),
            migrations: [
                ("added", migrations.added.len()),
                ("modified", migrations.modified.len()),
                ("deleted", migrations.deleted.len()),
                ("renamed", migrations.renamed.len()),
            ]
            .into_iter()
            .map(|(word, n)| (word.to_owned(), n))
            .collect(),
            gates: report
                .gates
                .iter()
                .filter(|gate| gate.status != crate::gate::GateStatus::NotRequired)
                .map(|gate| (gate.id.clone(), gate.status.as_str().to_owned()))
                .collect(),
            evidence: evidence(report),
            exceptions: exceptions(report),
            findings: fingerprints(&report.findings, &report.sources)
                .into_iter()
                .zip(&report.findings)
                .map(|(fingerprint, finding)| FindingLine {
                    rule: finding.rule.clone(),
                    severity: finding.severity.as_str().to_owned(),
                    status: finding.status.as_str().to_owned(),
                    path: finding.location.map_or_else(String::new, |place| {
                        report.sources.get(place.source).path.clone()
                    }),
                    fingerprint,
                })
                .collect(),
            errors: report.errors.iter().map(|error| escape(error)).collect(),
            policy: Policy {
                reference: report.policy.reference.clone(),
                digest: report.policy.digest.clone(),
                packs: report.policy.packs.clone(),
                configuration: String::new(),
            },
            inputs: inputs(report),
        }
    }

    /// The digest of the answer itself: without chain, clock and actor. Two runs that say the same have the same.
    pub(super) fn digest(&self) -> Result<String, LedgerError> {
        Ok(hash(&canonical(self)?))
    }
}

fn evidence(report: &Report) -> Vec<Evidence> {
    let of_gate = |gate: &GateOutcome| {
        gate.evidence
            .iter()
            .map(|path| Evidence {
                gate: gate.id.clone(),
                path: path.clone(),
                digest: report
                    .inputs
                    .iter()
                    .find(|input| input.path == *path)
                    .map_or_else(String::new, |input| input.digest.clone()),
            })
            .collect::<Vec<_>>()
    };
    let mut all: Vec<Evidence> = report.gates.iter().flat_map(of_gate).collect();
    all.sort();
    all
}

fn exceptions(report: &Report) -> Vec<Exception> {
    let of_gates = report.gates.iter().filter_map(|gate| {
        gate.waiver.as_ref().map(|waiver| Exception {
            id: gate.id.clone(),
            waiver: escape(&waiver.name),
            reason: escape(&waiver.reason),
            approved_by: escape(&waiver.approved_by),
            expires_at: escape(&waiver.expires_at),
        })
    });
    let of_findings = report
        .findings
        .iter()
        .filter(|finding| finding.status != Status::Open)
        .map(|finding| Exception {
            id: finding.rule.clone(),
            waiver: String::new(),
            reason: escape(&finding.status_reason),
            approved_by: String::new(),
            expires_at: String::new(),
        });
    let mut all: Vec<Exception> = of_gates.chain(of_findings).collect();
    all.sort();
    all.dedup();
    all
}

fn inputs(report: &Report) -> Inputs {
    let mut lines: Vec<String> = report
        .inputs
        .iter()
        .map(|input| format!("{} {}\n", input.digest, input.path))
        .collect();
    lines.sort();
    lines.dedup();
    Inputs {
        files: lines.len(),
        digest: hash(&lines.concat()),
    }
}

/// RFC 8785: sorted keys, no white space, one spelling of each number and string.
pub(super) fn canonical(value: &impl Serialize) -> Result<String, LedgerError> {
    serde_json_canonicalizer::to_string(value).map_err(|error| LedgerError::Canonical {
        why: error.to_string(),
    })
}

/// `sha256:` and the digest of the text.
pub(super) fn hash(text: &str) -> String {
    format!("sha256:{}", sha256_hex(text.as_bytes()))
}
