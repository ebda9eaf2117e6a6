//! Compares the effects with what real servers did (`tests/data/README.md`): every measured form, on every version.

use std::collections::{BTreeMap, BTreeSet};

use super::{Effect, LockMode, Situation, Work, effect};
use crate::schema::{Catalog, apply};
use crate::syntax::sql::operation::{Action, Dialect, Name, Operation, Statement, Transaction};
use crate::syntax::sql::parse;

const BY_VERSION: &str = include_str!("../../tests/data/postgres-locks-by-version.tsv");
const DETAILS: &str = include_str!("../../tests/data/postgres-locks.tsv");
const SCHEMA: &str = include_str!("../../tests/data/postgres-locks-schema.sql");

/// Cells that are not expected to match: the form as it is written (every version where no version is given), and why.
const EXCEPTIONS: &[(&str, &[u32], &str)] = &[
    (
        "ALTER TABLE users ALTER COLUMN name SET COMPRESSION lz4",
        &[14, 16, 17, 18],
        "these servers were built without lz4; the form is there since 14",
    ),
    (
        "TRUNCATE plain",
        &[],
        "the file is replaced by an empty one: no row is written, so the work is brief",
    ),
    (
        "TRUNCATE users CASCADE",
        &[],
        "the files are replaced by empty ones: no row is written, so the work is brief",
    ),
    (
        "ALTER TABLE ul SET LOGGED",
        &[],
        "the table had no rows that could have been read",
    ),
    (
        "ALTER TABLE pt DETACH PARTITION pt_a CONCURRENTLY [autocommit]",
        &[14, 15, 16, 17, 18],
        "this row is the second phase, which waits without a lock; the row behind it is the first",
    ),
];

