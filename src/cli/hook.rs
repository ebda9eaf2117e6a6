//! `relgate hook`: what git's hooks hand over, judged. `check --staged` is the pre-commit hook; these are the others.

use std::io;
use std::path::Path;

use super::CommandError;
use super::args::{Global, Hook, HookKind};
use super::context::Context;
use super::output::{Streams, environment};
use crate::files::{Unreadable, read_named, read_stream};
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
/// Git's lines about a push, in bytes: some hundred thousand references.
const MOST_PUSHED: u64 = 32 * 1024 * 1024;

/// What git handed over cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum HookError {
    /// The message of a commit.
    #[error("{path} cannot be read: {why}")]
    #[diagnostic(help(
        "git hands a commit-msg hook the path of the message: relgate hook commit-msg \"$1\""
    ))]
    Message { path: String, why: Unreadable },
    /// The references that are pushed, all of them.
    #[error("what is pushed cannot be read from standard input: {0}")]
    #[diagnostic(help("{PUSHED_HELP}"))]
    Input(Unreadable),
    /// A line that git does not write.
    #[error("`{0}` on standard input is no line of git's about what is pushed")]
    #[diagnostic(help("{PUSHED_HELP}"))]
    Line(String),
}

const PUSHED_HELP: &str = "git hands a pre-push hook lines of `local-ref local-id remote-ref remote-id`: \
                           exec relgate hook pre-push \"$@\"";

pub(super) fn run(global: &Global, args: &Hook, streams: &Streams) -> Result<u8, CommandError> {
    match &args.kind {
        HookKind::CommitMsg { file } => commit_message(file),
        HookKind::PrePush { .. } => pre_push(global, streams),
    }
}

fn commit_message(file: &Path) -> Result<u8, CommandError> {
    let bytes = read_named(file, LONGEST_MESSAGE).map_err(|why| HookError::Message {
        path: file.display().to_string(),
        why,
    })?;
    let text = String::from_utf8_lossy(&bytes);
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

/// Judges the release tags that are pushed, each at the commit that is pushed for it. Branches are for pull requests.
fn pre_push(global: &Global, streams: &Streams) -> Result<u8, CommandError> {
    // pre-commit reads git's lines itself and hands over the first reference in the environment.
    let pushed = match environment("PRE_COMMIT_LOCAL_BRANCH") {
        Some(local) => {
            let remote = environment("PRE_COMMIT_REMOTE_BRANCH");
            // Of a branch that the remote does not have at all it names no commit.
            let id = environment("PRE_COMMIT_TO_REF").filter(|id| !id.is_empty());
            let id = id.as_deref().unwrap_or(&local);
            let remote = remote.as_deref().unwrap_or(&local);
            pushed_tag(id, remote).into_iter().collect()
        }
        None => {
            let input = read_stream(io::stdin(), MOST_PUSHED).map_err(HookError::Input)?;
            pushed_tags(&String::from_utf8_lossy(&input))?
        }
    };
    if pushed.is_empty() {
        return Ok(0);
    }
    let context = Context::open(global)?;
    let mut frame = context.frame()?;
    frame.pushing = true;
    let mut code = 0;
    for Pushed { name, id } in pushed {
        if frame.scheme.parse(&name).kind == TagKind::Unrelated {
            continue;
        }
        let request = Request {
            // A tag of that name that stands elsewhere here is not the one that is pushed, and is refused.
            subject: SubjectRequest::Tag { name, at: Some(id) },
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

/// A tag that is pushed.
#[derive(Debug, PartialEq, Eq)]
struct Pushed {
    /// Its name at the remote.
    name: String,
    /// The object that it gets there: a commit, or a tag that leads to one.
    id: String,
}

/// The tags in git's lines `<local ref> <local id> <remote ref> <remote id>` (githooks(5), pre-push).
fn pushed_tags(input: &str) -> Result<Vec<Pushed>, HookError> {
    let mut pushed = Vec::new();
    for line in input.split('\n').filter(|line| !line.is_empty()) {
        // The first word is as it was typed, and may hold spaces: `HEAD^{/a mended cask}`.
        let mut words = line.rsplitn(4, ' ').skip(1);
        let (Some(remote), Some(id), Some(_)) = (words.next(), words.next(), words.next()) else {
            return Err(HookError::Line(escape(line).chars().take(200).collect()));
        };
        pushed.extend(pushed_tag(id, remote));
    }
    Ok(pushed)
}

/// A tag, unless it is deleted: then it has an id of zeros.
fn pushed_tag(id: &str, remote: &str) -> Option<Pushed> {
    let name = remote.strip_prefix("refs/tags/")?;
    let is_deleted = id.bytes().all(|digit| digit == b'0');
    (!is_deleted).then(|| Pushed {
        name: name.to_owned(),
        id: id.to_owned(),
    })
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
        let check = |input: &str, expected: &[(&str, &str)]| {
            let pushed = pushed_tags(input).unwrap();
            let pushed: Vec<(&str, &str)> = pushed
                .iter()
                .map(|tag| (tag.name.as_str(), tag.id.as_str()))
                .collect();
            assert_eq!(pushed, expected, "{input}");
        };
        check(
            "refs/tags/v1.0.0 1a refs/tags/v1.0.0 00\n",
            &[("v1.0.0", "1a")],
        );
        check("(delete) 0000 refs/tags/v1.0.0 1a\n", &[]);
        check(
            "refs/heads/main 1a refs/heads/main 2b\nrefs/tags/v2 1a refs/tags/v2 0\n",
            &[("v2", "1a")],
        );
        check("HEAD~1 1a refs/tags/v3 0\n", &[("v3", "1a")]);
        check("HEAD^{/a mended cask} 1a refs/tags/v3 0", &[("v3", "1a")]);
        check("refs/tags/v1 1a refs/heads/main 0\n", &[]);
        check("\n\n", &[]);
        for bad in ["garbage", "1a refs/tags/v1 0", "a 1a refs/tags/v1 0\nx"] {
            assert!(pushed_tags(bad).is_err(), "{bad}");
        }
    }
}
