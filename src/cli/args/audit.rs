//! What was typed behind `relgate audit`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::report::audit::Format as AuditFormat;

#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct Audit {
    /// Leave out this release and all before it; or, with a day (2026-03-31), what was released up to then
    #[arg(long, value_name = "TAG|DAY")]
    pub(in crate::cli) since: Option<String>,
    /// Leave out all releases after this one, or after this day
    #[arg(long, value_name = "TAG|DAY")]
    pub(in crate::cli) until: Option<String>,
    /// Only releases whose tags match; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(in crate::cli) tag: Vec<String>,
    /// Releases of this component of a monorepo, by what stands before its versions (`api` for api/v1.2.3); may be repeated
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) component: Vec<String>,
    /// Releases whose tags begin with this; may be repeated [default: the configured or the usual prefix]
    #[arg(long, value_name = "PREFIX", conflicts_with = "component")]
    pub(in crate::cli) prefix: Vec<String>,
    /// Whose policies judge: those in force now, or those of each release's own commit
    #[arg(long, value_name = "WHEN", default_value = "now")]
    pub(in crate::cli) policy_as_of: PolicyAsOf,
    /// Gates without evidence decide the verdict too
    #[arg(long)]
    pub(in crate::cli) require_evidence: bool,
    /// How many releases are drawn as a sample
    #[arg(long, value_name = "N", default_value = "25")]
    pub(in crate::cli) sample: usize,
    /// What the draw of the sample depends on [default: made of the repository's name and its last release]
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) seed: Option<String>,
    /// Record each decision in this ledger, and ask it which tags moved or vanished
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) ledger: Option<String>,
    /// Who records [default: the CI system's account, else the user]
    #[arg(long, value_name = "NAME", requires = "ledger")]
    pub(in crate::cli) actor: Option<String>,
    /// Audit every repository of this file: one directory on a line, bare or not
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) repos: Option<PathBuf>,
    /// Of these repositories, those of one of N shards; I counts from 0
    #[arg(long, value_name = "I/N", requires = "repos", value_parser = parse_shard)]
    pub(in crate::cli) shard: Option<Shard>,
    /// The format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = parse_audit_format)]
    pub(in crate::cli) format: &'static AuditFormat,
    /// Also write the audit to a file, whole or not at all; may be repeated
    #[arg(long, value_name = "FORMAT=PATH", value_parser = parse_audit_output, conflicts_with = "repos")]
    pub(in crate::cli) output: Vec<AuditOutput>,
}

/// Whose policies judge a release of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PolicyAsOf {
    /// Those in force now
    Now,
    /// Those of the release's own commit
    Release,
}

/// A part of a list of repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Shard {
    /// Which, from 0.
    pub(in crate::cli) index: u64,
    /// Of how many.
    pub(in crate::cli) count: u64,
}

/// A file to write, and its format.
#[derive(Debug, Clone)]
pub(in crate::cli) struct AuditOutput {
    pub(in crate::cli) format: &'static AuditFormat,
    pub(in crate::cli) path: PathBuf,
}

fn parse_shard(text: &str) -> Result<Shard, String> {
    let parsed = text
        .split_once('/')
        .and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
    match parsed {
        Some((index, count)) if index < count => Ok(Shard { index, count }),
        _ => Err("write it as I/N with I from 0 to N-1, e.g. 0/4".to_owned()),
    }
}

fn parse_audit_format(text: &str) -> Result<&'static AuditFormat, String> {
    crate::report::audit::format(text).ok_or_else(|| {
        let known: Vec<_> = crate::report::audit::FORMATS
            .iter()
            .map(|format| format.name)
            .collect();
        format!("the formats are {}", known.join(", "))
    })
}

fn parse_audit_output(text: &str) -> Result<AuditOutput, String> {
    let (format, path) = text.split_once('=').ok_or("write it as FORMAT=PATH")?;
    if path.is_empty() {
        return Err("the path is missing".to_owned());
    }
    Ok(AuditOutput {
        format: parse_audit_format(format)?,
        path: PathBuf::from(path),
    })
}
