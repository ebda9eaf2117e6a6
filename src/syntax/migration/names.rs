//! What a runner reads from a migration's path.

use super::{Layout, Runner};

/// The order of versions: numbers compare as numbers, however many digits they have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Order(Vec<Number>);

/// Digits without leading zeros; the fewer digits, the smaller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Number {
    length: usize,
    digits: String,
}

impl Order {
    /// The numbers of a version, in the order in which they weigh.
    pub fn of<'t>(parts: impl IntoIterator<Item = &'t str>) -> Self {
        Self(parts.into_iter().map(Number::of).collect())
    }

    /// How many numbers it has.
    pub fn parts(&self) -> usize {
        self.0.len()
    }

    /// The last number, leading zeros removed; empty when there is none.
    pub fn last(&self) -> &str {
        self.0.last().map_or("", |number| &number.digits)
    }

    /// How many digits its first number has, leading zeros not counted.
    pub fn first_digits(&self) -> usize {
        self.0.first().map_or(0, |number| number.length)
    }

    /// The first number, leading zeros removed; empty when there is none.
    pub fn first(&self) -> &str {
        self.0.first().map_or("", |number| &number.digits)
    }

    fn text(&self) -> String {
        let parts: Vec<&str> = self.0.iter().map(|number| number.digits.as_str()).collect();
        parts.join(".")
    }
}

impl Number {
    fn of(text: &str) -> Self {
        let digits = text.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        Self {
            length: digits.len(),
            digits: digits.to_owned(),
        }
    }
}

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
    /// Something else.
    Other,
}

