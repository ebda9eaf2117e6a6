//! Commit messages, by [Conventional Commits 1.0](https://www.conventionalcommits.org/en/v1.0.0/) where people follow it.
//!
//! Nothing is inferred from prose: a message that does not have the header's exact form is not conventional, and only a
//! `!` before the colon or a line that begins with `BREAKING CHANGE:` says that a commit breaks something.

mod header;
mod trailer;

pub use header::Header;
pub use trailer::{Person, Trailer};

/// What a commit message says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitMessage {
    /// The first line that is not blank, without white space around it.
    pub summary: String,
    /// The conventional header; `None` when the summary is not one.
    pub header: Option<Header>,
    /// What the message is, by the first words that git and its hosts write themselves.
    pub form: Form,
    /// It says that it breaks something: `!` in the header, or a breaking note.
    pub breaking: bool,
    /// What `BREAKING CHANGE:` lines say, in order; notes that say "none" are left out.
    pub breaking_notes: Vec<String>,
    /// The commits that it takes back, as they are written (`This reverts commit 676104e.`, or `Refs:` of a `revert:`).
    pub reverts: Vec<String>,
    /// The trailers at its end (`Refs: #123`), in order.
    pub trailers: Vec<Trailer>,
    /// Who helped to write it, sorted and without repetition.
    pub co_authors: Vec<Person>,
}

impl CommitMessage {
    /// It follows Conventional Commits.
    pub fn is_conventional(&self) -> bool {
        self.header.is_some()
    }
}

/// What git and its hosts say in the first words of the messages that they write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// A message that somebody wrote.
    #[default]
    Ordinary,
    /// `Merge branch …`, `Merge pull request …`.
    Merge,
    /// `Revert "…"`, or a conventional `revert: …`.
    Revert,
    /// `fixup! …`, `squash! …`, `amend! …`: meant to be folded into an earlier commit before it is shared.
    Fixup,
}

/// Reads a commit message. Every text is one; an empty one says nothing.
pub fn parse_message(message: &str) -> CommitMessage {
    let lines: Vec<&str> = message
        .split('\n')
        .map(|line| line.trim_end_matches('\r'))
        .skip_while(|line| line.trim().is_empty())
        .collect();
    let Some((summary, body)) = lines.split_first() else {
        return CommitMessage::default();
    };
    let summary = summary.trim();
    let header = header::parse(summary);
    let form = form(summary, header.as_ref());
    let trailers = trailer::parse(body);
    let breaking_notes = breaking_notes(&lines);
    CommitMessage {
        breaking: !breaking_notes.is_empty()
            || header.as_ref().is_some_and(|header| header.breaking),
        reverts: reverts(form, body, &trailers),
        co_authors: trailer::co_authors(&lines),
        summary: summary.to_owned(),
        header,
        form,
        breaking_notes,
        trailers,
    }
}

fn form(summary: &str, header: Option<&Header>) -> Form {
    const MERGED: [&str; 6] = [
        "branch ",
        "branches ",
        "commit ",
        "pull request ",
        "remote-tracking branch ",
        "tag ",
    ];
    if ["fixup! ", "squash! ", "amend! "]
        .iter()
        .any(|prefix| summary.starts_with(prefix))
    {
        Form::Fixup
    } else if summary.starts_with("Revert \"")
        || header.is_some_and(|header| header.kind == "revert")
    {
        Form::Revert
    } else if summary
        .strip_prefix("Merge ")
        .is_some_and(|rest| MERGED.iter().any(|what| rest.starts_with(what)))
    {
        Form::Merge
    } else {
        Form::Ordinary
    }
}

/// What the lines that start with `BREAKING CHANGE:` say, each up to the next blank line or trailer.
///
/// The specification's own parser (conventional-commits/parser) takes the token at the start of any line, because a host
/// that squashes a pull request moves footers into the middle of the message. Nothing may stand before it: what is quoted,
/// indented, in a list or in a fence is somebody else's text, such as the upstream notes in the message of a dependency bot.
fn breaking_notes(lines: &[&str]) -> Vec<String> {
    const TOKENS: [&str; 2] = ["BREAKING CHANGE:", "BREAKING-CHANGE:"];
    let fenced = fenced(lines);
    let mut notes = Vec::new();
    let mut open: Option<Vec<&str>> = None;
    for (&line, &fenced) in lines.iter().zip(&fenced).skip(1) {
        let token = TOKENS.iter().find_map(|token| line.strip_prefix(token));
        match token {
            Some(note) if !fenced => {
                notes.extend(open.take());
                open = Some(vec![note.trim()]);
            }
            _ if line.trim().is_empty() && open.as_ref().is_some_and(|note| note != &[""]) => {
                notes.extend(open.take());
            }
            _ if !fenced && trailer::starts(line) => notes.extend(open.take()),
            _ => {
                if let Some(note) = &mut open {
                    note.push(line.trim());
                }
            }
        }
    }
    notes.extend(open);
    notes
        .into_iter()
        .map(|note| note.join("\n").trim().to_owned())
        .filter(|note| !says_none(note))
        .collect()
}

