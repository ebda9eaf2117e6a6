//! Who names a table or a column: in SQL files, and in string literals of programs.
//!
//! This finds evidence, not proof. Names that are built at run time, or that an ORM derives, are not found; a name that
//! another table's column shares may be found in vain. So a hit is shown with its place, and no hit means little.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use crate::source::Span;

use super::sql::operation::Dialect;
use super::sql::{comments, statement_spans};

/// A name to look for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Sought {
    /// The table, or another object.
    pub object: String,
    /// The column, when only that matters.
    pub column: Option<String>,
}

/// How sure a hit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// A statement names it.
    Named,
    /// A statement reads all columns of the table.
    Star,
    /// A field of a program is bound to a column of this name, of whatever table.
    Bound,
}

/// A place where a name is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// How sure it is.
    pub certainty: Certainty,
    /// The name in the text.
    pub span: Span,
}

/// Looks for names in many texts.
pub struct Search {
    sought: Vec<Needle>,
    any: Option<Regex>,
}

struct Needle {
    object: Regex,
    /// The object, or what programs call one row of it.
    subject: Regex,
    column: Option<ColumnNeedle>,
}

struct ColumnNeedle {
    name: Regex,
    reads_all: Regex,
    tag: Regex,
    field: Regex,
}

/// How a field is bound to a column inside of a literal: tags of Go.
const TAG: &str = r#"(?:\bdb:\\?"|\bcolumn:)(NAME)\b"#;

/// How a field is bound to a column outside of literals: Django and `SQLAlchemy`, Diesel, JPA, serde and sqlx of Rust.
const FIELD: &str = r#"(?m)^\s*(NAME)\s*(?::[^=\n]*)?=\s*(?:models\.|(?:db|sa)\.Column|Column\(|mapped_column\()|^\s*(NAME)\s*->\s*[A-Z]|(?:@Column\(name\s*=\s*|db_column\s*=\s*|rename\s*=\s*)["'](NAME)["']"#;

/// Extensions of the programs whose string literals are read.
const PROGRAMS: &[&str] = &[
    "cs", "ex", "exs", "go", "java", "js", "kt", "mjs", "php", "py", "rb", "rs", "scala", "swift",
    "ts", "tsx",
];

/// Directories whose files are somebody else's.
const FOREIGN: &[&str] = &[
    "node_modules",
    "vendor",
    "third_party",
    "dist",
    "target",
    ".git",
];

/// Texts longer than this are generated, or data.
const MAX_TEXT: usize = 2 * 1024 * 1024;

/// A file whose text is worth reading.
pub fn is_searched(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    (extension == "sql" || PROGRAMS.contains(&extension))
        && !path.split('/').any(|part| FOREIGN.contains(&part))
}

impl Search {
    /// A search for these names; the results name them by their index.
    pub fn new(sought: &[Sought]) -> Self {
        let alternatives: Vec<String> = sought
            .iter()
            .flat_map(|name| [Some(&name.object), name.column.as_ref()])
            .flatten()
            .map(|name| regex::escape(name))
            .collect();
        let any = (!alternatives.is_empty())
            .then(|| word(&format!("(?:{})", alternatives.join("|"))))
            .flatten();
        let sought = sought
            .iter()
            .filter_map(|name| {
                let column = match &name.column {
                    Some(column) => {
                        let escaped = regex::escape(column);
                        Some(ColumnNeedle {
                            name: word(&escaped)?,
                            reads_all: plain(READS_ALL)?,
                            tag: plain(&TAG.replace("NAME", &escaped))?,
                            field: plain(&FIELD.replace("NAME", &escaped))?,
                        })
                    }
                    None => None,
                };
                Some(Needle {
                    subject: plain(&subject(&name.object))?,
                    object: word(&regex::escape(&name.object))?,
                    column,
                })
            })
            .collect();
        Self { sought, any }
    }

