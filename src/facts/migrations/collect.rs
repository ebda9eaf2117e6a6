//! Facts from a survey of the migrations.

use super::describe;
use super::{MigrationDirectoryFact, MigrationFact, MigrationsFacts, OperationFact};
use crate::discover::{Reader, Snapshot};
use crate::facts::{Origin, Origins};
use crate::migrations::changes::{ChangeKind, FileChange};
use crate::migrations::lowering::{LoweredFile, Lowering};
use crate::migrations::sequence::{MigrationFile, Sequence};
use crate::migrations::upgrade::Upcoming;
use crate::migrations::{DirectorySurvey, Survey};
use crate::source::{Location, SourceId, Span};
use crate::syntax::migration::{Direction, Role};
use crate::syntax::sql::operation::{Action, Operation};

/// Where an operation stands: what whoever judges its effects finds it by.
#[derive(Debug, Clone, Copy)]
pub struct OperationSite<'s> {
    /// The sequence.
    pub directory: &'s DirectorySurvey,
    /// The file.
    pub file: &'s MigrationFile,
    /// The direction of its section.
    pub direction: Direction,
    /// The index of its section in the lowered file.
    pub section: usize,
    /// The index of its statement in the section.
    pub statement: usize,
    /// Its index in the statement.
    pub index: usize,
    /// Itself.
    pub operation: &'s Operation,
}

/// What changed since the previous release, as policies see it. `judge` fills in what an operation does to a running
/// release (compatibility, data loss, release type, lock, work); it is called for the added, modified and renumbered
/// files, in the order of the facts, once for each object that an operation names. What it leaves empty is unknown.
pub fn collect(
    survey: &Survey,
    lowering: &Lowering,
    reader: &mut Reader<'_>,
    origins: &mut Origins,
    judge: &mut dyn FnMut(&OperationSite<'_>, &mut OperationFact),
) -> MigrationsFacts {
    let mut facts = MigrationsFacts {
        directories: survey.directories.iter().map(directory_fact).collect(),
        ..MigrationsFacts::default()
    };
    for directory in &survey.directories {
        reader
            .coverage
            .count("migrations", directory.subject.ups().count());
        let mut changed = Vec::new();
        for change in &directory.changes {
            let Some(file) = change.file() else { continue };
            let mut collector = Collector {
                directory,
                lowering,
                reader,
                origins,
                judge,
            };
            let snapshot = if change.current.is_some() {
                &survey.subject
            } else {
                &survey.previous
            };
            let fact = collector.fact(change, file, snapshot);
            match change.kind {
                ChangeKind::Added => &mut facts.added,
                ChangeKind::Modified => &mut facts.modified,
                ChangeKind::Deleted => &mut facts.deleted,
                ChangeKind::Renamed => &mut facts.renamed,
            }
            .push(fact.clone());
            if change.current.is_some() && fact.direction == Direction::Up.as_str() {
                changed.push((position(&directory.subject, file), fact.statements));
            }
        }
        changed.sort_by_key(|(position, _)| *position);
        facts
            .operations
            .extend(changed.into_iter().flat_map(|(_, statements)| statements));
    }
    for list in [
        &mut facts.added,
        &mut facts.modified,
        &mut facts.deleted,
        &mut facts.renamed,
    ] {
        list.sort_by(|a, b| a.path.cmp(&b.path));
    }
    facts
}

fn position(sequence: &Sequence, file: &MigrationFile) -> usize {
    sequence
        .files
        .partition_point(|other| other.position() < file.position())
}

fn directory_fact(survey: &DirectorySurvey) -> MigrationDirectoryFact {
    let directory = &survey.directory;
    MigrationDirectoryFact {
        path: directory.path.clone(),
        dialect: directory.dialect.as_str().to_owned(),
        runner: directory.runner.as_str().to_owned(),
        phase: directory.phase.as_str().to_owned(),
        server_version: directory.server_version.unwrap_or(0),
        configured: directory.configured,
        count: survey.subject.ups().count() as u64,
        latest: survey
            .subject
            .latest()
            .map_or_else(String::new, |file| file.name.version.clone()),
    }
}

struct Collector<'c, 'r> {
    directory: &'c DirectorySurvey,
    lowering: &'c Lowering,
    reader: &'c mut Reader<'r>,
    origins: &'c mut Origins,
    judge: &'c mut dyn FnMut(&OperationSite<'_>, &mut OperationFact),
}