/// For each line, whether it stands in a fence of Markdown. A fence that nobody closes hides nothing.
fn fenced(lines: &[&str]) -> Vec<bool> {
    let mut fenced = vec![false; lines.len()];
    let mut open: Option<(usize, char, usize)> = None;
    for (at, line) in lines.iter().enumerate() {
        let text = line.trim_start();
        let Some(mark) = text.chars().next().filter(|mark| ['`', '~'].contains(mark)) else {
            continue;
        };
        let length = text.chars().take_while(|&c| c == mark).count();
        match open {
            Some((from, opened, least))
                if mark == opened && length >= least && text.trim_end().len() == length =>
            {
                fenced
                    .iter_mut()
                    .take(at)
                    .skip(from)
                    .for_each(|it| *it = true);
                open = None;
            }
            None if length >= 3 => open = Some((at, mark, length)),
            _ => {}
        }
    }
    fenced
}

/// A pull request template's line that somebody filled in with "none", or left as it was.
fn says_none(note: &str) -> bool {
    let word = note
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_ascii_lowercase();
    matches!(
        word.as_str(),
        "" | "no"
            | "none"
            | "n/a"
            | "na"
            | "nil"
            | "nothing"
            | "not applicable"
            | "no breaking changes"
            | "false"
    )
}

/// The commits that the message takes back.
fn reverts(form: Form, body: &[&str], trailers: &[Trailer]) -> Vec<String> {
    let mut ids = Vec::new();
    for line in body {
        if let Some(rest) = line.trim().strip_prefix("This reverts commit ") {
            ids.extend(leading_commit_id(rest));
        }
    }
    if form == Form::Revert {
        // The specification's own example for a conventional revert: `Refs: 676104e, a215868`.
        let references = trailers
            .iter()
            .filter(|trailer| trailer.token.eq_ignore_ascii_case("refs"))
            .flat_map(|trailer| trailer.value.split([',', ' ', '\n']))
            .filter_map(leading_commit_id);
        ids.extend(references);
    }
    ids.dedup();
    ids
}

