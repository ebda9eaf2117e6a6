//! What a repository's manifests say about its runner and its database.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::Class;
use crate::discover::{Reader, Snapshot};
use crate::syntax::sql::operation::Dialect;

/// Manifests, listed at once and read when somebody asks.
pub(super) struct Hints {
    /// Directory to the manifests in it.
    manifests: BTreeMap<String, Vec<String>>,
    read: BTreeMap<String, Manifest>,
}

/// What one manifest says.
#[derive(Debug, Clone, Default)]
struct Manifest {
    tools: BTreeSet<&'static str>,
    dialects: BTreeSet<Dialect>,
}

/// How many manifests outside the way from the directory to the root are read.
const MOST_MANIFESTS: usize = 64;

/// Names of files that say something.
const MANIFESTS: &[&str] = &[
    "go.mod",
    "Cargo.toml",
    "package.json",
    "sqlc.yaml",
    "sqlc.yml",
    "sqlc.json",
    "diesel.toml",
    "schema.prisma",
    "drizzle.config.ts",
    "drizzle.config.js",
    "wrangler.toml",
    "wrangler.jsonc",
    "tern.conf",
    "dbmate.yml",
    "atlas.hcl",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "flyway.conf",
    "flyway.toml",
    "pyproject.toml",
    "requirements.txt",
];

/// A kind of manifest, a text in it, and the tool that it speaks for. Names mean different things in different
/// languages: Go has an sqlx that migrates nothing.
const TOOLS: &[(&str, &str, &str)] = &[
    ("go.mod", "golang-migrate/migrate", "golang-migrate"),
    ("go.mod", "mattes/migrate", "golang-migrate"),
    ("go.mod", "gobuffalo/pop", "popx"),
    ("go.mod", "ory/pop", "popx"),
    ("go.mod", "ory/x ", "popx"),
    ("go.mod", "jackc/tern", "tern"),
    ("tern.conf", "tern", "tern"),
    ("Cargo.toml", "sqlx", "sqlx"),
    ("Cargo.toml", "refinery", "refinery"),
    ("Cargo.toml", "diesel", "diesel"),
    ("diesel.toml", "diesel", "diesel"),
    ("package.json", "prisma", "prisma"),
    ("schema.prisma", "prisma", "prisma"),
    ("package.json", "drizzle", "drizzle"),
    ("drizzle.config.ts", "drizzle", "drizzle"),
    ("drizzle.config.js", "drizzle", "drizzle"),
];

/// A text in a manifest, and the database whose driver it is.
const DRIVERS: &[(&str, Dialect)] = &[
    // Go
    ("jackc/pgx", Dialect::Postgresql),
    ("github.com/lib/pq", Dialect::Postgresql),
    ("go-pg/pg", Dialect::Postgresql),
    ("driver/postgres", Dialect::Postgresql),
    ("driver/pgdriver", Dialect::Postgresql),
    ("go-sql-driver/mysql", Dialect::Mysql),
    ("driver/mysql", Dialect::Mysql),
    ("mattn/go-sqlite3", Dialect::Sqlite),
    ("modernc.org/sqlite", Dialect::Sqlite),
    ("glebarez/", Dialect::Sqlite),
    ("ncruces/go-sqlite3", Dialect::Sqlite),
    ("zombiezen.com/go/sqlite", Dialect::Sqlite),
    ("driver/sqlite", Dialect::Sqlite),
    // Rust
    ("\"postgres\"", Dialect::Postgresql),
    ("\"postgres_backend\"", Dialect::Postgresql),
    ("tokio-postgres", Dialect::Postgresql),
    ("\"mysql\"", Dialect::Mysql),
    ("mysql_async", Dialect::Mysql),
    ("\"sqlite\"", Dialect::Sqlite),
    ("rusqlite", Dialect::Sqlite),
    // JavaScript
    ("\"pg\"", Dialect::Postgresql),
    ("mysql2", Dialect::Mysql),
    ("better-sqlite3", Dialect::Sqlite),
    ("\"sqlite3\"", Dialect::Sqlite),
    ("@libsql/client", Dialect::Sqlite),
    ("d1_databases", Dialect::Sqlite),
    // sqlc, Prisma, Drizzle
    ("\"postgresql\"", Dialect::Postgresql),
    ("'postgresql'", Dialect::Postgresql),
    ("engine: postgresql", Dialect::Postgresql),
    ("engine: mysql", Dialect::Mysql),
    ("engine: sqlite", Dialect::Sqlite),
    ("'sqlite'", Dialect::Sqlite),
    ("'mysql'", Dialect::Mysql),
    // Java, Python
    ("org.postgresql", Dialect::Postgresql),
    ("mysql-connector", Dialect::Mysql),
    ("mariadb-java-client", Dialect::Mysql),
    ("sqlite-jdbc", Dialect::Sqlite),
    ("psycopg", Dialect::Postgresql),
    ("asyncpg", Dialect::Postgresql),
    ("pymysql", Dialect::Mysql),
    ("aiosqlite", Dialect::Sqlite),
];

