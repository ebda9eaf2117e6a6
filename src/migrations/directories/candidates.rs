//! Directories whose files are named as migrations are, found in one pass over the listing.

use std::collections::BTreeMap;

use super::hints::is_manifest;
use crate::discover::{Entry, EntryKind, Snapshot, join};
use crate::migrations::MigrationSettings;
use crate::syntax::migration::{Recognition, Role, Runner, is_callback, recognize};

/// What a path alone says, for the search of directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::migrations) enum Class {
    /// Nothing.
    Other,
    /// It is a manifest.
    Manifest,
    /// It is a migration in another language than SQL.
    Program(&'static str),
    /// It speaks for the directory that its first bytes name.
    Shaped {
        /// How many bytes.
        root: u32,
        /// As what.
        shape: Shape,
        /// What else its name says.
        says: Says,
    },
}

/// What the name of a numbered file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::migrations) struct Says {
    /// It limits the file to a database.
    limited: bool,
    /// The runners of [`ASKED`] that read it, a bit each.
    readers: u8,
}

/// The runners that are told by whether they read all files, or any.
const ASKED: [Runner; 5] = [
    Runner::Popx,
    Runner::GolangMigrate,
    Runner::Sqlx,
    Runner::Tern,
    Runner::Refinery,
];

/// Who reads the files of a set.
#[derive(Debug, Clone, Copy)]
struct Readers {
    some: u8,
    all: u8,
}

impl Default for Readers {
    fn default() -> Self {
        Self {
            some: 0,
            all: u8::MAX,
        }
    }
}

/// The bit of a runner of [`ASKED`].
fn bit(runner: Runner) -> u8 {
    let place = ASKED.iter().position(|asked| *asked == runner);
    place.map_or(0, |place| 1 << place)
}

impl Readers {
    fn add(&mut self, other: Self) {
        self.some |= other.some;
        self.all &= other.all;
    }
}

/// A directory that may hold migrations. The paths stand in their order.
#[derive(Debug, Default)]
pub(super) struct Candidate<'s> {
    /// Its path; empty for the root.
    pub(super) path: String,
    /// Numbered files that say `.up.` or `.down.`.
    pub(super) paired: Vec<&'s str>,
    /// Files named `V1__x.sql`.
    pub(super) prefixed: Vec<&'s str>,
    /// `1_x/up.sql` and `1_x/migration.sql`.
    pub(super) in_directories: Vec<&'s str>,
    /// Other numbered files.
    pub(super) numbered: Vec<&'s str>,
    /// SQL files without a number, where a changelog may list them.
    pub(super) unnumbered: Vec<&'s str>,
    /// Migrations lie in numbered directories below it: these, each for itself. Empty when they do not.
    pub(super) parts: Vec<Candidate<'s>>,
    /// A paired file's name limits it to a database.
    pub(super) limited: bool,
    /// By shape.
    readers: [Readers; 5],
}

/// A migration in another language than SQL, by its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program<'s> {
    /// Its path.
    pub(super) path: &'s str,
    /// Its language.
    pub(super) language: &'static str,
}

impl<'s> Candidate<'s> {
    /// The directory at `path`, whatever its name is.
    pub(super) fn at(snapshot: &'s Snapshot, path: &str) -> Self {
        let mut candidate = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        let skip = if path.is_empty() { 0 } else { path.len() + 1 };
        let mut deep = Vec::new();
        for (file, entry) in snapshot.below(path) {
            if entry.kind != EntryKind::File {
                continue;
            }
            let Some((root, shape, says)) = file.get(skip..).and_then(shape) else {
                continue;
            };
            match shape {
                _ if root.is_empty() => candidate.add(shape, says, file),
                Shape::Prefixed => deep.push((says, file)),
                Shape::Numbered | Shape::Paired if root.split('/').all(is_number) => {
                    candidate.add_to_part(root, shape, says, file);
                    candidate.add(shape, says, file);
                }
                _ => {}
            }
        }
        if candidate.files().next().is_none() {
            for (says, file) in deep {
                candidate.add(Shape::Prefixed, says, file);
            }
        }
        candidate
    }

    fn add_to_part(&mut self, root: &str, shape: Shape, says: Says, file: &'s str) {
        let path = join(&self.path, root);
        if self.parts.last().is_none_or(|part| part.path != path) {
            self.parts.push(Self {
                path,
                ..Self::default()
            });
        }
        if let Some(part) = self.parts.last_mut() {
            part.add(shape, says, file);
        }
    }

