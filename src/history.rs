//! Histories as data: a list of steps in YAML, played into a new git repository.
//!
//! The examples, the demonstration and the tests are such lists. The same text gives the same commit ids everywhere:
//! who and when are part of the text or fixed, and nothing of the machine takes part.
//!
//! ```yaml
//! - commit: "feat: orders"
//!   write:
//!     db/000001_orders.up.sql: |
//!       CREATE TABLE orders (id bigint PRIMARY KEY);
//!   tag: v1.0.0
//! - branch: release/v1.1.0          # made when it does not exist
//! - commit: "fix: name the index"
//!   edit: { db/000001_orders.up.sql: { "id bigint": "order_id bigint" } }
//!   tag: [v1.1.0-rc1, v1.1.0]
//! - branch: main
//!   merge: release/v1.1.0
//!   commit: "merge the release"
//! ```
//!
//! Within a step, the order is: `branch`, `from`, `merge`, then the files (`delete`, `rename`, `write`, ...), then
//! `commit`, then tags. Time passes by an hour per step.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::Deserialize;

use crate::git::write::{Content, Identity, RepositoryWriter, TagTarget, WriteError};
use crate::source::LineIndex;
use crate::syntax::yaml::{self, YamlError};

/// Why a history could not be played.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum HistoryError {
    /// The text is not a list of steps.
    #[error("this is not a history: {0}")]
    #[diagnostic(help("a history is a YAML list of steps, such as `- commit: message`"))]
    Format(String),
    /// A step asks for something that makes no sense.
    #[error("step {step}: {problem}")]
    #[diagnostic(help("steps count from 1"))]
    Step {
        /// The step's number, from 1.
        step: usize,
        /// What is wrong, as a phrase.
        problem: String,
    },
    /// A step could not be written.
    #[error("step {step}: {source}")]
    Write {
        /// The step's number, from 1.
        step: usize,
        /// What went wrong.
        #[diagnostic_source]
        source: WriteError,
    },
}

/// Plays a history into a directory that is empty or does not exist, and leaves the work tree at its end.
pub fn play(text: &str, directory: &Path) -> Result<(), HistoryError> {
    let steps = parse(text)?;
    let at_end = steps.len();
    let in_step = |step| move |source| HistoryError::Write { step, source };
    let mut writer = RepositoryWriter::create(directory, "main").map_err(in_step(1))?;
    let mut clock = Clock::new();
    for (number, step) in (1..).zip(&steps) {
        let now = clock.tick(step.date);
        step.check().map_err(|problem| HistoryError::Step {
            step: number,
            problem,
        })?;
        step.play(&mut writer, now).map_err(|error| match error {
            StepError::Write(source) => HistoryError::Write {
                step: number,
                source,
            },
            StepError::Problem(problem) => HistoryError::Step {
                step: number,
                problem,
            },
        })?;
    }
    writer.check_out().map_err(in_step(at_end))?;
    // Last of all: what is beyond the cut can no longer be named.
    match steps.iter().find_map(|step| step.shallow) {
        Some(depth) => writer.make_shallow(depth).map_err(in_step(at_end)),
        None => Ok(()),
    }
}