    /// The mentions in a file, with the index of the name; at most one of each name and certainty.
    pub fn mentions(&self, path: &str, text: &str) -> Vec<(usize, Mention)> {
        if text.len() > MAX_TEXT || !self.any.as_ref().is_some_and(|any| any.is_match(text)) {
            return Vec::new();
        }
        let is_sql = path
            .rsplit_once('.')
            .is_some_and(|(_, extension)| extension == "sql");
        let mut found: Vec<(usize, Mention)> = Vec::new();
        let mut keep = |index: usize, mention: Mention| {
            let known = found
                .iter()
                .any(|(other, known)| *other == index && known.certainty == mention.certainty);
            if !known {
                found.push((index, mention));
            }
        };
        let code = if is_sql {
            without_comments(text)
        } else {
            text.to_owned()
        };
        let pieces = if is_sql {
            statement_spans(&code, Dialect::Generic)
        } else {
            literals(text)
        };
        // Only names that the file holds at all are looked for in its pieces.
        let here: Vec<(usize, &Needle)> = self
            .sought
            .iter()
            .enumerate()
            .filter(|(_, needle)| needle.is_in(&code))
            .collect();
        for piece in pieces {
            let Some(body) = code.get(piece.range()) else {
                continue;
            };
            let is_statement = is_sql || looks_like_sql(body);
            for (index, needle) in &here {
                let mention = if is_statement {
                    needle.find(body)
                } else {
                    needle.tagged(body)
                };
                if let Some((certainty, range)) = mention {
                    let span = Span::new(range.start, range.end).shifted(piece.start as usize);
                    keep(*index, Mention { certainty, span });
                }
            }
        }
        for (index, needle) in here.iter().filter(|_| !is_sql) {
            if let Some(range) = needle.declared(&code) {
                let span = Span::new(range.start, range.end);
                let certainty = Certainty::Bound;
                keep(*index, Mention { certainty, span });
            }
        }
        found
    }
}

impl Needle {
    /// The text speaks of the object, in the plural or in the singular, and of the column.
    fn is_in(&self, text: &str) -> bool {
        self.subject.is_match(text)
            && self
                .column
                .as_ref()
                .is_none_or(|column| column.name.is_match(text) || column.reads_all.is_match(text))
    }

    /// The name in a statement.
    fn find(&self, body: &str) -> Option<(Certainty, Range<usize>)> {
        let object = self.object.find(body)?;
        match &self.column {
            None => Some((Certainty::Named, object.range())),
            Some(column) => match column.name.find(body) {
                Some(column) => Some((Certainty::Named, column.range())),
                None if column.reads_all.is_match(body) => Some((Certainty::Star, object.range())),
                None => None,
            },
        }
    }

    /// The column in the tag of a field.
    fn tagged(&self, body: &str) -> Option<(Certainty, Range<usize>)> {
        let tag = self.column.as_ref()?.tag.captures(body)?.get(1)?;
        Some((Certainty::Bound, tag.range()))
    }

    /// The column in the declaration of a model.
    fn declared(&self, code: &str) -> Option<Range<usize>> {
        let found = self.column.as_ref()?.field.captures(code)?;
        let name = found.iter().skip(1).flatten().next()?;
        Some(name.range())
    }
}

/// `SELECT *`, `SELECT c.*`, `RETURNING *`.
const READS_ALL: &str = r#"\b(?:select|returning)\s+(?:all\s+|distinct\s+)?\*|[\w"]\.\*"#;

/// `order_lines`, `OrderLine`, `orderLines`.
fn subject(object: &str) -> String {
    let stem = object.strip_suffix('s').unwrap_or(object);
    let parts: Vec<String> = stem.split('_').map(regex::escape).collect();
    parts.join("_?")
}

fn word(pattern: &str) -> Option<Regex> {
    plain(&format!(r"\b{pattern}\b"))
}

fn plain(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .size_limit(1 << 22)
        .build()
        .ok()
}

fn looks_like_sql(body: &str) -> bool {
    let upper = body.to_uppercase();
    [
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "DELETE ",
        "FROM ",
        "JOIN ",
        "COPY ",
        "MERGE ",
        "TRUNCATE ",
    ]
    .iter()
    .any(|word| upper.contains(word))
}

/// The text with blanks in the place of its comments.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    for comment in comments(text, Dialect::Generic) {
        code.push_str(text.get(at..comment.start as usize).unwrap_or_default());
        code.extend(std::iter::repeat_n(' ', comment.range().len()));
        at = comment.end as usize;
    }
    code.push_str(text.get(at..).unwrap_or_default());
    code
}

