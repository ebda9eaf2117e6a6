//! What there is to rehearse: the migrations that the previous release ran, and those that an upgrade to this one runs,
//! as the statements that the runner sends.

use crate::discover::{Reader, Snapshot};
use crate::effects::autocommit_only;
use crate::migrations::directories::MigrationDirectory;
use crate::migrations::lowering::Lowering;
use crate::migrations::replay;
use crate::migrations::sequence::{MigrationFile, Sequence};
use crate::migrations::upgrade::{Upcoming, Upgrade, installed, upgrade};
use crate::migrations::{DirectorySurvey, Survey};
use crate::source::{Location, SourceId};
use crate::syntax::migration::{Direction, Role, TransactionMode};
use crate::syntax::sql::operation::{Dialect, Statement};

/// One sequence of migrations, before and after.
#[derive(Debug, Clone)]
pub struct Script {
    /// The directory.
    pub directory: MigrationDirectory,
    /// What the previous release ran, in order.
    pub previous: Vec<Migration>,
    /// What an upgrade to the subject runs, in order.
    pub upcoming: Vec<Migration>,
    /// What a new installation of the subject runs, in order.
    pub fresh: Vec<Migration>,
    /// New files that no upgrade runs, and why.
    pub passed_over: Vec<(String, String)>,
    /// New baselines, which only a new installation may run.
    pub baselines: Vec<String>,
}

/// A migration.
#[derive(Debug, Clone)]
pub struct Migration {
    /// The path of the file that goes up.
    pub path: String,
    /// What the runner calls it.
    pub version: String,
    /// The way up.
    pub up: Vec<Part>,
    /// The way down; `None` when there is none.
    pub down: Option<Way>,
    /// It is a program, or could not be read: it cannot be run here.
    pub opaque: bool,
}

/// A way back.
#[derive(Debug, Clone)]
pub struct Way {
    /// The file that holds it.
    pub path: String,
    /// Its parts.
    pub parts: Vec<Part>,
}

/// The statements that a runner sends together.
#[derive(Debug, Clone)]
pub struct Part {
    /// The file.
    pub source: SourceId,
    /// What is around the statements.
    pub mode: TransactionMode,
    /// The statements, as relgate reads them.
    pub statements: Vec<Statement>,
    /// The same statements, as they are sent.
    pub texts: Vec<String>,
}

impl Part {
    /// Where a statement stands.
    pub fn location(&self, statement: usize) -> Location {
        Location {
            source: self.source,
            span: self
                .statements
                .get(statement)
                .map(|statement| statement.span)
                .unwrap_or_default(),
        }
    }

    /// The same statements for the replay of the schema.
    pub fn unit(&self, file: u32) -> replay::Unit<'_> {
        replay::Unit {
            file,
            mode: self.mode,
            statements: &self.statements,
        }
    }
}

impl Migration {
    /// It is more than one transaction, or holds a statement that is more than one by itself, so that it can stop halfway.
    pub fn can_stop_halfway(&self) -> bool {
        let several =
            |part: &Part| part.mode == TransactionMode::Autocommit && part.texts.len() > 1;
        let several_in_one = |part: &Part| {
            part.statements
                .iter()
                .flat_map(|statement| &statement.operations)
                .any(|operation| autocommit_only(&operation.action, NEWEST_SERVER).is_some())
        };
        self.up
            .iter()
            .any(|part| several(part) || several_in_one(part))
    }
}

/// A version on which everything may run in a transaction that ever may.
pub(super) const NEWEST_SERVER: u32 = 18;