impl Collector<'_, '_> {
    fn fact(
        &mut self,
        change: &FileChange,
        file: &MigrationFile,
        snapshot: &Snapshot,
    ) -> MigrationFact {
        let direction = direction_of(change, file);
        let source = self.reader.read(snapshot, &file.path);
        let lowered = self.lowering.get(&self.directory.directory, file).cloned();
        let sequence = if change.current.is_some() {
            &self.directory.subject
        } else {
            &self.directory.previous
        };
        let (has_down, down_is_empty) = self.way_back(sequence, file);
        let mut fact = MigrationFact {
            reversible: String::new(),
            path: file.path.clone(),
            previous_path: match &change.previous {
                Some(previous) if previous.path != file.path => previous.path.clone(),
                _ => String::new(),
            },
            directory: self.directory.directory.path.clone(),
            version: file.name.version.clone(),
            title: file.name.title.clone(),
            direction: direction.as_str().to_owned(),
            runner: self.directory.directory.runner.as_str().to_owned(),
            dialect: self.directory.directory.dialect.as_str().to_owned(),
            change: change.kind.as_str().to_owned(),
            up_changed: change.up_changed,
            down_changed: change.down_changed,
            renumbered: change.renumbered,
            code: file.name.code,
            has_down,
            down_is_empty,
            empty: lowered
                .as_ref()
                .is_some_and(|lowered| lowered.is_empty(direction)),
            release_type: String::new(),
            statements: Vec::new(),
            origin: self.origin(source, Span::default()),
        };
        if let Some(lowered) = lowered
            && change.current.is_some()
            && (change.up_changed || change.down_changed)
        {
            let upcoming = Upcoming {
                file,
                sections: change.new_sections.as_deref().filter(|_| !change.edited),
            };
            fact.statements = self.statements(upcoming, direction, &lowered, source);
        }
        fact.release_type = highest(&fact.statements);
        fact
    }

    fn statements(
        &mut self,
        upcoming: Upcoming<'_>,
        direction: Direction,
        lowered: &LoweredFile,
        source: Option<SourceId>,
    ) -> Vec<OperationFact> {
        let file = upcoming.file;
        let mut facts = Vec::new();
        if lowered.opaque {
            facts.push(OperationFact {
                kind: "opaque".to_owned(),
                reason: if file.name.code {
                    "a program: what it does is not known".to_owned()
                } else {
                    "it cannot be read".to_owned()
                },
                opaque: true,
                ..self.operation_fact(file, direction, source, Span::default())
            });
        }
        for (section, cut) in upcoming.sections(lowered, direction) {
            self.reader
                .coverage
                .count("statements", cut.statements.len());
            for (statement, parsed) in cut.statements.iter().enumerate() {
                for (index, operation) in parsed.operations.iter().enumerate() {
                    let site = OperationSite {
                        directory: self.directory,
                        file,
                        direction,
                        section,
                        statement,
                        index,
                        operation,
                    };
                    for target in describe::targets(&operation.action) {
                        let mut fact = OperationFact {
                            kind: describe::kind(&operation.action),
                            table: target.table,
                            column: target.column,
                            object: target.object,
                            opaque: matches!(operation.action, Action::Opaque { .. }),
                            ..self.operation_fact(file, direction, source, operation.span)
                        };
                        (self.judge)(&site, &mut fact);
                        facts.push(fact);
                    }
                }
            }
        }
        facts
    }

    /// What every operation of a file shares; what a judge does not fill in is unknown.
    fn operation_fact(
        &mut self,
        file: &MigrationFile,
        direction: Direction,
        source: Option<SourceId>,
        span: Span,
    ) -> OperationFact {
        OperationFact {
            path: file.path.clone(),
            version: file.name.version.clone(),
            direction: direction.as_str().to_owned(),
            compatibility: "unknown".to_owned(),
            data_loss: "unknown".to_owned(),
            release_type: "minor".to_owned(),
            origin: self.origin(source, span),
            ..OperationFact::default()
        }
    }

    fn origin(&mut self, source: Option<SourceId>, span: Span) -> Origin {
        source.map_or(Origin::default(), |source| {
            self.origins.add(Location { source, span })
        })
    }

    /// Whether an up migration can be undone, and whether that would do nothing.
    fn way_back(&self, sequence: &Sequence, up: &MigrationFile) -> (bool, bool) {
        let Some(down) = sequence.down_of(up) else {
            return (false, false);
        };
        let Some(lowered) = self.lowering.get(&self.directory.directory, down) else {
            return (true, false);
        };
        let exists = down.name.role == Role::Down
            || lowered.opaque
            || lowered.sections(Direction::Down).next().is_some();
        let does_something = lowered.opaque
            || lowered
                .sections(Direction::Down)
                .flat_map(|section| &section.statements)
                .flat_map(|statement| &statement.operations)
                .any(|operation| !describe::does_nothing(&operation.action));
        (exists, exists && !does_something)
    }
}

/// The direction that a change is one of: a file that holds both ways is `up`, unless only its way down differs.
fn direction_of(change: &FileChange, file: &MigrationFile) -> Direction {
    if file.name.role == Role::Both && change.down_changed && !change.up_changed {
        Direction::Down
    } else {
        file.direction()
    }
}

/// The highest release type among operations; `none` when there is none.
fn highest(operations: &[OperationFact]) -> String {
    ["major", "minor", "patch"]
        .into_iter()
        .find(|word| {
            operations
                .iter()
                .any(|operation| operation.release_type == *word)
        })
        .unwrap_or("none")
        .to_owned()
}
