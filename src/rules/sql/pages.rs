//! The pages of the rules are their tests: every block under *Bad* is flagged by its rule, every block under *Good* is not.
//!
//! A block is SQL with a few comments that say what the SQL is:
//!
//! ```text
//! -- runner: goose              the runner (golang-migrate when nothing is said); the name of the dialect may follow
//! -- server: 14                 the server's major version
//! -- opt-in                     the rule is asked for
//! -- released:                  what follows was in the previous release
//! -- instead:                   what the released file says in this release
//! -- new:                       what follows is a new file of this release (may occur again: one more file)
//! -- down:                      what follows is the way back of that file
//! ```
//!
//! What stands before the first of them is a new file. The rule sees a release after `v1.0.0`.

use std::collections::BTreeMap;

use super::{JudgedRelease, RULES, ReleaseInput, check_release};
use crate::discover::Reader;
use crate::finding::Severity;
use crate::fix::mend;
use crate::migrations::lowering::lower;
use crate::migrations::replay::Replays;
use crate::migrations::{MigrationSettings, survey};
use crate::source::{SourceId, Sources};
use crate::syntax::migration::Runner;
use crate::syntax::sql::operation::Dialect;

/// The headings that every page has, in this order.
const HEADINGS: [&str; 7] = [
    "What it detects",
    "Why it matters",
    "Lock",
    "Bad",
    "Good",
    "How to fix",
    "Other tools",
];

/// An example as it stands in a page.
#[derive(Debug, Default)]
pub(super) struct Example {
    runner: Option<Runner>,
    dialect: Option<Dialect>,
    server: Option<u32>,
    opt_in: bool,
    released: String,
    instead: Option<String>,
    /// Up and down.
    new: Vec<(String, Option<String>)>,
}

impl Example {
    pub(super) fn of(runner: Runner) -> Self {
        Self {
            runner: Some(runner),
            ..Self::default()
        }
    }
}

fn parse_example(text: &str) -> Example {
    enum Part {
        Released,
        Instead,
        New,
        Down,
    }
    let mut example = Example::default();
    let mut part = Part::New;
    for line in text.split('\n') {
        match line.split_once(": ").unwrap_or((line, "")) {
            ("-- runner", words) => {
                let mut words = words.split_whitespace();
                example.runner = words.next().and_then(Runner::from_word);
                assert!(example.runner.is_some(), "no such runner: {line}");
                example.dialect = words.next().map(|word| match word {
                    "mysql" => Dialect::Mysql,
                    "sqlite" => Dialect::Sqlite,
                    other => panic!("no such dialect: {other}"),
                });
            }
            ("-- server", version) => example.server = Some(version.trim().parse().unwrap()),
            ("-- opt-in", _) => example.opt_in = true,
            ("-- released:", _) => part = Part::Released,
            ("-- instead:", _) => {
                part = Part::Instead;
                example.instead = Some(String::new());
            }
            ("-- new:", _) => {
                part = Part::New;
                example.new.push(Default::default());
            }
            ("-- down:", _) => {
                part = Part::Down;
                example.new.last_mut().unwrap().1 = Some(String::new());
            }
            _ => {
                if example.new.is_empty() && matches!(part, Part::New) {
                    if line.trim().is_empty() {
                        continue;
                    }
                    example.new.push(Default::default());
                }
                let to = match part {
                    Part::Released => &mut example.released,
                    Part::Instead => example.instead.as_mut().unwrap(),
                    Part::New => &mut example.new.last_mut().unwrap().0,
                    Part::Down => example.new.last_mut().unwrap().1.as_mut().unwrap(),
                };
                to.push_str(line);
                to.push('\n');
            }
        }
    }
    example
}

/// The files of an example, as its runner names them; the previous release has at least a table of its own.
#[allow(clippy::type_complexity, reason = "names and texts, before and now")]
fn files(example: &Example) -> (Vec<(String, String)>, Vec<(String, String)>) {
    let runner = example.runner.unwrap_or(Runner::GolangMigrate);
    let name = |number: usize, down: bool| match (runner, down) {
        (Runner::GolangMigrate, false) => format!("db/migrations/{number:06}_step.up.sql"),
        (Runner::GolangMigrate, true) => format!("db/migrations/{number:06}_step.down.sql"),
        (Runner::Sqlx, false) => format!("db/migrations/{number:06}_step.up.sql"),
        (Runner::Sqlx, true) => format!("db/migrations/{number:06}_step.down.sql"),
        (Runner::Flyway | Runner::Refinery, _) => format!("db/migrations/V{number}__step.sql"),
        _ => format!("db/migrations/{number:05}_step.sql"),
    };
    let mark = |up: &str, down: Option<&str>| match runner {
        Runner::Goose => format!(
            "-- +goose Up\n{up}\n{}",
            down.map_or_else(String::new, |down| format!("-- +goose Down\n{down}"))
        ),
        Runner::Dbmate => format!(
            "-- migrate:up\n{up}\n-- migrate:down\n{}",
            down.unwrap_or_default()
        ),
        _ => up.to_owned(),
    };
    let sections = matches!(runner, Runner::Goose | Runner::Dbmate);
    let mut before = vec![(
        name(1, false),
        mark("CREATE TABLE relgate_example (id bigint);", None),
    )];
    if !example.released.trim().is_empty() {
        before.push((name(2, false), mark(&example.released, None)));
    }
    let mut after = before.clone();
    if let Some(text) = &example.instead {
        after.last_mut().unwrap().1 = mark(text, None);
    }
    for (index, (up, down)) in example.new.iter().enumerate() {
        after.push((name(index + 3, false), mark(up, down.as_deref())));
        if let (Some(down), false) = (down, sections) {
            after.push((name(index + 3, true), down.clone()));
        }
    }
    (before, after)
}

