//! Facts of a pull request or of staged changes: only what these touch.
//!
//! Migrations and charts are compared with the previous release, because that is what databases and users have; of the
//! differences, those in files that the change does not touch belong to somebody else's change.

use std::collections::{BTreeMap, BTreeSet};

use crate::discover::Snapshot;
use crate::facts::Facts;
use crate::facts::changelog::SectionFact;
use crate::facts::values::ValueFact;

/// The paths that differ between two states.
pub(super) fn paths(base: &Snapshot, head: &Snapshot) -> BTreeSet<String> {
    let changed = |one: &Snapshot, other: &Snapshot| {
        one.entries
            .iter()
            .filter(|(path, entry)| other.get(path) != Some(entry))
            .map(|(path, _)| path.clone())
            .collect::<BTreeSet<_>>()
    };
    let mut paths = changed(base, head);
    paths.append(&mut changed(head, base));
    paths
}

/// Takes out of the facts what lies in untouched files. `base` is the changelog as it was before the change.
pub(super) fn restrict(facts: &mut Facts, touched: &BTreeSet<String>, base: &SectionFact) {
    let migrations = &mut facts.migrations;
    for list in [
        &mut migrations.added,
        &mut migrations.modified,
        &mut migrations.deleted,
        &mut migrations.renamed,
    ] {
        list.retain(|file| touched.contains(&file.path) || touched.contains(&file.previous_path));
    }
    migrations
        .operations
        .retain(|operation| touched.contains(&operation.path));
    let values = &mut facts.values;
    for list in [
        &mut values.added,
        &mut values.removed,
        &mut values.renamed,
        &mut values.retyped,
        &mut values.changed,
    ] {
        list.retain(|value: &ValueFact| touched.contains(&value.path));
    }
    values
        .removed_charts
        .retain(|chart| touched.contains(&chart.path));
    facts.runbooks.retain(|runbook| {
        let names = |name: &str| touched.contains(name.trim_start_matches("./"));
        touched.contains(&runbook.path) || runbook.defects.iter().any(|it| names(&it.name))
    });
    let changelog = &mut facts.changelog;
    let untouched = !touched.contains(&changelog.path);
    for section in [
        &mut changelog.section,
        &mut changelog.unreleased,
        &mut changelog.current,
    ] {
        if untouched {
            section.categories.clear();
            section.breaking_entries.clear();
            section.breaking = false;
        } else {
            only_new(section, base);
        }
    }
}

/// What a section says that it did not say before: categories with new entries, and what breaks in new ones. An entry
/// that is written otherwise is a new one.
fn only_new(section: &mut SectionFact, base: &SectionFact) {
    let mut known: BTreeMap<&(String, String), usize> = BTreeMap::new();
    for entry in &base.texts {
        *known.entry(entry).or_default() += 1;
    }
    let mut new: BTreeSet<&(String, String)> = BTreeSet::new();
    for entry in &section.texts {
        match known.get_mut(entry) {
            Some(count) if *count > 0 => *count -= 1,
            _ => {
                new.insert(entry);
            }
        }
    }
    let is_new_category = |name: &str| new.iter().any(|(category, _)| category == name);
    section.categories.retain(|category| {
        let was_there = base
            .categories
            .iter()
            .any(|before| before.kind == category.kind && before.name == category.name);
        !was_there || is_new_category(&category.name)
    });
    section.breaking_entries.retain(|entry| match &entry.text {
        Some(text) => new
            .iter()
            .any(|(category, new)| *category == entry.category && new == text),
        // A heading speaks for what stands under it.
        None => {
            let before = &base.breaking_entries;
            let was_there = before
                .iter()
                .any(|it| it.text.is_none() && it.category == entry.category);
            !was_there || is_new_category(&entry.category)
        }
    });
    section.breaking = !section.breaking_entries.is_empty();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::changelog::{CategoryFact, EntryFact};

    /// A section of entries, each with its category; those that begin with `!` break.
    fn section(entries: &[(&str, &str)]) -> SectionFact {
        let mut section = SectionFact::default();
        for (category, text) in entries {
            let (name, text) = ((*category).to_owned(), (*text).to_owned());
            if section.categories.iter().all(|it| it.name != name) {
                section.categories.push(CategoryFact {
                    name: name.clone(),
                    ..CategoryFact::default()
                });
                if name == "Breaking" {
                    section.breaking_entries.push(EntryFact {
                        category: name.clone(),
                        ..EntryFact::default()
                    });
                }
            }
            if text.starts_with('!') {
                section.breaking_entries.push(EntryFact {
                    category: name.clone(),
                    text: Some(text.clone()),
                    ..EntryFact::default()
                });
            }
            section.texts.push((name, text));
        }
        section.breaking = !section.breaking_entries.is_empty();
        section
    }

    #[test]
    fn what_is_new_is_told_by_its_text() {
        let check = |base: &[(&str, &str)], now: &[(&str, &str)], expected: (&[&str], usize)| {
            let mut found = section(now);
            only_new(&mut found, &section(base));
            let names: Vec<&str> = found.categories.iter().map(|it| &*it.name).collect();
            assert_eq!((&*names, found.breaking_entries.len()), expected, "{now:?}");
            assert_eq!(found.breaking, expected.1 > 0);
        };
        let a = ("Changed", "!drop A");
        check(&[a], &[a], (&[], 0));
        check(&[a], &[("Changed", "!drop B")], (&["Changed"], 1));
        check(&[a], &[a, ("Changed", "!drop B")], (&["Changed"], 1));
        check(&[a], &[a, a], (&["Changed"], 2));
        check(&[a, ("Fixed", "x")], &[("Fixed", "y")], (&["Fixed"], 0));
        check(&[a, ("Fixed", "x")], &[("Fixed", "x")], (&[], 0));
        check(
            &[("Breaking", "x")],
            &[("Breaking", "y")],
            (&["Breaking"], 1),
        );
        check(&[("Breaking", "x")], &[("Breaking", "x")], (&[], 0));
        check(&[], &[("Breaking", "x")], (&["Breaking"], 1));
    }
}