/// A file of this path says something.
pub(super) fn is_manifest(path: &str) -> bool {
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    MANIFESTS.contains(&file)
        && !directory
            .split('/')
            .any(|part| matches!(part, "vendor" | "node_modules" | "testdata"))
}

impl Hints {
    /// Lists the manifests of a state. `classes` holds what each of its paths says.
    pub(super) fn of(snapshot: &Snapshot, classes: &[Class]) -> Self {
        let mut manifests: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (path, class) in snapshot.entries.keys().zip(classes) {
            if *class == Class::Manifest {
                let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
                manifests
                    .entry(directory.to_owned())
                    .or_default()
                    .push(path.clone());
            }
        }
        Self {
            manifests,
            read: BTreeMap::new(),
        }
    }

    /// The manifests nearest to `directory` name `tool`; when none on the way to the root does, any other may.
    pub(super) fn uses(
        &mut self,
        tool: &str,
        directory: &str,
        snapshot: &Snapshot,
        reader: &mut Reader<'_>,
    ) -> bool {
        let near = self.on_the_way(directory);
        let far: Vec<String> = self
            .manifests
            .values()
            .flatten()
            .filter(|path| !near.contains(path))
            .take(MOST_MANIFESTS)
            .cloned()
            .collect();
        near.iter()
            .chain(&far)
            .any(|path| self.manifest(path, snapshot, reader).tools.contains(tool))
    }

    /// The one dialect that the nearest manifests with any driver know; `None` when there is none, or several.
    pub(super) fn dialect(
        &mut self,
        directory: &str,
        snapshot: &Snapshot,
        reader: &mut Reader<'_>,
    ) -> Option<Dialect> {
        for level in ancestors(directory) {
            let mut known = BTreeSet::new();
            for path in self.manifests.get(level).cloned().unwrap_or_default() {
                known.extend(
                    self.manifest(&path, snapshot, reader)
                        .dialects
                        .iter()
                        .copied(),
                );
            }
            if let Some(&first) = known.first() {
                return (known.len() == 1).then_some(first);
            }
        }
        None
    }

    fn on_the_way(&self, directory: &str) -> Vec<String> {
        ancestors(directory)
            .filter_map(|level| self.manifests.get(level))
            .flatten()
            .cloned()
            .collect()
    }

    fn manifest(&mut self, path: &str, snapshot: &Snapshot, reader: &mut Reader<'_>) -> &Manifest {
        self.read.entry(path.to_owned()).or_insert_with(|| {
            let text = reader
                .read(snapshot, path)
                .map(|id| reader.sources.get(id).text.clone());
            // `diesel.toml` speaks for diesel by being there.
            let file = path.rsplit('/').next().unwrap_or(path);
            let mut manifest = read_manifest(file, file);
            if let Some(text) = text {
                let inside = read_manifest(file, &text);
                manifest.tools.extend(inside.tools);
                manifest.dialects.extend(inside.dialects);
            }
            manifest
        })
    }
}

fn read_manifest(file: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    // Most are nowhere in the text, and then in no line of it.
    let tools: Vec<_> = (TOOLS.iter())
        .filter(|(kind, needle, _)| *kind == file && text.contains(needle))
        .collect();
    let drivers: Vec<_> = (DRIVERS.iter())
        .filter(|(needle, _)| text.contains(needle))
        .collect();
    for line in text.split('\n').map(str::trim) {
        // What only a dependency needs says nothing about this project.
        if line.ends_with("// indirect") || line.starts_with('#') || line.starts_with("//") {
            continue;
        }
        for (_, needle, tool) in &tools {
            if line.contains(needle) {
                manifest.tools.insert(tool);
            }
        }
        for (needle, dialect) in &drivers {
            if line.contains(needle) {
                manifest.dialects.insert(*dialect);
            }
        }
    }
    manifest
}

/// The directory, its parent, and so on to the root.
fn ancestors(directory: &str) -> impl Iterator<Item = &str> {
    let mut next = Some(directory);
    std::iter::from_fn(move || {
        let current = next?;
        next = match current.rsplit_once('/') {
            Some((parent, _)) => Some(parent),
            None if current.is_empty() => None,
            None => Some(""),
        };
        Some(current)
    })
}
