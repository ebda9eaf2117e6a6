//! `relgate hook`: what git's hooks hand over, judged. `check --staged` is the pre-commit hook; these are the others.

use std::io::{self, Read};
use std::path::PathBuf;

use super::CommandError;
use super::args::{Global, Hook, HookKind};
use super::context::Context;
use super::output::{Streams, environment};
use crate::judge::{Request, judge};
use crate::report::human;
use crate::report::text::escape;
use crate::subject::SubjectRequest;
use crate::syntax::commit::{Form, parse_message};
use crate::version::TagKind;

/// The types that Conventional Commits and the Angular convention name.
const TYPES: &str = "feat, fix, docs, style, refactor, perf, test, build, ci, chore, revert";
/// A message that is longer is not read: nobody wrote it.
const LONGEST_MESSAGE: u64 = 1024 * 1024;

/// A message that cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{path} cannot be read: {why}")]
#[diagnostic(help(
    "git hands a commit-msg hook the path of the message: relgate hook commit-msg \"$1\""
))]
struct MessageError {
    path: String,
    why: io::Error,
}

pub(super) fn run(global: &Global, args: &Hook, streams: &Streams) -> Result<u8, CommandError> {
    match &args.kind {
        HookKind::CommitMsg { file } => commit_message(file),
        HookKind::PrePush { .. } => pre_push(global, streams),
    }
}

fn commit_message(file: &PathBuf) -> Result<u8, CommandError> {
    let read = || -> io::Result<String> {
        let mut bytes = Vec::new();
        std::fs::File::open(file)?
            .take(LONGEST_MESSAGE)
            .read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().map_err(|why| MessageError {
        path: file.display().to_string(),
        why,
    })?;
    match complaint(&text) {
        None => Ok(0),
        Some(complaint) => {
            Streams::print(&complaint)?;
            Ok(1)
        }
    }
}

/// What is wrong with a message, if anything is: it has to be a Conventional Commit, unless git wrote it.
fn complaint(text: &str) -> Option<String> {
    // Below the scissors, and in lines that begin with `#`, git speaks to whoever writes the message.
    let text = text
        .split("\n# ------------------------ >8")
        .next()
        .unwrap_or(text);
    let lines: Vec<&str> = text
        .split('\n')
        .filter(|line| !line.starts_with('#'))
        .collect();
    let message = parse_message(&lines.join("\n"));
    if message.is_conventional() || message.form != Form::Ordinary {
        return None;
    }
    let summary: String = message.summary.chars().take(200).collect();
    Some(format!(
        "error[commit-message]: `{}` is no Conventional Commit\n   \
         help     write `type: what changed`, `type(scope): …` or, when it breaks something, `type!: …`\n   \
         types    {TYPES}\n",
        escape(&summary)
    ))
}

/// Judges the release tags that are pushed. Branches are for pull requests.
fn pre_push(global: &Global, streams: &Streams) -> Result<u8, CommandError> {
    let mut input = String::new();
    // pre-commit reads git's lines itself and hands over the first reference in the environment.
    match environment("PRE_COMMIT_LOCAL_BRANCH") {
        Some(local) => {
            input = format!(
                "{local} {} {local} 0\n",
                environment("PRE_COMMIT_TO_REF").unwrap_or_default()
            );
        }
        None => {
            let _ = io::stdin().take(LONGEST_MESSAGE).read_to_string(&mut input);
        }
    }
    let tags = pushed_tags(&input);
    if tags.is_empty() {
        return Ok(0);
    }
    let context = Context::open(global)?;
    let frame = context.frame()?;
    let mut code = 0;
    for tag in tags {
        if frame.scheme.parse(tag).kind == TagKind::Unrelated {
            continue;
        }
        let request = Request {
            subject: SubjectRequest::Tag {
                name: tag.to_owned(),
                at: None,
            },
            stage: None,
            files: Vec::new(),
        };
        let report = judge(&frame, &request)?.report;
        let mut text = Vec::new();
        let _ = human::write(&report, &streams.style, &mut text);
        Streams::print(&String::from_utf8_lossy(&text))?;
        code = code.max(report.decision.verdict.exit_code());
    }
    Ok(code)
}

/// The tags in git's lines `<local ref> <local id> <remote ref> <remote id>` (githooks(5), pre-push); a deletion has an id
/// of zeros.
fn pushed_tags(input: &str) -> Vec<&str> {
    input
        .split('\n')
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (local, id) = (words.next()?, words.next()?);
            let deleted = !id.is_empty() && id.chars().all(|c| c == '0');
            let remote = words.next()?;
            let name = remote
                .strip_prefix("refs/tags/")
                .or_else(|| local.strip_prefix("refs/tags/"))?;
            (!deleted).then_some(name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        for (text, good) in [
            ("feat: labels\n", true),
            ("fix(api)!: labels\n\nbody", true),
            ("Merge branch 'x'", true),
            ("Revert \"feat: x\"\n", true),
            ("fixup! feat: x", true),
            ("labels\n", false),
            ("", false),
            ("# feat: a comment\nlabels", false),
            (
                "labels\n# ------------------------ >8 ------------------------\nfeat: x",
                false,
            ),
        ] {
            assert_eq!(complaint(text).is_none(), good, "{text}");
        }
    }

    #[test]
    fn tags_that_are_pushed() {
        for (input, expected) in [
            ("refs/tags/v1.0.0 1a refs/tags/v1.0.0 00\n", &["v1.0.0"][..]),
            ("(delete) 0000 refs/tags/v1.0.0 1a\n", &[]),
            (
                "refs/heads/main 1a refs/heads/main 2b\nrefs/tags/v2 1a refs/tags/v2 0\n",
                &["v2"],
            ),
            ("HEAD~1 1a refs/tags/v3 0\n", &["v3"]),
            ("garbage\n\n", &[]),
        ] {
            assert_eq!(pushed_tags(input), expected, "{input}");
        }
    }
}