impl Script {
    /// What changed in one directory, if anything in it runs.
    fn of(
        survey: &Survey,
        directory: &DirectorySurvey,
        lowering: &Lowering,
        reader: &mut Reader<'_>,
    ) -> Self {
        let mut take = |snapshot: &Snapshot, sequence: &Sequence, upcoming: Upcoming<'_>| {
            migration(snapshot, sequence, upcoming, directory, lowering, reader)
        };
        let whole = |file| Upcoming {
            file,
            sections: None,
        };
        let (before, after) = (&directory.previous, &directory.subject);
        let previous = installed(before)
            .into_iter()
            .map(|file| take(&survey.previous, before, whole(file)))
            .collect();
        let fresh = installed(after)
            .into_iter()
            .map(|file| take(&survey.subject, after, whole(file)))
            .collect();
        let Upgrade { new, passed_over } = upgrade(directory);
        let is_baseline = |file: &&MigrationFile| file.name.role == Role::Baseline;
        let baselines = after.ups().filter(is_baseline);
        let baselines = baselines.map(|file| file.path.clone()).collect();
        let upcoming = new
            .into_iter()
            .map(|upcoming| take(&survey.subject, after, upcoming))
            .collect();
        Self {
            directory: directory.directory.clone(),
            previous,
            upcoming,
            fresh,
            baselines,
            passed_over: passed_over
                .into_iter()
                .map(|(file, why)| (file.path.clone(), why))
                .collect(),
        }
    }
}

/// The sequences that a release changes and PostgreSQL runs. The others are noted in the reader's coverage.
pub fn scripts(survey: &Survey, lowering: &Lowering, reader: &mut Reader<'_>) -> Vec<Script> {
    let mut scripts = Vec::new();
    for directory in &survey.directories {
        if directory.changes.is_empty() {
            continue;
        }
        match directory.directory.dialect {
            Dialect::Postgresql => {
                scripts.push(Script::of(survey, directory, lowering, reader));
            }
            other => reader.coverage.skip(
                directory.directory.path.clone(),
                format!(
                    "migrations for {}: relgate rehearses on PostgreSQL only",
                    match other {
                        Dialect::Mysql => "MySQL",
                        Dialect::Sqlite => "SQLite",
                        Dialect::Postgresql | Dialect::Generic => "a database that is not known",
                    }
                ),
            ),
        }
    }
    scripts
}

fn migration(
    snapshot: &Snapshot,
    sequence: &Sequence,
    upcoming: Upcoming<'_>,
    directory: &DirectorySurvey,
    lowering: &Lowering,
    reader: &mut Reader<'_>,
) -> Migration {
    let file = upcoming.file;
    let mut cut = |file: &MigrationFile, direction| {
        let upcoming = Upcoming { file, ..upcoming };
        parts(snapshot, upcoming, direction, directory, lowering, reader)
    };
    let up = cut(file, Direction::Up);
    let down = sequence.down_of(file).and_then(|down| {
        let parts = cut(down, Direction::Down)?;
        // A file with both ways may hold one only.
        (down.path != file.path || !parts.is_empty()).then(|| Way {
            path: down.path.clone(),
            parts,
        })
    });
    Migration {
        path: file.path.clone(),
        version: file.name.identity.clone(),
        opaque: up.is_none(),
        up: up.unwrap_or_default(),
        down,
    }
}

/// What a file sends in one direction; `None` for a program and for what cannot be read.
fn parts(
    snapshot: &Snapshot,
    upcoming: Upcoming<'_>,
    direction: Direction,
    directory: &DirectorySurvey,
    lowering: &Lowering,
    reader: &mut Reader<'_>,
) -> Option<Vec<Part>> {
    let file = upcoming.file;
    let lowered = lowering.get(&directory.directory, file)?;
    if lowered.opaque {
        return None;
    }
    let source = reader.read(snapshot, &file.path)?;
    let text = reader.sources.get(source).text.clone();
    let sections = upcoming.sections(lowered, direction);
    let parts = sections.map(|(_, section)| Part {
        source,
        mode: section.section.transaction,
        texts: section
            .statements
            .iter()
            .map(|statement| text.get(statement.span.range()).unwrap_or("").to_owned())
            .collect(),
        statements: section.statements.clone(),
    });
    Some(parts.collect())
}
