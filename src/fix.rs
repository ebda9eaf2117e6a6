//! Changes that mend a finding: byte-exact edits of files that were read, and new files.
//!
//! A fix is attached to its finding by whoever knows what to write ([`crate::finding::Finding::fix`]). [`mend`] puts as many
//! of them together as do not touch the same bytes; what is left out comes with the next round, when the files have been
//! judged again.

mod diff;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::source::{Location, Sources};

pub use diff::unified;

/// What mends one finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fix {
    /// The edits, of one or more files.
    pub edits: Vec<Edit>,
    /// The files that it adds.
    pub new_files: Vec<NewFile>,
}

/// Bytes of a file that are replaced; an empty span inserts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// Which bytes.
    pub location: Location,
    /// What stands there instead.
    pub text: String,
}

/// A file that is added. Nothing is ever written over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NewFile {
    /// Its path from the root of the repository.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl Fix {
    /// A fix that replaces bytes.
    pub fn replace(location: Location, text: impl Into<String>) -> Self {
        Self::default().and_replace(location, text)
    }

    /// The same fix with one more edit.
    #[must_use]
    pub fn and_replace(mut self, location: Location, text: impl Into<String>) -> Self {
        self.edits.push(Edit {
            location,
            text: text.into(),
        });
        self
    }

    /// The same fix with one more file.
    #[must_use]
    pub fn and_add(mut self, path: impl Into<String>, text: impl Into<String>) -> Self {
        self.new_files.push(NewFile {
            path: path.into(),
            text: text.into(),
        });
        self
    }
}

/// Files by path, as they would be.
pub type Files = BTreeMap<String, String>;

/// Files by path that change: what each was (`None` for a new one), and what it is now.
pub type Changes = BTreeMap<String, (Option<String>, String)>;

/// The files that the fixes change, and how many of the fixes are in them. A fix that touches bytes of an earlier one, adds
/// a file that is there, or does not fit its file is left out as a whole; one that says the same as an earlier one counts.
pub fn mend<'f>(
    fixes: impl IntoIterator<Item = &'f Fix>,
    sources: &Sources,
    exists: impl Fn(&str) -> bool,
) -> (Changes, usize) {
    let mut edits: BTreeMap<Location, &str> = BTreeMap::new();
    let mut added: BTreeMap<&str, &str> = BTreeMap::new();
    let mut applied = 0;
    for fix in fixes {
        let fits = fix.edits.iter().all(|edit| {
            let text = &sources.get(edit.location.source).text;
            text.get(edit.location.span.range()).is_some() && is_free(&edits, edit)
        });
        let is_new = fix.new_files.iter().all(|file| {
            !exists(&file.path)
                && added
                    .get(file.path.as_str())
                    .is_none_or(|text| *text == file.text)
        });
        // New files are numbered by what is there, so two of them would take the same number.
        let is_numbered = fix.new_files.is_empty() || added.is_empty() || is_added(&added, fix);
        if fits && is_new && is_numbered && !overlap_themselves(fix) {
            edits.extend(
                fix.edits
                    .iter()
                    .map(|edit| (edit.location, edit.text.as_str())),
            );
            added.extend(
                fix.new_files
                    .iter()
                    .map(|file| (file.path.as_str(), file.text.as_str())),
            );
            applied += 1;
        }
    }
    let mut files: Changes = added
        .into_iter()
        .map(|(path, text)| (path.to_owned(), (None, text.to_owned())))
        .collect();
    let mut by_source: BTreeMap<_, Vec<(Location, &str)>> = BTreeMap::new();
    for (location, text) in edits {
        by_source
            .entry(location.source)
            .or_default()
            .push((location, text));
    }
    for (source, edits) in by_source {
        let file = sources.get(source);
        let mut text = String::with_capacity(file.text.len());
        let mut at = 0;
        for (location, replacement) in edits {
            let range = location.span.range();
            text.push_str(file.text.get(at..range.start).unwrap_or_default());
            text.push_str(replacement);
            at = range.end;
        }
        text.push_str(file.text.get(at..).unwrap_or_default());
        files.insert(file.path.clone(), (Some(file.text.to_string()), text));
    }
    (files, applied)
}

/// The files of a fix are added by another one already.
fn is_added(added: &BTreeMap<&str, &str>, fix: &Fix) -> bool {
    fix.new_files
        .iter()
        .all(|file| added.contains_key(file.path.as_str()))
}

/// No edit so far touches the bytes of this one, or one is the same.
fn is_free(edits: &BTreeMap<Location, &str>, edit: &Edit) -> bool {
    let place = edit.location;
    if let Some(known) = edits.get(&place) {
        return *known == edit.text;
    }
    // Kept edits do not overlap, so the neighbours tell.
    let before = edits.range(..place).next_back();
    let behind = edits.range(place..).next();
    before
        .into_iter()
        .chain(behind)
        .all(|(other, _)| !overlap(*other, place))
}

/// They share a byte, or begin at the same one, so that their order would matter.
fn overlap(one: Location, other: Location) -> bool {
    one.source == other.source
        && (one.span.start == other.span.start
            || (one.span.start < other.span.end && other.span.start < one.span.end))
}

fn overlap_themselves(fix: &Fix) -> bool {
    let mut places: Vec<Location> = fix.edits.iter().map(|edit| edit.location).collect();
    places.sort_unstable();
    places
        .windows(2)
        .any(|pair| matches!(pair, [one, other] if overlap(*one, *other)))
}
