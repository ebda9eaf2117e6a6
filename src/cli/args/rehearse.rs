//! What was typed behind `relgate rehearse`.

use std::path::PathBuf;

use super::{OutputArg, SubjectArgs, parse_format, parse_output};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Rehearse {
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArgs,
    #[command(flatten)]
    pub(in crate::cli) server: RehearseServer,
    /// The directory of PostgreSQL's server programs [default: the search path, then the usual places]
    #[arg(long, value_name = "DIR", conflicts_with = "database_url")]
    pub(in crate::cli) server_programs: Option<PathBuf>,
    /// How many rows are put into each table before the migrations run
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=100_000_000))]
    pub(in crate::cli) rows: u64,
    /// SQL that fills the tables of the previous release
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) seed: Option<PathBuf>,
    /// Statements of the previous release, which have to work on the new schema too
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) probe: Vec<PathBuf>,
    /// No statement and no program may take longer
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(in crate::cli) timeout: u64,
    /// Who vouches for the result: the principal that signs it [default: git's user.email]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) approver: Option<String>,
    /// The format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = parse_format)]
    pub(in crate::cli) format: &'static crate::report::Format,
    /// Also write the report to a file, whole or not at all; may be repeated
    #[arg(long, value_name = "FORMAT=PATH", value_parser = parse_output)]
    pub(in crate::cli) output: Vec<OutputArg>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct RehearseServer {
    /// Start a private server from the PostgreSQL programs on this machine, and remove it afterwards
    #[arg(long)]
    pub(in crate::cli) local: bool,
    /// A throw-away database, empty and marked as such; the password may be in PGPASSWORD
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) database_url: Option<String>,
}
