//! What was typed.

mod audit;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub(super) use audit::{Audit, PolicyAsOf, Shard};

use crate::gate::Stage;
use crate::report::policy_tests::TestFormat;

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
    #[arg(value_name = "FILE", requires = "staged")]
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

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one of it in a run")]
pub(super) enum GateCommand {
    /// List what a tag needs: by when, closed by what, open because of what, and the command that would close it
    List(GateList),
    /// Write the statement that closes a gate, and sign it
    Record(GateRecord),
    /// Check files of evidence
    Verify(GateVerify),
}

#[derive(Debug, clap::Args)]
pub(super) struct GateList {
    /// The tag, existing or proposed
    #[arg(long, value_name = "TAG")]
    pub(super) tag: String,
    /// Where the proposed tag would be
    #[arg(long, value_name = "REV")]
    pub(super) at: Option<String>,
    /// Only the gates that must be closed by this stage
    #[arg(long, value_name = "STAGE", value_parser = parse_stage)]
    pub(super) stage: Option<Stage>,
    /// The format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(super) format: ListFormat,
}

/// How a list of gates is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people
    Human,
    /// Everything, schemaVersion 1
    Json,
}

#[derive(Debug, clap::Args)]
pub(super) struct GateRecord {
    /// The gate
    #[arg(value_name = "GATE")]
    pub(super) gate: String,
    /// The tag, existing or proposed
    #[arg(long, value_name = "TAG")]
    pub(super) tag: String,
    /// Where the proposed tag would be
    #[arg(long, value_name = "REV")]
    pub(super) at: Option<String>,
    /// Who vouches: a principal of the allowed signers
    #[arg(long, value_name = "ID")]
    pub(super) approver: String,
    /// In which role [default: the one that the gate asks for]
    #[arg(long, value_name = "ROLE")]
    pub(super) role: Option<String>,
    /// What they say
    #[arg(long, value_name = "DECISION", default_value = "approve")]
    pub(super) decision: DecisionArg,
    /// What a system left: JUnit XML, GitHub reviews or deployments, GitLab approvals, Prometheus results (NAME=FILE),
    /// SARIF, trivy, grype, govulncheck, a dump by `pg_dump`, an image index, checksums, a table of metrics, git ls-remote; `-` is
    /// standard input
    #[arg(long, value_name = "[NAME=]FILE")]
    pub(super) from_file: Vec<String>,
    /// What else the gate needs
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub(super) set: Vec<(String, String)>,
    /// The baseline of a metric
    #[arg(long, value_name = "NAME=NUMBER", value_parser = parse_number)]
    pub(super) baseline: Vec<(String, f64)>,
    /// The limit of a metric
    #[arg(long, value_name = "NAME=NUMBER", value_parser = parse_number)]
    pub(super) limit: Vec<(String, f64)>,
    /// A metric of which more is better
    #[arg(long, value_name = "NAME")]
    pub(super) higher: Vec<String>,
    /// Why, in a sentence
    #[arg(long, value_name = "TEXT")]
    pub(super) comment: Option<String>,
    /// Sign with this private key; with a public key, ssh-agent signs
    #[arg(long, value_name = "PATH")]
    pub(super) key: Option<PathBuf>,
    /// Where the statement is written [default: in the directory of evidence]
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Print the statement, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// What an approver says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DecisionArg {
    /// It may go
    Approve,
    /// It may not
    Reject,
}