/// Judges an example as part of a release after `v1.0.0`.
fn judge(example: &Example, rule: &str) -> JudgedRelease {
    let (before, after) = files(example);
    judge_files(example, rule, &before, &after).0
}

/// Judges a block that is written as in a page.
pub(super) fn judge_block(block: &str) -> JudgedRelease {
    judge(&parse_example(block), "")
}

/// Judges files as the release after others, with the settings of an example.
pub(super) fn judge_files(
    example: &Example,
    rule: &str,
    before: &[(String, String)],
    after: &[(String, String)],
) -> (JudgedRelease, Sources) {
    let before: Vec<(&str, &str)> = before
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let after: Vec<(&str, &str)> = after
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let (mut reader, previous) = Reader::in_memory("v1.0.0", &before);
    let subject = reader.add_memory_snapshot("v1.1.0", &after);
    let settings = [MigrationSettings {
        path: "db/migrations".to_owned(),
        dialect: Some(example.dialect.unwrap_or(Dialect::Postgresql)),
        runner: Some(example.runner.unwrap_or(Runner::GolangMigrate)),
        server_version: example.server,
        ..MigrationSettings::default()
    }];
    let survey = survey(Some(&previous), &subject, &settings, &mut reader);
    let lowering = lower(&survey, &mut reader, None);
    let texts: BTreeMap<String, SourceId> = after
        .iter()
        .filter_map(|(path, _)| Some(((*path).to_owned(), reader.read(&subject, path)?)))
        .collect();
    let directory = survey
        .directories
        .first()
        .expect("the example has a directory");
    let enabled: Vec<String> = example
        .opt_in
        .then(|| rule.to_owned())
        .into_iter()
        .collect();
    let judged = check_release(&ReleaseInput {
        directory,
        lowering: &lowering,
        replays: &Replays::default(),
        sources: &reader.sources,
        texts: &texts,
        previous: "v1.0.0",
        declared: None,
        uses: &super::Uses::new(),
        enabled: &enabled,
    });
    (judged, reader.sources)
}

/// The texts of the SQL blocks below a heading.
fn blocks<'p>(page: &'p str, heading: &str) -> Vec<&'p str> {
    let Some(section) = page.split(&format!("\n## {heading}\n")).nth(1) else {
        return Vec::new();
    };
    let section = section.split("\n## ").next().unwrap_or("");
    section
        .split("```sql\n")
        .skip(1)
        .filter_map(|block| block.split("\n```").next())
        .collect()
}