    /// Takes a numbered directory below it in.
    fn gather(&mut self, part: Self) {
        self.paired.extend(&part.paired);
        self.numbered.extend(&part.numbered);
        self.limited |= part.limited;
        for (own, other) in self.readers.iter_mut().zip(part.readers) {
            own.add(other);
        }
        // Where the parts stand in order, so do their files, and sorting costs no more than looking.
        self.paired.sort_unstable();
        self.numbered.sort_unstable();
        self.parts.push(part);
    }

    fn is_plainly_numbered(&self) -> bool {
        self.prefixed.is_empty() && self.in_directories.is_empty()
    }

    fn add(&mut self, shape: Shape, says: Says, path: &'s str) {
        self.limited |= says.limited && shape == Shape::Paired;
        if let Some(readers) = self.readers.get_mut(shape as usize) {
            readers.add(Readers {
                some: says.readers,
                all: says.readers,
            });
        }
        let paths = match shape {
            Shape::Paired => &mut self.paired,
            Shape::Prefixed => &mut self.prefixed,
            Shape::InDirectory => &mut self.in_directories,
            Shape::Numbered => &mut self.numbered,
            Shape::Unnumbered => &mut self.unnumbered,
        };
        paths.push(path);
    }

    /// A runner reads all files of a shape, which lie in the directory itself.
    pub(super) fn all_read(&self, shape: Shape, runner: Runner) -> bool {
        self.of_shape(shape).all & bit(runner) != 0
    }

    /// A runner reads any of them.
    pub(super) fn some_read(&self, shape: Shape, runner: Runner) -> bool {
        self.of_shape(shape).some & bit(runner) != 0
    }

    fn of_shape(&self, shape: Shape) -> Readers {
        self.readers
            .get(shape as usize)
            .copied()
            .unwrap_or_default()
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
        .copied()
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

pub(super) fn is_left_out(directory: &str) -> bool {
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

/// As what a file speaks for a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::migrations) enum Shape {
    Paired,
    Prefixed,
    InDirectory,
    Numbered,
    Unnumbered,
}

/// What a path says.
pub(in crate::migrations) fn class(path: &str, entry: &Entry) -> Class {
    if entry.kind != EntryKind::File {
        return Class::Other;
    }
    if is_manifest(path) {
        return Class::Manifest;
    }
    if let Some((directory, language)) = program(path) {
        return if is_left_out(directory) {
            Class::Other
        } else {
            Class::Program(language)
        };
    }
    let Some((root, shape, says)) = shape(path) else {
        return Class::Other;
    };
    if is_left_out(root) || (shape == Shape::Unnumbered && !lists_changes(root)) {
        return Class::Other;
    }
    Class::Shaped {
        root: u32::try_from(root.len()).unwrap_or(u32::MAX),
        shape,
        says,
    }
}

/// Finds the programs, by their directories; in configured ones whatever these are called. `classes` is as for [`list`].
pub(super) fn programs<'s>(
    snapshot: &'s Snapshot,
    classes: &[Class],
    configured: &[MigrationSettings],
) -> BTreeMap<&'s str, Vec<Program<'s>>> {
    let by_name = snapshot
        .entries
        .keys()
        .zip(classes)
        .filter_map(|(path, class)| match *class {
            Class::Program(language) => Some(Program { path, language }),
            _ => None,
        });
    let below = configured
        .iter()
        .flat_map(|settings| snapshot.below(&settings.path))
        .filter(|(_, entry)| entry.kind == EntryKind::File)
        .filter_map(|(path, _)| {
            let language = numbered_program(path)?;
            Some(Program { path, language })
        });
    let mut found: BTreeMap<&str, Vec<Program<'_>>> = BTreeMap::new();
    for program in by_name.chain(below) {
        let directory = program
            .path
            .rsplit_once('/')
            .map_or("", |(before, _)| before);
        found.entry(directory).or_default().push(program);
    }
    found
}

/// Finds candidates, in the order of their paths. `classes` holds what each path of the listing says.
pub(super) fn list<'s>(snapshot: &'s Snapshot, classes: &[Class]) -> Vec<Candidate<'s>> {
    let mut found: BTreeMap<&str, Candidate<'_>> = BTreeMap::new();
    // Neighbours are in one directory, as a rule.
    let mut current: Option<(&str, Candidate<'_>)> = None;
    for (path, class) in snapshot.entries.keys().zip(classes) {
        match *class {
            Class::Other | Class::Manifest | Class::Program(_) => {}
            Class::Shaped { root, shape, says } => {
                let root = path.get(..root as usize).unwrap_or("");
                if current.as_ref().is_none_or(|(known, _)| *known != root) {
                    let next = found.remove(root).unwrap_or_default();
                    if let Some((known, candidate)) = current.replace((root, next)) {
                        found.insert(known, candidate);
                    }
                }
                if let Some((_, candidate)) = &mut current {
                    candidate.add(shape, says, path);
                }
            }
        }
    }
    found.extend(current);
    let mut candidates = gather_numbered_directories(found);
    candidates.retain(|candidate| candidate.files().next().is_some());
    candidates
}