/// One measured form.
struct Case {
    ddl: &'static str,
    setup: String,
    notes: &'static str,
    /// What each version did.
    cells: Vec<(u32, &'static str)>,
}

fn cases() -> Vec<Case> {
    let mut rows = BY_VERSION.split('\n');
    let header: Vec<&str> = rows.next().unwrap().split('\t').collect();
    let versions: Vec<u32> = header
        .iter()
        .filter_map(|name| name.strip_prefix("pg")?.parse().ok())
        .collect();
    let details: Vec<&str> = DETAILS
        .split('\n')
        .skip(1)
        .filter(|row| !row.is_empty())
        .map(|row| row.split('\t').nth(3).unwrap())
        .collect();
    let mut found: Vec<Case> = Vec::new();
    for (row, notes) in rows.filter(|row| !row.is_empty()).zip(details) {
        let fields: Vec<&str> = row.split('\t').collect();
        let ddl = fields[0];
        let in_notes = notes.split("setup: ").nth(1).map_or("", |rest| {
            let end = ["; scanned:", "; ERROR"]
                .iter()
                .filter_map(|mark| rest.find(mark))
                .min()
                .unwrap_or(rest.len());
            &rest[..end]
        });
        let mut setup = if fields[1].is_empty() {
            in_notes
        } else {
            fields[1]
        }
        .to_owned();
        if ddl == "ALTER TABLE users VALIDATE CONSTRAINT nnc" {
            setup = found.last().unwrap().ddl.to_owned();
        }
        found.push(Case {
            ddl,
            setup,
            notes,
            cells: versions
                .iter()
                .copied()
                .zip(fields[2..].iter().copied())
                .collect(),
        });
    }
    found
}

fn statements(sql: &str) -> Vec<Statement> {
    let parsed = parse(sql, Dialect::Postgresql);
    assert!(parsed.errors.is_empty(), "{sql}: {:?}", parsed.errors);
    parsed.value
}

fn operations(sql: &str) -> Vec<Operation> {
    statements(sql)
        .into_iter()
        .flat_map(|statement| statement.operations)
        .collect()
}

/// What relgate says about a transaction.
struct Computed {
    effects: Vec<Effect>,
    refused: Option<(&'static str, bool)>,
}

fn fixture() -> Catalog {
    let mut catalog = Catalog::new(Dialect::Postgresql);
    for operation in operations(&format!("SET search_path = t; {SCHEMA}")) {
        apply(&mut catalog, &operation, 0);
    }
    catalog
}

fn compute(fixture: &Catalog, case: &Case, version: u32) -> Computed {
    let mut catalog = fixture.clone();
    for operation in operations(&case.setup) {
        apply(&mut catalog, &operation, 0);
    }
    let released = catalog.clock();
    let autocommit = case.ddl.ends_with(" [autocommit]");
    let sql = case.ddl.trim_end_matches(" [autocommit]");
    let mut effects = Vec::new();
    let mut refused = None;
    let mut added = BTreeSet::new();
    for statement in statements(sql) {
        for operation in &statement.operations {
            let situation = Situation {
                before: &catalog,
                released,
                previous: None,
                last: None,
                server_version: version,
                in_transaction: !autocommit,
            };
            let effect = effect(operation, &situation);
            if let Some(refusal) = &effect.refusal {
                refused = refused.or(Some((refusal.code, refusal.depends_on_data)));
            }
            if let Action::Transaction(Transaction::RollbackTo(_)) = operation.action {
                effects.clear();
            }
            // The rule enum-value-used-in-same-transaction says the same from the text.
            if let Action::AddEnumValue { value, .. } = &operation.action {
                added.insert(value.clone());
            } else if added
                .iter()
                .any(|value| sql[statement.span.range()].contains(value.as_str()))
            {
                refused = refused.or(Some(("55P04", false)));
            }
            apply(&mut catalog, operation, 1);
            effects.push(effect);
        }
    }
    Computed { effects, refused }
}

/// The relation that the lock in the table is on: the first one that exists and is named, or what is created.
fn target(case: &Case) -> Option<Name> {
    let sql = case.ddl.trim_end_matches(" [autocommit]");
    let relations = [
        "users_mv", "users_v", "users", "orders", "accounts", "plain", "pt_new", "pt_a", "pt_b",
        "pt", "ul", "nt", "par",
    ];
    // What is not a relation was measured on the table that it belongs to.
    for (mark, table) in [
        ("DROP TABLE pt_a", "pt"),
        ("PARTITION OF pt", "pt"),
        ("ALTER INDEX i ATTACH", "pt"),
        ("posint ADD", "users"),
        ("posint VALIDATE", "users"),
        ("posint SET", "users"),
        ("INDEX users_email_idx", "users"),
        ("INDEX CONCURRENTLY users_email_idx", "users"),
        ("DROP INDEX IF EXISTS nope", "users"),
        ("ALTER TYPE mood", "users"),
        ("DROP TYPE mood", "users"),
        ("FUNCTION trg()", "users"),
        ("SEQUENCE users_id_seq", "users"),
        ("ALTER SEQUENCE s1", "users"),
    ] {
        if sql.contains(mark) && !sql.contains("CREATE TRIGGER") && !sql.contains("REPLACE TRIGGER")
        {
            return Some(Name::plain(table));
        }
    }
    let words: Vec<&str> = sql
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .collect();
    words
        .iter()
        .find(|word| relations.contains(word))
        .map(|word| Name::plain(*word))
}

fn shown(name: &Name) -> String {
    let text = name.to_string();
    text.strip_prefix("t.").unwrap_or(&text).to_owned()
}

/// What relgate says, in the words of the table.
fn cell(case: &Case, computed: &Computed) -> String {
    if let Some((code, _)) = computed.refused {
        return format!("error {code}");
    }
    let target = target(case);
    let mut lock: Option<LockMode> = None;
    let mut rewrote = false;
    let mut scan = false;
    let mut new_relation = false;
    for touch in computed.effects.iter().flat_map(|effect| &effect.touches) {
        scan |= touch.work >= Work::Scan;
        if target
            .as_ref()
            .is_some_and(|target| shown(&touch.relation) == shown(target))
        {
            lock = lock.max(touch.lock);
            rewrote |= touch.work == Work::Rewrite;
            new_relation |= !touch.hot;
        }
    }
    let lock = lock.map_or("none", LockMode::as_str);
    let new_relation = if new_relation { " (new relation)" } else { "" };
    format!(
        "{lock}{new_relation}; rewrote={}; {}",
        if rewrote { "yes" } else { "no" },
        if scan { "scan" } else { "noscan" }
    )
}

/// Rows are not counted from another session, and a form that the version does not know took no lock there.
fn agree(case: &Case, computed: &str, measured: &str) -> bool {
    if !case.ddl.ends_with(" [autocommit]") {
        return computed == measured;
    }
    let without_scan = |cell: &str| {
        cell.rsplit_once("; ")
            .map_or_else(String::new, |(cell, _)| cell.to_owned())
    };
    if computed == "error 42601" {
        return measured.starts_with("none;");
    }
    without_scan(computed) == without_scan(measured)
}

fn is_exception(ddl: &str, version: u32) -> bool {
    EXCEPTIONS.iter().any(|(known, versions, _)| {
        *known == ddl && (versions.is_empty() || versions.contains(&version))
    })
}

#[test]
fn locks_rewrites_scans_and_errors_are_those_of_the_servers() {
    let cases = cases();
    assert_eq!(cases.len(), 238);
    let fixture = fixture();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    let mut matched: BTreeMap<u32, usize> = BTreeMap::new();
    for case in &cases {
        for (version, measured) in &case.cells {
            if *measured == "setup-unsupported" {
                // What the set-up needs does not exist on this version, so there is nothing to compare.
                *matched.entry(*version).or_default() += 1;
                continue;
            }
            let computed = cell(case, &compute(&fixture, case, *version));
            let measured = measured.replace(" (waiting)", "");
            if agree(case, &computed, &measured) {
                *matched.entry(*version).or_default() += 1;
            } else if is_exception(case.ddl, *version) {
                used.insert(case.ddl);
            } else {
                wrong.push(format!(
                    "{version}: {}\n    measured {measured}\n    computed {computed}\n    setup {}",
                    case.ddl, case.setup
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{matched:?}", wrong.join("\n"));
    let listed: BTreeSet<&str> = EXCEPTIONS.iter().map(|(ddl, ..)| *ddl).collect();
    assert_eq!(used, listed, "every exception is needed");
}

/// The tables after a mark of the notes: `scanned: users(1000 rows), orders(500 rows)`.
fn listed(notes: &str, mark: &str) -> Option<BTreeSet<String>> {
    let rest = notes.split(mark).nth(1)?;
    let list = rest.split("; ").next()?;
    Some(
        list.split(", ")
            .filter_map(|entry| entry.split(['(', '[']).next())
            .filter(|name| *name != "no")
            .map(str::to_owned)
            .collect(),
    )
}

#[test]
fn every_relation_that_was_scanned_or_locked_is_named() {
    let fixture = fixture();
    let mut wrong = Vec::new();
    for case in cases() {
        let autocommit = case.ddl.ends_with(" [autocommit]");
        let computed = compute(&fixture, &case, 15);
        if computed.refused.is_some() || autocommit || is_exception(case.ddl, 15) {
            continue;
        }
        let touches: Vec<_> = computed
            .effects
            .iter()
            .flat_map(|effect| &effect.touches)
            .collect();
        if let Some(measured) = listed(case.notes, "scanned: ") {
            let computed: BTreeSet<String> = touches
                .iter()
                .filter(|touch| touch.work >= Work::Scan)
                .map(|touch| shown(&touch.relation))
                .collect();
            // Partitions without rows are read in no time, and so do not show in the measurement.
            let missing: Vec<_> = measured.difference(&computed).collect();
            if !missing.is_empty() {
                wrong.push(format!(
                    "{}: scanned {missing:?}, computed {computed:?}",
                    case.ddl
                ));
            }
        }
        if let Some(measured) = listed(case.notes, "also locked: ") {
            for entry in case
                .notes
                .split("also locked: ")
                .nth(1)
                .unwrap()
                .split("; ")
                .next()
                .unwrap()
                .split(", ")
            {
                let Some((name, mode)) = entry.split_once('=') else {
                    continue;
                };
                let name = name.split('[').next().unwrap();
                let expected = LockMode::parse(mode);
                let computed = touches
                    .iter()
                    .filter(|touch| shown(&touch.relation) == name)
                    .map(|touch| touch.lock)
                    .max()
                    .flatten();
                if computed != expected {
                    wrong.push(format!(
                        "{}: {name} {mode}, computed {computed:?}",
                        case.ddl
                    ));
                }
            }
            assert!(!measured.is_empty());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
