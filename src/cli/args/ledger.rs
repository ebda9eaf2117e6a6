//! What was typed behind `relgate ledger`.

use std::path::PathBuf;

use clap::Subcommand;

use super::parse_stage;
use crate::gate::Stage;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Ledger {
    /// Judge a tag, append the decision, and exit with the verdict's status
    Record(LedgerRecord),
    /// Look for edited, removed, cut-off, reordered and forked records
    Verify(LedgerVerify),
    /// Print every record on a line of its own, as canonical JSON
    Export(LedgerExport),
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct LedgerRecord {
    /// The tag; it may be a proposed one
    #[arg(long, value_name = "TAG")]
    pub(in crate::cli) tag: String,
    /// Where the proposed tag would be
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) at: Option<String>,
    /// Also require every gate up to this stage [default: what the tag implies]
    #[arg(long, value_name = "STAGE", value_parser = parse_stage)]
    pub(in crate::cli) stage: Option<Stage>,
    /// A path (SQLite) or postgres://… [default: the environment has it in `RELGATE_LEDGER`]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) ledger: Option<String>,
    /// Who records [default: the CI system's account, else the user]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) actor: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct LedgerVerify {
    /// A path (SQLite), postgres://… or jsonl:EXPORT [default: the environment has it in `RELGATE_LEDGER`]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) ledger: Option<String>,
    /// Compare with a checkpoint that `ledger export --checkpoint` wrote: without one, a cut-off end does not show
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) checkpoint: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct LedgerExport {
    /// A path (SQLite) or postgres://… [default: the environment has it in `RELGATE_LEDGER`]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) ledger: Option<String>,
    /// Also write a checkpoint: the last record of every chain, to be kept elsewhere
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) checkpoint: Option<PathBuf>,
}
