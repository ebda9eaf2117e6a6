use std::time::{Duration, Instant};

use crate::support::{Repo, Tool};

/// What may be wrong with a file, and whether it can be read as text all the same.
fn contents() -> Vec<(&'static str, Vec<u8>, bool)> {
    let repeat = |text: &str, times| text.repeat(times).into_bytes();
    let long_sql = "INSERT INTO casks (id, label) VALUES (1, 'it''s -- no comment; really');\n";
    vec![
        ("empty", vec![], true),
        ("blank", repeat(" \t\r\n", 1000), true),
        (
            "a byte-order mark",
            "\u{feff}## [1.0.1] - 2026-01-05\r\n\r\n- x\r\n".into(),
            true,
        ),
        ("binary", (0..=255).cycle().take(100_000).collect(), false),
        ("invalid UTF-8", b"key: \xff\xfe\xfa value".to_vec(), false),
        (
            "UTF-16",
            "a: b".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            false,
        ),
        (
            "garbage",
            repeat(
                "]})%@'\"`$$ \\ /* -- {{ <!-- \u{202e}\u{1b}[2J & * ? |",
                200,
            ),
            true,
        ),
        ("one quote", b"SELECT '".to_vec(), true),
        ("one dollar quote", b"DO $x$ BEGIN".to_vec(), true),
        ("deep brackets", repeat("[", 200_000), true),
        (
            "deep parentheses",
            [repeat("SELECT ", 1), repeat("(", 200_000)].concat(),
            true,
        ),
        ("deep maps", repeat("{a: ", 100_000), true),
        ("deep lists", repeat("- ", 100_000), true),
        ("deep quotes", repeat("> ", 100_000), true),
        ("deep comments", repeat("/*", 200_000), true),
        ("deep templates", repeat("{{ if (", 50_000), true),
        (
            "an unclosed action",
            b"kind: Job\nx: {{ .Values.a".to_vec(),
            true,
        ),
        ("an unclosed comment", b"{{/* kind: Job".to_vec(), true),
        ("open branches", repeat("{{ if .Values.a }}", 100_000), true),
        (
            "a long line of keys",
            repeat("{{ .Values.a.b }}", 60_000),
            true,
        ),
        ("one key of many parts", repeat(".Values.a", 110_000), true),
        ("merge bomb", merge_bomb(), true),
        ("many aliases", alias_bomb(), true),
        ("a long line", repeat("x", 1_000_000), true),
        ("many lines", repeat("a: b\n", 40_000), true),
        (
            "many headings",
            repeat("## [1.0.1] - 2026-01-05\n\n", 20_000),
            true,
        ),
        (
            "much SQL",
            repeat(long_sql, 5_000_000 / long_sql.len()),
            true,
        ),
    ]
}

/// Each map merges the one before it, many times.
fn merge_bomb() -> Vec<u8> {
    let mut text = "a0: &a0 {k: x}\n".to_owned();
    for level in 1..3000 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        let list = below.trim_end_matches(", ");
        text.push_str(&format!(
            "a{level}: &a{level} {{<<: [{list}], k{level}: x}}\n"
        ));
    }
    text.into_bytes()
}

fn alias_bomb() -> Vec<u8> {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            below.trim_end_matches(", ")
        ));
    }
    text.into_bytes()
}

#[test]
fn a_changelog_may_hold_anything() {
    check("CHANGELOG.md");
}

#[test]
fn a_migration_may_hold_anything() {
    check("db/migrations/000002_taps.up.sql");
}

#[test]
fn the_way_down_may_hold_anything() {
    check("db/migrations/000002_taps.down.sql");
}

#[test]
fn a_chart_may_hold_anything() {
    check("charts/cellar/Chart.yaml");
}

#[test]
fn values_may_hold_anything() {
    check("charts/cellar/values.yaml");
}

#[test]
fn a_template_may_hold_anything() {
    check("charts/cellar/templates/deployment.yaml");
}

/// Whatever stands in the file, there is an answer, soon; and what could not be read is named.
#[track_caller]
fn check(file: &str) {
    let repo = Repo::play("every-kind");
    for (what, bytes, is_text) in contents() {
        std::fs::write(repo.path().join(file), &bytes).unwrap();
        repo.git(&["add", "--all"]);
        repo.git(&["commit", "-q", "--allow-empty", "-m", "change"]);
        repo.git(&["tag", "--force", "v1.0.1"]);

        let begin = Instant::now();
        let run = Tool::within(repo.path()).run(&["check", "--tag", "v1.0.1", "--format", "json"]);
        let took = begin.elapsed();

        let head: String = run.text.chars().take(3000).collect();
        let context = format!("{file}: {what}\n{head}");
        assert!((0..=2).contains(&run.code), "{context}");
        assert!(!run.stderr.contains("panicked"), "{context}");
        assert!(took < Duration::from_mins(2), "{took:?} for {context}");
        let report: serde_json::Value = serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("not a report ({error}): {context}"));
        let not_examined = report["coverage"]["notExamined"].to_string();
        assert!(
            is_text || not_examined.contains(file),
            "passed over {context}"
        );
        if !is_text {
            let change = ["check", "--tag", "v1.0.1", "--stage", "change"];
            let run = Tool::within(repo.path()).run(&change);
            assert_ne!(run.code, 0, "passed: {context}");
        }
    }
}

/// A broken configuration is an error that points into it, and nothing is judged.
#[test]
fn the_configuration_may_hold_anything() {
    for (what, bytes, _) in contents() {
        let repo = Repo::play("every-kind");
        std::fs::write(repo.path().join("relgate.yaml"), &bytes).unwrap();
        let run = Tool::within(repo.path()).run(&["check", "--tag", "v1.0.0"]);
        // Headings of Markdown are comments of YAML.
        let blank = matches!(what, "empty" | "blank" | "many headings");
        assert!(
            run.code == 2 || (blank && run.code < 2),
            "{what}: {}",
            run.text
        );
        assert!(!run.stderr.contains("panicked"), "{what}: {}", run.text);
        assert!(
            run.code < 2 || run.stderr.contains("relgate.yaml"),
            "{what}: {}",
            run.text
        );
    }
}

/// Messages of commits and tags are input too.
#[test]
fn messages_may_hold_anything() {
    let repo = Repo::play("every-kind");
    // git keeps no NUL in a message.
    for (_, bytes, _) in contents()
        .into_iter()
        .filter(|(_, bytes, _)| !bytes.contains(&0))
    {
        let file = repo.beside("message");
        std::fs::write(&file, &bytes).unwrap();
        let file = file.to_str().unwrap();
        repo.git(&[
            "commit",
            "-q",
            "--allow-empty",
            "--allow-empty-message",
            "--cleanup=verbatim",
            "-F",
            file,
        ]);
    }
    repo.git(&["tag", "v1.0.1"]);
    let begin = Instant::now();
    let run = Tool::within(repo.path()).run(&["check", "--tag", "v1.0.1", "--format", "json"]);
    assert!((0..=1).contains(&run.code), "{}", run.text);
    assert!(begin.elapsed() < Duration::from_mins(1));
}
