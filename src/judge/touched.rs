//! Facts of a pull request or of staged changes: only what these touch.
//!
//! Migrations and charts are compared with the previous release, because that is what databases and users have; of the
//! differences, those in files that the change does not touch belong to somebody else's change.

use std::collections::BTreeSet;

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

/// What a section says that it did not say before: categories with more entries, and new markers of breaking changes.
fn only_new(section: &mut SectionFact, base: &SectionFact) {
    section.categories.retain(|category| {
        base.categories
            .iter()
            .find(|before| before.kind == category.kind && before.name == category.name)
            .is_none_or(|before| before.entries < category.entries)
    });
    if section.breaking_entries.len() <= base.breaking_entries.len() {
        section.breaking_entries.clear();
        section.breaking = false;
    }
}