/// One step, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Step {
    /// The branch to be on; it is made where HEAD is, or at `from`, when it does not exist.
    branch: Option<String>,
    /// The branch starts a history of its own.
    orphan: bool,
    /// The revision to start from; without `branch`, HEAD is detached there.
    from: Option<String>,
    /// A revision to merge.
    merge: Option<String>,
    /// Files and directories to take away.
    delete: Vec<String>,
    /// Files and directories to move.
    rename: BTreeMap<String, String>,
    /// Text files to write.
    write: BTreeMap<String, String>,
    /// Text to replace in a file: each key must stand in it exactly once.
    edit: BTreeMap<String, BTreeMap<String, String>>,
    /// Scripts to write.
    executable: BTreeMap<String, String>,
    /// Binary files to write, as hexadecimal digits; white space does not count.
    hex: BTreeMap<String, String>,
    /// Symbolic links and their targets.
    symlink: BTreeMap<String, String>,
    /// Submodules and their commits.
    submodule: BTreeMap<String, String>,
    /// The message of the commit that holds all this.
    commit: Option<String>,
    /// Leave the files in the index, without a commit; for the last step.
    stage: bool,
    /// Tags on the commit.
    tag: Names,
    /// Tags on the commit's tree.
    tag_tree: Names,
    /// The message that makes this step's tags annotated ones.
    annotated: Option<String>,
    /// Tags that somebody removed.
    delete_tag: Names,
    /// Branches that somebody removed.
    delete_branch: Names,
    /// Remotes and their URLs.
    remote: BTreeMap<String, String>,
    /// How many commits a shallow clone kept.
    shallow: Option<u32>,
    /// Who wrote it; the committer stays the same.
    author: Option<Person>,
    /// Who committed it, and made its tags.
    committer: Option<Person>,
    /// When.
    date: Option<DateTime<FixedOffset>>,
}

/// A name, or a list of them.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Names {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Names {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    name: String,
    email: String,
}

enum StepError {
    Write(WriteError),
    Problem(String),
}

impl From<WriteError> for StepError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl Step {
    fn check(&self) -> Result<(), String> {
        let changes_files = self.merge.is_some()
            || !self.delete.is_empty()
            || [
                &self.rename,
                &self.write,
                &self.executable,
                &self.hex,
                &self.symlink,
                &self.submodule,
            ]
            .iter()
            .any(|files| !files.is_empty())
            || !self.edit.is_empty();
        if changes_files && self.commit.is_none() && !self.stage {
            return Err("it changes files and has neither `commit` nor `stage`".to_owned());
        }
        if self.shallow == Some(0) {
            return Err("`shallow` keeps at least one commit".to_owned());
        }
        Ok(())
    }

    fn play(
        &self,
        writer: &mut RepositoryWriter,
        now: DateTime<FixedOffset>,
    ) -> Result<(), StepError> {
        match (&self.branch, &self.from) {
            (Some(branch), _) if self.orphan => writer.switch_to_unborn(branch)?,
            (Some(branch), from) => writer.switch(branch, from.as_deref())?,
            (None, Some(revision)) => writer.detach(revision)?,
            (None, None) => {}
        }
        if let Some(revision) = &self.merge {
            writer.merge(revision)?;
        }
        self.play_files(writer)?;
        let author = identity(self.author.as_ref(), "Ada Cooper", "ada@example.org", now);
        let committer = identity(
            self.committer.as_ref().or(self.author.as_ref()),
            "Ada Cooper",
            "ada@example.org",
            now,
        );
        if let Some(message) = &self.commit {
            writer.commit(&as_message(message), &author, &committer)?;
        }
        let annotation = self.annotated.as_deref().map(as_message);
        let annotation = annotation.as_deref().map(|message| (message, &committer));
        for tag in self.tag.as_slice() {
            writer.tag(tag, TagTarget::Commit, annotation)?;
        }
        for tag in self.tag_tree.as_slice() {
            writer.tag(tag, TagTarget::Tree, annotation)?;
        }
        for tag in self.delete_tag.as_slice() {
            writer.delete_tag(tag)?;
        }
        for branch in self.delete_branch.as_slice() {
            writer.delete_branch(branch)?;
        }
        for (name, url) in &self.remote {
            writer.set_remote(name, url)?;
        }
        Ok(())
    }

