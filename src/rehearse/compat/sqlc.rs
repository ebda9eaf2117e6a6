//! Queries that sqlc reads (`-- name: GetCask :one`), found in a state of the repository.

use super::Probe;
use crate::discover::{Reader, Snapshot};
use crate::source::{Location, Span};

/// More files than these are not read.
const MOST_FILES: usize = 500;

/// The queries of a state, sorted by file. `is_migration` says which files are something else.
pub fn queries(
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    is_migration: &dyn Fn(&str) -> bool,
) -> Vec<Probe> {
    let paths: Vec<String> = snapshot
        .below("")
        .map(|(path, _)| path)
        .filter(|path| path.ends_with(".sql") && path.contains("quer") && !is_migration(path))
        .map(str::to_owned)
        .collect();
    let (paths, rest) = paths.split_at(paths.len().min(MOST_FILES));
    if let Some(first) = rest.first() {
        let reason = format!(
            "the queries in {} files from here on were not tried: no more than {MOST_FILES} files are read",
            rest.len()
        );
        reader.coverage.skip(first.as_str(), reason);
    }
    let mut found = Vec::new();
    for path in paths {
        let Some(source) = reader.read(snapshot, path) else {
            continue;
        };
        let text = reader.sources.get(source).text.clone();
        for (name, start, end) in named(&text) {
            let body = text
                .get(start..end)
                .unwrap_or("")
                .trim()
                .trim_end_matches(';');
            if !body.is_empty() {
                found.push(Probe {
                    name,
                    location: Some(Location {
                        source,
                        span: Span::new(start, end),
                    }),
                    text: numbered(body),
                });
            }
        }
    }
    found
}

/// Each query's name, and where its text begins and ends.
fn named(text: &str) -> Vec<(String, usize, usize)> {
    let mut found: Vec<(String, usize, usize)> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let mark = line.trim_start().strip_prefix("--").map(str::trim_start);
        if let Some(rest) = mark.and_then(|rest| rest.strip_prefix("name:")) {
            if let Some(last) = found.last_mut() {
                last.2 = offset;
            }
            let name = rest.split_whitespace().next().unwrap_or("").to_owned();
            found.push((name, offset + line.len(), text.len()));
        }
        offset += line.len();
    }
    found
}

/// The query with `$1` for `sqlc.arg(x)`, `sqlc.narg(x)` and `@x`, the same number for the same name. Strings, quoted
/// names and comments stay as they are; operators such as `@>` do too.
fn numbered(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    let mut names: Vec<&str> = Vec::new();
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        let kept = match c {
            '\'' | '"' => rest
                .char_indices()
                .skip(1)
                .find(|(_, other)| *other == c)
                .map_or(rest.len(), |(at, _)| at + 1),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            _ => 0,
        };
        if kept > 0 {
            out.push_str(rest.get(..kept).unwrap_or(""));
            rest = rest.get(kept..).unwrap_or("");
            continue;
        }
        let after_word =
            out.ends_with(|last: char| last.is_alphanumeric() || "_@<#".contains(last));
        if let Some((name, length)) = parameter(rest).filter(|_| !after_word) {
            let number = names
                .iter()
                .position(|known| *known == name)
                .unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                });
            out.push_str(&format!("${}", number + 1));
            rest = rest.get(length..).unwrap_or("");
            continue;
        }
        out.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or("");
    }
    out
}

/// A named parameter at the start of a text, and how long it is.
fn parameter(text: &str) -> Option<(&str, usize)> {
    let word = |text: &str| {
        text.find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(text.len())
    };
    for call in ["sqlc.arg(", "sqlc.narg(", "sqlc.slice("] {
        if let Some(inner) = text.strip_prefix(call) {
            let close = inner.find(')')?;
            let name = inner.get(..close)?.trim().trim_matches(['\'', '"']);
            return Some((name, call.len() + close + 1));
        }
    }
    let name = text.strip_prefix('@')?;
    let length = word(name);
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    (starts && length > 0).then(|| (name.get(..length).unwrap_or(""), length + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered() {
        let check = |query: &str, expected: &str| assert_eq!(numbered(query), expected);
        check("SELECT 1", "SELECT 1");
        check("a = @x AND b = @y OR c = @x", "a = $1 AND b = $2 OR c = $1");
        check(
            "a = sqlc.arg(x) AND b = sqlc.narg('y')::text",
            "a = $1 AND b = $2::text",
        );
        check("tags @> @wanted AND x @@ y", "tags @> $1 AND x @@ y");
        check(
            "'@no' || \"@no\" -- @no\n, @yes",
            "'@no' || \"@no\" -- @no\n, $1",
        );
        check("id = $1", "id = $1");
        check("sqlc.arg(", "sqlc.arg(");
        check("'open", "'open");
    }

    #[test]
    fn files_beyond_those_that_are_read_are_told() {
        let name = |number: usize| format!("queries/{number:04}.sql");
        let files: Vec<(String, String)> = (0..MOST_FILES + 3)
            .map(|number| (name(number), "-- name: One :one\nSELECT 1;".to_owned()))
            .collect();
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let (mut reader, snapshot) = Reader::in_memory("v1.0.0", &files);
        let found = queries(&snapshot, &mut reader, &|_| false);
        assert_eq!(found.len(), MOST_FILES);
        let said: Vec<(&str, bool)> = reader
            .coverage
            .not_examined
            .iter()
            .map(|it| (it.path.as_str(), it.reason.contains(" 3 files ")))
            .collect();
        assert_eq!(said, [(name(MOST_FILES).as_str(), true)]);
    }

    #[test]
    fn queries_are_cut_at_their_names() {
        let (mut reader, snapshot) = Reader::in_memory(
            "v1",
            &[
                (
                    "db/queries/casks.sql",
                    "-- name: GetCask :one\nSELECT id FROM casks\nWHERE id = @id;\n\n-- name: Forget :exec\nDELETE FROM casks;\n",
                ),
                ("db/queries/notes.sql", "SELECT 1;\n"),
                (
                    "db/migrations/1_quer.up.sql",
                    "-- name: No :one\nSELECT 1;\n",
                ),
            ],
        );
        let found = queries(&snapshot, &mut reader, &|path| path.contains("migrations"));
        let shown: Vec<(&str, &str)> = found
            .iter()
            .map(|probe| (probe.name.as_str(), probe.text.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("GetCask", "SELECT id FROM casks\nWHERE id = $1"),
                ("Forget", "DELETE FROM casks"),
            ]
        );
    }
}
