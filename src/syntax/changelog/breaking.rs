//! Which words say that something breaks, and which only speak of breaking.
//!
//! A marker is a form that people use to mark: `(breaking change)`, `**Breaking:**`, `BREAKING`, `[breaking]`, `feat!:`,
//! or a plain statement ("this is a breaking change"). "No breaking changes", "fixes a breaking change of 1.2" and
//! "breaking out of the loop" are prose. Code is not prose: a marker in it is an example.

use std::ops::Range;

use super::markdown::Inline;

/// Words in front of a marker that turn it around.
const NEGATIONS: [&str; 27] = [
    "no", "not", "non", "never", "without", "zero", "any", "0", "avoid", "avoids", "avoided",
    "avoiding", "prevent", "prevents", "fix", "fixes", "fixed", "fixing", "revert", "reverts",
    "reverted", "undo", "isnt", "arent", "nor", "neither", "instead",
];

/// Words that make a statement a condition.
const CONDITIONS: [&str; 10] = [
    "if", "whether", "when", "unless", "until", "where", "whenever", "detect", "detects", "should",
];

/// Verbs that state that something is there.
const STATEMENTS: [&str; 16] = [
    "is",
    "are",
    "was",
    "were",
    "be",
    "contains",
    "contain",
    "includes",
    "include",
    "introduces",
    "introduce",
    "introduced",
    "introducing",
    "brings",
    "makes",
    "constitutes",
];

/// Words that may stand between such a verb, or a bracket, and the marker.
const QUALIFIERS: [&str; 24] = [
    "a",
    "an",
    "the",
    "some",
    "several",
    "many",
    "few",
    "multiple",
    "two",
    "three",
    "following",
    "potentially",
    "potential",
    "possibly",
    "technically",
    "slightly",
    "minor",
    "major",
    "small",
    "also",
    "significant",
    "this",
    "internal",
    "public",
];

/// The conventional types that begin an entry with a `!`; a macro's name does too (`arg_enum!: …`).
const TYPES: [&str; 12] = [
    "build", "chore", "ci", "deps", "docs", "feat", "feature", "fix", "perf", "refactor", "revert",
    "style",
];

/// The first marker in an entry, as a range of its text.
pub(super) fn find(entry: &Inline) -> Option<Range<usize>> {
    let text = entry.prose();
    if let Some(mark) = of_convention(&text) {
        return Some(mark);
    }
    if !contains_phrase(&text) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let words = words(&lower);
    let mut at = 0;
    while at < words.len() {
        let Some(phrase) = phrase(&lower, &words, at) else {
            at += 1;
            continue;
        };
        let place = Place {
            entry,
            original: &text,
            lower: &lower,
            words: &words,
            phrase: &phrase,
        };
        if place.marks() {
            return Some(phrase.range);
        }
        at = phrase.words.end;
    }
    None
}

