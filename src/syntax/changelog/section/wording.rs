//! Words in sections that are no entries: names of categories, and place holders.

use super::super::category::{self, CategoryKind};
use super::super::markdown::{Block, BlockKind};

/// Text in a section that is there until somebody writes one.
const PLACEHOLDERS: [&str; 9] = [
    "",
    "tbd",
    "tba",
    "todo",
    "wip",
    "coming soon",
    "to be written",
    "work in progress",
    "fill me in",
];

/// The same in *Unreleased*, where saying that there is nothing means that there is nothing.
const NOTHING: [&str; 9] = [
    "nothing",
    "nothing yet",
    "none",
    "none yet",
    "no changes",
    "no changes yet",
    "no unreleased changes",
    "n a",
    "empty",
];

/// Whether an entry only stands in place of one. In *Unreleased*, saying that there is nothing is nothing.
pub(super) fn says_nothing(entry: &str, unreleased: bool) -> bool {
    let words = entry
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(6)
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    PLACEHOLDERS.contains(&words.as_str()) || unreleased && NOTHING.contains(&words.as_str())
}

/// What a paragraph that stands for a heading names: bold text alone (`**Features**`), or a line in capitals or with a
/// colon above a list (`BUG FIXES:`).
pub(super) fn label_kind(block: &Block, next: Option<&Block>) -> Option<CategoryKind> {
    let text = block.text.text.trim();
    let name = category::clean(text);
    let kind = category::kind(name);
    let words = name.split_whitespace().count();
    if text.contains('\n') || words == 0 || words > 5 || !block.links.is_empty() {
        return None;
    }
    let before_list = matches!(next.map(|next| next.kind), Some(BlockKind::Item(0)));
    let is_shouted = name.chars().any(char::is_alphabetic) && !name.chars().any(char::is_lowercase);
    let known = kind != CategoryKind::Other && is_category_name(name);
    let ends_sentence = text.ends_with(['.', '!', '?']);
    let is_label = if block.text.is_strong() {
        known || !ends_sentence
    } else {
        before_list && (known || is_shouted)
    };
    is_label.then_some(kind)
}

/// Whether all words could stand in a category's name, so that "Fixed the label printer" is not taken for one.
pub(super) fn is_category_name(name: &str) -> bool {
    const BESIDE: [&str; 22] = [
        "and",
        "or",
        "the",
        "in",
        "other",
        "api",
        "cli",
        "ui",
        "notable",
        "minor",
        "major",
        "patch",
        "internal",
        "general",
        "improvement",
        "of",
        "for",
        "backwards",
        "backward",
        "incompatible",
        "breaking",
        "code",
    ];
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .all(|word| {
            let word = word.to_lowercase();
            BESIDE.contains(&word.as_str()) || category::kind(&word) != CategoryKind::Other
        })
}
