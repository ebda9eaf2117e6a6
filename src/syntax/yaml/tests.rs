//! What every text must leave: an answer, in bounded time, with places that are in it.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::source::Span;
use crate::syntax::Parsed;

/// Reads a text in every way there is, and checks every place that comes back.
fn read_all(text: &str) -> Result<(), TestCaseError> {
    for parsed in [parse(text), parse_helm(text)] {
        for error in &parsed.errors {
            in_text(text, error.span)?;
        }
        for document in &parsed.value {
            in_text(text, document.span())?;
            nodes(text, document.root())?;
            for resolved in [resolve_helm(document), resolve_core(document)] {
                values(text, &resolved)?;
            }
        }
    }
    let _ = from_str::<serde_json::Value>(text);
    Ok(())
}

fn in_text(text: &str, span: Span) -> Result<(), TestCaseError> {
    prop_assert!(
        text.get(span.range()).is_some(),
        "{span:?} of {} bytes",
        text.len()
    );
    Ok(())
}

fn nodes(text: &str, node: Node<'_>) -> Result<(), TestCaseError> {
    for span in [
        Some(node.span()),
        Some(node.definition_span()),
        node.anchor_span(),
        node.tag_span(),
    ]
    .into_iter()
    .flatten()
    {
        in_text(text, span)?;
    }
    if let Some(scalar) = scalar_text(text, node) {
        for end in [0, 1, scalar.text.len(), usize::MAX] {
            in_text(text, scalar.to_file_span(0..end))?;
        }
    }
    if node.is_alias() {
        return Ok(());
    }
    let children = node
        .entries()
        .flat_map(|(key, value)| [key, value])
        .chain(node.items());
    for child in children {
        nodes(text, child)?;
    }
    Ok(())
}

fn values(text: &str, resolved: &Parsed<Value>) -> Result<(), TestCaseError> {
    for error in &resolved.errors {
        in_text(text, error.span)?;
    }
    places(text, &resolved.value, 0)
}

fn places(text: &str, value: &Value, depth: u32) -> Result<(), TestCaseError> {
    prop_assert!(depth <= MAX_DEPTH);
    in_text(text, value.span)?;
    in_text(text, value.defined)?;
    for entry in value.entries() {
        in_text(text, entry.key_span)?;
        places(text, &entry.value, depth + 1)?;
    }
    for item in value.items() {
        places(text, item, depth + 1)?;
    }
    Ok(())
}

/// Texts that are nearly YAML.
fn yaml_like() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "a",
        "é",
        "🍷",
        ": ",
        ":",
        "- ",
        "-",
        "? ",
        "\n",
        "\n  ",
        "\n    ",
        "\r\n",
        "\t",
        " ",
        "&x ",
        "*x",
        "<<: ",
        "!!int ",
        "! ",
        "!x ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "|\n",
        "|-\n",
        ">2\n",
        "> \n",
        "'",
        "''",
        "\"",
        "\\",
        "\\n",
        "\\u00e9",
        "\\ud83c",
        "# c",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "0x1F",
        "010",
        "1_0",
        ".inf",
        "~",
        "yes",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\0",
        "{{ .x }}",
    ]);
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        read_all(&text)?;
    }

    #[test]
    fn any_text_that_is_nearly_yaml_is_read(text in yaml_like()) {
        read_all(&text)?;
    }

    /// A plain scalar's bytes are its text, wherever it stands.
    #[test]
    fn scalars_stand_where_they_say(keys in prop::collection::vec("[a-zé🍷]{1,6}", 1..6), indent in 1usize..4) {
        let pad = " ".repeat(indent);
        let text: String = keys.iter().enumerate().map(|(at, key)| format!("{}{key}{at}:\n", pad.repeat(at))).collect();
        let parsed = parse_helm(&text);
        prop_assert_eq!(&parsed.errors, &[]);
        let mut node = parsed.value[0].root();
        for (at, key) in keys.iter().enumerate() {
            let (found, value) = node.entries().next().unwrap();
            prop_assert_eq!(&text[found.span().range()], format!("{key}{at}"));
            node = value;
        }
    }
}

