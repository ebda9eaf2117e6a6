//! What a runner reads from a migration's path.

mod callbacks;
mod order;
mod parts;

pub use self::callbacks::is_callback;
use self::callbacks::{Callback, flyway_callback};
pub use self::order::Order;
use self::parts::{
    all_digits, digits, file_of_version, is_code, is_meant_as_migration, last_direction, numbers,
    strip_extension, strip_suffixes, title_of, version_prefix,
};
use super::{Layout, Runner};

/// What a file is to its runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It leads to the newer schema.
    Up,
    /// It leads back.
    Down,
    /// It holds both ways.
    Both,
    /// It runs again whenever it changes, after all versions.
    Repeatable,
    /// It stands for all versions up to its own on a new database.
    Baseline,
}

impl Role {
    /// The file leads forward, whatever else it does.
    pub fn goes_up(self) -> bool {
        self != Self::Down
    }
}

/// What the name of a migration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The version as it is written.
    pub version: String,
    /// Where it stands among the others.
    pub order: Order,
    /// What the runner tells migrations apart by.
    pub identity: String,
    /// What the name says behind the version.
    pub title: String,
    /// What the file is to its runner.
    pub role: Role,
    /// The database that the name is limited to, as it is written (`postgres`, `mysql`); empty when it is for all.
    pub database: String,
    /// The name declines the transaction.
    pub autocommit: bool,
    /// It is a program, not SQL.
    pub code: bool,
}

/// What a file in a directory of migrations is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognition {
    /// A migration.
    Migration(FileName),
    /// Meant as a migration, but the runner does not read its name as one.
    Unreadable,
    /// What another command of the runner runs, such as Flyway's `clean`.
    Callback,
    /// Something else.
    Other,
}

/// Reads a path, relative to the directory of the migrations, as `runner` does.
pub fn recognize(runner: Runner, path: &str) -> Recognition {
    let read = match (runner, path.rsplit_once('/')) {
        (Runner::Plain, _) => plain(path),
        (_, None) if runner.profile().layout != Layout::Directories => in_file(runner, path),
        (Runner::Liquibase, Some(_)) => liquibase(path),
        (_, Some((_, file))) if runner.profile().layout == Layout::Tree => in_file(runner, file),
        (_, Some((directory, file))) if runner.profile().layout == Layout::Directories => {
            in_directory(runner, directory, file)
        }
        // The files of Drizzle's newer layout, and directories of files, lie one level apart from what they were.
        (Runner::Drizzle, Some((directory, file))) => in_directory(runner, directory, file),
        _ => None,
    };
    match read {
        Some(name) => Recognition::Migration(name),
        None if runner == Runner::Flyway && is_callback(path) => Recognition::Callback,
        None if is_meant_as_migration(runner, path) => Recognition::Unreadable,
        None => Recognition::Other,
    }
}

fn in_file(runner: Runner, file: &str) -> Option<FileName> {
    match runner {
        Runner::GolangMigrate => golang_migrate(file),
        Runner::Goose => goose(file),
        Runner::Dbmate | Runner::SqlMigrate | Runner::Atlas | Runner::Drizzle | Runner::Tern => {
            numbered(runner, file)
        }
        Runner::Sqlx => sqlx(file),
        Runner::Refinery => refinery(file),
        Runner::Flyway => flyway(file),
        Runner::Liquibase => liquibase(file),
        Runner::Popx => popx(file),
        Runner::Diesel | Runner::Prisma | Runner::Plain => None,
    }
}

impl FileName {
    fn new(version: &str, parts: &[&str], title: &str, role: Role) -> Self {
        let order = Order::of(parts.iter().copied());
        Self {
            identity: order.text(),
            order,
            version: version.to_owned(),
            title: title.to_owned(),
            role,
            database: String::new(),
            autocommit: false,
            code: false,
        }
    }

    fn integer(version: &str, title: &str, role: Role) -> Self {
        Self::new(version, &[version], title, role)
    }
}

/// `^([0-9]+)_(.*)\.(down|up)\.(.*)$`, the number below 2⁶⁴.
fn golang_migrate(file: &str) -> Option<FileName> {
    let (version, rest) = digits(file)?;
    version.parse::<u64>().ok()?;
    let rest = rest.strip_prefix('_')?;
    let (title, role, extension) = last_direction(rest)?;
    let mut name = FileName::integer(version, title, role);
    name.code = is_code(extension);
    Some(name)
}