    fn play_files(&self, writer: &mut RepositoryWriter) -> Result<(), StepError> {
        for path in &self.delete {
            writer.delete(path)?;
        }
        for (from, to) in &self.rename {
            writer.rename(from, to)?;
        }
        for (path, text) in &self.write {
            writer.write(path, Content::File(text.as_bytes()))?;
        }
        for (path, replacements) in &self.edit {
            let mut text = String::from_utf8(writer.read(path)?)
                .map_err(|_| StepError::Problem(format!("`{path}` is not text")))?;
            for (old, new) in replacements {
                text = replace_once(&text, old, new)
                    .map_err(|problem| StepError::Problem(format!("`{path}` {problem}")))?;
            }
            writer.write(path, Content::File(text.as_bytes()))?;
        }
        for (path, text) in &self.executable {
            writer.write(path, Content::Executable(text.as_bytes()))?;
        }
        for (path, digits) in &self.hex {
            let bytes = from_hex(digits).ok_or_else(|| {
                StepError::Problem(format!(
                    "`{path}` is not written as pairs of hexadecimal digits"
                ))
            })?;
            writer.write(path, Content::File(&bytes))?;
        }
        for (path, target) in &self.symlink {
            writer.write(path, Content::Symlink(target))?;
        }
        for (path, commit) in &self.submodule {
            writer.write(path, Content::Submodule(commit))?;
        }
        Ok(())
    }
}

fn parse(text: &str) -> Result<Vec<Step>, HistoryError> {
    yaml::from_str(text).map_err(|errors| {
        let lines = LineIndex::new(text);
        let at = |error: &YamlError| {
            let line = lines.position(text, error.span.start).line;
            format!("line {line}: {error}")
        };
        HistoryError::Format(errors.iter().map(at).collect::<Vec<_>>().join("; "))
    })
}

fn identity(
    person: Option<&Person>,
    name: &str,
    email: &str,
    now: DateTime<FixedOffset>,
) -> Identity {
    Identity {
        name: person.map_or(name, |person| &person.name).to_owned(),
        email: person.map_or(email, |person| &person.email).to_owned(),
        seconds: now.timestamp(),
        offset: now.offset().local_minus_utc() / 60,
    }
}

/// A message as git stores it: it ends with one line break.
fn as_message(text: &str) -> String {
    format!("{}\n", text.trim_end())
}

