//! What was typed behind `relgate policy`.

use std::path::PathBuf;

use clap::Subcommand;

use super::SubjectArgs;
use crate::report::policy_tests::TestFormat;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Policy {
    #[command(subcommand)]
    pub(in crate::cli) command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PolicyCommand {
    /// Check every name and type in policies, and run their examples
    Check(PolicyCheck),
    /// Run the examples in policies and the `PolicyTest` files beside them
    Test(PolicyTest),
    /// Evaluate an expression over the facts of this repository, or of a file
    Eval(PolicyEval),
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PolicyCheck {
    /// Files, directories or `builtin:PACK` [default: the policies of the configuration]
    #[arg(value_name = "POLICY")]
    pub(in crate::cli) names: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PolicyTest {
    /// Files, directories or `builtin:PACK` [default: the policies of the configuration]
    #[arg(value_name = "POLICY")]
    pub(in crate::cli) names: Vec<String>,
    /// Write what there is over what was expected
    #[arg(long)]
    pub(in crate::cli) update: bool,
    /// Fail when a demand, validation or gate fires in no test
    #[arg(long)]
    pub(in crate::cli) require_coverage: bool,
    /// The format of standard output: human, json or junit
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = parse_test_format)]
    pub(in crate::cli) format: TestFormat,
    /// Also write the results to a file, whole or not at all; may be repeated
    #[arg(long, value_name = "FORMAT=PATH", value_parser = parse_test_output)]
    pub(in crate::cli) output: Vec<TestOutput>,
}

/// A file of test results to write, and its format.
#[derive(Debug, Clone)]
pub(in crate::cli) struct TestOutput {
    pub(in crate::cli) format: TestFormat,
    pub(in crate::cli) path: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PolicyEval {
    /// A CEL expression
    #[arg(value_name = "EXPR")]
    pub(in crate::cli) expression: String,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArgs,
    /// Take the facts from this file (`-`: standard input), as `relgate facts` prints them
    #[arg(long, value_name = "FILE", conflicts_with = "tag")]
    pub(in crate::cli) facts: Option<PathBuf>,
    /// With the parameters and variables of this policy
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) policy: Option<String>,
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