/// Digits before the first underscore, `.sql` or `.go`.
fn goose(file: &str) -> Option<FileName> {
    if file.ends_with("_test.go") {
        return None;
    }
    let (stem, extension) = file.rsplit_once('.')?;
    let code = match extension {
        "sql" => false,
        "go" => true,
        _ => return None,
    };
    let (version, title) = stem.split_once('_')?;
    if !version.parse::<i64>().is_ok_and(|number| number > 0) || !all_digits(version) {
        return None;
    }
    let mut name = FileName::integer(version, title, Role::Both);
    name.code = code;
    Some(name)
}

/// `^\d+.*\.sql$`.
fn numbered(runner: Runner, file: &str) -> Option<FileName> {
    let stem = file.strip_suffix(".sql")?;
    let (version, rest) = digits(stem)?;
    if runner == Runner::Tern && !rest.starts_with('_') {
        return None;
    }
    let role = match runner.profile().down {
        super::Down::Section | super::Down::RequiredSection => Role::Both,
        _ => Role::Up,
    };
    let mut name = FileName::integer(version, title_of(rest), role);
    match runner {
        Runner::Dbmate => version.clone_into(&mut name.identity),
        Runner::SqlMigrate | Runner::Drizzle => stem.clone_into(&mut name.identity),
        _ => {}
    }
    Some(name)
}

/// `<i64>_<description>.sql`, or `.up.sql` and `.down.sql`.
fn sqlx(file: &str) -> Option<FileName> {
    let (version, rest) = file.split_once('_')?;
    if !all_digits(version) || version.parse::<i64>().is_err() {
        return None;
    }
    let stem = rest.strip_suffix(".sql")?;
    let (title, role) = if let Some(title) = stem.strip_suffix(".up") {
        (title, Role::Up)
    } else if let Some(title) = stem.strip_suffix(".down") {
        (title, Role::Down)
    } else {
        (stem, Role::Up)
    };
    Some(FileName::integer(version, title, role))
}

/// `^([U|V])(\d+(?:\.\d+)?)__(\w+)\.sql$`.
fn refinery(file: &str) -> Option<FileName> {
    let (stem, extension) = file.rsplit_once('.')?;
    let code = match extension {
        "sql" => false,
        "rs" => true,
        _ => return None,
    };
    let rest = stem.strip_prefix(['U', 'V'])?;
    let (version, title) = rest.split_once("__")?;
    let parts: Vec<&str> = version.split('.').collect();
    let is_word = !title.is_empty() && title.chars().all(|c| c.is_alphanumeric() || c == '_');
    if parts.len() > 2 || !parts.iter().all(|part| all_digits(part)) || !is_word {
        return None;
    }
    let mut name = FileName::new(version, &parts, title, Role::Up);
    name.code = code;
    Some(name)
}

/// `V1.2__title.sql`, `U1.2__title.sql`, `B1.2__title.sql`, `R__title.sql`, and the callbacks of `migrate`.
fn flyway(file: &str) -> Option<FileName> {
    let (stem, extension) = file.rsplit_once('.')?;
    let code = match extension {
        "sql" => false,
        "java" | "kt" | "groovy" => true,
        _ => return None,
    };
    let mut name = if flyway_callback(file) == Some(Callback::OfMigrate) {
        let title = stem.split_once("__").map_or("", |(_, title)| title);
        let mut name = FileName::new("", &[], title, Role::Repeatable);
        stem.clone_into(&mut name.identity);
        name
    } else if let Some(rest) = stem.strip_prefix("R__") {
        let mut name = FileName::new("", &[], rest, Role::Repeatable);
        name.identity = format!("R__{rest}");
        name
    } else {
        let role = match stem.chars().next()? {
            'V' => Role::Up,
            'U' => Role::Down,
            'B' => Role::Baseline,
            _ => return None,
        };
        let (version, title) = stem.get(1..)?.split_once("__")?;
        let mut parts: Vec<&str> = version.split(['.', '_']).collect();
        if !parts.iter().all(|part| all_digits(part)) {
            return None;
        }
        // To Flyway 1 and 1.0 are one version.
        while parts.len() > 1
            && parts
                .last()
                .is_some_and(|part| part.bytes().all(|b| b == b'0'))
        {
            parts.pop();
        }
        FileName::new(version, &parts, title, role)
    };
    name.code = code;
    Some(name)
}

