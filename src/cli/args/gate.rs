//! What was typed behind `relgate gate`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::{SubjectArgs, parse_stage};
use crate::gate::Stage;

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one of it in a run")]
pub(in crate::cli) enum GateCommand {
    /// List what a tag needs: by when, closed by what, open because of what, and the command that would close it
    List(GateList),
    /// Write the statement that closes a gate, and sign it
    Record(GateRecord),
    /// Check files of evidence
    Verify(GateVerify),
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct GateList {
    /// The tag, existing or proposed
    #[arg(long, value_name = "TAG")]
    pub(in crate::cli) tag: String,
    /// Where the proposed tag would be
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) at: Option<String>,
    /// Only the gates that must be closed by this stage
    #[arg(long, value_name = "STAGE", value_parser = parse_stage)]
    pub(in crate::cli) stage: Option<Stage>,
    /// The format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(in crate::cli) format: ListFormat,
}

/// How a list of gates is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ListFormat {
    /// For people
    Human,
    /// Everything, schemaVersion 1
    Json,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct GateRecord {
    /// The gate
    #[arg(value_name = "GATE")]
    pub(in crate::cli) gate: String,
    /// The tag, existing or proposed
    #[arg(long, value_name = "TAG")]
    pub(in crate::cli) tag: String,
    /// Where the proposed tag would be
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) at: Option<String>,
    /// Who vouches: a principal of the allowed signers
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) approver: String,
    /// In which role [default: the one that the gate asks for]
    #[arg(long, value_name = "ROLE")]
    pub(in crate::cli) role: Option<String>,
    /// What they say
    #[arg(long, value_name = "DECISION", default_value = "approve")]
    pub(in crate::cli) decision: DecisionArg,
    /// What a system left: JUnit XML, GitHub reviews or deployments, GitLab approvals, Prometheus results (NAME=FILE),
    /// SARIF, trivy, grype, govulncheck, a dump by `pg_dump`, an image index, checksums, a table of metrics, git ls-remote; `-` is
    /// standard input
    #[arg(long, value_name = "[NAME=]FILE")]
    pub(in crate::cli) from_file: Vec<String>,
    /// What else the gate needs
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub(in crate::cli) set: Vec<(String, String)>,
    /// The baseline of a metric
    #[arg(long, value_name = "NAME=NUMBER", value_parser = parse_number)]
    pub(in crate::cli) baseline: Vec<(String, f64)>,
    /// The limit of a metric
    #[arg(long, value_name = "NAME=NUMBER", value_parser = parse_number)]
    pub(in crate::cli) limit: Vec<(String, f64)>,
    /// A metric of which more is better
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) higher: Vec<String>,
    /// Why, in a sentence
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) comment: Option<String>,
    /// Sign with this private key; with a public key, ssh-agent signs
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) key: Option<PathBuf>,
    /// Where the statement is written [default: in the directory of evidence]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Print the statement, and write nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

/// What an approver says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DecisionArg {
    /// It may go
    Approve,
    /// It may not
    Reject,
}

impl DecisionArg {
    pub(in crate::cli) fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct GateVerify {
    /// The statements; a signature lies beside each, as FILE.sig
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// The release that they have to be about [default: the one that each names]
    #[arg(long, value_name = "TAG")]
    pub(in crate::cli) tag: Option<String>,
    /// Where the proposed tag would be
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) at: Option<String>,
}

impl GateList {
    pub(in crate::cli) fn subject(&self) -> SubjectArgs {
        SubjectArgs {
            tag: Some(self.tag.clone()),
            at: self.at.clone(),
        }
    }
}

impl GateRecord {
    pub(in crate::cli) fn subject(&self) -> SubjectArgs {
        SubjectArgs {
            tag: Some(self.tag.clone()),
            at: self.at.clone(),
        }
    }
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn parse_number(text: &str) -> Result<(String, f64), String> {
    let (name, value) = parse_pair(text)?;
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((name, number)),
        _ => Err(format!("{value} is no number")),
    }
}
