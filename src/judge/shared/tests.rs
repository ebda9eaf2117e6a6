//! Whoever judges many releases with one memory says of each what a judgement alone says.

use std::rc::Rc;

use super::*;
use crate::discover::Reader;
use crate::git::tests::played;
use crate::judge::{Frame, judge_subject};
use crate::project::{self, Project, Root};
use crate::report::audit::STAGE;
use crate::report::{Style, json};
use crate::subject::{self, Subject};
use crate::version::TagKind;

const STYLE: Style = Style {
    color: false,
    width: 80,
    verbosity: 0,
};

fn project(repository: &Repository) -> Project {
    let root = Root::WorkTree(repository.workdir().unwrap().to_owned());
    project::load(&root, &root, &mut Reader::new(repository), None).unwrap()
}

/// Every release of a history as a report, in the order that `order` makes of them.
fn reports(steps: &str, shares: bool, order: fn(&mut Vec<Subject>)) -> Vec<String> {
    let (_directory, repository) = played(steps);
    let project = project(&repository);
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let mut frame = Frame::new(&repository, &project, now, None).unwrap();
    let tags = repository.tags(&frame.scheme).unwrap();
    let history = subject::load_history(&repository, tags, &frame.branches, &[]).unwrap();
    let facts = crate::facts::tags::collect(&history, &frame.scheme, &frame.earlier_tags);
    if shares {
        frame.shared = Rc::new(Shared::deferring());
        frame.tags = Some(facts.into());
    }
    let is_release =
        |tag: &&crate::git::Tag| matches!(tag.kind(), TagKind::Final | TagKind::Hotfix);
    let releases = history.tags.iter().filter(is_release);
    let mut subjects: Vec<Subject> = releases
        .map(|tag| Subject::of_tag(tag.clone(), false))
        .collect();
    order(&mut subjects);
    let mut texts: Vec<String> = subjects
        .iter()
        .map(|subject| {
            if !shares {
                frame.shared = Rc::default();
            }
            let judgement = judge_subject(&frame, subject, &history, Some(STAGE), &[]).unwrap();
            let mut text = Vec::new();
            json::write(&judgement.report, &STYLE, &mut text).unwrap();
            String::from_utf8(text).unwrap()
        })
        .collect();
    texts.sort();
    texts
}

fn check(steps: &str) {
    let alone = reports(steps, false, |_| {});
    let orders: [fn(&mut Vec<Subject>); 3] = [
        |_| {},
        |subjects| subjects.reverse(),
        // Far from each other, so that a state is worked out from one that has little in common with it.
        |subjects| {
            let half = subjects.len() / 2;
            subjects.rotate_left(half);
            let (front, back) = subjects.split_at(half);
            let pairs = front.iter().zip(back.iter().rev());
            let mixed: Vec<Subject> = pairs.flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
            let rest = back.iter().rev().skip(half).cloned();
            *subjects = mixed.into_iter().chain(rest).collect();
        },
    ];
    for order in orders {
        let together = reports(steps, true, order);
        assert_eq!(together.len(), alone.len());
        for (one, other) in together.iter().zip(&alone) {
            assert!(one == other, "{}", first_difference(one, other));
        }
    }
}

fn first_difference(one: &str, other: &str) -> String {
    let same = one
        .split('\n')
        .zip(other.split('\n'))
        .take_while(|(a, b)| a == b)
        .count();
    let near = |text: &str| {
        let lines: Vec<&str> = text
            .split('\n')
            .skip(same.saturating_sub(12))
            .take(20)
            .collect();
        lines.join("\n")
    };
    format!("together:\n{}\nalone:\n{}", near(one), near(other))
}

#[test]
fn the_examples() {
    check(include_str!("../../../examples/lakerunner/history.yaml"));
    check(include_str!(
        "../../../tests/integration/repos/every-kind.yaml"
    ));
}

/// Numbers that look like chance and are the same every time (Knuth's MMIX generator).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[usize::try_from(self.below(texts.len() as u64)).unwrap()]
    }
}

