//! `relgate policy eval`: one expression over the facts of the repository, or of a file.

use super::files::{configured, read};
use crate::cli::CommandError;
use crate::cli::args::{Global, PolicyEval};
use crate::cli::context::{Context, now, subject_request};
use crate::cli::output::Streams;
use crate::cli::progress::Progress;
use crate::discover::MAX_FILE_BYTES;
use crate::facts::{Facts, Origins};
use crate::files::{Unreadable, read_stream};
use crate::git::Repository;
use crate::judge::{Request, judge};
use crate::policy::eval::{Question, eval};
use crate::policy::{PolicySet, PolicySource, load};
use crate::report::text::escape_json;

/// Facts that cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{path} {why}")]
#[diagnostic(help(
    "relgate facts prints what such a file holds; fields that are absent are empty"
))]
struct FactsError {
    path: String,
    why: String,
}

pub(super) fn run(
    global: &Global,
    args: &PolicyEval,
    streams: &Streams,
) -> Result<u8, CommandError> {
    let answer = match &args.facts {
        Some(path) => {
            let facts = given(path)?;
            let policies = policies(global)?;
            eval(Question {
                expression: &args.expression,
                policy: args.policy.as_deref(),
                policies: &policies,
                facts,
                origins: &Origins::default(),
                now: now(global.now.as_deref())?,
            })?
        }
        None => {
            let context = Context::open(global)?;
            let judgement = {
                let _progress = Progress::start(streams.progress, "reading history and migrations");
                let request = Request {
                    subject: subject_request(&args.subject),
                    stage: None,
                    files: Vec::new(),
                };
                judge(&context.frame()?, &request)?
            };
            eval(Question {
                expression: &args.expression,
                policy: args.policy.as_deref(),
                policies: &context.project.policies,
                facts: judgement.facts,
                origins: &Origins::default(),
                now: context.now,
            })?
        }
    };
    let text = format!("{:#}", answer.value);
    Streams::print(&format!("{}\n", escape_json(&text)))?;
    Ok(0)
}

/// The policies in force; outside of a repository, the built-in ones.
fn policies(global: &Global) -> Result<PolicySet, CommandError> {
    let Ok(repository) = Repository::open(&global.repo) else {
        let packs = crate::config::DEFAULT_POLICIES.iter();
        let packs = packs.filter_map(|name| name.strip_prefix("builtin:"));
        let sources: Vec<_> = packs
            .map(|pack| PolicySource::Builtin(pack.to_owned()))
            .collect();
        return Ok(load(&sources, &std::collections::BTreeMap::new())?);
    };
    let documents = configured(global, &repository)?;
    Ok(load(&documents.sources, &documents.params)?)
}

fn given(path: &std::path::Path) -> Result<Facts, CommandError> {
    let shown = path.display().to_string();
    let text = if shown == "-" {
        read_stream(std::io::stdin(), MAX_FILE_BYTES)
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| Unreadable::NotText))
            .map_err(|why| format!("cannot be read: {why}"))
    } else {
        read(path)
    };
    text.and_then(|text| {
        serde_json::from_str(&text).map_err(|error| format!("does not hold facts: {error}"))
    })
    .map_err(|why| FactsError { path: shown, why }.into())
}