#[test]
fn bad_blocks_are_flagged_and_good_ones_are_silent() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let id = rule.info.id;
        let (bad, good) = (
            blocks(rule.info.page, "Bad"),
            blocks(rule.info.page, "Good"),
        );
        if bad.is_empty() || good.is_empty() {
            wrong.push(format!("{id}: the page needs a Bad and a Good block"));
        }
        for (block, expected) in bad
            .iter()
            .map(|b| (b, true))
            .chain(good.iter().map(|b| (b, false)))
        {
            let judged = judge(&parse_example(block), id);
            let errors: Vec<_> = judged
                .findings
                .iter()
                .filter(|f| f.rule == "syntax-error")
                .collect();
            if !errors.is_empty() && id != "syntax-error" {
                wrong.push(format!(
                    "{id}: does not parse: {}\n{block}",
                    errors[0].message
                ));
            }
            let found = judged.findings.iter().any(|finding| finding.rule == id);
            if found != expected {
                let others: Vec<&str> = judged.findings.iter().map(|f| f.rule.as_str()).collect();
                let verb = if expected {
                    "is silent on a Bad"
                } else {
                    "flags a Good"
                };
                wrong.push(format!("{id} {verb} block (found: {others:?}):\n{block}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn pages_have_their_headings() {
    for rule in RULES {
        let page = rule.info.page;
        assert!(
            page.starts_with(&format!("# {}\n", rule.info.id)),
            "{}",
            rule.info.id
        );
        let headings: Vec<&str> = page
            .split('\n')
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        assert_eq!(headings, HEADINGS, "{}", rule.info.id);
    }
}

#[test]
fn rules_are_sorted_and_named_once() {
    assert!(RULES.is_sorted_by(|a, b| a.info.id < b.info.id));
    for rule in RULES {
        let is_marked = rule.info.summary.ends_with(" (opt-in)");
        assert_eq!(rule.opt_in, is_marked, "{}", rule.info.id);
    }
}

/// What is wrong with the fixes of an example: those of its rule must leave nothing that they could mend, and no new error.
fn wrong_with_fixes(block: &str, rule: &str) -> Option<String> {
    let example = parse_example(block);
    let (before, mut after) = files(&example);
    let mut known: Option<Vec<String>> = None;
    for _round in 0..10 {
        let (judged, sources) = judge_files(&example, rule, &before, &after);
        let errors: Vec<String> = judged
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| format!("{}: {}", finding.rule, finding.message))
            .collect();
        let new: Vec<&String> = match &known {
            Some(known) => errors
                .iter()
                .filter(|error| !known.contains(error))
                .collect(),
            None => Vec::new(),
        };
        if !new.is_empty() {
            return Some(format!("leads to {new:?}:\n{after:#?}"));
        }
        known.get_or_insert_with(|| errors.clone());
        let own: Vec<_> = judged
            .findings
            .iter()
            .filter(|finding| finding.rule == rule)
            .collect();
        let fixes = own.iter().filter_map(|finding| finding.fix.as_ref());
        let is_there = |path: &str| after.iter().any(|(known, _)| known == path);
        let (changes, applied) = mend(fixes, &sources, is_there);
        if changes.is_empty() {
            let fixable = own.iter().filter(|finding| finding.fix.is_some()).count();
            return (applied != fixable).then(|| format!("does not apply:\n{after:#?}"));
        }
        for (path, (_, text)) in changes {
            match after.iter_mut().find(|(known, _)| *known == path) {
                Some((_, known)) => *known = text,
                None => after.push((path, text)),
            }
        }
        after.sort();
    }
    Some(format!("never ends:\n{after:#?}"))
}

#[test]
fn fixes_leave_nothing_of_their_rule() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let id = rule.info.id;
        for block in blocks(rule.info.page, "Bad") {
            if let Some(why) = wrong_with_fixes(block, id) {
                wrong.push(format!("{id} {why}\n{block}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The files of a release after all fixes of a rule: path and text of those that are new or changed.
fn fixed(rule: &str, block: &str) -> String {
    let example = parse_example(block);
    let (before, mut after) = files(&example);
    let given = after.clone();
    for _round in 0..10 {
        let (judged, sources) = judge_files(&example, rule, &before, &after);
        let own = judged
            .findings
            .iter()
            .filter(|finding| finding.rule == rule);
        let fixes: Vec<_> = own.filter_map(|finding| finding.fix.as_ref()).collect();
        let is_there = |path: &str| after.iter().any(|(known, _)| known == path);
        for (path, (_, text)) in mend(fixes, &sources, is_there).0 {
            match after.iter_mut().find(|(known, _)| *known == path) {
                Some((_, known)) => *known = text,
                None => after.push((path, text)),
            }
        }
        after.sort();
    }
    after.retain(|file| !given.contains(file));
    let shown = after.iter().map(|(path, text)| {
        let name = path.rsplit('/').next().unwrap();
        format!("> {name}\n{text}")
    });
    shown.collect()
}

#[test]
fn fixes_write_what_a_careful_author_would() {
    let released = "-- released:\nCREATE TABLE casks (id bigint PRIMARY KEY, label text);\nCREATE INDEX by_id ON casks (id, label);\n-- new:\n";
    let mut shown = String::new();
    for (rule, runner, text) in [
        (
            "create-index-non-concurrent",
            "golang-migrate",
            "CREATE INDEX by_label ON casks (label);\n",
        ),
        (
            "create-index-non-concurrent",
            "golang-migrate",
            "ALTER TABLE casks ADD COLUMN age int;\n\n-- The list of labels.\nCREATE INDEX by_label ON casks (label); -- short\nCREATE UNIQUE INDEX IF NOT EXISTS \"byAge\" ON casks (age);\n-- down:\nDROP INDEX by_label;\nALTER TABLE casks DROP COLUMN age;\n",
        ),
        (
            "create-index-non-concurrent",
            "golang-migrate",
            "CREATE INDEX IF NOT EXISTS by_label ON casks (label);\n",
        ),
        (
            "create-index-non-concurrent",
            "goose",
            "CREATE INDEX IF NOT EXISTS by_label ON casks (label);\n-- down:\nDROP INDEX by_label;\n",
        ),
        (
            "create-index-non-concurrent",
            "dbmate",
            "CREATE INDEX by_label ON casks (label);\n-- down:\nDROP INDEX by_label;\n",
        ),
        (
            "create-index-non-concurrent",
            "sqlx",
            "SELECT 1;\nCREATE INDEX by_label ON casks (label);\n",
        ),
        (
            "create-index-non-concurrent",
            "refinery",
            "CREATE INDEX by_label ON casks (label);\n",
        ),
        (
            "create-index-non-concurrent",
            "golang-migrate",
            "CREATE INDEX by_label ON casks (label);\nALTER INDEX by_label RENAME TO labels;\n",
        ),
        (
            "drop-index-non-concurrent",
            "golang-migrate",
            "SELECT 1;\nDROP INDEX by_id;\n-- down:\nCREATE INDEX by_id ON casks (id, label);\nSELECT 1;\n",
        ),
        (
            "add-check-without-not-valid",
            "golang-migrate",
            "ALTER TABLE casks ADD CONSTRAINT has_label CHECK (label <> '');\n-- down:\nALTER TABLE casks DROP CONSTRAINT has_label;\n",
        ),
        (
            "set-not-null-scan",
            "golang-migrate",
            "ALTER TABLE casks ALTER COLUMN label SET NOT NULL;\n-- down:\nALTER TABLE casks ALTER COLUMN label DROP NOT NULL;\n",
        ),
        (
            "set-not-null-scan",
            "goose",
            "ALTER TABLE casks\n  ADD COLUMN age int,\n  ALTER label SET NOT NULL;\n-- down:\nALTER TABLE casks DROP COLUMN age, ALTER label DROP NOT NULL;\n",
        ),
        (
            "set-not-null-scan",
            "golang-migrate",
            "ALTER TABLE casks ALTER COLUMN label SET NOT NULL;\nALTER TABLE casks RENAME COLUMN label TO title;\n",
        ),
        (
            "add-unique-constraint-builds-index",
            "golang-migrate",
            "ALTER TABLE casks ADD CONSTRAINT one_label UNIQUE (label);\n-- down:\nALTER TABLE casks DROP CONSTRAINT one_label;\n",
        ),
        (
            "add-unique-constraint-builds-index",
            "dbmate",
            "ALTER TABLE casks ADD COLUMN age int;\nALTER TABLE casks ADD UNIQUE (label, id);\n-- down:\nALTER TABLE casks DROP CONSTRAINT casks_label_id_key;\nALTER TABLE casks DROP COLUMN age;\n",
        ),
        (
            "add-unique-constraint-builds-index",
            "golang-migrate",
            "ALTER TABLE casks ADD CONSTRAINT one_label UNIQUE (label) DEFERRABLE;\n",
        ),
        (
            "add-unique-constraint-builds-index",
            "golang-migrate",
            "ALTER TABLE casks ADD CONSTRAINT one_label UNIQUE (label);\nINSERT INTO casks VALUES (1, 'a') ON CONFLICT (label) DO NOTHING;\n",
        ),
        (
            "add-primary-key-builds-index",
            "golang-migrate",
            "ALTER TABLE casks DROP CONSTRAINT casks_pkey;\nALTER TABLE casks ADD PRIMARY KEY (id);\n",
        ),
        (
            "add-primary-key-builds-index",
            "golang-migrate",
            "ALTER TABLE relgate_example ADD PRIMARY KEY (id);\n-- down:\nALTER TABLE relgate_example DROP CONSTRAINT relgate_example_pkey;\n",
        ),
        (
            "require-lock-timeout",
            "golang-migrate",
            "-- Why.\nALTER TABLE casks ADD COLUMN age int;\n",
        ),
        (
            "require-lock-timeout",
            "golang-migrate",
            "BEGIN;\nALTER TABLE casks ADD COLUMN age int;\nCOMMIT;\n",
        ),
        (
            "require-lock-timeout",
            "goose",
            "-- +goose StatementBegin\nALTER TABLE casks ADD COLUMN age int;\n-- +goose StatementEnd\n-- down:\nALTER TABLE casks DROP COLUMN age;\n",
        ),
    ] {
        let block = format!("-- runner: {runner}\n{released}{text}");
        assert_eq!(wrong_with_fixes(&block, rule), None);
        shown.push_str(&format!(
            "=== {rule}, {runner}\n{text}{}\n",
            fixed(rule, &block)
        ));
    }
    insta::with_settings!({snapshot_path => "../../../snapshots/sql", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("fixes", shown);
    });
}
