//! The pages of the rules are their tests: every example under *Bad* is flagged by its rule, every one under *Good* is not.
//!
//! A block is a file; behind `sql` stand its path and what else is to be said of it: `released` (it was in the previous
//! release, and still is), `before` (it was, and is not any more, or not like this), `candidate` (a candidate of another
//! release has it), or the runner of the directory. Blocks follow each other to one example; `Or:` begins another. Bytes that
//! cannot be seen are written as `<BOM>`, `<CR>` and `<FF>`.

use super::*;
use crate::finding::{Finding, Severity};
use crate::migrations::{Memory, MigrationSettings, lowering, survey};
use crate::syntax::migration::Runner;
use crate::syntax::sql::operation::Dialect;

/// The headings that every page has, in this order.
const HEADINGS: [&str; 5] = [
    "What it detects",
    "Why it matters",
    "Bad",
    "Good",
    "How to fix",
];

#[derive(Default)]
struct Example {
    runner: Option<Runner>,
    before: Vec<(String, Vec<u8>)>,
    after: Vec<(String, Vec<u8>)>,
    candidate: Vec<(String, Vec<u8>)>,
}

impl Example {
    fn parse(text: &str) -> Self {
        let mut example = Self::default();
        for block in text.split("```sql ").skip(1) {
            let (head, rest) = block.split_once('\n').unwrap();
            let content = bytes(rest.split("```").next().unwrap());
            let mut words = head.split_whitespace();
            let file = (words.next().unwrap().to_owned(), content);
            let mut is_new = true;
            for word in words {
                match word {
                    "released" => example.before.push(file.clone()),
                    "before" => {
                        example.before.push(file.clone());
                        is_new = false;
                    }
                    "candidate" => {
                        example.candidate.push(file.clone());
                        is_new = false;
                    }
                    runner => example.runner = Some(Runner::from_word(runner).unwrap()),
                }
            }
            if is_new {
                example.after.push(file);
            }
        }
        example
    }

    fn check(&self) -> Vec<Finding> {
        let view = |files: &'_ [(String, Vec<u8>)]| -> Vec<(String, Vec<u8>)> { files.to_vec() };
        let (mut reader, _) = Reader::in_memory("", &[]);
        let mut snapshot = |label: &str, files: &[(String, Vec<u8>)]| {
            let files = view(files);
            let files: Vec<(&str, &[u8])> = files
                .iter()
                .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
                .collect();
            reader.add_memory_snapshot_of_bytes(label, &files)
        };
        let before = snapshot("v1.0.0", &self.before);
        let after = snapshot("v1.1.0", &self.after);
        let candidate = snapshot("v1.1.0-rc1", &self.candidate);
        let settings = ["db", "sql"].map(|path| MigrationSettings {
            path: path.to_owned(),
            runner: Some(self.runner.unwrap_or(Runner::GolangMigrate)),
            dialect: Some(Dialect::Postgresql),
            ..MigrationSettings::default()
        });
        let survey = survey(Some(&before), &after, &settings, &mut reader);
        let lowering = lowering::lower(&survey, &mut reader, None);
        let others = [OtherRelease {
            tag: "v1.1.0-rc1",
            state: &candidate,
        }];
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        check_sequences(
            &Memory::default(),
            &survey,
            &lowering,
            &others,
            now,
            &mut reader,
        )
        .0
    }
}

