//! The report: one plain value, and one pure function for each format that writes it.

mod attestation;
pub mod audit;
pub mod explain;
pub mod gates;
mod conclusion;
mod github;
mod gitlab;
mod html;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;
mod oscal;
pub mod plan;
pub mod policy_tests;
pub mod simulate;
pub mod rehearse;
mod problem;
mod rdjsonl;
mod redact;
mod sarif;
pub mod text;

use std::io;

use crate::decision::Verdict;
use crate::discover::Coverage;
use crate::finding::Finding;
use crate::gate::{GateOutcome, Stage};
use crate::policy::Demand;
use crate::source::{Location, Sources};
use crate::version::{ReleaseType, TagKind};

/// Everything that a report says. The writers add nothing to it.
#[derive(Debug)]
pub struct Report {
    /// When the judgement was made: `--now`, in RFC 3339.
    pub generated_at: String,
    /// What was judged.
    pub subject: SubjectSection,
    /// The answer and why.
    pub decision: DecisionSection,
    /// All gates, in the order of their stages.
    pub gates: Vec<GateOutcome>,
    /// All findings, sorted.
    pub findings: Vec<Finding>,
    /// What was looked at and what was not.
    pub coverage: Coverage,
    /// What decided.
    pub policy: PolicySection,
    /// What was read.
    pub inputs: Vec<Input>,
    /// Why it could not be judged, if the verdict says so.
    pub errors: Vec<String>,
    /// The texts that locations point into.
    pub sources: Sources,
    /// Numbers for the headline.
    pub headline: Headline,
}

/// What was judged.
#[derive(Debug, Clone, Default)]
pub struct SubjectSection {
    /// The origin's address without credentials, else the directory's name.
    pub repository: String,
    /// The tag, if one is judged.
    pub tag: Option<String>,
    /// Its kind.
    pub kind: Option<TagKind>,
    /// Its version without the prefix.
    pub version: Option<String>,
    /// The commit; empty for the index.
    pub commit: String,
    /// The tag does not exist yet.
    pub proposed: bool,
    /// The stage that is judged.
    pub stage: Stage,
    /// The release that an upgrade starts from.
    pub previous: Option<ReleasePoint>,
    /// The highest lower final among the ancestors.
    pub ancestor: Option<ReleasePoint>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasePoint {
    /// Its tag.
    pub tag: String,
    /// Its version without the prefix.
    pub version: String,
    /// Its commit.
    pub commit: String,
}

/// The answer and why.
#[derive(Debug, Clone)]
pub struct DecisionSection {
    /// The answer.
    pub verdict: Verdict,
    /// The highest type that anything demands.
    pub required: ReleaseType,
    /// The type that the tag declares.
    pub declared: Option<ReleaseType>,
    /// The tag that the next release would have.
    pub next_version: Option<String>,
    /// The demands, the highest first.
    pub reasons: Vec<Demand>,
}

/// What decided.
#[derive(Debug, Clone, Default)]
pub struct PolicySection {
    /// The commit that policies were read from; empty for the work tree.
    pub reference: String,
    /// SHA-256 of the policies in force, as `sha256:<hex>`.
    pub digest: String,
    /// The packs in force.
    pub packs: Vec<String>,
    /// What the subject changes of what decides, when that was read from a protected commit.
    pub change: Option<PolicyChange>,
}

/// A change to configuration, policies, waivers, signers or roles, which decides nothing about itself.
#[derive(Debug, Clone)]
pub struct PolicyChange {
    /// The files.
    pub files: Vec<String>,
    /// The judgement with the change, or why there would be none.
    pub with: Result<WithChange, String>,
}

/// What would be judged with a change to the policies.
#[derive(Debug, Clone)]
pub struct WithChange {
    /// The verdict.
    pub verdict: Verdict,
    /// The required type.
    pub required: ReleaseType,
    /// What differs from the judgement without it.
    pub differences: Vec<Difference>,
}

/// One thing that a change to the policies makes different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `verdict`, `required type`, a rule and its place, or `gate <id>`.
    pub what: String,
    /// Without the change.
    pub before: String,
    /// With it.
    pub after: String,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// Its path.
    pub path: String,
    /// The state it was read from; empty for the work tree.
    pub revision: String,
    /// The id that git gives to its content, as `gitBlob:<hex>`.
    pub digest: String,
}

