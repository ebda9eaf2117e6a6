//! What differs between two states of a values file.

use crate::source::Span;
use crate::syntax::yaml::{Data, Entry, KeyPath, Map, PathPart, Value};

use super::renames;

/// One difference.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    /// What happened.
    pub(super) change: Change,
    /// The key, as it is now (of a removed one, as it was).
    pub(super) path: KeyPath,
    /// The key before it moved.
    pub(super) previous_path: Option<KeyPath>,
    /// What it was.
    pub(super) old: Option<Data>,
    /// What it is.
    pub(super) new: Option<Data>,
    /// One side is free-form.
    pub(super) free_form: bool,
    /// The key's place, in the state that has it: now, or before for a removed one.
    pub(super) span: Span,
}

/// What happened to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Added,
    Removed,
    Renamed,
    Retyped,
    Changed,
}

/// A key that one side alone has; the topmost one of what is gone or new.
#[derive(Debug, Clone)]
pub(super) struct Lone {
    pub(super) path: KeyPath,
    pub(super) value: Value,
    pub(super) key_span: Span,
    /// The map around it is empty on the other side.
    pub(super) free_form: bool,
    /// The keys before and behind it in its map.
    pub(super) neighbours: (Option<String>, Option<String>),
}

/// Everything that differs, sorted by key. Lists are compared as a whole; a subtree that is gone is told by its topmost key.
pub(super) fn compare(old: &Value, new: &Value) -> Vec<Difference> {
    let mut comparison = Comparison::default();
    if let (Some(old), Some(new)) = (old.as_map(), new.as_map()) {
        comparison.maps(old, new);
    }
    let Comparison {
        mut differences,
        added,
        removed,
        ..
    } = comparison;
    let pairs = renames::find(&removed, &added);
    let mut is_moved = (vec![false; removed.len()], vec![false; added.len()]);
    for (from, to) in pairs {
        is_moved.0[from] = true;
        is_moved.1[to] = true;
        differences.push(renamed(&removed[from], &added[to]));
    }
    let rest = |lone: Vec<Lone>, moved: Vec<bool>, change| {
        lone.into_iter()
            .zip(moved)
            .filter(|(_, moved)| !moved)
            .map(move |(lone, _)| one_sided(lone, change))
    };
    differences.extend(rest(removed, is_moved.0, Change::Removed));
    differences.extend(rest(added, is_moved.1, Change::Added));
    differences.sort_by(|a, b| a.path.cmp(&b.path));
    differences
}

#[derive(Default)]
struct Comparison {
    path: KeyPath,
    differences: Vec<Difference>,
    added: Vec<Lone>,
    removed: Vec<Lone>,
}

impl Comparison {
    fn maps(&mut self, old: &Map, new: &Map) {
        for (index, entry) in old.entries().iter().enumerate() {
            match new.get(&entry.key) {
                Some(now) => self.entry(entry, now),
                None => {
                    let lone = self.lone(old, index, new.entries().is_empty());
                    self.removed.push(lone);
                }
            }
        }
        for (index, entry) in new.entries().iter().enumerate() {
            if old.get(&entry.key).is_none() {
                let lone = self.lone(new, index, old.entries().is_empty());
                self.added.push(lone);
            }
        }
    }

    fn entry(&mut self, old: &Entry, new: &Entry) {
        self.path.push(PathPart::Key(new.key.to_string()));
        if let (Data::Map(old), Data::Map(new)) = (&old.value.data, &new.value.data) {
            self.maps(old, new);
        } else if !old.value.same(&new.value) {
            let (was, is) = (&old.value.data, &new.value.data);
            let same_kind = was.kind() == is.kind();
            self.differences.push(Difference {
                change: if same_kind {
                    Change::Changed
                } else {
                    Change::Retyped
                },
                path: self.path.clone(),
                previous_path: None,
                old: Some(was.clone()),
                new: Some(is.clone()),
                free_form: is_free_form(was) || is_free_form(is),
                span: new.key_span,
            });
        }
        self.path.pop();
    }

    fn lone(&self, map: &Map, index: usize, free_form: bool) -> Lone {
        let entry = &map.entries()[index];
        let key_at = |index: Option<usize>| Some(map.entries().get(index?)?.key.to_string());
        Lone {
            path: self.path.clone().key(&entry.key),
            value: entry.value.clone(),
            key_span: entry.key_span,
            // The whole file may be new; its top is no example.
            free_form: free_form && !self.path.parts().is_empty(),
            neighbours: (key_at(index.checked_sub(1)), key_at(Some(index + 1))),
        }
    }
}

fn renamed(from: &Lone, to: &Lone) -> Difference {
    Difference {
        change: Change::Renamed,
        path: to.path.clone(),
        previous_path: Some(from.path.clone()),
        old: Some(from.value.data.clone()),
        new: Some(to.value.data.clone()),
        free_form: from.free_form || to.free_form,
        span: to.key_span,
    }
}

fn one_sided(lone: Lone, change: Change) -> Difference {
    let data = Some(lone.value.data);
    let (old, new) = match change {
        Change::Removed => (data, None),
        _ => (None, data),
    };
    Difference {
        change,
        path: lone.path,
        previous_path: None,
        old,
        new,
        free_form: lone.free_form,
        span: lone.key_span,
    }
}

/// `{}`, `[]`, `""` and null say that anything may stand here.
pub(super) fn is_free_form(data: &Data) -> bool {
    match data {
        Data::Null => true,
        Data::String(text) => text.is_empty(),
        Data::List(items) => items.is_empty(),
        Data::Map(map) => map.entries().is_empty(),
        Data::Bool(_) | Data::Number(_) => false,
    }
}