fn bytes(text: &str) -> Vec<u8> {
    let text = text.replace("<BOM>", "\u{feff}").replace("<CR>", "\r");
    let mut bytes = Vec::new();
    for (index, part) in text.split("<FF>").enumerate() {
        if index > 0 {
            bytes.push(0xff);
        }
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

fn examples(page: &str, heading: &str) -> Vec<Example> {
    let start = page.find(&format!("## {heading}\n")).unwrap();
    let rest = &page[start + 3..];
    let section = &rest[..rest.find("\n## ").unwrap_or(rest.len())];
    section.split("\nOr:\n").map(Example::parse).collect()
}

#[test]
fn bad_is_flagged_and_good_is_not() {
    let mut wrong = Vec::new();
    for rule in RULES {
        for (heading, expected) in [("Bad", true), ("Good", false)] {
            for (number, example) in examples(rule.info.page, heading).iter().enumerate() {
                assert!(
                    !example.before.is_empty() || !example.after.is_empty(),
                    "{}: {heading} {number} is no example",
                    rule.info.id
                );
                let found = example.check();
                if found.iter().any(|finding| finding.rule == rule.info.id) != expected {
                    let rules: Vec<&str> =
                        found.iter().map(|finding| finding.rule.as_str()).collect();
                    wrong.push(format!(
                        "{} {heading} {number}: found {rules:?}",
                        rule.info.id
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn good_examples_are_good_for_every_rule() {
    for rule in RULES {
        for example in examples(rule.info.page, "Good") {
            let found: Vec<String> = example
                .check()
                .into_iter()
                .filter(|finding| finding.severity > Severity::Info)
                .map(|finding| format!("{}: {}", finding.rule, finding.message))
                .collect();
            assert_eq!(found, [""; 0], "{}", rule.info.id);
        }
    }
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
}

/// Files are `path released|before|candidate: content`.
fn check(runner: Runner, files: &[(&str, &str)], expected: &[&str]) {
    let text: String = files
        .iter()
        .map(|(head, content)| format!("```sql {head} {runner}\n{content}\n```\n"))
        .collect();
    let found: Vec<String> = Example::parse(&text)
        .check()
        .iter()
        .map(|finding| format!("{} {}", finding.severity.as_str(), finding.rule))
        .collect();
    assert_eq!(found, expected, "{files:?}");
}

#[test]
fn what_was_wrong_before_is_silent() {
    check(
        Runner::GolangMigrate,
        &[
            ("db/1_a.up.sql released", "<BOM>A;<CR>"),
            ("db/1_b.up.sql released", ""),
            ("db/x.up.sql released", "A;"),
            ("db/20990101000000_c.up.sql released", "A;"),
            ("db/9_d.down.sql released", "A;"),
        ],
        &[],
    );
}

#[test]
fn the_runner_decides_how_bad_it_is() {
    let late = |runner, expected: &[&str]| {
        let released = match runner {
            Runner::Goose | Runner::Dbmate => {
                "-- +goose Up\n-- migrate:up\nSELECT 1;\n-- +goose Down\n-- migrate:down\nSELECT 2;"
            }
            _ => "SELECT 1;",
        };
        check(
            runner,
            &[("db/5_a.sql released", released), ("db/4_b.sql", released)],
            expected,
        );
    };
    late(Runner::Goose, &["error out-of-order-version"]);
    late(Runner::Dbmate, &["warning out-of-order-version"]);
    late(
        Runner::Plain,
        &["info down-missing", "warning out-of-order-version"],
    );
    check(
        Runner::Dbmate,
        &[("db/1_a.sql", "-- migrate:up\nSELECT 1;")],
        &["error down-missing"],
    );
    check(Runner::Refinery, &[("db/V1__a.sql", "SELECT 1;")], &[]);
    check(
        Runner::Diesel,
        &[("db/1_a/up.sql", "-- nothing")],
        &["info down-missing", "error empty-migration"],
    );
}

#[test]
fn migrations_that_moved_are_released_ones() {
    let files = |new| {
        [
            ("sql/2_b.up.sql before", "B;"),
            ("sql/20240101000000_a.up.sql before", "A;"),
            ("db/2_b.up.sql", "B;"),
            ("db/20240101000000_a.up.sql", "A;"),
            (new, "C;"),
        ]
    };
    check(
        Runner::GolangMigrate,
        &files("db/20250101000000_c.up.sql"),
        &["info down-missing"],
    );
    check(
        Runner::GolangMigrate,
        &files("db/3_c.up.sql"),
        &[
            "info down-missing",
            "warning mixed-version-scheme",
            "error out-of-order-version",
        ],
    );
}

#[test]
fn a_sequence_that_is_gone_is_one_finding() {
    check(
        Runner::GolangMigrate,
        &[
            ("db/1_a.up.sql before", "A;"),
            ("db/2_b.up.sql before", "B;"),
        ],
        &["error migration-deleted-or-renamed-after-release"],
    );
}

#[test]
fn a_candidate_that_already_has_the_file_is_not_ahead_of_it() {
    check(
        Runner::GolangMigrate,
        &[
            ("db/1_a.up.sql released", "A;"),
            ("db/2_b.up.sql", "B;"),
            ("db/2_b.up.sql candidate", "B;"),
            ("db/3_c.up.sql candidate", "B;"),
        ],
        &["info down-missing"],
    );
}
