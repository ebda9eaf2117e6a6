//! What was typed.

mod audit;
mod gate;
mod ledger;
mod policy;
mod rehearse;
mod setup;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub(super) use audit::{Audit, PolicyAsOf, Shard};
pub(super) use gate::{GateCommand, GateList, GateRecord, GateVerify, ListFormat};
pub(super) use ledger::{Ledger, LedgerExport, LedgerRecord, LedgerVerify};
pub(super) use policy::{Policy, PolicyCheck, PolicyCommand, PolicyEval, PolicyTest};
pub(super) use rehearse::Rehearse;
pub(super) use setup::{Completions, Hook, HookKind, Init, Man, Schema, SchemaName};

use crate::gate::Stage;

/// Judges releases: reads migrations, charts, changelogs and git tags, and blocks what is not safe.
#[derive(Debug, Parser)]
#[command(
    name = "relgate",
    version = env!("RELGATE_VERSION"),
    max_term_width = 100,
    after_help = "Exit status: 0 pass, 1 blocked, 2 could not judge."
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Global {
    /// The repository: any directory in it
    #[arg(long, value_name = "DIR", default_value = ".", global = true)]
    pub(super) repo: PathBuf,
    /// The configuration file [default: relgate.yaml or .relgate.yaml; without one, everything is discovered]
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// Read configuration, policies, waivers, signers and roles from this commit instead of the work tree
    #[arg(long, value_name = "REF", global = true)]
    pub(super) policy_ref: Option<String>,
    /// Read evidence from this commit instead of the work tree
    #[arg(long, value_name = "REF", global = true)]
    pub(super) evidence_ref: Option<String>,
    /// The keys of OpenPGP that count for signed tags and commits (a file of `gpg --export`); without it such signatures are
    /// not verified
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) gpg_keyring: Option<PathBuf>,
    /// The time of the judgement, so that it can be repeated [default: the clock]
    #[arg(long, value_name = "RFC3339", global = true)]
    pub(super) now: Option<String>,
    /// Colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(super) color: ColorWhen,
    /// Print errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Print everything: warnings in full, closed gates, what was not examined
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Judge HEAD as the content of the next release, a tag, a pull request or staged changes
    Check(Check),
    /// Show the next version, why it is that, and what is still to do
    Plan(Plan),
    /// Replay the policy over every release of the history
    Audit(Audit),
    /// Keep decisions where they cannot be quietly changed
    #[command(subcommand)]
    Ledger(Ledger),
    /// Show what pushing a tag does: workflows, protections, promotions, sort order, version ranges
    Simulate(Simulate),
    /// Evidence: what gates need, recording it, checking it
    #[command(subcommand)]
    Gate(GateCommand),
    /// Print the facts that policies see, as JSON
    Facts(Facts),
    /// Print the page of a rule, gate or policy
    Explain(Explain),
    /// Apply the safe fixes to the files of the work tree
    Fix(Fix),
    /// Check, test and try policies
    Policy(Policy),
    /// Print the JSON Schema of facts, of the configuration or of policies
    Schema(Schema),
    /// Run the release's migrations, and their rollback, on a real PostgreSQL server
    Rehearse(Rehearse),
    /// Look at the repository and write relgate.yaml
    Init(Init),
    /// Judge what git hands to a commit-msg or pre-push hook
    Hook(Hook),
    /// Print the completions of a shell
    Completions(Completions),
    /// Print a manual page in roff
    Man(Man),
    /// Build the example repository in a temporary directory and judge its unsafe release
    Demo,
}

