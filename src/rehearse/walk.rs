//! The rehearsal of one sequence: the database as released, the way up, the way back, the way up again, the dump.

use std::time::{Duration, Instant};

use super::apply::{Plainly, Sender, Stopped, run_parts};
use super::compat::Tried;
use super::concurrency::Traffic;
use super::connection::{Connection, Refused};
use super::host::Host;
use super::prediction::{Predictions, differences, predict};
use super::script::{Migration, Part, Script};
use super::state::{
    self, Data, Schema, data_differences, restored_differences, schema_differences,
};
use super::trace::Tracer;
use super::{
    Failure, MigrationRun, Options, Rehearsal, Seeded, Step, Unready, concurrency, failure, seed,
};

/// How many roles are made for migrations that name them, before it is taken for a mistake.
const MOST_ROLES: usize = 30;

/// Rehearses a sequence.
pub(super) fn walk(
    host: &mut Host,
    script: &Script,
    options: &Options,
) -> Result<Rehearsal, Unready> {
    let mut roles = Vec::new();
    let (work, released_took) = released(host, script, &mut roles)?;
    let mut connection = host.connect(&work)?;
    let seeded = fill(&mut connection, options)?;
    let schema = state::schema(&mut connection)?;
    let data = state::data(&mut connection)?;
    drop(connection);

    let predictions = predict(script, host.version);
    let mut rehearsal = Rehearsal {
        directory: script.directory.path.clone(),
        runner: script.directory.runner.as_str(),
        released: script.previous.len(),
        released_took,
        seeded,
        made_up_refused: None,
        tried: Tried::default(),
        roles: Vec::new(),
        rows: data.values().map(|contents| contents.rows).sum(),
        passed_over: script.passed_over.clone(),
        baselines: script.baselines.clone(),
        migrations: Vec::new(),
        lost: None,
        restore: Step::NotReached,
        restore_differences: Vec::new(),
        fresh: Step::NotReached,
        fresh_differences: Vec::new(),
    };
    let before = Before {
        database: &work,
        schema: &schema,
        data: &data,
    };
    let upgraded = there_and_back(
        host,
        script,
        &before,
        &predictions,
        &mut roles,
        &mut rehearsal,
    )?;
    if upgraded.is_some() {
        let runs = &mut rehearsal.migrations;
        rehearsal.tried = concurrency::with_traffic(host, &work, script, &options.probes, runs)?;
        concurrency::impatiently(host, &work, script, runs)?;
        failure::interrupt(host, &work, script, runs)?;
    }
    restore(host, &before, options, &mut rehearsal)?;
    if let Some(upgraded) = upgraded {
        fresh(host, script, &upgraded, &mut rehearsal)?;
    }
    host.unmake(&work)?;
    roles.sort();
    rehearsal.roles = roles;
    Ok(rehearsal)
}

/// The database of the previous release.
struct Before<'b> {
    database: &'b str,
    schema: &'b Schema,
    data: &'b Data,
}

/// Puts rows into it.
fn fill(connection: &mut Connection, options: &Options) -> Result<Vec<Seeded>, Unready> {
    if let Some(sql) = &options.seed {
        connection.run(sql).map_err(Unready::Seed)?;
        connection.run("ANALYZE")?;
    }
    Ok(if options.rows > 0 {
        seed::fill(connection, options.rows)?
    } else {
        Vec::new()
    })
}

/// Makes the database of the previous release.
fn released(
    host: &mut Host,
    script: &Script,
    roles: &mut Vec<String>,
) -> Result<(String, Duration), Unready> {
    loop {
        let name = host.make("released", None)?;
        let begun = Instant::now();
        match install(host, &name, &script.previous) {
            Ok(()) => return Ok((name, begun.elapsed())),
            Err(Stop::Server(refused)) => return Err(refused.into()),
            Err(Stop::At(path, stopped)) => {
                host.unmake(&name)?;
                if !make_missing_role(host, &stopped.refused, roles)? {
                    return Err(Unready::Released {
                        path,
                        refused: stopped.refused,
                    });
                }
            }
        }
    }
}

/// Why an installation ended.
enum Stop {
    Server(Refused),
    At(String, Stopped),
}

/// Runs migrations one after the other, as a new installation does.
fn install(host: &Host, database: &str, migrations: &[Migration]) -> Result<(), Stop> {
    let mut connection = host.connect(database).map_err(Stop::Server)?;
    for migration in migrations {
        run_parts(&mut connection, &migration.up, &mut Plainly)
            .map_err(|stopped| Stop::At(migration.path.clone(), stopped))?;
    }
    connection.run("ANALYZE").map_err(Stop::Server)?;
    Ok(())
}

/// Roles belong to the server, and mostly no migration makes them. Makes the one that is missing, on a private server.
fn make_missing_role(
    host: &Host,
    refused: &Refused,
    roles: &mut Vec<String>,
) -> Result<bool, Refused> {
    let Some(role) = refused.missing_role().filter(|_| host.makes_roles) else {
        return Ok(false);
    };
    if roles.len() >= MOST_ROLES || roles.iter().any(|known| known == role) {
        return Ok(false);
    }
    host.make_role(role)?;
    roles.push(role.to_owned());
    Ok(true)
}

