//! What a rehearsal leads to, as findings with places in the files. Errors are what decides: a migration, a rollback or a
//! repeat that failed.

use std::collections::BTreeMap;

use super::compat::Break;
use super::concurrency::Impatient;
use super::prediction::Difference;
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
        "breaks-previous-release",
        Warning,
        "breaks_previous_release",
        "a statement of the previous release fails on the new schema"
    ),
    info!(
        "made-up-rows-refused",
        Warning,
        "made_up_rows_refused",
        "rows that were made up violate what a new migration demands"
    ),
    info!(
        "migration-fails",
        Error, "migration_fails", "the server refuses a new migration"
    ),
    info!(
        "migration-never-runs",
        Error,
        "migration_never_runs",
        "a new migration does not run on a database of the previous release"
    ),
    info!(
        "not-repeatable",
        Warning,
        "not_repeatable",
        "a migration that was interrupted or gave up cannot simply be run again"
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
];

/// `schema-drift-between-fresh-and-upgraded` is a rule over files as well, and has its page there.
fn severity(id: &str) -> Severity {
    RULES
        .iter()
        .find(|rule| rule.id == id)
        .map_or(Severity::Warning, |rule| rule.severity)
}

/// A finding of one of the rules above, at a place if one is known.
fn finding(id: &str, place: Option<Location>, about: &str, message: String) -> Finding {
    let severity = severity(id);
    match place {
        Some(place) => Finding::at(id, severity, place, message),
        None => Finding::about(id, severity, about, message),
    }
}

/// The findings of one sequence.
pub fn findings(rehearsal: &Rehearsal, sources: &Sources) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(failure) = &rehearsal.made_up_refused {
        let message = format!(
            "rows that were made up are in the way, so everything was tried on empty tables: {}",
            failure.refused
        );
        found.push(
            finding(
                "made-up-rows-refused",
                failure.location,
                &rehearsal.directory,
                message,
            )
            .help("give rows like production's: --seed FILE"),
        );
    }
    for (path, why) in &rehearsal.passed_over {
        found.push(
            finding(
                "migration-never-runs",
                None,
                path,
                format!("{path} was not tried: {why}"),
            )
            .help("give it a version above all that were released, and its way back the same"),
        );
    }
    for run in &rehearsal.migrations {
        way_up(run, &mut found);
        broken(run, &mut found);
        not_repeatable(run, rehearsal.runner, &mut found);
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
            finding("migration-fails", failure.location, &run.path, message).help(
                "a database of the previous release cannot be upgraded; mend it before it is released",
            ),
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

/// One finding for each reason, however many statements have it.
fn broken(run: &MigrationRun, found: &mut Vec<Finding>) {
    let place = run.traces.first().map(|trace| trace.location);
    let mut reasons: BTreeMap<(String, bool), Vec<&Break>> = BTreeMap::new();
    for broken in &run.breaks {
        // A name is missing, with its schema or without it.
        let reason = broken.refused.to_string().replace("\"public.", "\"");
        reasons
            .entry((reason, broken.cached_only))
            .or_default()
            .push(broken);
    }
    for ((reason, cached_only), all) in reasons {
        let names: Vec<String> = all
            .iter()
            .map(|broken| format!("`{}`", broken.probe.name))
            .collect();
        let count = match names.len() {
            1 => "a statement of the previous release fails".to_owned(),
            n => format!("{n} statements of the previous release fail"),
        };
        let until = if cached_only {
            " until prepared anew"
        } else {
            ""
        };
        let mut one = finding(
            "breaks-previous-release",
            place,
            &run.path,
            format!("{count} after this migration{until}: {reason}"),
        )
        .note("statements", listed(&names))
        .help(if cached_only {
            "connections of the old version have to be opened anew, or their statements sent unprepared"
        } else {
            "let the old version go first: add now, take away one release later"
        });
        let places = all.iter().filter_map(|broken| broken.probe.location);
        for location in places.take(MOST_LISTED) {
            one = one.related(location, "a statement of the previous release");
        }
        found.push(one);
    }
}

fn not_repeatable(run: &MigrationRun, runner: &str, found: &mut Vec<Finding>) {
    let force = if runner == "golang-migrate" {
        ", set the version back (migrate force) and run it again"
    } else {
        " and run it again"
    };
    let mut told: Vec<String> = Vec::new();
    for left in &run.interrupted {
        let place = run
            .traces
            .iter()
            .find(|trace| trace.index == left.at)
            .map(|trace| trace.location);
        let indexes = left.invalid.join(", ");
        let (message, help) = match &left.again {
            Err(refused) if left.invalid.is_empty() => (
                format!("interrupted {}, it cannot be run again: {refused}", when(left.ended)),
                format!("take back by hand what it had done{force}; or write each statement so that it may run twice"),
            ),
            Err(refused) => (
                format!("interrupted here, it leaves the invalid index {indexes} and cannot be run again: {refused}"),
                format!("DROP INDEX CONCURRENTLY {indexes}{force}"),
            ),
            Ok(()) if !left.still_invalid.is_empty() => (
                format!(
                    "interrupted here and run again, it succeeds and leaves the invalid index {}",
                    left.still_invalid.join(", ")
                ),
                "drop the index before it is made: DROP INDEX CONCURRENTLY IF EXISTS in a migration of its own".to_owned(),
            ),
            Ok(()) => continue,
        };
        if !told.contains(&message) {
            found.push(finding("not-repeatable", place, &run.path, message.clone()).help(help));
            told.push(message);
        }
    }
    let place = run.traces.first().map(|trace| trace.location);
    match &run.traffic.impatient {
        Some(Impatient::GaveUpForGood(refused)) => found.push(
            finding(
                "not-repeatable",
                place,
                &run.path,
                format!("with a lock_timeout it gives up behind a long transaction, and cannot be run again: {refused}"),
            )
            .help(format!("take back by hand what it had done{force}")),
        ),
        Some(Impatient::Failed(refused)) => found.push(finding(
            "not-repeatable",
            place,
            &run.path,
            format!("with a lock_timeout, behind a long transaction, it fails: {refused}"),
        )),
        _ => {}
    }
}

fn when(ended: bool) -> &'static str {
    if ended {
        "behind this statement"
    } else {
        "here"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_stands_once_and_has_a_page() {
        let mut ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
        assert!(ids.is_sorted());
        for rule in RULES {
            assert!(
                rule.page.starts_with(&format!("# {}\n", rule.id)),
                "{}",
                rule.id
            );
        }
    }
}
