//! Judges the migrations of a release: replays what was released, then looks at what is new, operation by operation.

mod drift;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::drift::drift;
use super::downs::{self, Reversibility};
use super::texts::Texts;
use super::{Check, DownFile, FileContext, RULES, ReleaseContext, SqlInput, Uses};
use crate::effects::{DEFAULT_SERVER_VERSION, Effect};
use crate::finding::Finding;
use crate::migrations::DirectorySurvey;
use crate::migrations::lowering::{LoweredFile, Lowering};
use crate::migrations::replay::{Replays, Setting, Unit, fold, walk};
use crate::migrations::sequence::{MigrationFile, Sequence};
use crate::migrations::upgrade::{Upcoming, Upgrade, installed, upgrade};
use crate::rules::Findings;
use crate::schema::{self, Catalog};
use crate::source::{Location, SourceId, Sources, Span};
use crate::syntax::mentions::Sought;
use crate::syntax::migration::Direction;
use crate::syntax::sql::operation::{Action, ObjectKind};
use crate::version::ReleaseType;

/// What is judged.
pub struct ReleaseInput<'a> {
    /// The sequence before and after.
    pub directory: &'a DirectorySurvey,
    /// The statements of its files.
    pub lowering: &'a Lowering,
    /// Replays of other states.
    pub replays: &'a Replays,
    /// Texts.
    pub sources: &'a Sources,
    /// The text of each changed file, by path.
    pub texts: &'a BTreeMap<String, SourceId>,
    /// The previous release's tag; empty when there is none.
    pub previous: &'a str,
    /// The release type that the tag declares.
    pub declared: Option<ReleaseType>,
    /// Where the previous release uses what [`taken_names`] names.
    pub uses: &'a Uses,
    /// The rules to run beside those that are on by themselves.
    pub enabled: &'a [String],
}

/// Where an operation stands.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Site {
    /// The file's path.
    pub path: String,
    /// The index of its section in the file.
    pub section: usize,
    /// The index of its statement in the section.
    pub statement: usize,
    /// Its index in the statement.
    pub index: usize,
}

/// What was found out about a release's migrations.
#[derive(Debug, Default)]
pub struct JudgedRelease {
    /// Findings, in the order of the files.
    pub findings: Vec<Finding>,
    /// What each operation of the new files does; functions that it calls are part of it.
    pub effects: BTreeMap<Site, Effect>,
    /// Whether the way down of each new up file gives back what was there.
    pub reversibility: BTreeMap<String, Reversibility>,
    /// Statements that could not be judged: path and why.
    pub opaque: Vec<(String, String)>,
}

impl JudgedRelease {
    /// What an operation does, if its file is new in this release.
    pub fn effect(
        &self,
        path: &str,
        section: usize,
        statement: usize,
        index: usize,
    ) -> Option<&Effect> {
        self.effects.get(&Site {
            path: path.to_owned(),
            section,
            statement,
            index,
        })
    }
}

/// A new file, in the order in which it runs.
#[derive(Debug)]
pub(super) struct NewFile<'a> {
    number: u32,
    pub(super) file: &'a MigrationFile,
    pub(super) lowered: &'a LoweredFile,
    upcoming: Upcoming<'a>,
    down: Option<(&'a MigrationFile, &'a LoweredFile)>,
}