/// Up, down and up again, in a copy of the database. Returns the schema at the top, if it was reached.
fn there_and_back(
    host: &mut Host,
    script: &Script,
    before: &Before<'_>,
    predictions: &Predictions,
    roles: &mut Vec<String>,
    rehearsal: &mut Rehearsal,
) -> Result<Option<Schema>, Unready> {
    loop {
        let name = host.make("upgrade", Some(before.database))?;
        let mut connection = host.connect(&name)?;
        let watchers = Watchers {
            observer: host.connect(&name)?,
            holder: host.connect(&name)?,
            version: host.version,
        };
        let ups = up(
            watchers,
            &mut connection,
            script,
            before.schema,
            predictions,
        )?;
        if let Some(refused) = ups.stopped.as_ref().map(|failure| &failure.refused) {
            if make_missing_role(host, refused, roles)? {
                drop(connection);
                host.unmake(&name)?;
                continue;
            }
            if refused.is_of_the_environment() {
                let path = ups
                    .runs
                    .last()
                    .map_or_else(String::new, |run| run.path.clone());
                return Err(Unready::Environment {
                    path,
                    refused: refused.clone(),
                });
            }
        }
        let reached = ups.stopped.is_none();
        rehearsal.migrations = ups.runs;
        let mut schemas = ups.schemas;
        if reached {
            down_and_up_again(&mut connection, script, before.data, &schemas, rehearsal)?;
        }
        drop(connection);
        host.unmake(&name)?;
        return Ok(schemas.pop().filter(|_| reached));
    }
}

/// What the way up left.
struct Ups {
    runs: Vec<MigrationRun>,
    /// The schema before the first migration, and after each.
    schemas: Vec<Schema>,
    stopped: Option<Failure>,
}

/// Further connections to the database in which the way up runs.
struct Watchers {
    observer: Connection,
    holder: Connection,
    version: u32,
}

fn up(
    watchers: Watchers,
    connection: &mut Connection,
    script: &Script,
    before: &Schema,
    predictions: &Predictions,
) -> Result<Ups, Unready> {
    let mut ups = Ups {
        runs: Vec::new(),
        schemas: vec![before.clone()],
        stopped: None,
    };
    let mut tracer = Tracer::new(
        connection,
        watchers.observer,
        watchers.holder,
        watchers.version,
    )?;
    for (number, migration) in script.upcoming.iter().enumerate() {
        let mut run = MigrationRun {
            path: migration.path.clone(),
            version: migration.version.clone(),
            up: Step::NotReached,
            traces: Vec::new(),
            differences: Vec::new(),
            unpredicted: 0,
            down: Step::NotReached,
            left: Vec::new(),
            again: Step::NotReached,
            again_differences: Vec::new(),
            breaks: Vec::new(),
            traffic: Traffic::default(),
            stops_halfway: migration.can_stop_halfway(),
            interrupted: Vec::new(),
        };
        if ups.stopped.is_none() {
            let result = run_traced(connection, &migration.up, &mut tracer);
            run.traces = std::mem::take(&mut tracer.traces);
            let took = run.traces.iter().map(|trace| trace.took).sum();
            run.up = match result {
                Ok(()) => Step::Done(took),
                Err(stopped) => {
                    let failure = failed_at(&migration.up, stopped);
                    ups.stopped = Some(failure.clone());
                    Step::Failed(failure)
                }
            };
            compare(number, predictions, &mut run);
            ups.schemas.push(state::schema(connection)?);
        }
        ups.runs.push(run);
    }
    Ok(ups)
}

fn run_traced(
    connection: &mut Connection,
    parts: &[Part],
    tracer: &mut Tracer,
) -> Result<(), Stopped> {
    for (index, part) in parts.iter().enumerate() {
        tracer.begin_part(index);
        let sender: &mut dyn Sender = tracer;
        run_parts(connection, std::slice::from_ref(part), sender).map_err(|stopped| Stopped {
            part: index,
            ..stopped
        })?;
    }
    Ok(())
}

fn failed_at(parts: &[Part], stopped: Stopped) -> Failure {
    Failure {
        location: parts
            .get(stopped.part)
            .map(|part| part.location(stopped.statement)),
        refused: stopped.refused,
    }
}

/// Compares each statement with what relgate says about it.
fn compare(number: usize, predictions: &Predictions, run: &mut MigrationRun) {
    for (index, trace) in run.traces.iter().enumerate() {
        let (part, statement) = trace.index;
        match predictions.get(&(number, part, statement)) {
            Some(predicted) if !predicted.effect.opaque => {
                let found = differences(predicted, trace);
                run.differences
                    .extend(found.into_iter().map(|difference| (index, difference)));
            }
            _ => run.unpredicted += 1,
        }
    }
}