/// Numbers for the headline.
#[derive(Debug, Clone, Default)]
pub struct Headline {
    /// The short name of the repository.
    pub name: String,
    /// Commits in the range.
    pub commits: usize,
    /// New and changed up migrations.
    pub migrations: usize,
    /// Charts whose version changed: name, from, to.
    pub charts: Vec<(String, String, String)>,
}

/// How a report is shown to people.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Colours are wanted.
    pub color: bool,
    /// The width in columns.
    pub width: usize,
    /// How much is said: -1 quiet, 0 normal, 1 verbose.
    pub verbosity: i8,
}

/// The formats, each with the function that writes it: the one list from which the command line is made.
pub static FORMATS: &[Format] = &[
    Format {
        name: "human",
        summary: "for people, with excerpts",
        write: human::write,
    },
    Format {
        name: "json",
        summary: "the whole report, schemaVersion 1",
        write: json::write,
    },
    Format {
        name: "sarif",
        summary: "SARIF 2.1.0, for code scanning",
        write: sarif::write,
    },
    Format {
        name: "junit",
        summary: "JUnit XML: gates and findings as test cases",
        write: junit::write,
    },
    Format {
        name: "github",
        summary: "annotations of GitHub Actions; appends to the job summary",
        write: github::write,
    },
    Format {
        name: "gitlab",
        summary: "GitLab Code Quality",
        write: gitlab::write,
    },
    Format {
        name: "rdjsonl",
        summary: "reviewdog's diagnostics, one on a line",
        write: rdjsonl::write,
    },
    Format {
        name: "markdown",
        summary: "a comment on a pull request",
        write: markdown::write,
    },
    Format {
        name: "html",
        summary: "one page for auditors and managers",
        write: html::write,
    },
    Format {
        name: "svr",
        summary: "in-toto statement of the properties that hold",
        write: attestation::write_svr,
    },
    Format {
        name: "vsa",
        summary: "in-toto statement: SLSA verification summary",
        write: attestation::write_vsa,
    },
    Format {
        name: "oscal",
        summary: "OSCAL assessment results, by control",
        write: oscal::write,
    },
];

/// One format.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// Writes a report in it.
    pub write: fn(&Report, &Style, &mut dyn io::Write) -> io::Result<()>,
}

/// The format of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

impl Report {
    /// `path:line` of a location.
    pub fn place(&self, location: Location) -> String {
        let file = self.sources.get(location.source);
        format!("{}:{}", file.path, self.sources.positions(location).0.line)
    }
}

/// Identifies a finding across runs and across shifts of lines: rule, path and the text it covers, and, where these
/// repeat in the report, which one it is.
pub fn fingerprints(findings: &[Finding], sources: &Sources) -> Vec<String> {
    let mut seen = std::collections::BTreeMap::new();
    findings
        .iter()
        .map(|finding| {
            let (path, text) = finding
                .location
                .map_or(("", finding.about.as_str()), |location| {
                    (
                        sources.get(location.source).path.as_str(),
                        sources.text(location),
                    )
                });
            let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let key = text::sha256_hex(format!("{}\0{path}\0{text}", finding.rule).as_bytes());
            let nth: &mut u32 = seen.entry(key.clone()).or_default();
            *nth += 1;
            if *nth == 1 {
                key[..32].to_owned()
            } else {
                text::sha256_hex(format!("{key}\0{nth}").as_bytes())[..32].to_owned()
            }
        })
        .collect()
}