/// Directories with a number for a name, two or more beside each other, are parts of one sequence.
fn gather_numbered_directories<'s>(found: BTreeMap<&str, Candidate<'s>>) -> Vec<Candidate<'s>> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (path, candidate) in &found {
        if let Some(parent) = parent_of_number(path, candidate) {
            *counts.entry(parent.to_owned()).or_default() += 1;
        }
    }
    let mut gathered: BTreeMap<String, Candidate<'s>> = BTreeMap::new();
    for (path, mut candidate) in found {
        let parent = parent_of_number(path, &candidate)
            .filter(|parent| counts.get(*parent).is_some_and(|&count| count > 1))
            .map(ToOwned::to_owned);
        path.clone_into(&mut candidate.path);
        match parent {
            Some(parent) => {
                let whole = gathered.entry(parent.clone()).or_default();
                whole.path = parent;
                whole.gather(candidate);
            }
            None => {
                let parts = gathered
                    .remove(path)
                    .map_or_else(Vec::new, |whole| whole.parts);
                for part in parts {
                    candidate.gather(part);
                }
                gathered.insert(path.to_owned(), candidate);
            }
        }
    }
    gathered.into_values().collect()
}

fn parent_of_number<'p>(path: &'p str, candidate: &Candidate<'_>) -> Option<&'p str> {
    let (parent, name) = path.rsplit_once('/')?;
    (is_number(name) && candidate.is_plainly_numbered()).then_some(parent)
}

/// `20`, `v3`, `v1.4`.
fn is_number(name: &str) -> bool {
    let digits = name.trim_start_matches(['v', 'V']);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// The directory that a path speaks for, as what, and what else its name says.
fn shape(path: &str) -> Option<(&str, Shape, Says)> {
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    if !file.to_ascii_lowercase().ends_with(".sql") {
        return None;
    }
    if matches!(file, "up.sql" | "down.sql" | "migration.sql") {
        let (root, version) = directory.rsplit_once('/').unwrap_or(("", directory));
        if version.starts_with(|c: char| c.is_ascii_digit()) {
            return Some((root, Shape::InDirectory, Says::default()));
        }
    }
    // `createSchema.sql` is a callback only where other files say that Flyway reads them.
    if !is_callback(file)
        && let Recognition::Migration(_) = recognize(Runner::Flyway, file)
    {
        let says = Says {
            limited: false,
            readers: readers(file),
        };
        return Some((directory, Shape::Prefixed, says));
    }
    let Recognition::Migration(name) = recognize(Runner::Plain, file) else {
        return Some((directory, Shape::Unnumbered, Says::default()));
    };
    let says = Says {
        limited: !name.database.is_empty(),
        readers: readers(file),
    };
    let shape = if name.role == Role::Down || file.ends_with(".up.sql") {
        Shape::Paired
    } else {
        Shape::Numbered
    };
    Some((directory, shape, says))
}

fn readers(file: &str) -> u8 {
    let reads = |runner| matches!(recognize(runner, file), Recognition::Migration(_));
    ASKED
        .iter()
        .enumerate()
        .filter(|(_, runner)| reads(**runner))
        .fold(0, |bits, (bit, _)| bits | 1 << bit)
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
    let last = directory.rsplit('/').next()?;
    let is_alembic = last == "versions" && file.ends_with(".py") && directory.contains("alembic");
    if is_alembic && !file.starts_with("__") {
        return Some((directory, "Python"));
    }
    let language = numbered_program(file)?;
    matches!(last, "migrations" | "migrate").then_some((directory, language))
}

/// The language that files with an extension are written in.
pub(super) fn language(extension: &str) -> Option<&'static str> {
    Some(match extension {
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
    })
}

/// The language of a program that is numbered as a migration is.
fn numbered_program(path: &str) -> Option<&'static str> {
    let file = path.rsplit('/').next()?;
    let (stem, extension) = file.rsplit_once('.')?;
    let language = language(extension)?;
    let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
    let is_numbered = digits >= 3
        && stem
            .get(digits..)
            .is_some_and(|rest| rest.starts_with(['_', '-']))
        && !stem.ends_with("_test");
    is_numbered.then_some(language)
}