/// Any `.sql` file; what it holds decides. The order is that of names, numbers in them compared as numbers.
fn liquibase(path: &str) -> Option<FileName> {
    let stem = path.strip_suffix(".sql")?;
    let file = stem.rsplit('/').next().unwrap_or(stem);
    let (version, rest) = digits(file.trim_start_matches(['v', 'V'])).unwrap_or(("", file));
    let parts: Vec<&str> = numbers(stem).collect();
    let mut name = FileName::new(version, &parts, title_of(rest), Role::Both);
    stem.clone_into(&mut name.identity);
    Some(name)
}

/// `^(\d+)_([^.]+)(\.[a-z0-9]+)?(\.autocommit)?\.(up|down)\.(sql|fizz)$`.
fn popx(file: &str) -> Option<FileName> {
    let (version, rest) = digits(file)?;
    let rest = rest.strip_prefix('_')?;
    let (middle, role, extension) = last_direction(rest)?;
    let code = match extension {
        "sql" => false,
        "fizz" => true,
        _ => return None,
    };
    let mut parts = middle.split('.');
    let title = parts.next().filter(|title| !title.is_empty())?;
    let mut name = FileName::integer(version, title, role);
    name.code = code;
    for part in parts {
        if part == "autocommit" {
            name.autocommit = true;
        } else if name.database.is_empty() && !part.is_empty() {
            part.clone_into(&mut name.database);
        } else {
            return None;
        }
    }
    Some(name)
}

/// `<version>_<title>/up.sql`, `<timestamp>_<title>/migration.sql`.
fn in_directory(runner: Runner, directory: &str, file: &str) -> Option<FileName> {
    if directory.contains('/') || directory.starts_with('.') {
        return None;
    }
    let role = match (runner, file) {
        (Runner::Diesel, "up.sql") | (Runner::Prisma | Runner::Drizzle, "migration.sql") => {
            Role::Up
        }
        (Runner::Diesel, "down.sql") => Role::Down,
        _ => return None,
    };
    let (written, title) = directory.split_once('_').unwrap_or((directory, ""));
    let version = written.replace('-', "");
    if !all_digits(&version) {
        return None;
    }
    let mut name = FileName::new(written, &[&version], title, role);
    name.identity = match runner {
        Runner::Diesel => version,
        _ => directory.to_owned(),
    };
    Some(name)
}

/// Numbered SQL of any convention: `001_x.sql`, `V2__x.up.sql`, `2024-01-02-x.sql`, `003_x/up.sql`, `4/01_x.sql`,
/// `005_x.postgres.down.sql`.
fn plain(path: &str) -> Option<FileName> {
    let (directories, file) = path.rsplit_once('/').map_or(("", path), |(d, f)| (d, f));
    let stem = strip_extension(file, "sql")?;
    let mut parts: Vec<&str> = Vec::new();
    let mut outer: Vec<&str> = directories.split('/').filter(|d| !d.is_empty()).collect();
    let (stem, written_dir, forced) = match (file_of_version(stem), outer.pop()) {
        (Some(role), Some(directory)) => (directory, true, Some(role)),
        (_, last) => {
            outer.extend(last);
            (stem, false, None)
        }
    };
    for directory in &outer {
        let number = directory.trim_start_matches(['v', 'V']);
        if !number.split('.').all(all_digits) {
            return None;
        }
        parts.extend(number.split('.'));
    }
    let (stem, role, database) = if written_dir {
        (stem, Role::Up, "")
    } else {
        strip_suffixes(stem)
    };
    let (version, title) = version_prefix(stem)?;
    parts.extend(numbers(version));
    let mut name = FileName::new(version, &parts, title, forced.unwrap_or(role));
    database.clone_into(&mut name.database);
    if !outer.is_empty() {
        name.version = format!("{}/{version}", outer.join("/"));
    }
    Some(name)
}

#[cfg(test)]
mod tests;