impl DecisionArg {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct GateVerify {
    /// The statements; a signature lies beside each, as FILE.sig
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// The release that they have to be about [default: the one that each names]
    #[arg(long, value_name = "TAG")]
    pub(super) tag: Option<String>,
    /// Where the proposed tag would be
    #[arg(long, value_name = "REV")]
    pub(super) at: Option<String>,
}

impl GateList {
    pub(super) fn subject(&self) -> SubjectArgs {
        SubjectArgs {
            tag: Some(self.tag.clone()),
            at: self.at.clone(),
        }
    }
}

impl GateRecord {
    pub(super) fn subject(&self) -> SubjectArgs {
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

#[derive(Debug, clap::Args)]
pub(super) struct Facts {
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Ledger {
    /// Judge a tag, append the decision, and exit with the verdict's status
    Record(LedgerRecord),
    /// Look for edited, removed, cut-off, reordered and forked records
    Verify(LedgerVerify),
    /// Print every record on a line of its own, as canonical JSON
    Export(LedgerExport),
}

#[derive(Debug, clap::Args)]
pub(super) struct LedgerRecord {
    /// The tag; it may be a proposed one
    #[arg(long, value_name = "TAG")]
    pub(super) tag: String,
    /// Where the proposed tag would be
    #[arg(long, value_name = "REV")]
    pub(super) at: Option<String>,
    /// Also require every gate up to this stage [default: what the tag implies]
    #[arg(long, value_name = "STAGE", value_parser = parse_stage)]
    pub(super) stage: Option<Stage>,
    /// A path (SQLite) or postgres://… [default: the environment has it in `RELGATE_LEDGER`]
    #[arg(long, value_name = "URL")]
    pub(super) ledger: Option<String>,
    /// Who records [default: the CI system's account, else the user]
    #[arg(long, value_name = "NAME")]
    pub(super) actor: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct LedgerVerify {
    /// A path (SQLite), postgres://… or jsonl:EXPORT [default: the environment has it in `RELGATE_LEDGER`]
    #[arg(long, value_name = "URL")]
    pub(super) ledger: Option<String>,
    /// Compare with a checkpoint that `ledger export --checkpoint` wrote: without one, a cut-off end does not show
    #[arg(long, value_name = "FILE")]
    pub(super) checkpoint: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct LedgerExport {
    /// A path (SQLite) or postgres://… [default: the environment has it in `RELGATE_LEDGER`]
    #[arg(long, value_name = "URL")]
    pub(super) ledger: Option<String>,
    /// Also write a checkpoint: the last record of every chain, to be kept elsewhere
    #[arg(long, value_name = "FILE")]
    pub(super) checkpoint: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Rehearse {
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
    #[command(flatten)]
    pub(super) server: RehearseServer,
    /// The directory of PostgreSQL's server programs [default: the search path, then the usual places]
    #[arg(long, value_name = "DIR", conflicts_with = "database_url")]
    pub(super) server_programs: Option<PathBuf>,
    /// How many rows are put into each table before the migrations run
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=100_000_000))]
    pub(super) rows: u64,
    /// SQL that fills the tables of the previous release
    #[arg(long, value_name = "FILE")]
    pub(super) seed: Option<PathBuf>,
    /// Statements of the previous release, which have to work on the new schema too
    #[arg(long, value_name = "FILE")]
    pub(super) probe: Vec<PathBuf>,
    /// No statement and no program may take longer
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(super) timeout: u64,
    /// Who vouches for the result: the principal that signs it [default: git's user.email]
    #[arg(long, value_name = "ID")]
    pub(super) approver: Option<String>,
    /// The format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = parse_format)]
    pub(super) format: &'static crate::report::Format,
    /// Also write the report to a file, whole or not at all; may be repeated
    #[arg(long, value_name = "FORMAT=PATH", value_parser = parse_output)]
    pub(super) output: Vec<OutputArg>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct RehearseServer {
    /// Start a private server from the PostgreSQL programs on this machine, and remove it afterwards
    #[arg(long)]
    pub(super) local: bool,
    /// A throw-away database, empty and marked as such; the password may be in PGPASSWORD
    #[arg(long, value_name = "URL")]
    pub(super) database_url: Option<String>,
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

#[derive(Debug, clap::Args)]
pub(super) struct Schema {
    /// Which schema
    pub(super) name: SchemaName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SchemaName {
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
pub(super) struct Policy {
    #[command(subcommand)]
    pub(super) command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Check every name and type in policies, and run their examples
    Check(PolicyCheck),
    /// Run the examples in policies and the `PolicyTest` files beside them
    Test(PolicyTest),
    /// Evaluate an expression over the facts of this repository, or of a file
    Eval(PolicyEval),
}

#[derive(Debug, clap::Args)]
pub(super) struct PolicyCheck {
    /// Files, directories or `builtin:PACK` [default: the policies of the configuration]
    #[arg(value_name = "POLICY")]
    pub(super) names: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct PolicyTest {
    /// Files, directories or `builtin:PACK` [default: the policies of the configuration]
    #[arg(value_name = "POLICY")]
    pub(super) names: Vec<String>,
    /// Write what there is over what was expected
    #[arg(long)]
    pub(super) update: bool,
    /// Fail when a demand, validation or gate fires in no test
    #[arg(long)]
    pub(super) require_coverage: bool,
    /// The format of standard output: human, json or junit
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = parse_test_format)]
    pub(super) format: TestFormat,
    /// Also write the results to a file, whole or not at all; may be repeated
    #[arg(long, value_name = "FORMAT=PATH", value_parser = parse_test_output)]
    pub(super) output: Vec<TestOutput>,
}

/// A file of test results to write, and its format.
#[derive(Debug, Clone)]
pub(super) struct TestOutput {
    pub(super) format: TestFormat,
    pub(super) path: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(super) struct PolicyEval {
    /// A CEL expression
    #[arg(value_name = "EXPR")]
    pub(super) expression: String,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
    /// Take the facts from this file (`-`: standard input), as `relgate facts` prints them
    #[arg(long, value_name = "FILE", conflicts_with = "tag")]
    pub(super) facts: Option<PathBuf>,
    /// With the parameters and variables of this policy
    #[arg(long, value_name = "NAME")]
    pub(super) policy: Option<String>,
}

fn parse_test_format(text: &str) -> Result<TestFormat, String> {
    match text {
        "human" => Ok(TestFormat::Human),
        "json" => Ok(TestFormat::Json),
        "junit" => Ok(TestFormat::Junit),
        _ => Err("the formats are human, json, junit".to_owned()),
    }
}

fn parse_test_output(text: &str) -> Result<TestOutput, String> {
    let (format, path) = text.split_once('=').ok_or("write it as FORMAT=PATH")?;
    if path.is_empty() {
        return Err("the path is missing".to_owned());
    }
    Ok(TestOutput {
        format: parse_test_format(format)?,
        path: PathBuf::from(path),
    })
}

#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// The last release that is history; findings count from then on [default: the previous release]
    #[arg(long, value_name = "TAG")]
    pub(super) baseline: Option<String>,
    /// Also write .pre-commit-config.yaml
    #[arg(long)]
    pub(super) hooks: bool,
    /// Also write .github/workflows/relgate.yml
    #[arg(long)]
    pub(super) workflow: bool,
    /// Replace files that exist
    #[arg(long)]
    pub(super) force: bool,
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Hook {
    #[command(subcommand)]
    pub(super) kind: HookKind,
}

/// The hooks beside pre-commit, which is `check --staged`.
#[derive(Debug, Subcommand)]
pub(super) enum HookKind {
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
pub(super) struct Completions {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(super) struct Man {
    /// The page of this command [default: that of relgate]
    #[arg(value_name = "COMMAND")]
    pub(super) command: Option<String>,
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