/// The string literals of a program, whatever the language: what stands between double quotes, single quotes, back quotes
/// or tripled quotes. A quote in a comment may shift the pieces; that costs a hit, and nothing else.
fn literals(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = line_end(bytes, at),
            b'"' | b'\'' | b'`' => {
                let triple = bytes.get(at + 1) == Some(&byte) && bytes.get(at + 2) == Some(&byte);
                let open = if triple { 3 } else { 1 };
                let start = at + open;
                let end = literal_end(bytes, start, byte, triple);
                if end > start {
                    pieces.push(Span::new(start, end));
                }
                at = end + open;
            }
            _ => at += 1,
        }
    }
    pieces
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes
        .iter()
        .skip(from)
        .position(|&byte| byte == b'\n')
        .map_or(bytes.len(), |offset| from + offset)
}

/// The closing quote. A single quote that does not close on its line is an apostrophe or a lifetime.
fn literal_end(bytes: &[u8], start: usize, quote: u8, triple: bool) -> usize {
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' && quote != b'`' {
            at += 2;
            continue;
        }
        if byte == b'\n' && quote == b'\'' && !triple {
            return start;
        }
        let closes = byte == quote
            && (!triple
                || (bytes.get(at + 1) == Some(&quote) && bytes.get(at + 2) == Some(&quote)));
        if closes {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sought(object: &str, column: Option<&str>) -> Sought {
        Sought {
            object: object.to_owned(),
            column: column.map(str::to_owned),
        }
    }

    /// The certainty and the text of the mentions of `casks.label` in a file.
    fn check(path: &str, text: &str) -> Vec<(Certainty, String)> {
        let search = Search::new(&[sought("casks", Some("label"))]);
        search
            .mentions(path, text)
            .into_iter()
            .map(|(_, mention)| (mention.certainty, text[mention.span.range()].to_owned()))
            .collect()
    }

    #[test]
    fn statements_and_literals_are_read() {
        let named = |text: &str| vec![(Certainty::Named, text.to_owned())];
        for (path, text, expected) in [
            (
                "q/casks.sql",
                "-- name: Label\nSELECT label FROM casks;",
                named("label"),
            ),
            (
                "q/casks.sql",
                "SELECT id FROM casks; SELECT label FROM labels;",
                vec![],
            ),
            (
                "a.go",
                "const q = `SELECT id, label\nFROM casks`",
                named("label"),
            ),
            (
                "a.go",
                "db.Query(\"select * from casks\")",
                vec![(Certainty::Star, "casks".into())],
            ),
            ("a.go", "// label of casks\nvar label = casks", vec![]),
            (
                "a.go",
                "type Cask struct {\n Label string `db:\"label\"`\n}",
                vec![(Certainty::Bound, "label".into())],
            ),
            (
                "a.py",
                "q = '''UPDATE casks SET Label = 1'''",
                named("Label"),
            ),
            (
                "a.rs",
                "let x: &'a str = \"DELETE FROM casks WHERE label = $1\";",
                named("label"),
            ),
            ("a.sql", "SELECT id -- label\nFROM casks;", vec![]),
            ("a.sql", "SELECT ';', label FROM casks;", named("label")),
            (
                "a.py",
                "class Cask(models.Model):\n    label = models.TextField()\n",
                vec![(Certainty::Bound, "label".into())],
            ),
            (
                "schema.rs",
                "table! { casks (id) {\n id -> Int8,\n label -> Text,\n} }",
                vec![(Certainty::Bound, "label".into())],
            ),
            (
                "a.py",
                "class Jug(models.Model):\n    label = models.TextField()\n",
                vec![],
            ),
            ("a.rs", "let labels = \"SELECT labels FROM casks\";", vec![]),
        ] {
            assert_eq!(check(path, text), expected, "{path}: {text}");
        }
    }

    #[test]
    fn foreign_and_generated_files_are_left_out() {
        assert!(is_searched("internal/casks.sql"));
        assert!(is_searched("src/casks.rs"));
        assert!(!is_searched("vendor/casks.go"));
        assert!(!is_searched("README.md"));
    }

    proptest! {
        #[test]
        fn spans_are_inside_any_text(text in "\\PC{0,200}") {
            let search = Search::new(&[sought("a", Some("b")), sought("c", None)]);
            for path in ["x.sql", "x.go"] {
                for (_, mention) in search.mentions(path, &text) {
                    prop_assert!(text.get(mention.span.range()).is_some());
                }
            }
        }
    }
}