/// Judges one sequence of migrations.
pub fn check_release(input: &ReleaseInput<'_>) -> JudgedRelease {
    let survey = input.directory;
    let mut names: Vec<&str> = Vec::new();
    let mut released = replay(
        survey,
        input.lowering,
        &survey.previous,
        input.replays,
        &mut names,
    );
    let has_previous = !input.previous.is_empty() || !survey.previous.files.is_empty();
    // An operation of its own keeps the clock above 0, so that a release without migrations before is not taken for none.
    if has_previous {
        released.tick();
    }
    let Upgrade { new, passed_over } = upgrade(survey);
    let new = new_files(survey, &new, input.lowering, &mut names);
    let mut last = released.clone();
    for file in &new {
        fold(
            &mut last,
            file.units(file.lowered, Direction::Up)
                .map(|(_, unit)| unit),
        );
        if file.lowered.opaque {
            last.taint();
        }
    }
    let release = ReleaseContext {
        previous: input.previous,
        declared: input.declared,
        released: &released,
        last: &last,
        server_version: survey
            .directory
            .server_version
            .unwrap_or(DEFAULT_SERVER_VERSION),
        server_is_configured: survey.directory.server_version.is_some(),
        files: &names,
        uses: input.uses,
        dropped_indexes: &dropped_indexes(&new),
        new: &new,
        texts: input.texts,
        cut: &Texts::default(),
        enabled: input.enabled,
    };
    let mut judged = JudgedRelease::default();
    let mut catalog = released.clone();
    for file in &new {
        let before = catalog.clone();
        judge_up(input, &release, file, &mut catalog, &mut judged);
        if let Some(down) = file.down {
            judge_down(
                input,
                &release,
                file,
                down,
                (&before, &catalog),
                &mut judged,
            );
        } else {
            judged
                .reversibility
                .insert(file.file.path.clone(), Reversibility::No);
        }
    }
    for (file, why) in &passed_over {
        let reason = format!("{why}, so what it does was not judged");
        judged.opaque.push((file.path.clone(), reason));
    }
    judged.findings.extend(drift(input, &last, &passed_over));
    judged
}

/// The indexes that new files drop on their way up.
fn dropped_indexes(new: &[NewFile<'_>]) -> Vec<String> {
    new.iter()
        .flat_map(|file| file.units(file.lowered, Direction::Up))
        .flat_map(|(_, unit)| unit.statements)
        .flat_map(|statement| &statement.operations)
        .filter_map(|operation| match &operation.action {
            Action::Drop {
                kind: ObjectKind::Index,
                names,
                ..
            } => Some(names.iter().map(|name| name.name.clone())),
            _ => None,
        })
        .flatten()
        .collect()
}

/// The names that the new files take away from the previous release: what to look for in its sources.
pub fn taken_names(
    survey: &DirectorySurvey,
    lowering: &Lowering,
    replays: &Replays,
) -> BTreeSet<Sought> {
    if survey.previous.files.is_empty() {
        return BTreeSet::new();
    }
    let mut names = Vec::new();
    let mut catalog = replay(survey, lowering, &survey.previous, replays, &mut names);
    catalog.tick();
    let setting = Setting {
        released: catalog.clock(),
        previous: None,
        last: None,
        server_version: DEFAULT_SERVER_VERSION,
    };
    let mut taken = BTreeSet::new();
    for file in &new_files(survey, &upgrade(survey).new, lowering, &mut names) {
        for (_, unit) in file.units(file.lowered, Direction::Up) {
            walk(&mut catalog, &unit, &setting, &mut |step| {
                if step.effect.release_type == ReleaseType::Major {
                    taken.extend(
                        schema::taken_names(step.before, step.operation)
                            .into_iter()
                            .map(|taken| Sought {
                                object: taken.object,
                                column: taken.column,
                            }),
                    );
                }
            });
        }
    }
    taken
}

/// Folds a sequence as it was released. What was folded before is not folded again.
fn replay<'a>(
    survey: &DirectorySurvey,
    lowering: &Lowering,
    sequence: &'a Sequence,
    replays: &Replays,
    names: &mut Vec<&'a str>,
) -> Catalog {
    let installed = installed(sequence);
    names.extend(installed.iter().map(|file| file.path.as_str()));
    let files: Vec<Arc<MigrationFile>> = installed.into_iter().cloned().collect();
    let (done, mut catalog) = replays
        .longest(&survey.directory, &files)
        .unwrap_or_else(|| (0, Catalog::new(survey.directory.dialect)));
    for (index, file) in files.iter().enumerate().skip(done) {
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        match lowering.get(&survey.directory, file) {
            Some(lowered) => {
                let whole = Upcoming {
                    file,
                    sections: None,
                };
                fold(
                    &mut catalog,
                    units(number, whole, lowered, Direction::Up).map(|(_, unit)| unit),
                );
                if lowered.opaque {
                    catalog.taint();
                }
            }
            None => catalog.taint(),
        }
    }
    if done < files.len() {
        replays.remember(&survey.directory, files, &catalog);
    }
    catalog
}