/// Replaces the one occurrence of `old`.
fn replace_once(text: &str, old: &str, new: &str) -> Result<String, String> {
    match text.matches(old).count() {
        1 => Ok(text.replacen(old, new, 1)),
        count => Err(format!("holds `{old}` {count} times and not once")),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<Vec<u8>>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The time of the steps: each comes an hour after the one before it, unless it says when.
struct Clock {
    next: DateTime<FixedOffset>,
}

impl Clock {
    fn new() -> Self {
        // Monday, 2026-01-05T09:00:00Z.
        let start = DateTime::from_timestamp(1_767_603_600, 0).unwrap_or_default();
        Self {
            next: start.fixed_offset(),
        }
    }

    fn tick(&mut self, date: Option<DateTime<FixedOffset>>) -> DateTime<FixedOffset> {
        let now = date.unwrap_or(self.next);
        self.next = now.checked_add_signed(TimeDelta::hours(1)).unwrap_or(now);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a history and lists its references, then the paths of HEAD's tree.
    fn played(text: &str) -> Result<(tempfile::TempDir, Vec<String>), String> {
        let directory = tempfile::tempdir().unwrap();
        play(text, directory.path()).map_err(|error| error.to_string())?;
        let repository = git2::Repository::open(directory.path()).unwrap();
        let mut lines: Vec<String> = repository
            .references()
            .unwrap()
            .map(|reference| {
                let reference = reference.unwrap();
                let target = reference.target().unwrap();
                format!(
                    "{} {target}",
                    String::from_utf8_lossy(reference.name_bytes())
                )
            })
            .collect();
        let index = repository.index().unwrap();
        lines.extend(
            index
                .iter()
                .map(|entry| format!("{:o} {}", entry.mode, String::from_utf8_lossy(&entry.path))),
        );
        Ok((directory, lines))
    }

    #[test]
    fn the_same_text_gives_the_same_commits() {
        let text = "
- commit: one
  write: { a.txt: hello }
  tag: v1.0.0
- commit: two
  edit: { a.txt: { ello: i } }
  date: 2026-02-03T04:05:06+02:00
  annotated: the second
  tag: v1.0.1
";
        let (directory, lines) = played(text).unwrap();
        // What git itself makes of the same files, people and dates.
        insta::assert_snapshot!(lines.join("\n"), @"
        refs/heads/main 2fcfea88f047d23a10223801b1e39afd9f2e67f9
        refs/tags/v1.0.0 32703e7bda5e27848687dd16d8245529ed7be1c3
        refs/tags/v1.0.1 ccb637ec04b11a9385b9363e065e7e284026eb44
        100644 a.txt
        ");
        assert_eq!(
            std::fs::read(directory.path().join("a.txt")).unwrap(),
            b"hi"
        );
        assert_eq!(played(text).unwrap().1, lines);
    }

    #[test]
    fn files_of_every_kind() {
        let (directory, lines) = played(
            r##"
- commit: all of them
  write: { "a\tb": tab, "old/x": "1", "old/y/z": "2" }
  executable: { run: "#!/bin/sh\n" }
  hex: { raw: "00 ff 0A" }
  symlink: { link: run }
  submodule: { vendor: 0123456789012345678901234567890123456789 }
- commit: move and remove
  delete: [old/x]
  rename: { old: new }
"##,
        )
        .unwrap();
        insta::assert_snapshot!(lines[1..].join("\n"), @"
        100644 a	b
        120000 link
        100644 new/y/z
        100644 raw
        100755 run
        160000 vendor
        ");
        assert_eq!(
            std::fs::read(directory.path().join("raw")).unwrap(),
            [0, 255, 10]
        );
    }

    #[test]
    fn branches_merges_and_what_is_left_of_them() {
        let (directory, _) = played(
            "
- commit: base
  write: { a: a, b: b }
- branch: side
- commit: theirs
  edit: { a: { a: c } }
- branch: main
- commit: ours
  edit: { b: { b: d } }
- merge: side
  commit: both
- delete_branch: side
- stage: true
  write: { c: staged }
",
        )
        .unwrap();
        let repository = git2::Repository::open(directory.path()).unwrap();
        let head = repository.head().unwrap().peel_to_commit().unwrap();
        assert_eq!(head.parent_count(), 2);
        assert_eq!(repository.branches(None).unwrap().count(), 1);
        let read = |path| std::fs::read_to_string(directory.path().join(path)).unwrap();
        assert_eq!([read("a"), read("b"), read("c")], ["c", "d", "staged"]);
        let statuses = repository.statuses(None).unwrap();
        let statuses: Vec<_> = statuses.iter().map(|entry| entry.status()).collect();
        assert_eq!(statuses, [git2::Status::INDEX_NEW]);
    }

    #[test]
    fn what_cannot_be_played_is_said() {
        let check = |text: &str, expected: &str| {
            let error = played(text).map(|_| ()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        check("a: b", "not a history");
        check("- commit: x\n- comit: x", "line 2: unknown field");
        check("- write: { a: b }", "step 1: it changes files");
        check("- commit: x\n- from: v1.0.0", "step 2: there is no tag");
        check("- commit: x\n  delete: [a]", "step 1: there is no file `a`");
        check(
            "- commit: x\n  write: { a: aa }\n  edit: { a: { a: b } }",
            "2 times",
        );
        check("- commit: x\n  write: { ../a: b }", "cannot be stored");
        check(
            "
- { commit: base, write: { a: a } }
- { branch: side, commit: theirs, write: { a: b } }
- { branch: main, commit: ours, write: { a: c } }
- { merge: side, commit: both }
",
            "step 4: merging `side` leaves `a` in conflict",
        );
    }

    #[test]
    fn a_directory_in_use_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("mine"), "x").unwrap();
        let error = play("- commit: x", directory.path()).unwrap_err();
        assert!(error.to_string().contains("is not empty"), "{error}");
    }
}
