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
const STATEMENTS: [&str; 20] = [
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
    "has",
    "have",
    "brings",
    "makes",
    "constitutes",
    "causes",
    "requires",
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
    match words.as_slice() {
        [
            "none" | "no" | "zero" | "0" | "false" | "na" | "0s" | "nil",
            ..,
        ]
        | ["n", "a", ..] => true,
        ["not", "required" | "expected" | "needed" | "applicable", ..] => true,
        _ => false,
    }
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
    let starts_lower = line.starts_with(|c: char| c.is_ascii_lowercase());
    let header = crate::syntax::commit::parse_message(line).header?;
    (starts_lower && header.breaking).then_some(lead..lead + end + 1)
}

/// A cheap look before the words are counted: most entries have none of it.
fn contains_phrase(text: &str) -> bool {
    ["breaking", "incompatible"].iter().any(|needle| {
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
        "breaking" if is_next(at + 1, changes) => (2, true),
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
        if gap.contains(['.', ';', '!', '?', '(', '[', ')', ']', '\n']) {
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
            return shouted || closes || pauses || self.is_emphasised();
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
        let gap = self.before();
        let trimmed = gap.trim_end_matches([' ', '\t']);
        trimmed.ends_with(['.', '!', '?', ';', ':', '\n', '\u{2013}', '\u{2014}'])
            || trimmed.ends_with(" -")
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
mod tests {
    use super::*;

    fn entry(markdown: &str) -> Inline {
        let document = crate::syntax::changelog::markdown::read(markdown);
        document
            .blocks
            .into_iter()
            .next()
            .map(|block| block.text)
            .unwrap_or_default()
    }

    #[test]
    fn finds_markers() {
        for (text, mark) in [
            ("- **BREAKING**: casks have labels", "BREAKING"),
            ("- **Breaking:** casks have labels", "Breaking"),
            ("- **BREAKING** casks have labels", "BREAKING"),
            ("- BREAKING CHANGE: casks have labels", "BREAKING CHANGE"),
            ("- BREAKING Casks have labels", "BREAKING"),
            ("- Breaking change: casks have labels", "Breaking change"),
            ("- Breaking - casks have labels", "Breaking"),
            ("- [breaking] casks have labels", "breaking"),
            ("- \\[**breaking**] casks have labels", "breaking"),
            (
                "- ⚠️ **Breaking change** casks have labels",
                "Breaking change",
            ),
            ("- Casks have labels (breaking change)", "breaking change"),
            ("- Casks have labels (**breaking**)", "breaking"),
            ("- Casks have labels (potentially breaking)", "breaking"),
            (
                "- Casks have labels (breaking change, see #12)",
                "breaking change",
            ),
            ("- Casks have labels (breaking for readers)", "breaking"),
            ("- api: BREAKING rename of labels", "BREAKING"),
            ("- **api:** Breaking change: labels", "Breaking change"),
            (
                "- Labels are mandatory. Breaking change: set one.",
                "Breaking change",
            ),
            (
                "- Labels are mandatory - BREAKING CHANGE",
                "BREAKING CHANGE",
            ),
            (
                "- Labels are mandatory; this is a breaking change.",
                "breaking change",
            ),
            (
                "This release contains breaking changes.",
                "breaking changes",
            ),
            (
                "- The new format is backwards incompatible",
                "backwards incompatible",
            ),
            ("- Renamed the label, which is breaking.", "breaking"),
            ("- feat!: labels", "feat!"),
            ("- feat(casks)!: labels", "feat(casks)!"),
            ("- 💥 labels", "💥"),
            (
                "- Dropped v1, introducing a breaking change",
                "breaking change",
            ),
        ] {
            let entry = entry(text);
            let found = find(&entry).map(|range| entry.text[range].to_owned());
            assert_eq!(found.as_deref(), Some(mark), "{text}");
        }
    }

    #[test]
    fn leaves_prose_alone() {
        for text in [
            "- No breaking changes",
            "- There are no breaking changes in this release.",
            "- This release does not contain breaking changes",
            "- This is not a breaking change.",
            "- This isn't a **breaking change**.",
            "- Non-breaking change: labels",
            "- Labels (non-breaking)",
            "- Labels (not breaking)",
            "- Fixes breaking of labels",
            "- Fixed a breaking change introduced in 1.2.2",
            "- Fix breaking change of labels",
            "- Fix: breaking change",
            "- fix: stop breaking the build",
            "- Breaking out of the loop is faster",
            "- Add a line breaking algorithm",
            "- Circuit breaking: thresholds",
            "- Support the `BREAKING CHANGE:` footer",
            "- `BREAKING` is a word",
            "- Warn if a release contains breaking changes",
            "- Detect when a commit is a breaking change",
            "- Labels [breaking-news](https://example.org)",
            "- See the list of breaking changes in the guide",
            "- Wow!: labels",
            "- Labels, without breaking the (old) format",
            "- Avoid breaking changes: deprecate first",
            "- Heartbreaking: labels",
            "",
        ] {
            let entry = entry(text);
            assert_eq!(
                find(&entry).map(|range| entry.text[range].to_owned()),
                None,
                "{text}"
            );
        }
    }

    #[test]
    fn hears_none() {
        for text in [
            "None",
            "None.",
            "N/A",
            "No breaking changes.",
            "No known breaking changes",
            "- none in this release",
            "",
        ] {
            assert!(says_none(text), "{text}");
        }
        for text in [
            "No longer reads labels",
            "None of the old labels are read by the new printers",
            "Labels",
        ] {
            assert!(!says_none(text), "{text}");
        }
    }

    #[test]
    fn hears_downtime() {
        let check = |text: &str, expected: bool| {
            assert_eq!(
                declares_downtime(&entry(text)).is_some(),
                expected,
                "{text}"
            );
        };
        check("- downtime: ten minutes", true);
        check("**Downtime:** ten minutes", true);
        check("Downtime required: yes", true);
        check("Expected downtime: 5m", true);
        check("- downtime:", true);
        check("downtime: none", false);
        check("Downtime: no", false);
        check("Downtime: 0", false);
        check("Downtime: not required", false);
        check("- Reduce downtime: fewer locks", false);
        check("- `downtime: yes` is a declaration", false);
        check("Downtime is needed", false);
    }
}