fn number<'a>(names: &mut Vec<&'a str>, path: &'a str) -> u32 {
    names.push(path);
    u32::try_from(names.len() - 1).unwrap_or(u32::MAX)
}

/// The files that a database of the previous release has still to run, with what they say.
fn new_files<'a>(
    survey: &'a DirectorySurvey,
    upcoming: &[Upcoming<'a>],
    lowering: &'a Lowering,
    names: &mut Vec<&'a str>,
) -> Vec<NewFile<'a>> {
    let with_text = |&upcoming: &Upcoming<'a>| {
        let file = upcoming.file;
        let lowered = lowering.get(&survey.directory, file)?;
        let down = survey.subject.down_of(file).and_then(|down| {
            let lowered = lowering.get(&survey.directory, down)?;
            Some((down, &**lowered))
        });
        Some(NewFile {
            number: number(names, &file.path),
            file,
            lowered,
            upcoming,
            down,
        })
    };
    upcoming.iter().filter_map(with_text).collect()
}

impl<'a> NewFile<'a> {
    /// What runs of it, or of the file with its way down, with the index of the section in that file.
    fn units<'l>(
        &self,
        lowered: &'l LoweredFile,
        direction: Direction,
    ) -> impl Iterator<Item = (usize, Unit<'l>)> + use<'l, 'a> {
        units(self.number, self.upcoming, lowered, direction)
    }
}

/// The sections of a direction, with their index in the file.
fn units<'l, 'a>(
    number: u32,
    upcoming: Upcoming<'a>,
    lowered: &'l LoweredFile,
    direction: Direction,
) -> impl Iterator<Item = (usize, Unit<'l>)> + use<'l, 'a> {
    let sections = upcoming.sections(lowered, direction);
    sections.map(move |(index, cut)| {
        let unit = Unit {
            file: number,
            mode: cut.section.transaction,
            statements: &cut.statements,
        };
        (index, unit)
    })
}

fn judge_up(
    input: &ReleaseInput<'_>,
    release: &ReleaseContext<'_>,
    new: &NewFile<'_>,
    catalog: &mut Catalog,
    judged: &mut JudgedRelease,
) {
    let source = input.texts.get(&new.file.path).copied();
    if let Some(source) = source {
        syntax_errors(source, new.lowered, judged);
    }
    if new.lowered.opaque {
        catalog.taint();
    }
    let setting = Setting {
        released: release.released.clock(),
        previous: Some(release.released),
        last: Some(release.last),
        server_version: release.server_version,
    };
    for (section, unit) in new.units(new.lowered, Direction::Up) {
        let context = source.map(|source| file_context(input, source, new, Direction::Up));
        let mut findings = Findings::default();
        walk(catalog, &unit, &setting, &mut |step| {
            let site = Site {
                path: new.file.path.clone(),
                section,
                statement: step.statement,
                index: step.index,
            };
            if step.effect.opaque
                && let Some(source) = source
            {
                let place = Location {
                    source,
                    span: step.operation.span,
                };
                let (position, _) = input.sources.positions(place);
                judged.opaque.push((
                    new.file.path.clone(),
                    format!("line {}: {}", position.line, step.effect.reason),
                ));
            }
            match judged.effects.get_mut(&site) {
                Some(known) => known.absorb(step.effect),
                None => {
                    judged.effects.insert(site, step.effect.clone());
                }
            }
            if let Some(file) = &context {
                run(
                    &SqlInput {
                        step,
                        file,
                        release,
                    },
                    &mut findings,
                );
            }
        });
        judged.findings.append(&mut findings.0);
    }
}

