//! What a rehearsal leads to, as findings with places in the files. Errors are what decides: a migration, a rollback or a
//! repeat that failed.

use std::time::Duration;

use super::prediction::Difference;
use super::state::SchemaDifference;
use super::{Failure, MigrationRun, Rehearsal, Step};
use crate::finding::{Finding, Severity};
use crate::rules::RuleInfo;
use crate::source::{Location, Sources};

/// How many differences one finding lists.
const MOST_LISTED: usize = 5;

macro_rules! info {
    ($id:literal, $severity:ident, $page:literal, $summary:literal) => {
        RuleInfo {
            id: $id,
            summary: $summary,
            severity: Severity::$severity,
            page: include_str!(concat!("findings/", $page, ".md")),
        }
    };
}

/// The ids that rehearsals use.
pub static RULES: &[RuleInfo] = &[
    info!(
        "migration-fails",
        Error, "migration_fails", "the server refuses a new migration"
    ),
    info!(
        "prediction-differs",
        Warning,
        "prediction_differs",
        "the server did something else than relgate says about a statement"
    ),
    info!(
        "repeat-fails",
        Error, "repeat_fails", "after the way down, the way up does not work again"
    ),
    info!(
        "restore-differs",
        Error, "restore_differs", "the dump, restored, is not what was dumped"
    ),
    info!(
        "rollback-fails",
        Error, "rollback_fails", "the server refuses the way down of a new migration"
    ),
    info!(
        "rollback-inexact",
        Error, "rollback_inexact", "the way down does not lead back to the schema before"
    ),
    info!(
        "rollback-loses-data",
        Warning, "rollback_loses_data", "up and down again, rows are not what they were"
    ),
    info!(
        "schema-drift-between-fresh-and-upgraded",
        Warning, "schema_drift", "a new installation has another schema than an upgraded one"
    ),
];

fn info(id: &str) -> (&'static str, Severity) {
    RULES
        .iter()
        .find(|rule| rule.id == id)
        .map_or(("migration-fails", Severity::Error), |rule| {
            (rule.id, rule.severity)
        })
}

/// A finding of one of the rules above, at a place if one is known.
fn finding(id: &str, place: Option<Location>, about: &str, message: String) -> Finding {
    let (id, severity) = info(id);
    match place {
        Some(place) => Finding::at(id, severity, place, message),
        None => Finding::about(id, severity, about, message),
    }
}

/// The findings of one sequence.
pub fn findings(rehearsal: &Rehearsal, sources: &Sources) -> Vec<Finding> {
    let mut found = Vec::new();
    for run in &rehearsal.migrations {
        way_up(run, &mut found);
        way_back(run, sources, &mut found);
    }
    if let Some(lost) = rehearsal.lost.as_ref().filter(|lost| !lost.is_empty()) {
        found.push(
            finding(
                "rollback-loses-data",
                None,
                &rehearsal.directory,
                format!(
                    "after up and down, not all rows of {} are what they were: {}",
                    rehearsal.directory,
                    listed(lost)
                ),
            )
            .help(
                "only the dump that was taken before brings them back: plan the rollback with it",
            ),
        );
    }
    match &rehearsal.restore {
        Step::Failed(failure) => found.push(
            finding(
                "restore-differs",
                None,
                &rehearsal.directory,
                format!(
                    "the dump of the previous release's database cannot be made or restored: {}",
                    failure.refused.message
                ),
            )
            .help("until this works there is no way back to the state before the upgrade"),
        ),
        _ if !rehearsal.restore_differences.is_empty() => found.push(
            finding(
                "restore-differs",
                None,
                &rehearsal.directory,
                format!(
                    "the restored dump is not what was dumped: {}",
                    listed(&rehearsal.restore_differences)
                ),
            )
            .help("until this works there is no way back to the state before the upgrade"),
        ),
        _ => {}
    }
    fresh(rehearsal, &mut found);
    found
}

