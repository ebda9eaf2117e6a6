//! Directories whose files are named as migrations are, found in one pass over the listing.

use std::collections::{BTreeMap, BTreeSet};

use crate::discover::{EntryKind, Snapshot};
use crate::syntax::migration::{Recognition, Role, Runner, recognize};

/// A directory that may hold migrations.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    /// Its path; empty for the root.
    pub(super) path: String,
    /// Numbered files that say `.up.` or `.down.`.
    pub(super) paired: BTreeSet<String>,
    /// Files named `V1__x.sql`.
    pub(super) prefixed: BTreeSet<String>,
    /// `1_x/up.sql` and `1_x/migration.sql`.
    pub(super) in_directories: BTreeSet<String>,
    /// Other numbered files.
    pub(super) numbered: BTreeSet<String>,
    /// SQL files without a number, where a changelog may list them.
    pub(super) unnumbered: BTreeSet<String>,
    /// Migrations lie in numbered directories below it: these, each for itself. Empty when they do not.
    pub(super) parts: Vec<Candidate>,
}

/// What the listing holds.
pub(super) struct Listing {
    /// In the order of their paths.
    pub(super) candidates: Vec<Candidate>,
    /// Directories of migrations in other languages than SQL, with the language.
    pub(super) programs: BTreeMap<String, &'static str>,
}

impl Candidate {
    /// The directory at `path`, whatever its name is.
    pub(super) fn at(snapshot: &Snapshot, path: &str) -> Self {
        let mut candidate = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        let skip = if path.is_empty() { 0 } else { path.len() + 1 };
        for (file, entry) in snapshot.below(path) {
            if entry.kind == EntryKind::File
                && let Some(relative) = file.get(skip..)
                && let Some((root, shape)) = shape(relative)
                && (root.is_empty() || shape == Shape::Numbered || shape == Shape::Paired)
            {
                if !root.is_empty() {
                    if !root.split('/').all(is_number) {
                        continue;
                    }
                    candidate.add_to_part(root, shape, file);
                }
                candidate.add(shape, file);
            }
        }
        candidate
    }

    fn add_to_part(&mut self, root: &str, shape: Shape, file: &str) {
        let path = if self.path.is_empty() {
            root.to_owned()
        } else {
            format!("{}/{root}", self.path)
        };
        if self.parts.last().is_none_or(|part| part.path != path) {
            self.parts.push(Self {
                path,
                ..Self::default()
            });
        }
        if let Some(part) = self.parts.last_mut() {
            part.add(shape, file);
        }
    }

    /// Takes a numbered directory below it in.
    fn gather(&mut self, part: Self) {
        self.paired.extend(part.paired.iter().cloned());
        self.numbered.extend(part.numbered.iter().cloned());
        self.parts.push(part);
    }

    fn is_plainly_numbered(&self) -> bool {
        self.prefixed.is_empty() && self.in_directories.is_empty()
    }

    fn add(&mut self, shape: Shape, path: &str) {
        let set = match shape {
            Shape::Paired => &mut self.paired,
            Shape::Prefixed => &mut self.prefixed,
            Shape::InDirectory => &mut self.in_directories,
            Shape::Numbered => &mut self.numbered,
            Shape::Unnumbered => &mut self.unnumbered,
        };
        set.insert(path.to_owned());
    }

    /// Every file that speaks for it.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        [
            &self.paired,
            &self.prefixed,
            &self.in_directories,
            &self.numbered,
            &self.unnumbered,
        ]
        .into_iter()
        .flatten()
        .map(String::as_str)
    }

    /// A component of its path says that migrations are in it.
    pub(super) fn says_migrations(&self) -> bool {
        let components: Vec<&str> = self.path.split('/').collect();
        components
            .iter()
            .rev()
            .take(3)
            .take_while(|component| !is_other_sql(component))
            .any(|component| {
                let lower = component.to_ascii_lowercase();
                lower.contains("migrat")
                    || words(&lower).any(|word| MIGRATION_WORDS.contains(&word))
            })
    }

    /// Its path says that SQL of another kind is in it.
    pub(super) fn says_other_sql(&self) -> bool {
        self.path.split('/').any(is_other_sql)
    }
}

/// Words that people call directories of migrations by, beside those with `migrat`.
const MIGRATION_WORDS: &[&str] = &["delta", "deltas", "evolutions", "upgrades", "changesets"];

/// Words of directories of SQL that is numbered for other reasons.
const OTHER_SQL: &[&str] = &[
    "analytics",
    "backup",
    "backups",
    "benchmark",
    "benchmarks",
    "bench",
    "demo",
    "docker",
    "dump",
    "dumps",
    "exercises",
    "init",
    "initdb",
    "lessons",
    "queries",
    "query",
    "reports",
    "seed",
    "seeds",
    "seeders",
    "snippets",
    "solutions",
    "tutorial",
    "tutorials",
];

/// Components that mean: not this project's own migrations.
const LEFT_OUT: &[&str] = &[
    "__fixtures__",
    "__mocks__",
    "__tests__",
    "_examples",
    "bower_components",
    "dist",
    "doc",
    "docs",
    "example",
    "examples",
    "node_modules",
    "sample",
    "samples",
    "site-packages",
    "third-party",
    "third_party",
    "thirdparty",
    "vendor",
    "vendored",
];

/// Words in components that mean a test.
const TEST_WORDS: &[&str] = &[
    "e2e",
    "fixture",
    "fixtures",
    "mock",
    "mocks",
    "test",
    "testdata",
    "testing",
    "tests",
    "testutil",
    "testutils",
    "stub",
    "stubs",
];

