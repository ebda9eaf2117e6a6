//! `relgate fix`: applies the safe fixes to the work tree.

use std::path::{Path, PathBuf};

use super::CommandError;
use super::args::{Fix, Global};
use super::context::Context;
use super::explain::require_ids;
use super::output::Streams;
use super::progress::Progress;
use crate::files::{read_named, write_whole};
use crate::fix::{Changes, unified};
use crate::judge::{Mended, Request, mend_all};
use crate::report::text::escape;
use crate::subject::SubjectRequest;

/// Why the work tree was left as it is.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum FixError {
    #[error("this repository has no work tree whose files could be mended")]
    #[diagnostic(help("relgate fix --dry-run prints the changes as a diff"))]
    Bare,
    #[error(
        "{path} is not as it was judged: it has changes that are not committed, or something stands in its place"
    )]
    #[diagnostic(help(
        "nothing was changed; commit or stash first, judge what is staged with relgate fix --staged, or go to what was judged with git switch --detach TAG"
    ))]
    Changed { path: String },
    #[error("{path} cannot be written: {why}")]
    #[diagnostic(help("files that were written before it are shown by git status"))]
    Write { path: String, why: std::io::Error },
}

pub(super) fn run(global: &Global, args: &Fix, streams: &Streams) -> Result<u8, CommandError> {
    require_ids(&args.ids)?;
    let context = Context::open(global)?;
    let root = context.repository.workdir().map(PathBuf::from);
    let mended = {
        let _progress = Progress::start(streams.progress, "judging, mending, and judging again");
        let request = Request {
            subject: if args.staged {
                SubjectRequest::Staged
            } else {
                match &args.tag {
                    Some(name) => SubjectRequest::Tag {
                        name: name.clone(),
                        at: None,
                    },
                    None => SubjectRequest::Head,
                }
            },
            stage: None,
            files: Vec::new(),
        };
        let is_there = |path: &str| {
            root.as_ref()
                .is_some_and(|root| root.join(path).symlink_metadata().is_ok())
        };
        mend_all(&mut context.frame()?, &request, &args.ids, &is_there)?
    };
    if args.dry_run {
        for (path, (before, after)) in &mended.files {
            Streams::print(&unified(path, before.as_deref(), after))?;
        }
        return Ok(u8::from(
            !mended.files.is_empty() || !mended.left.is_empty(),
        ));
    }
    if !mended.files.is_empty() {
        let root = root.ok_or(FixError::Bare)?;
        check(&root, &mended.files)?;
        write(&root, &mended.files)?;
    }
    if streams.style.verbosity >= 0 {
        let names = context.repository.tag_names()?;
        let is_proposed = args.tag.as_ref().is_some_and(|tag| !names.contains(tag));
        Streams::print(&summary(&mended, args, is_proposed))?;
    }
    Ok(u8::from(!mended.left.is_empty()))
}

/// Every file is as it was judged, and nothing stands where one is added.
fn check(root: &Path, files: &Changes) -> Result<(), FixError> {
    for (path, (before, _)) in files {
        let at = root.join(path);
        let is_as_judged = match (before, at.symlink_metadata()) {
            (Some(before), Ok(known)) => {
                known.is_file()
                    && read_named(&at, before.len() as u64)
                        .is_ok_and(|bytes| bytes == before.as_bytes())
            }
            (None, Err(why)) => why.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        };
        if !is_as_judged {
            return Err(FixError::Changed { path: path.clone() });
        }
    }
    Ok(())
}

/// Writes each file beside its place and moves it there, with the permissions that it had.
fn write(root: &Path, files: &Changes) -> Result<(), FixError> {
    for (path, (_, text)) in files {
        let at = root.join(path);
        let write = || -> std::io::Result<()> {
            let directory = at.parent().unwrap_or(root);
            std::fs::create_dir_all(directory)?;
            write_whole(&at, text.as_bytes())
        };
        write().map_err(|why| FixError::Write {
            path: path.clone(),
            why,
        })?;
    }
    Ok(())
}

fn summary(mended: &Mended, args: &Fix, is_proposed: bool) -> String {
    let mut text = String::new();
    for (rule, count) in &mended.rules {
        text.push_str(&format!("mended  {rule}  {count}\n"));
    }
    for (path, (before, _)) in &mended.files {
        let verb = if before.is_some() { "changed" } else { "added" };
        text.push_str(&format!("{verb:7} {path}\n"));
    }
    for (rule, count) in &mended.left {
        text.push_str(&format!("left    {rule}  {count}\n"));
    }
    for (rule, message) in &mended.revealed {
        text.push_str(&format!("now     {}: {}\n", escape(rule), escape(message)));
    }
    let (what, subject) = match (&args.tag, args.staged) {
        (Some(tag), _) => (escape(tag), format!(" --tag {}", escape(tag))),
        (None, true) => ("what is staged".to_owned(), " --staged".to_owned()),
        (None, false) => ("HEAD".to_owned(), String::new()),
    };
    if text.is_empty() {
        text = format!("nothing to mend in {what}");
        if !args.ids.is_empty() {
            text.push_str(&format!(" for {}", args.ids.join(", ")));
        }
        text.push('\n');
        if args.tag.is_none() {
            text.push_str("relgate fix --tag TAG writes a release into its files\n");
        }
    } else if args.tag.is_some() && !is_proposed {
        text.push_str(
            "a published tag does not move: commit this, and release it under the next number\n",
        );
    } else {
        text.push_str(&format!(
            "relgate check{subject} says what is left once this is committed\n"
        ));
    }
    text
}