fn run(input: &SqlInput<'_>, findings: &mut Findings) {
    for rule in RULES {
        if rule.opt_in && !input.release.enabled.iter().any(|id| id == rule.info.id) {
            continue;
        }
        match rule.check {
            Check::Up(check) if input.file.direction == Direction::Up => check(input, findings),
            Check::Both(check) => check(input, findings),
            Check::Up(_) | Check::Down(_) | Check::Errors | Check::Drift => {}
        }
    }
}

fn file_context<'a>(
    input: &'a ReleaseInput<'_>,
    source: SourceId,
    new: &'a NewFile<'_>,
    direction: Direction,
) -> FileContext<'a> {
    let down = new.down.and_then(|(file, lowered)| {
        let source = *input.texts.get(&file.path)?;
        Some(DownFile { source, lowered })
    });
    FileContext {
        source,
        text: &input.sources.get(source).text,
        direction,
        runner: input.directory.directory.runner,
        dialect: input.directory.directory.dialect,
        up: new.file,
        down,
        directory: input.directory,
        sources: input.sources,
    }
}

fn syntax_errors(source: SourceId, lowered: &LoweredFile, judged: &mut JudgedRelease) {
    for rule in RULES
        .iter()
        .filter(|rule| matches!(rule.check, Check::Errors))
    {
        for (span, message) in &lowered.errors {
            let place = Location {
                source,
                span: *span,
            };
            judged.findings.push(Finding::at(
                rule.info.id,
                rule.info.severity,
                place,
                message.clone(),
            ));
        }
    }
}

/// Walks the way back from the schema behind the file, and compares what it gives back with the schema before.
fn judge_down(
    input: &ReleaseInput<'_>,
    release: &ReleaseContext<'_>,
    new: &NewFile<'_>,
    (down, lowered): (&MigrationFile, &LoweredFile),
    (before, after): (&Catalog, &Catalog),
    judged: &mut JudgedRelease,
) {
    let source = input.texts.get(&down.path).copied();
    if down.path != new.file.path
        && let Some(source) = source
    {
        syntax_errors(source, lowered, judged);
    }
    let mut catalog = after.clone();
    // Whoever goes back does it on a database in use: everything there is old.
    let setting = Setting {
        released: after.clock().max(1),
        previous: None,
        last: None,
        server_version: release.server_version,
    };
    let context = source.map(|source| file_context(input, source, new, Direction::Down));
    let mut findings = Findings::default();
    let mut first = None;
    for (section, unit) in new.units(lowered, Direction::Down) {
        first = first.or_else(|| unit.statements.first().map(|statement| statement.span));
        walk(&mut catalog, &unit, &setting, &mut |step| {
            let site = Site {
                path: down.path.clone(),
                section,
                statement: step.statement,
                index: step.index,
            };
            let mut effect = step.effect.clone();
            // A rollback is no release.
            effect.release_type = ReleaseType::None;
            judged.effects.entry(site).or_insert(effect);
            if let Some(file) = &context {
                run(
                    &SqlInput {
                        step,
                        file,
                        release,
                    },
                    &mut findings,
                );
            }
        });
    }
    let up_loses = judged
        .effects
        .range(
            Site {
                path: new.file.path.clone(),
                section: 0,
                statement: 0,
                index: 0,
            }..,
        )
        .take_while(|(site, _)| site.path == new.file.path)
        .map(|(_, effect)| effect)
        .collect::<Vec<_>>();
    let way_back = downs::DownInput::new(
        source,
        first.unwrap_or(Span::new(0, 0)),
        &up_loses,
        (before, after, &catalog),
        release,
        (new.lowered, lowered),
    );
    judged
        .reversibility
        .insert(new.file.path.clone(), way_back.reversibility());
    if source.is_some() {
        for rule in RULES {
            if let Check::Down(check) = rule.check {
                check(&way_back, &mut findings);
            }
        }
    }
    judged.findings.append(&mut findings.0);
}

#[cfg(test)]
mod tests;