/// Reads a path, relative to the directory of the migrations, as `runner` does.
pub fn recognize(runner: Runner, path: &str) -> Recognition {
    let read = match (runner, path.rsplit_once('/')) {
        (Runner::Plain, _) => plain(path),
        (_, None) if runner.profile().layout == Layout::Files => in_file(runner, path),
        (_, Some((directory, file))) if runner.profile().layout == Layout::Directories => {
            in_directory(runner, directory, file)
        }
        // The files of Drizzle's newer layout, and directories of files, lie one level apart from what they were.
        (Runner::Drizzle, Some((directory, file))) => in_directory(runner, directory, file),
        _ => None,
    };
    match read {
        Some(name) => Recognition::Migration(name),
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
    name.code = is_code(extension)?;
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

/// `V1.2__title.sql`, `U1.2__title.sql`, `B1.2__title.sql`, `R__title.sql`.
fn flyway(file: &str) -> Option<FileName> {
    let (stem, extension) = file.rsplit_once('.')?;
    let code = match extension {
        "sql" => false,
        "java" | "kt" | "groovy" => true,
        _ => return None,
    };
    let mut name = if let Some(rest) = stem.strip_prefix("R__") {
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
fn liquibase(file: &str) -> Option<FileName> {
    let stem = file.strip_suffix(".sql")?;
    let (version, rest) = digits(stem.trim_start_matches(['v', 'V'])).unwrap_or(("", stem));
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

fn file_of_version(stem: &str) -> Option<Role> {
    match stem {
        "up" | "migration" | "migrate" => Some(Role::Up),
        "down" | "rollback" => Some(Role::Down),
        _ => None,
    }
}

/// Databases that stand in file names and paths.
pub(crate) const DATABASE_WORDS: &[&str] = &[
    "all",
    "clickhouse",
    "cockroach",
    "cockroachdb",
    "crdb",
    "mariadb",
    "mssql",
    "mysql",
    "oracle",
    "pg",
    "pgsql",
    "postgres",
    "postgresql",
    "sqlite",
    "sqlite3",
    "sqlserver",
];

fn strip_suffixes(stem: &str) -> (&str, Role, &str) {
    let mut stem = stem;
    let mut role = Role::Up;
    let mut database = "";
    for (suffix, meant) in [
        (".up", Role::Up),
        ("_up", Role::Up),
        ("-up", Role::Up),
        (".down", Role::Down),
        ("_down", Role::Down),
        ("-down", Role::Down),
        (".rollback", Role::Down),
        ("_rollback", Role::Down),
        (".undo", Role::Down),
        (".do", Role::Up),
    ] {
        if let Some(rest) = stem.strip_suffix(suffix) {
            (stem, role) = (rest, meant);
            break;
        }
    }
    if let Some((rest, last)) = stem.rsplit_once('.')
        && DATABASE_WORDS.contains(&last)
    {
        stem = rest;
        if last != "all" {
            database = last;
        }
    }
    (stem, role, database)
}

/// The version that a name begins with, and the rest as a title.
fn version_prefix(stem: &str) -> Option<(&str, &str)> {
    let stem = match stem.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => stem,
    };
    let (first, _) = digits(stem)?;
    let mut end = first.len();
    loop {
        let rest = stem.get(end..)?;
        let Some(separator) = rest.chars().next() else {
            break;
        };
        let Some((next, _)) = rest.get(1..).and_then(digits) else {
            break;
        };
        let after = rest.get(1 + next.len()..).and_then(|r| r.chars().next());
        let is_part = match separator {
            '.' => true,
            // A date, or a date and a time of day.
            '-' => after.is_none_or(|c| !c.is_alphanumeric()),
            '_' => {
                end == 8
                    && matches!(next.len(), 4 | 6)
                    && after.is_none_or(|c| !c.is_alphanumeric())
            }
            _ => false,
        };
        if !is_part {
            break;
        }
        end += 1 + next.len();
    }
    let (version, rest) = stem.split_at_checked(end)?;
    // `2fa.sql` and `3rd_party.sql` are words.
    if rest.starts_with(char::is_alphabetic) {
        return None;
    }
    Some((version, title_of(rest)))
}

fn title_of(rest: &str) -> &str {
    rest.trim_start_matches(['_', '-', '.', ' '])
}

/// Somebody took the file for a migration: SQL that is numbered, or that says `up` or `down`.
fn is_meant_as_migration(runner: Runner, path: &str) -> bool {
    if path.contains('/') || path.starts_with('.') || !ends_with_sql(path) {
        return false;
    }
    let lower = path.to_ascii_lowercase();
    let unversioned = lower.trim_start_matches(['v', 'u']);
    let says_so = unversioned.starts_with(|c: char| c.is_ascii_digit())
        || lower.contains(".up.")
        || lower.contains(".down.");
    says_so || (runner.profile().invalid_name_is_fatal && runner.profile().layout == Layout::Files)
}

fn ends_with_sql(path: &str) -> bool {
    strip_extension(path, "sql").is_some()
}

fn strip_extension<'t>(file: &'t str, extension: &str) -> Option<&'t str> {
    let (stem, written) = file.rsplit_once('.')?;
    written.eq_ignore_ascii_case(extension).then_some(stem)
}

/// The text before the last `.up.` or `.down.`, which of them it is, and what follows.
fn last_direction(text: &str) -> Option<(&str, Role, &str)> {
    let up = text.rfind(".up.").map(|at| (at, ".up.", Role::Up));
    let down = text.rfind(".down.").map(|at| (at, ".down.", Role::Down));
    let (at, word, role) = up.into_iter().chain(down).max_by_key(|&(at, ..)| at)?;
    Some((text.get(..at)?, role, text.get(at + word.len()..)?))
}

/// Whether what stands behind the direction is a program; `None` when it is neither that nor SQL.
fn is_code(extension: &str) -> Option<bool> {
    match extension {
        "sql" => Some(false),
        "go" | "js" | "ts" | "py" | "json" | "cql" | "cypher" => Some(true),
        _ => None,
    }
}

/// The digits that a text begins with, and the rest; `None` when there are none.
fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    if end == 0 {
        None
    } else {
        text.split_at_checked(end)
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(runner: Runner, path: &str, expected: &str) {
        let found = match recognize(runner, path) {
            Recognition::Migration(name) => format!(
                "{} {} {:?}{}{}{}",
                name.version,
                name.title,
                name.role,
                if name.database.is_empty() {
                    String::new()
                } else {
                    format!(" for {}", name.database)
                },
                if name.autocommit { " autocommit" } else { "" },
                if name.code { " code" } else { "" },
            ),
            Recognition::Unreadable => "unreadable".to_owned(),
            Recognition::Other => "other".to_owned(),
        };
        assert_eq!(found, expected, "{runner} {path}");
    }

    #[test]
    fn golang_migrate_names() {
        let check = |path, expected| check(Runner::GolangMigrate, path, expected);
        check("0001_add_casks.up.sql", "0001 add_casks Up");
        check("0001_add_casks.down.sql", "0001 add_casks Down");
        check("1_.up.sql", "1  Up");
        check("1_a.down.b.up.sql", "1 a.down.b Up");
        check("1510262030_seed.up.go", "1510262030 seed Up code");
        check("18446744073709551616_too_large.up.sql", "unreadable");
        check("0002_casks.sql", "unreadable");
        check("0002-casks.up.sql", "unreadable");
        check("casks.up.sql", "unreadable");
        check("0002_casks.UP.sql", "unreadable");
        check("0002_casks.up.sql.bak", "other");
        check("schema.sql", "other");
        check("embed.go", "other");
        check("README.md", "other");
        check("old/0001_a.up.sql", "other");
    }

    #[test]
    fn names_of_the_other_runners() {
        check(Runner::Goose, "00001_init.sql", "00001 init Both");
        check(Runner::Goose, "2_seed.go", "2 seed Both code");
        check(Runner::Goose, "2_seed_test.go", "other");
        check(Runner::Goose, "0_zero.sql", "unreadable");
        check(Runner::Goose, "init.sql", "unreadable");
        check(Runner::Goose, "migrations.go", "other");
        check(
            Runner::Dbmate,
            "20240102030405_a.sql",
            "20240102030405 a Both",
        );
        check(Runner::Dbmate, "a.sql", "other");
        check(
            Runner::Sqlx,
            "20240102_add casks.sql",
            "20240102 add casks Up",
        );
        check(Runner::Sqlx, "3_a.down.sql", "3 a Down");
        check(Runner::Sqlx, "three_a.sql", "unreadable");
        check(Runner::Refinery, "V1__init.sql", "1 init Up");
        check(Runner::Refinery, "U1.5__init.sql", "1.5 init Up");
        check(Runner::Refinery, "V1_init.sql", "unreadable");
        check(
            Runner::Diesel,
            "2024-01-02-030405_add_casks/up.sql",
            "2024-01-02-030405 add_casks Up",
        );
        check(
            Runner::Diesel,
            "00000000000000_setup/down.sql",
            "00000000000000 setup Down",
        );
        check(
            Runner::Diesel,
            "00000000000000_setup/metadata.toml",
            "other",
        );
        check(Runner::Flyway, "V1_2__a.sql", "1_2 a Up");
        check(Runner::Flyway, "U1.2__a.sql", "1.2 a Down");
        check(Runner::Flyway, "R__views.sql", " views Repeatable");
        check(Runner::Flyway, "B7__base.sql", "7 base Baseline");
        check(Runner::Flyway, "v2__a.sql", "unreadable");
        check(Runner::Flyway, "afterMigrate.sql", "other");
        check(
            Runner::Prisma,
            "20240102030405_init/migration.sql",
            "20240102030405 init Up",
        );
        check(Runner::Prisma, "migration_lock.toml", "other");
        check(
            Runner::Popx,
            "2019_a.postgres.up.sql",
            "2019 a Up for postgres",
        );
        check(
            Runner::Popx,
            "2019_a.mysql.autocommit.down.sql",
            "2019 a Down for mysql autocommit",
        );
        check(Runner::Popx, "2019_a.up.fizz", "2019 a Up code");
        check(Runner::Tern, "001_a.sql", "001 a Both");
        check(Runner::Drizzle, "0000_quiet_cask.sql", "0000 quiet_cask Up");
    }

    #[test]
    fn plain_names() {
        let check = |path, expected| check(Runner::Plain, path, expected);
        check("001_a.sql", "001 a Up");
        check("1.sql", "1  Up");
        check("2024-01-02_a.sql", "2024-01-02 a Up");
        check("20240102_030405_a.sql", "20240102_030405 a Up");
        check("1.2.3-a.sql", "1.2.3 a Up");
        check("7_2fa.sql", "7 2fa Up");
        check("V0001.Initial.mysql.up.sql", "0001 Initial Up for mysql");
        check("3_a_down.sql", "3 a Down");
        check("12/03_a.up.sql", "12/03 a Up");
        check("v1.4/02_a.sql", "v1.4/02 a Up");
        check("1700000000000_a/up.sql", "1700000000000 a Up");
        check("2fa.sql", "unreadable");
        check("a.sql", "other");
        check("other/1_a.sql", "other");
    }

    #[test]
    fn numbers_compare_as_numbers() {
        let order = |path| match recognize(Runner::Plain, path) {
            Recognition::Migration(name) => name.order,
            other => panic!("{path}: {other:?}"),
        };
        assert!(order("2_a.sql") < order("10_a.sql"));
        assert_eq!(order("02_a.sql"), order("2_b.sql"));
        assert!(order("9/10_a.sql") < order("10/01_a.sql"));
        assert!(order("99999999999999999999999999999999999999999_a.sql") > order("1_a.sql"));
    }

    proptest! {
        #[test]
        fn no_path_panics(path in "\\PC{0,40}", number in "[0-9]{0,30}[_.\\-]?\\PC{0,12}(\\.up|\\.down)?\\.sql") {
            for profile in super::super::PROFILES {
                recognize(profile.runner, &path);
                recognize(profile.runner, &number);
            }
        }
    }
}