/// The downs in reverse, until one is missing, and the same migrations up again.
fn down_and_up_again(
    connection: &mut Connection,
    script: &Script,
    data: &Data,
    schemas: &[Schema],
    rehearsal: &mut Rehearsal,
) -> Result<(), Unready> {
    let mut bottom = script.upcoming.len();
    let mut failed = false;
    for (number, migration) in script.upcoming.iter().enumerate().rev() {
        let Some(run) = rehearsal.migrations.get_mut(number) else {
            continue;
        };
        let Some(way) = &migration.down else {
            run.down = Step::Absent("there is no way down");
            break;
        };
        let begun = Instant::now();
        let result = run_parts(connection, &way.parts, &mut Plainly);
        let took = begun.elapsed();
        run.down = match result {
            Ok(()) => Step::Done(took),
            Err(stopped) => {
                failed = true;
                Step::Failed(failed_at(&way.parts, stopped))
            }
        };
        if failed {
            break;
        }
        bottom = number;
        if let Some(before) = schemas.get(number) {
            run.left = schema_differences(before, &state::schema(connection)?);
            // What one way back leaves is there after the next one too: it is told once.
            let known = rehearsal
                .migrations
                .iter()
                .skip(number + 1)
                .flat_map(|later| later.left.iter().cloned())
                .collect::<Vec<_>>();
            if let Some(run) = rehearsal.migrations.get_mut(number) {
                run.left.retain(|difference| !known.contains(difference));
            }
        }
    }
    if bottom == 0 && !script.upcoming.is_empty() {
        rehearsal.lost = Some(data_differences(data, &state::data(connection)?));
    }
    if failed {
        return Ok(());
    }
    for (number, migration) in script.upcoming.iter().enumerate().skip(bottom) {
        let begun = Instant::now();
        let result = run_parts(connection, &migration.up, &mut Plainly);
        let took = begun.elapsed();
        let Some(run) = rehearsal.migrations.get_mut(number) else {
            continue;
        };
        match result {
            Ok(()) => run.again = Step::Done(took),
            Err(stopped) => {
                run.again = Step::Failed(failed_at(&migration.up, stopped));
                return Ok(());
            }
        }
        if let Some(after) = schemas
            .get(number + 1)
            .filter(|_| number + 1 == script.upcoming.len())
        {
            run.again_differences = schema_differences(after, &state::schema(connection)?);
        }
    }
    Ok(())
}

/// The document's rollback: a dump before the upgrade, restored into an empty database.
fn restore(
    host: &mut Host,
    before: &Before<'_>,
    options: &Options,
    rehearsal: &mut Rehearsal,
) -> Result<(), Unready> {
    let Some(programs) = host.programs.clone() else {
        rehearsal.restore =
            Step::Absent("pg_dump and psql of the server's version are not on this machine");
        return Ok(());
    };
    let directory = tempfile::Builder::new()
        .prefix("relgate-dump-")
        .tempdir()
        .map_err(|error| {
            Unready::Machine(format!("no temporary directory for the dump: {error}"))
        })?;
    let file = directory.path().join("before.sql");
    let name = host.make("restored", None)?;
    let begun = Instant::now();
    let done = programs
        .dump(host.target(), before.database, &file, options.patience)
        .and_then(|()| programs.restore(host.target(), &name, &file, options.patience));
    let took = begun.elapsed();
    match done {
        Ok(()) => {
            let mut connection = host.connect(&name)?;
            let schema = state::schema(&mut connection)?;
            let data = state::data(&mut connection)?;
            rehearsal.restore = Step::Done(took);
            rehearsal.restore_differences = restored_differences(before.schema, &schema)
                .iter()
                .map(ToString::to_string)
                .chain(data_differences(before.data, &data))
                .collect();
        }
        Err(error) => {
            rehearsal.restore = Step::Failed(Failure {
                location: None,
                refused: Refused {
                    code: "XX000".to_owned(),
                    message: error.to_string(),
                    detail: String::new(),
                },
            });
        }
    }
    host.unmake(&name)?;
    Ok(())
}

/// A new installation has to end where an upgrade ends.
fn fresh(
    host: &mut Host,
    script: &Script,
    upgraded: &Schema,
    rehearsal: &mut Rehearsal,
) -> Result<(), Unready> {
    if let Some(program) = script.fresh.iter().find(|migration| migration.opaque) {
        return Err(Unready::Program {
            path: program.path.clone(),
        });
    }
    let name = host.make("fresh", None)?;
    let begun = Instant::now();
    match install(host, &name, &script.fresh) {
        Ok(()) => {
            rehearsal.fresh = Step::Done(begun.elapsed());
            let schema = state::schema(&mut host.connect(&name)?)?;
            rehearsal.fresh_differences = schema_differences(upgraded, &schema);
        }
        Err(Stop::Server(refused)) => return Err(refused.into()),
        Err(Stop::At(path, stopped)) => {
            let parts = script.fresh.iter().find(|migration| migration.path == path);
            let parts = parts.map_or(&[][..], |migration| &migration.up);
            rehearsal.fresh = Step::Failed(failed_at(parts, stopped));
        }
    }
    host.unmake(&name)?;
    Ok(())
}
