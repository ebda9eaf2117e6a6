//! What a rehearsal leaves for the gate `migration-tests`.

use serde_json::{Map, Value};

use super::{Rehearsal, Step};

/// The gate that it is for.
pub const GATE: &str = "migration-tests";

/// What the gate needs to know beside the decision: whether up, down and up again worked, of which migrations, on how many
/// rows. Where there is no way down, the way back is the dump.
pub fn data(rehearsals: &[&Rehearsal], server_version: u32) -> Map<String, Value> {
    let runs = || rehearsals.iter().flat_map(|one| &one.migrations);
    let up = runs().all(|run| run.up.is_done());
    let by_migrations = runs().all(|run| run.down.is_done());
    let refused = runs().any(|run| matches!(run.down, Step::Failed(_)) || !run.left.is_empty());
    let restored = rehearsals
        .iter()
        .all(|one| one.restore.is_done() && one.restore_differences.is_empty());
    let again =
        runs().all(|run| !matches!(run.again, Step::Failed(_)) && run.again_differences.is_empty());
    let mut data = Map::new();
    data.insert("up".to_owned(), up.into());
    data.insert(
        "down".to_owned(),
        (up && !refused && (by_migrations || restored)).into(),
    );
    data.insert(
        "downBy".to_owned(),
        if by_migrations { "migrations" } else { "dump" }.into(),
    );
    data.insert("again".to_owned(), (up && !refused && again).into());
    data.insert("restore".to_owned(), restored.into());
    data.insert(
        "server".to_owned(),
        format!("PostgreSQL {server_version}").into(),
    );
    let rows: u64 = rehearsals.iter().map(|one| one.rows).sum();
    data.insert("rows".to_owned(), rows.into());
    let seeded = || rehearsals.iter().flat_map(|one| &one.seeded);
    let filled = seeded().filter(|table| table.rows > 0).count();
    let refused = seeded().filter(|table| !table.reason.is_empty()).count();
    data.insert("seededTables".to_owned(), filled.into());
    data.insert("refusedTables".to_owned(), refused.into());
    data.insert(
        "migrations".to_owned(),
        runs().map(|run| Value::from(run.path.as_str())).collect(),
    );
    let baselines = rehearsals.iter().flat_map(|one| &one.baselines);
    data.insert(
        "baselines".to_owned(),
        baselines.map(|path| Value::from(path.as_str())).collect(),
    );
    data
}

/// Why a rehearsal says nothing about the release as a whole; `None` when it does. `elsewhere` are the directories of
/// migrations that the release changes and that were not rehearsed.
pub fn is_partial(rehearsals: &[&Rehearsal], elsewhere: &[&str]) -> Option<String> {
    if !elsewhere.is_empty() {
        return Some(format!("{} was not rehearsed", elsewhere.join(", ")));
    }
    let runs_nothing = rehearsals.iter().all(|one| one.migrations.is_empty());
    let passes_over = rehearsals.iter().any(|one| !one.passed_over.is_empty());
    (runs_nothing && !passes_over)
        .then(|| "no changed migration runs on a database of the previous release".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::compat::Tried;
    use crate::rehearse::{MigrationRun, Seeded};
    use std::time::Duration;

    fn rehearsal(runs: usize) -> Rehearsal {
        let run = |number: usize| MigrationRun {
            path: format!("db/{number}.sql"),
            version: number.to_string(),
            up: Step::Done(Duration::ZERO),
            traces: Vec::new(),
            differences: Vec::new(),
            unpredicted: 0,
            down: Step::Done(Duration::ZERO),
            left: Vec::new(),
            again: Step::Done(Duration::ZERO),
            again_differences: Vec::new(),
            breaks: Vec::new(),
            traffic: crate::rehearse::concurrency::Traffic::default(),
            stops_halfway: false,
            interrupted: Vec::new(),
        };
        let table = |rows: u64, reason: &str| Seeded {
            table: "casks".to_owned(),
            rows,
            reason: reason.to_owned(),
        };
        Rehearsal {
            directory: "db".to_owned(),
            runner: "plain",
            released: 0,
            released_took: Duration::ZERO,
            seeded: vec![table(3, ""), table(0, "refused"), table(0, "")],
            made_up_refused: None,
            roles: Vec::new(),
            rows: 4,
            passed_over: Vec::new(),
            baselines: vec!["db/B1.sql".to_owned()],
            migrations: (0..runs).map(run).collect(),
            lost: None,
            tried: Tried::default(),
            restore: Step::Done(Duration::ZERO),
            restore_differences: Vec::new(),
            fresh: Step::NotReached,
            fresh_differences: Vec::new(),
        }
    }

    #[test]
    fn it_says_what_was_there_and_what_ran() {
        let (one, two) = (rehearsal(1), rehearsal(0));
        let data = data(&[&one, &two], 17);
        for (name, expected) in [
            ("rows", "8"),
            ("seededTables", "2"),
            ("refusedTables", "2"),
            ("migrations", "[\"db/0.sql\"]"),
            ("baselines", "[\"db/B1.sql\",\"db/B1.sql\"]"),
        ] {
            assert_eq!(data[name].to_string(), expected, "{name}");
        }
    }

    #[test]
    fn what_did_not_run_is_not_vouched_for() {
        let check = |rehearsals: &[&Rehearsal], elsewhere: &[&str], expected: Option<&str>| {
            assert_eq!(is_partial(rehearsals, elsewhere).as_deref(), expected);
        };
        let (some, none) = (rehearsal(1), rehearsal(0));
        let passing = Rehearsal {
            passed_over: vec![("db/1.sql".to_owned(), "below".to_owned())],
            ..rehearsal(0)
        };
        let nothing = Some("no changed migration runs on a database of the previous release");
        check(&[&some], &[], None);
        check(&[&some, &none], &[], None);
        check(&[&none], &[], nothing);
        check(&[], &[], nothing);
        // That is a finding, and rejected.
        check(&[&passing], &[], None);
        check(&[&some], &["db/mysql"], Some("db/mysql was not rehearsed"));
    }
}
