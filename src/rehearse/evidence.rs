//! What a rehearsal leaves for the gate `migration-tests`.

use serde_json::{Map, Value};

use super::{Rehearsal, Step};

/// The gate that it is for.
pub const GATE: &str = "migration-tests";

/// What the gate needs to know beside the decision: whether up, down and up again worked. Where there is no way down, the
/// way back is the dump.
pub fn data(rehearsals: &[&Rehearsal], server_version: u32, rows: u64) -> Map<String, Value> {
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
    data.insert("rows".to_owned(), rows.into());
    data.insert(
        "migrations".to_owned(),
        runs().map(|run| Value::from(run.path.as_str())).collect(),
    );
    data
}