/// Line breaks that only Helm's YAML knows are wider in the file than the scanner sees them.
#[test]
fn spans_beside_wide_line_breaks_stand_on_characters() {
    for text in [
        ">2\n \u{2028}a",
        ">2\n \u{85}a",
        "|\n \u{2029}a: [",
        "a: \u{2028}'",
        "- \u{2028}\t- é",
    ] {
        read_all(text).unwrap();
    }
}

/// Runs on a small stack, as worker threads have, and soon enough in a build without optimisation.
fn bounded(name: &str, text: String, check: fn(&Parsed<Vec<Document>>)) {
    let started = Instant::now();
    let thread = std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(move || {
            let parsed = parse_helm(&text);
            check(&parsed);
            for document in &parsed.value {
                let resolved = resolve_helm(document);
                assert!(resolved.value.same(&resolved.value));
                resolve_core(document);
            }
            let _ = from_str::<serde_json::Value>(&text);
        });
    thread.unwrap().join().unwrap_or_else(|_| panic!("{name}"));
    let taken = started.elapsed();
    assert!(taken < Duration::from_mins(1), "{name} took {taken:?}");
}

fn is_refused(parsed: &Parsed<Vec<Document>>) {
    assert!(!parsed.errors.is_empty());
}

#[test]
fn aliases_cannot_explode() {
    let laughs: String = (1..30)
        .map(|n| {
            format!(
                "a{n}: &a{n} [{}]\n",
                vec![format!("*a{}", n - 1); 9].join(", ")
            )
        })
        .collect();
    bounded("billion laughs", format!("a0: &a0 x\n{laughs}"), is_refused);
    let chain: String = (1..5_000)
        .map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1))
        .collect();
    bounded(
        "a deep chain of aliases",
        format!("a0: &a0 x\n{chain}"),
        is_refused,
    );
    bounded("an alias of itself", "a: &a [*a]\n".to_owned(), is_refused);
}

#[test]
fn merges_cannot_explode() {
    let keys: String = (0..500).map(|n| format!("  k{n}: 1\n")).collect();
    let maps: String = (0..3_000).map(|n| format!("m{n}: {{<<: *k}}\n")).collect();
    bounded(
        "many merges of a large map",
        format!("k: &k\n{keys}{maps}"),
        is_refused,
    );
    let nested = format!("{}k: 1{}", "<<: {".repeat(200), "}".repeat(200));
    let wide: String = (0..2_000).map(|n| format!(", k{n}: 1")).collect();
    bounded(
        "nested merges",
        nested.replace("k: 1", &format!("k: 1{wide}")),
        |parsed| {
            assert_eq!(parsed.errors, []);
            assert_eq!(resolve_helm(&parsed.value[0]).errors, []);
        },
    );
}

#[test]
fn nesting_cannot_overflow_the_stack() {
    for opening in ["[", "{a: ", "- ", "? ", "{{"] {
        bounded(opening, opening.repeat(100_000), is_refused);
    }
    let deep: String = (0..300)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    bounded("300 levels of indentation", deep, is_refused);
    bounded(
        "200 levels",
        format!("{}{}", "[".repeat(200), "]".repeat(200)),
        |parsed| assert_eq!(parsed.errors, []),
    );
}

#[test]
fn large_texts_are_read() {
    let values: String = (0..60_000)
        .map(|n| format!("key{n}:\n  name: \"cask {n}\"\n"))
        .collect();
    bounded("a large values file", values, |parsed| {
        assert_eq!(parsed.errors, []);
    });
    bounded("one key many times", "a: 1\n".repeat(100_000), |parsed| {
        assert_eq!(parsed.errors, []);
    });
    bounded("comments", "# cask\n".repeat(200_000), |parsed| {
        assert_eq!(parsed.errors, []);
    });
    bounded(
        "many documents",
        "--- a\n".repeat(MAX_DOCUMENTS + 1),
        is_refused,
    );
    bounded(
        "tabs",
        format!("a: 1\n{}", "  \t\n".repeat(100_000)),
        |_| {},
    );
    bounded("quotes", "\"".repeat(500_001), is_refused);
    bounded("colons", ":".repeat(200_000), |_| {});
    bounded(
        "a long scalar",
        format!("a: |\n{}", "  text\n".repeat(200_000)),
        |parsed| assert_eq!(parsed.errors, []),
    );
}