fn is_other_sql(component: &str) -> bool {
    words(&component.to_ascii_lowercase()).any(|word| OTHER_SQL.contains(&word))
}

fn is_left_out(directory: &str) -> bool {
    directory.split('/').any(|component| {
        let lower = component.to_ascii_lowercase();
        component.starts_with('.')
            || LEFT_OUT.contains(&lower.as_str())
            || words(&lower).any(|word| TEST_WORDS.contains(&word))
    })
}

pub(super) fn words(component: &str) -> impl Iterator<Item = &str> {
    component
        .split(['-', '_', '.', ' '])
        .filter(|word| !word.is_empty())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Paired,
    Prefixed,
    InDirectory,
    Numbered,
    Unnumbered,
}

/// Finds candidates and directories of programs.
pub(super) fn list(snapshot: &Snapshot) -> Listing {
    let mut found: BTreeMap<String, Candidate> = BTreeMap::new();
    let mut programs = BTreeMap::new();
    for (path, entry) in snapshot.entries.iter() {
        if entry.kind != EntryKind::File {
            continue;
        }
        if let Some((directory, language)) = program(path) {
            if !is_left_out(directory) {
                programs.entry(directory.to_owned()).or_insert(language);
            }
            continue;
        }
        let Some((root, shape)) = shape(path) else {
            continue;
        };
        if is_left_out(root) || (shape == Shape::Unnumbered && !lists_changes(root)) {
            continue;
        }
        found.entry(root.to_owned()).or_default().add(shape, path);
    }
    let mut candidates = gather_numbered_directories(found);
    candidates.retain(|candidate| candidate.files().next().is_some());
    for candidate in &candidates {
        programs.remove(&candidate.path);
    }
    Listing {
        candidates,
        programs,
    }
}

/// Directories with a number for a name, two or more beside each other, are parts of one sequence.
fn gather_numbered_directories(found: BTreeMap<String, Candidate>) -> Vec<Candidate> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (path, candidate) in &found {
        if let Some(parent) = parent_of_number(path, candidate) {
            *counts.entry(parent.to_owned()).or_default() += 1;
        }
    }
    let mut gathered: BTreeMap<String, Candidate> = BTreeMap::new();
    for (path, mut candidate) in found {
        let parent = parent_of_number(&path, &candidate)
            .filter(|parent| counts.get(*parent).is_some_and(|&count| count > 1))
            .map(ToOwned::to_owned);
        candidate.path.clone_from(&path);
        match parent {
            Some(parent) => {
                let whole = gathered.entry(parent.clone()).or_default();
                whole.path = parent;
                whole.gather(candidate);
            }
            None => {
                let parts = gathered
                    .remove(&path)
                    .map_or_else(Vec::new, |whole| whole.parts);
                for part in parts {
                    candidate.gather(part);
                }
                gathered.insert(path, candidate);
            }
        }
    }
    gathered.into_values().collect()
}

fn parent_of_number<'p>(path: &'p str, candidate: &Candidate) -> Option<&'p str> {
    let (parent, name) = path.rsplit_once('/')?;
    (is_number(name) && candidate.is_plainly_numbered()).then_some(parent)
}

/// `20`, `v3`, `v1.4`.
fn is_number(name: &str) -> bool {
    let digits = name.trim_start_matches(['v', 'V']);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// The directory that a path speaks for, and as what.
fn shape(path: &str) -> Option<(&str, Shape)> {
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    if !file.to_ascii_lowercase().ends_with(".sql") {
        return None;
    }
    if matches!(file, "up.sql" | "down.sql" | "migration.sql") {
        let (root, version) = directory.rsplit_once('/').unwrap_or(("", directory));
        if version.starts_with(|c: char| c.is_ascii_digit()) {
            return Some((root, Shape::InDirectory));
        }
    }
    let is_migration = |runner| match recognize(runner, file) {
        Recognition::Migration(name) => Some(name.role),
        _ => None,
    };
    if is_migration(Runner::Flyway).is_some() {
        return Some((directory, Shape::Prefixed));
    }
    match is_migration(Runner::Plain) {
        Some(role) if role == Role::Down || file.ends_with(".up.sql") => {
            Some((directory, Shape::Paired))
        }
        Some(_) => Some((directory, Shape::Numbered)),
        None => Some((directory, Shape::Unnumbered)),
    }
}

/// Liquibase's files need no number: a changelog lists them.
fn lists_changes(directory: &str) -> bool {
    directory.split('/').any(|component| {
        let lower = component.to_ascii_lowercase();
        lower.contains("liquibase") || lower.contains("changelog") || lower.contains("changeset")
    })
}

/// A directory of migrations that are programs, by the names that their frameworks give.
fn program(path: &str) -> Option<(&str, &'static str)> {
    let (directory, file) = path.rsplit_once('/')?;
    let (stem, extension) = file.rsplit_once('.')?;
    let language = match extension {
        "py" => "Python",
        "rb" => "Ruby",
        "php" => "PHP",
        "js" | "mjs" | "cjs" => "JavaScript",
        "ts" => "TypeScript",
        "ex" | "exs" => "Elixir",
        "go" => "Go",
        "java" => "Java",
        "kt" => "Kotlin",
        _ => return None,
    };
    let last = directory.rsplit('/').next()?;
    let is_named_so = matches!(last, "migrations" | "migrate")
        || (last == "versions" && extension == "py" && directory.contains("alembic"));
    let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
    let is_numbered = digits >= 3
        && stem
            .get(digits..)
            .is_some_and(|rest| rest.starts_with(['_', '-']))
        && !stem.ends_with("_test");
    (is_named_so && (is_numbered || last == "versions") && !file.starts_with("__"))
        .then_some((directory, language))
}