/// A history in which files come, change, move and go, and in which the runner and the database change with what lies
/// beside them.
fn generated(seed: u64, releases: u64) -> String {
    let mut chance = Chance(seed);
    let mut steps = String::new();
    let mut there: Vec<String> = Vec::new();
    for release in 0..releases {
        let mut writes: Vec<(String, String)> = Vec::new();
        let mut moves: Vec<(String, String)> = Vec::new();
        for _ in 0..=chance.below(4) {
            let directory = chance.of(&[
                "db/migrations",
                "db/migrations",
                "db/migrations",
                "sql",
                "pg/1",
                "pg/2",
                "testdata/migrations",
            ]);
            let number = if chance.below(5) == 0 {
                chance.below(release + 2)
            } else {
                release * 4 + chance.below(4)
            };
            let title = chance.of(&["casks", "orders", "label"]);
            let end = chance.of(&[
                "up.sql",
                "up.sql",
                "up.sql",
                "down.sql",
                "sql",
                "postgres.up.sql",
                "sqlite3.up.sql",
            ]);
            let path = match chance.below(12) {
                0 => format!("{directory}/V{number}__{title}.sql"),
                1 => format!("{directory}/{number}_{title}/up.sql"),
                2 => format!("{directory}/R__{title}.sql"),
                _ => format!("{directory}/{number:04}_{title}.{end}"),
            };
            let text = match chance.below(7) {
                0 => format!("CREATE TABLE casks{number} (id bigint PRIMARY KEY, label text);"),
                1 => format!(
                    "ALTER TABLE casks{} ADD COLUMN wax{number} text;",
                    chance.below(release * 4 + 1)
                ),
                2 => format!("DROP TABLE casks{};", chance.below(release * 4 + 1)),
                3 => format!(
                    "ALTER TABLE casks{} DROP COLUMN label;",
                    chance.below(release * 4 + 1)
                ),
                4 => format!(
                    "ALTER TABLE casks{} RENAME TO casks{number};",
                    chance.below(release * 4 + 1)
                ),
                5 => "CREATE TABLE orders (".to_owned(),
                _ => format!(
                    "CREATE INDEX ON casks{} (label);",
                    chance.below(release * 4 + 1)
                ),
            };
            there.push(path.clone());
            writes.push((path, text));
        }
        if chance.below(4) == 0 {
            let manifest = chance.of(&["go.mod", "Cargo.toml", "db/go.mod"]);
            let text = chance.of(&[
                "jackc/pgx",
                "gobuffalo/pop",
                "sqlx = { features = [\\\"sqlite\\\"] }",
                "golang-migrate/migrate",
                "nothing",
            ]);
            writes.push((manifest.to_owned(), text.to_owned()));
        }
        if chance.below(3) == 0 && !there.is_empty() {
            let at = usize::try_from(chance.below(there.len() as u64)).unwrap();
            let from = there.swap_remove(at);
            if !writes.iter().any(|(path, _)| *path == from)
                && there.iter().all(|path| *path != from)
            {
                let to = format!("db/migrations/{:04}_moved.up.sql", release * 4 + 3);
                if !there.contains(&to) {
                    there.push(to.clone());
                    moves.push((from, to));
                }
            }
        }
        steps.push_str(&format!("- commit: \"feat: number {release}\"\n"));
        if !moves.is_empty() {
            steps.push_str("  rename:\n");
            for (from, to) in &moves {
                steps.push_str(&format!("    \"{from}\": \"{to}\"\n"));
            }
        }
        writes.sort();
        writes.dedup_by(|a, b| a.0 == b.0);
        steps.push_str("  write:\n");
        for (path, text) in &writes {
            steps.push_str(&format!("    \"{path}\": \"{text}\"\n"));
        }
        let tag = match chance.below(6) {
            0 => format!("[v1.{release}.0-rc1, v1.{release}.0]"),
            1 => format!("v1.{release}.0-rc1"),
            2 => format!("[v1.{release}.0, v1.{release}.0-hotfix1]"),
            _ => format!("v1.{release}.0"),
        };
        steps.push_str(&format!("  tag: {tag}\n"));
    }
    steps
}

#[test]
fn generated_histories() {
    for seed in 1..=6 {
        check(&generated(seed, 24));
    }
}
