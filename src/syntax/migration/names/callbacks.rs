//! Flyway's callbacks: SQL that its commands run beside the migrations (its `Event` and `ResourceNameParser`).

/// Which command runs a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Callback {
    /// `migrate`, each time: what stands in it runs with the next release.
    OfMigrate,
    /// Another one, or `migrate` when it has failed.
    Other,
}

/// What `migrate` runs when nothing fails; it connects and validates first.
const OF_MIGRATE: &[&str] = &[
    "afterConnect",
    "afterEachMigrate",
    "afterEachMigrateStatement",
    "afterMigrate",
    "afterMigrateApplied",
    "afterMigrateOperationFinish",
    "afterValidate",
    "afterValidateOperationFinish",
    "afterVersioned",
    "beforeConnect",
    "beforeCreateSchema",
    "beforeEachMigrate",
    "beforeEachMigrateStatement",
    "beforeMigrate",
    "beforeRepeatables",
    "beforeValidate",
    "createSchema",
];

/// A path is that of a callback: to Flyway, whatever the directory.
pub fn is_callback(path: &str) -> bool {
    flyway_callback(path.rsplit('/').next().unwrap_or(path)).is_some()
}

/// `<event>.sql` or `<event>__<title>.sql`. The events of newer versions are `before` or `after` something, too.
pub(super) fn flyway_callback(file: &str) -> Option<Callback> {
    let stem = file.strip_suffix(".sql")?;
    let event = stem.split_once("__").map_or(stem, |(event, _)| event);
    if OF_MIGRATE.contains(&event) {
        return Some(Callback::OfMigrate);
    }
    let what = event
        .strip_prefix("before")
        .or_else(|| event.strip_prefix("after"))?;
    let is_event = what.starts_with(|c: char| c.is_ascii_uppercase())
        && what.bytes().all(|b| b.is_ascii_alphabetic());
    is_event.then_some(Callback::Other)
}