#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SubjectArgs {
    /// Judge this tag, or propose it at HEAD when it does not exist
    #[arg(long, value_name = "TAG")]
    pub(super) tag: Option<String>,
    /// Where the proposed tag would be
    #[arg(long, value_name = "REV", requires = "tag")]
    pub(super) at: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
    /// Judge a pull request: what it changes since this revision
    #[arg(long, value_name = "REV", conflicts_with_all = ["tag", "staged"])]
    pub(super) base: Option<String>,
    /// The head of the pull request [default: HEAD]
    #[arg(long, value_name = "REV", requires = "base")]
    pub(super) head: Option<String>,
    /// Judge the index against HEAD, as a pre-commit hook does
    #[arg(long, conflicts_with = "tag")]
    pub(super) staged: bool,
    /// With --staged: report on these files only
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<String>,
    /// Also require every gate up to this stage [default: what the subject implies]
    #[arg(long, value_name = "STAGE", value_parser = parse_stage)]
    pub(super) stage: Option<Stage>,
    /// A clone of the application that the charts deploy, where it is another repository: its tags are the releases
    #[arg(long, value_name = "DIR")]
    pub(super) app_repo: Option<PathBuf>,
    /// A ledger that knows where floating tags were before: one that went backwards fails `stable-tag`
    #[arg(long, value_name = "URL")]
    pub(super) ledger: Option<String>,
    /// Have the `helm` on the PATH render the charts that changed, without a network, and judge what it makes
    #[arg(long)]
    pub(super) render: bool,
    /// The format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = parse_format)]
    pub(super) format: &'static crate::report::Format,
    /// Show which part of each policy gave what, for which fact, and what would make a blocked release pass; with an ID,
    /// of that demand, validation, gate or policy
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "", conflicts_with = "format")]
    pub(super) explain: Option<String>,
    /// Also write the report to a file, whole or not at all; may be repeated
    #[arg(long, value_name = "FORMAT=PATH", value_parser = parse_output)]
    pub(super) output: Vec<OutputArg>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct Simulate {
    /// The tag, existing or not, well-formed or not
    #[arg(value_name = "TAG")]
    pub(super) tag: String,
    /// Where it would be [default: where it is, else HEAD]
    #[arg(long, value_name = "REV")]
    pub(super) at: Option<String>,
    /// The format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(super) format: ListFormat,
}

#[derive(Debug, clap::Args)]
pub(super) struct Facts {
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    /// The id of a rule, a gate, a validation or a policy
    #[arg(required_unless_present = "list")]
    pub(super) id: Option<String>,
    /// List all ids
    #[arg(long)]
    pub(super) list: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Fix {
    /// The rules whose findings are mended [default: all that can be]
    #[arg(value_name = "ID")]
    pub(super) ids: Vec<String>,
    /// Mend HEAD for this release: its version in images, charts, documents and the changelog
    #[arg(long, value_name = "TAG", conflicts_with = "staged")]
    pub(super) tag: Option<String>,
    /// Print the changes as a diff and change nothing; exit 1 if there are any
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Mend what is staged, as a pre-commit hook judges it, instead of HEAD
    #[arg(long)]
    pub(super) staged: bool,
}

/// A file to write, and its format.
#[derive(Debug, Clone)]
pub(super) struct OutputArg {
    pub(super) format: &'static crate::report::Format,
    pub(super) path: PathBuf,
}

fn parse_stage(text: &str) -> Result<Stage, String> {
    Stage::ALL
        .into_iter()
        .find(|stage| stage.as_str() == text)
        .ok_or_else(|| {
            let known: Vec<_> = Stage::ALL.iter().map(|stage| stage.as_str()).collect();
            format!("the stages are {}", known.join(", "))
        })
}

fn parse_format(text: &str) -> Result<&'static crate::report::Format, String> {
    crate::report::format(text).ok_or_else(|| {
        let known: Vec<_> = crate::report::FORMATS
            .iter()
            .map(|format| format.name)
            .collect();
        format!("the formats are {}", known.join(", "))
    })
}

fn parse_output(text: &str) -> Result<OutputArg, String> {
    let (format, path) = text.split_once('=').ok_or("write it as FORMAT=PATH")?;
    if path.is_empty() {
        return Err("the path is missing".to_owned());
    }
    Ok(OutputArg {
        format: parse_format(format)?,
        path: PathBuf::from(path),
    })
}
