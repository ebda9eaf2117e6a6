//! What was typed behind the commands that set relgate up.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Schema {
    /// Which schema
    pub(in crate::cli) name: SchemaName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum SchemaName {
    /// The facts that policies see
    Facts,
    /// relgate.yaml
    Config,
    /// The ledger in PostgreSQL, as SQL
    Ledger,
    /// A `ReleasePolicy`
    Policy,
    /// A `PolicyTest`
    PolicyTest,
    /// A `PolicyException`
    Exception,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Init {
    /// The last release that is history; findings count from then on [default: the previous release]
    #[arg(long, value_name = "TAG")]
    pub(in crate::cli) baseline: Option<String>,
    /// Also write .pre-commit-config.yaml
    #[arg(long)]
    pub(in crate::cli) hooks: bool,
    /// Also write .github/workflows/relgate.yml
    #[arg(long)]
    pub(in crate::cli) workflow: bool,
    /// Also write a values.schema.json for each chart that has none, as a start: from its values, and from what its templates read
    #[arg(long)]
    pub(in crate::cli) values_schema: bool,
    /// Replace files that exist
    #[arg(long)]
    pub(in crate::cli) force: bool,
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Hook {
    #[command(subcommand)]
    pub(in crate::cli) kind: HookKind,
}

/// The hooks beside pre-commit, which is `check --staged`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum HookKind {
    /// The message is a Conventional Commit
    CommitMsg {
        /// The message, as git hands it over
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// The release tags that are pushed may go; reads what git writes to the hook's standard input
    PrePush {
        /// The remote and its address, as git hands them over; not used
        #[arg(value_name = "REMOTE", num_args = 0..=2)]
        remote: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Completions {
    /// The shell
    pub(in crate::cli) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Man {
    /// The page of this command [default: that of relgate]
    #[arg(value_name = "COMMAND")]
    pub(in crate::cli) command: Option<String>,
}