/// Whether the name of a category says that what stands in it breaks.
pub(super) fn names_breakage(name: &str) -> bool {
    if !contains_phrase(name) {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    let words = words(&lower);
    words.len() <= 8
        && (0..words.len()).any(|at| {
            phrase(&lower, &words, at)
                .is_some_and(|phrase| !is_negated(&lower, &words, phrase.words.start, &[]))
        })
}

/// Whether an entry under a breaking category says that nothing breaks.
pub(super) fn says_none(entry: &str) -> bool {
    let lower = entry.to_ascii_lowercase();
    let words: Vec<&str> = words(&lower).into_iter().map(|word| word.text).collect();
    match words.as_slice() {
        [] => true,
        ["none" | "nothing" | "n" | "na", rest @ ..] => rest.len() <= 4,
        ["no"] => true,
        [
            "no",
            "known" | "breaking" | "backward" | "backwards" | "incompatible" | "changes",
            ..,
        ] => true,
        _ => false,
    }
}

/// The declaration of downtime at the beginning of an entry (`Downtime: ten minutes`), as a range of its text. One that
/// says that there is none is not one.
pub(super) fn declares_downtime(entry: &Inline) -> Option<Range<usize>> {
    let text = entry.prose();
    let (declared, value) = text.split_once(':')?;
    let lower = declared.to_ascii_lowercase();
    let words: Vec<&str> = words(&lower).into_iter().map(|word| word.text).collect();
    let is_declaration = matches!(
        words.as_slice(),
        ["downtime"]
            | ["downtime", "required" | "expected" | "needed"]
            | ["expected" | "planned" | "estimated", "downtime"]
    );
    let start = declared.len() - declared.trim_start().len();
    (is_declaration && !denies_downtime(value)).then_some(start..declared.len() + 1)
}

/// Whether what stands behind `downtime:` says that there is none.
pub(super) fn denies_downtime(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let words: Vec<&str> = words(&lower).into_iter().map(|word| word.text).collect();
    matches!(
        words.as_slice(),
        [
            "none" | "no" | "zero" | "0" | "false" | "na" | "0s" | "nil",
            ..
        ] | ["n", "a", ..]
            | ["not", "required" | "expected" | "needed" | "applicable", ..]
    )
}

/// `feat!: …` and the emoji that gitmoji gives to breaking changes.
fn of_convention(text: &str) -> Option<Range<usize>> {
    let lead = text.len() - text.trim_start().len();
    let body = text.get(lead..)?;
    if let Some(sign) = ["\u{1f4a5}", ":boom:"]
        .iter()
        .find(|sign| body.starts_with(**sign))
    {
        return Some(lead..lead + sign.len());
    }
    let end = body.find("!: ")?;
    let line = body.split('\n').next().unwrap_or(body);
    let header = crate::syntax::commit::parse_message(line).header?;
    (TYPES.contains(&header.kind.as_str()) && header.breaking).then_some(lead..lead + end + 1)
}

/// A cheap look before the words are counted: most entries have none of it.
fn contains_phrase(text: &str) -> bool {
    ["break", "incompatible"].iter().any(|needle| {
        text.as_bytes()
            .windows(needle.len())
            .any(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
    })
}

/// A word in lower case.
#[derive(Debug, Clone, Copy)]
struct Word<'t> {
    start: usize,
    text: &'t str,
}

impl Word<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Runs of letters, digits, hyphens and apostrophes: `non-breaking` is one word.
fn words(lower: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in lower.char_indices().chain([(lower.len(), ' ')]) {
        let inside =
            c.is_alphanumeric() || (start.is_some() && matches!(c, '-' | '\'' | '\u{2019}'));
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let text = lower
                    .get(from..at)
                    .unwrap_or("")
                    .trim_end_matches(['-', '\'', '\u{2019}']);
                words.push(Word { start: from, text });
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// Words that may be a marker.
struct Phrase {
    /// Where in the text.
    range: Range<usize>,
    /// Which words.
    words: Range<usize>,
    /// It names a change, and is not the bare `breaking`.
    full: bool,
}

fn phrase(lower: &str, words: &[Word<'_>], at: usize) -> Option<Phrase> {
    let is_next = |index: usize, known: &[&str]| {
        index > 0
            && words.get(index).is_some_and(|word| {
                known.contains(&word.text)
                    && lower
                        .get(words[index - 1].end()..word.start)
                        .is_some_and(|gap| gap.trim().is_empty())
            })
    };
    let changes = &["change", "changes"];
    let (count, full) = match words.get(at)?.text {
        "breaking" | "break" if is_next(at + 1, changes) => (2, true),
        "breaking"
            if is_next(
                at + 1,
                &[
                    "api",
                    "behavior",
                    "behaviour",
                    "schema",
                    "config",
                    "database",
                ],
            ) && is_next(at + 2, changes) =>
        {
            (3, true)
        }
        "breaking" => (1, false),
        "breaking-change" | "breaking-changes" => (1, true),
        "backward" | "backwards" if is_next(at + 1, &["incompatible"]) => {
            (2 + usize::from(is_next(at + 2, changes)), true)
        }
        "backward-incompatible" | "backwards-incompatible" | "api-breaking" => {
            (1 + usize::from(is_next(at + 1, changes)), true)
        }
        "incompatible" if is_next(at + 1, changes) => (2, true),
        _ => return None,
    };
    let last = words.get(at + count - 1)?;
    Some(Phrase {
        range: words[at].start..last.end(),
        words: at..at + count,
        full,
    })
}

/// Whether one of the three words before `at` in the same sentence negates, or is among `also`.
fn is_negated(lower: &str, words: &[Word<'_>], at: usize, also: &[&str]) -> bool {
    let mut right = words.get(at).map_or(lower.len(), |word| word.start);
    for word in words[..at.min(words.len())].iter().rev().take(3) {
        let gap = lower.get(word.end()..right).unwrap_or("");
        if gap.contains(['.', ';', '!', '?', '(', '[', ')', ']']) || gap.contains("\n\n") {
            return false;
        }
        if NEGATIONS.contains(&word.text)
            || also.contains(&word.text)
            || word.text.ends_with("n't")
            || word.text.ends_with("n\u{2019}t")
        {
            return true;
        }
        right = word.start;
    }
    false
}

/// A phrase in its surroundings.
struct Place<'a> {
    entry: &'a Inline,
    original: &'a str,
    lower: &'a str,
    words: &'a [Word<'a>],
    phrase: &'a Phrase,
}

impl Place<'_> {
    /// Whether the phrase marks the entry as breaking.
    fn marks(&self) -> bool {
        if is_negated(self.lower, self.words, self.phrase.words.start, &[]) {
            return false;
        }
        let written = self.original.get(self.phrase.range.clone()).unwrap_or("");
        let shouted = written.starts_with("BREAKING");
        let closes = self
            .next_char()
            .is_none_or(|c| matches!(c, ':' | '!' | ']' | ')' | '-' | '\u{2013}' | '\u{2014}'));
        let pauses = self.phrase.full && self.next_char().is_some_and(|c| matches!(c, '.' | ','));
        if self.is_in_brackets() {
            return closes
                || self.phrase.full
                || self.next_char() == Some(',')
                || self.next_word_is("for");
        }
        if self.starts_entry() {
            // "BREAKING CHANGE moved to the top" is a sentence; "BREAKING Labels moved" is a mark and a sentence.
            let mark = shouted && !self.phrase.full;
            return mark || closes || pauses || self.is_emphasised();
        }
        if self.is_emphasised() || shouted && self.next_char() == Some(':') {
            return true;
        }
        if self.starts_sentence()
            && (shouted
                || matches!(self.next_char(), Some(':' | '!'))
                || pauses
                || self.ends_entry())
        {
            return true;
        }
        self.is_stated()
    }

    fn before(&self) -> &str {
        self.lower.get(..self.phrase.range.start).unwrap_or("")
    }

    fn after(&self) -> &str {
        self.lower.get(self.phrase.range.end..).unwrap_or("")
    }

    fn next_char(&self) -> Option<char> {
        self.after().trim_start().chars().next()
    }

    fn next_word_is(&self, word: &str) -> bool {
        self.words
            .get(self.phrase.words.end)
            .is_some_and(|next| next.text == word)
    }

    fn ends_entry(&self) -> bool {
        self.phrase.full && self.next_char().is_none()
    }

    /// `(breaking change)`, `[potentially breaking]`, `(breaking: …)`.
    fn is_in_brackets(&self) -> bool {
        let first = self.before_qualifiers();
        self.lower
            .get(..first)
            .is_some_and(|before| before.trim_end().ends_with(['(', '[']))
    }

    /// Where the phrase begins with the qualifiers in front of it.
    fn before_qualifiers(&self) -> usize {
        let mut start = self.phrase.range.start;
        for word in self.words[..self.phrase.words.start].iter().rev().take(3) {
            let gap = self.lower.get(word.end()..start).unwrap_or("");
            if !gap.trim().is_empty() || !QUALIFIERS.contains(&word.text) {
                break;
            }
            start = word.start;
        }
        start
    }

    /// Nothing stands before it but decoration, or a scope of at most two words (`api:`, `[core]`).
    fn starts_entry(&self) -> bool {
        let before = self.before().trim_end();
        let count = self.phrase.words.start;
        count == 0 || (count <= 2 && before.ends_with([':', ']', ')', '|']))
    }

    fn starts_sentence(&self) -> bool {
        let before = self.before();
        let sentence = before.trim_end();
        let gap = before.get(sentence.len()..).unwrap_or("");
        sentence.ends_with(['.', '!', '?', ';', ':', '\u{2013}', '\u{2014}'])
            || sentence.ends_with(" -")
            || gap.contains("\n\n")
    }

    /// A run of bold text that is the phrase, or begins with it and a colon.
    fn is_emphasised(&self) -> bool {
        let Some(run) = self.entry.strong_run_at(self.phrase.range.start) else {
            return false;
        };
        let rest = self
            .lower
            .get(self.phrase.range.end..run.end)
            .unwrap_or("")
            .trim_start();
        rest.is_empty() || rest.starts_with([':', '!', '.', '-', '\u{2013}', '\u{2014}'])
    }

    /// "This is a breaking change", "contains breaking changes", "is backwards incompatible".
    fn is_stated(&self) -> bool {
        let start = self.before_qualifiers();
        let verb = self.words.partition_point(|word| word.start < start);
        let Some(index) = verb.checked_sub(1) else {
            return false;
        };
        let states = self.words.get(index).is_some_and(|word| {
            STATEMENTS.contains(&word.text)
                && self
                    .lower
                    .get(word.end()..start)
                    .is_some_and(|gap| gap.trim().is_empty())
        });
        let complete = self.phrase.full
            || self.next_word_is("for")
            || self
                .next_char()
                .is_none_or(|c| matches!(c, '.' | ',' | ';' | ')' | '!'));
        states && complete && !is_negated(self.lower, self.words, index, &CONDITIONS)
    }
}

#[cfg(test)]
mod tests;