fn way_up(run: &MigrationRun, found: &mut Vec<Finding>) {
    if let Step::Failed(failure) = &run.up {
        let message = format!("the server refuses it: {}", failure.refused);
        found.push(with_detail(
            finding("migration-fails", failure.location, &run.path, message)
                .help("a database of the previous release cannot be upgraded; mend it before it is released"),
            failure,
        ));
    }
    for (index, difference) in &run.differences {
        let place = run.traces.get(*index).map(|trace| trace.location);
        let mut one = finding("prediction-differs", place, &run.path, sentence(difference));
        if !difference.harmful {
            one.severity = Severity::Info;
        }
        found.push(one);
    }
    if let Step::Failed(failure) = &run.again {
        let message = format!(
            "after its way down it does not run again: {}",
            failure.refused
        );
        found.push(with_detail(
            finding("repeat-fails", failure.location, &run.path, message)
                .help("make the way down take back everything that the way up makes"),
            failure,
        ));
    } else if !run.again_differences.is_empty() {
        let place = run.traces.first().map(|trace| trace.location);
        found.push(finding(
            "repeat-fails",
            place,
            &run.path,
            format!(
                "up, down and up again, the schema is not the one after the first time: {}",
                listed(&run.again_differences)
            ),
        ));
    }
}

fn sentence(difference: &Difference) -> String {
    let on = if difference.relation.is_empty() {
        String::new()
    } else {
        format!(" on `{}`", difference.relation)
    };
    format!(
        "relgate says {}{on}; the server: {}",
        difference.predicted, difference.observed
    )
}

fn way_back(run: &MigrationRun, sources: &Sources, found: &mut Vec<Finding>) {
    if let Step::Failed(failure) = &run.down {
        let message = format!("its way down is refused: {}", failure.refused);
        found.push(with_detail(
            finding("rollback-fails", failure.location, &run.path, message)
                .help("mend the way down, or remove it and say that the dump is the rollback"),
            failure,
        ));
    }
    if !run.left.is_empty() {
        let place = run.traces.first().map(|trace| trace.location);
        let name = place.map_or_else(
            || run.path.clone(),
            |place| sources.get(place.source).path.clone(),
        );
        found.push(
            finding(
                "rollback-inexact",
                place,
                &run.path,
                format!(
                    "the way down of {name} does not lead back to the schema before: {}",
                    listed(&run.left)
                ),
            )
            .help("make the way down exact, or remove it and say that the dump is the rollback"),
        );
    }
}

fn fresh(rehearsal: &Rehearsal, found: &mut Vec<Finding>) {
    match &rehearsal.fresh {
        Step::Failed(failure) => found.push(with_detail(
            finding(
                "migration-fails",
                failure.location,
                &rehearsal.directory,
                format!("a new installation stops here: {}", failure.refused),
            ),
            failure,
        )),
        _ if !rehearsal.fresh_differences.is_empty() => found.push(
            finding(
                "schema-drift-between-fresh-and-upgraded",
                None,
                &rehearsal.directory,
                format!(
                    "a new installation of {} has another schema than an upgraded one: {}",
                    rehearsal.directory,
                    listed(&rehearsal.fresh_differences)
                ),
            )
            .help("released files were edited, or the runner passes over a new one: write a migration that makes both alike"),
        ),
        _ => {}
    }
}

fn with_detail(finding: Finding, failure: &Failure) -> Finding {
    if failure.refused.detail.is_empty() {
        finding
    } else {
        finding.note("server", failure.refused.detail.clone())
    }
}

fn listed<T: ToString>(items: &[T]) -> String {
    let mut text: Vec<String> = items
        .iter()
        .take(MOST_LISTED)
        .map(ToString::to_string)
        .collect();
    if items.len() > MOST_LISTED {
        text.push(format!("and {} more", items.len() - MOST_LISTED));
    }
    text.join("; ")
}

/// All ways down led back exactly, as far as there are any: what the evidence says under `down`.
pub fn way_back_is_exact(rehearsal: &Rehearsal) -> bool {
    rehearsal
        .migrations
        .iter()
        .all(|run| run.left.is_empty() && !matches!(run.down, Step::Failed(_)))
}

/// How long the way up took.
pub fn took(rehearsal: &Rehearsal) -> Duration {
    rehearsal
        .migrations
        .iter()
        .map(|run| match run.up {
            Step::Done(took) => took,
            _ => Duration::ZERO,
        })
        .sum()
}

/// What the list of a schema's differences looks like where it does not matter how many there are.
pub fn phrases(differences: &[SchemaDifference]) -> Vec<String> {
    differences.iter().map(ToString::to_string).collect()
}