fn leading_commit_id(text: &str) -> Option<String> {
    let digits = text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let id = text.get(..digits)?;
    (7..=64).contains(&digits).then(|| id.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn says_what_a_message_is() {
        let check =
            |message: &str, form: Form| assert_eq!(parse_message(message).form, form, "{message}");
        check("feat: casks have labels", Form::Ordinary);
        check("Merge branch 'main' into labels", Form::Merge);
        check("Merge pull request #12 from ada/labels", Form::Merge);
        check("Merge remote-tracking branch 'origin/main'", Form::Merge);
        check("Merge two cask tables", Form::Ordinary);
        check("Revert \"feat: casks have labels\"", Form::Revert);
        check(
            "revert: let us never again speak of the noodle incident",
            Form::Revert,
        );
        check("Revert to the old label printer", Form::Ordinary);
        check("fixup! feat: casks have labels", Form::Fixup);
        check("squash! x", Form::Fixup);
        check("", Form::Ordinary);
    }

    #[test]
    fn breaks_only_what_says_so() {
        let check = |message: &str, breaking: bool| {
            let parsed = parse_message(message);
            assert_eq!(parsed.breaking, breaking, "{message}\n{parsed:#?}");
        };
        check("feat!: labels are mandatory", true);
        check("feat(casks)!: labels are mandatory", true);
        check("feat: labels\n\nBREAKING CHANGE: they are mandatory", true);
        check("feat: labels\n\nBREAKING-CHANGE: they are mandatory", true);
        check("feat: labels\n\nBREAKING CHANGE:\nthey are mandatory", true);
        check(
            "feat: labels\r\n\r\nBREAKING CHANGE: they are mandatory\r\n",
            true,
        );
        check("Labels\n\nBREAKING CHANGE: they are mandatory", true);
        check("BREAKING: labels are mandatory", false);
        check("Labels\n\nBREAKING: they are mandatory", false);
        check("Labels\n\nBREAKING CHANGES: they are mandatory", false);
        check("Labels\nBREAKING CHANGE: they are mandatory", true);
        check(
            "build(deps): update corks\n\n### Features\n\n- BREAKING: drop cross-fetch\n- BREAKING CHANGE: no corks",
            false,
        );
        check("fix: a\n\n> BREAKING CHANGE: quoted", false);
        check("fix: a\n\n    BREAKING CHANGE: indented", false);
        check("fix: a\n\n~~~\n```\nBREAKING CHANGE: x\n~~~~\n", false);
        check("fix: a\n\n```\nnever closed\n\nBREAKING CHANGE: x", true);
        check("fix: a\n\n```\nx\n```\n\nBREAKING CHANGE: x", true);
        check("fix: a\n\nDo not write BREAKING CHANGE: here", false);
        check(
            "Labels (#12)\n\n* feat: labels\n\nBREAKING CHANGE: mandatory\n\n* fix: typo",
            true,
        );
        check("Labels (#12)\n\n* BREAKING CHANGE: mandatory", false);
        check("Labels\n\n**BREAKING CHANGE:** mandatory", false);
        check("fix: breaking change: of labels", false);
        check("fix: labels\n\nbreaking change: lower case is prose", false);
        check("docs: say how to write\na BREAKING CHANGE: footer", false);
        check(
            "docs: footers\n\n```\nBREAKING CHANGE: an example\n```\n",
            false,
        );
        check("feat: labels\n\nBREAKING CHANGE: none", false);
        check("feat: labels\n\nBREAKING CHANGE: N/A\nRefs: #3", false);
        check("feat: labels\n\nBREAKING CHANGES:\n\n", false);
        check("Wow! this: works", false);
        check(
            "Revert \"feat!: labels are mandatory\"\n\nThis reverts commit 676104e.",
            false,
        );
    }

    #[test]
    fn keeps_what_a_breaking_note_says() {
        let notes = |message: &str| parse_message(message).breaking_notes;
        assert_eq!(
            notes("feat: a\n\nBREAKING CHANGE: labels\n  are mandatory\nRefs: #1"),
            ["labels\nare mandatory"]
        );
        assert_eq!(
            notes("feat: a\n\nBREAKING CHANGE: one\nBREAKING CHANGE: two\n\nprose"),
            ["one", "two"]
        );
        assert_eq!(notes("feat: a\n\nBREAKING CHANGE:\n\nlabels"), ["labels"]);
    }

    #[test]
    fn names_what_is_reverted() {
        let check = |message: &str, expected: &[&str]| {
            assert_eq!(parse_message(message).reverts, expected, "{message}");
        };
        let id = "676104ea215868ffffffffffffffffffffffffff";
        check(
            &format!(
                "Revert \"feat: labels\"\n\nThis reverts commit {id}, reversing\nchanges made to a215868."
            ),
            &[id],
        );
        check(
            "revert: noodles\n\nRefs: 676104e, a215868",
            &["676104e", "a215868"],
        );
        check("fix: noodles\n\nRefs: 676104e", &[]);
        check("Revert \"x\"\n\nThis reverts commit of yesterday.", &[]);
    }

    #[test]
    fn finds_the_summary() {
        let check =
            |message: &str, summary: &str| assert_eq!(parse_message(message).summary, summary);
        check("\n\n  feat: x  \r\n\r\nbody", "feat: x");
        check("", "");
        check("\n \n", "");
    }

    proptest! {
        #[test]
        fn reads_any_text(message in "(?s)(BREAKING CHANGE: |Co-authored-by: |[<>@:!()\r\n *`#-]|feat|\\PC){0,60}") {
            let parsed = parse_message(&message);
            prop_assert!(!parsed.summary.contains('\n'));
            prop_assert!(parsed.breaking || parsed.breaking_notes.is_empty());
            if let Some(header) = &parsed.header {
                prop_assert!(parsed.summary.ends_with(&header.description));
            }
        }

        #[test]
        fn reads_back_what_it_would_write(
            kind in "[a-z]{1,10}",
            scope in "[a-z/]{0,8}",
            breaking: bool,
            description in "[A-Za-z][a-z !:()]{0,20}[a-z]",
        ) {
            let scoped = if scope.is_empty() { String::new() } else { format!("({scope})") };
            let mark = if breaking { "!" } else { "" };
            let parsed = parse_message(&format!("{kind}{scoped}{mark}: {description}"));
            prop_assert_eq!(parsed.header, Some(Header { kind, scope, breaking, description }));
            prop_assert_eq!(parsed.breaking, breaking);
        }
    }
}
