//! Statements that are read from their tokens: those whose syntax `sqlparser` does not have, and those whose body it need
//! not have, because the first words say all that matters.

use std::collections::HashSet;

use sqlparser::ast;

use crate::syntax::sql::operation::{Action, Dialect, FunctionDef, Name, ObjectKind, OpaqueReason};
use crate::syntax::sql::token::TokenKind;

use super::Sink;
use super::items::{self, Words};

/// Behind these words stands a name with a list of columns.
const BEFORE_COLUMNS: [&str; 9] = [
    "as",
    "delayed",
    "ignore",
    "insert",
    "into",
    "recursive",
    "replace",
    "table",
    "with",
];
/// Words of clauses that a parenthesis follows.
const NO_CALLS: [&str; 5] = ["conflict", "filter", "key", "over", "partition"];

impl<'s> Sink<'s> {
    fn words(&self) -> Words<'s> {
        Words {
            sql: self.source,
            tokens: items::tokens(self.source, self.dialect),
        }
    }

    /// The name at `at`, which moves behind it.
    pub(super) fn written_name(&self, words: &Words<'_>, at: &mut usize) -> Option<Name> {
        let mut parts = items::dotted(words.sql, &words.tokens, at).or_else(|| {
            // A name may be followed by an argument list.
            let token = words.tokens.get(*at)?;
            let named = matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
            *at += 1;
            named.then(|| vec![items::unquoted(token.text(words.sql))])
        })?;
        if self.dialect != Dialect::Mysql {
            for part in &mut parts {
                *part = part.to_lowercase();
            }
        }
        let name = parts.pop()?;
        Some(Name {
            schema: parts.pop(),
            name,
        })
    }

    pub(super) fn tables_read(&self) -> Vec<Name> {
        items::tables_read(self.source, self.dialect)
            .into_iter()
            .filter_map(|mut parts| {
                if self.dialect != Dialect::Mysql {
                    for part in &mut parts {
                        *part = part.to_lowercase();
                    }
                }
                let name = parts.pop()?;
                Some(Name {
                    schema: parts.pop(),
                    name,
                })
            })
            .collect()
    }

    /// The functions that the statement calls.
    pub(super) fn functions_called(&self) -> Vec<Name> {
        let words = self.words();
        let mut calls = Vec::new();
        let mut seen = HashSet::new();
        for i in 0..words.tokens.len() {
            let word = words.word(i);
            if words.mark(i + 1) == "(" && !word.is_empty() && !items::is_operator_word(&word) {
                let qualified = i >= 2 && words.mark(i - 1) == ".";
                let before = i.checked_sub(if qualified { 3 } else { 1 });
                let before = before.map(|i| words.word(i)).unwrap_or_default();
                if BEFORE_COLUMNS.contains(&before.as_str()) || NO_CALLS.contains(&word.as_str()) {
                    continue;
                }
                let name = Name {
                    schema: qualified.then(|| words.word(i - 2)),
                    name: word,
                };
                if seen.insert(name.clone()) {
                    calls.push(name);
                }
            }
        }
        calls
    }

    /// Reads the statement without the parser, where that is the better way.
    pub(super) fn plain(&mut self) -> Option<()> {
        let first = items::first_word(self.source, self.dialect);
        let read = [
            "create", "prepare", "execute", "set", "load", "pragma", "vacuum", "reindex",
        ];
        if !read.contains(&first.as_str()) {
            return None;
        }
        let words = self.words();
        let action = match (self.dialect, first.as_str()) {
            (Dialect::Mysql | Dialect::Sqlite, "create") => self.create(&words)?,
            (Dialect::Mysql, "prepare" | "execute") => Action::Opaque {
                reason: OpaqueReason::Dynamic,
                detail: "a statement that is built at run time".to_owned(),
            },
            (Dialect::Mysql, "set") => return self.settings(&words),
            (Dialect::Mysql, "load") => {
                let mut at = words.find(1, "into")? + 2;
                Action::Copy {
                    table: self.written_name(&words, &mut at)?,
                    from: true,
                }
            }
            (Dialect::Sqlite, "pragma") => self.pragma(&words)?,
            (Dialect::Sqlite, "vacuum") => Action::Vacuum {
                full: true,
                tables: Vec::new(),
            },
            (Dialect::Sqlite, "reindex") => {
                let mut at = 1;
                Action::Reindex {
                    kind: ObjectKind::Index,
                    name: self.written_name(&words, &mut at).unwrap_or_default(),
                    concurrently: false,
                }
            }
            _ => return None,
        };
        self.push(action);
        Some(())
    }

    /// Triggers, routines, events and virtual tables: name and table, without their bodies.
    fn create(&self, words: &Words<'_>) -> Option<Action> {
        let mut at = 1;
        // `OR REPLACE DEFINER = user@host AGGREGATE TEMP ...`; other objects come before a parenthesis does.
        let kind = loop {
            match words.word(at).as_str() {
                kind @ ("trigger" | "procedure" | "function" | "event" | "virtual") => {
                    break kind.to_owned();
                }
                "user" | "role" if self.dialect == Dialect::Mysql => break words.word(at),
                "table" | "index" | "view" | "database" | "schema" | "unique" => return None,
                _ if words.mark(at) == "(" || at > 16 => return None,
                _ => at += 1,
            }
        };
        at += 1;
        let or_replace = words.is(1, &["or", "replace"]);
        if kind == "virtual" {
            at += 1;
        }
        let if_not_exists = words.is(at, &["if", "not", "exists"]);
        if if_not_exists {
            at += 3;
        }
        if matches!(kind.as_str(), "user" | "role") {
            return Some(Action::CreateOther {
                kind: ObjectKind::Role,
                name: account(words, at),
                tables: Vec::new(),
            });
        }
        let name = self.written_name(words, &mut at)?;
        Some(match (self.dialect, kind.as_str()) {
            (_, "trigger") => {
                // `INSTEAD OF UPDATE OF column ON table`
                let mut on = words.find(at, "on")? + 1;
                Action::CreateTrigger {
                    name: name.name,
                    table: self.written_name(words, &mut on)?,
                    or_replace,
                    function: None,
                }
            }
            (Dialect::Mysql, "procedure" | "function") => Action::CreateFunction {
                name,
                or_replace,
                function: FunctionDef {
                    language: "sql".to_owned(),
                    // The body is not read, so a call may do anything.
                    dynamic: true,
                    ..FunctionDef::default()
                },
            },
            (Dialect::Mysql, "event") => Action::CreateOther {
                kind: ObjectKind::Other,
                name,
                tables: Vec::new(),
            },
            (Dialect::Sqlite, "virtual") => Action::CreateOther {
                kind: ObjectKind::Table,
                name,
                tables: Vec::new(),
            },
            _ => return None,
        })
    }

    /// `SET a = 1, GLOBAL b = 2, @c = 3`.
    fn settings(&mut self, words: &Words<'_>) -> Option<()> {
        if matches!(
            words.word(1).as_str(),
            "transaction" | "password" | "role" | "default"
        ) {
            self.push(Action::Other {
                keyword: format!("set {}", words.word(1)),
            });
            return Some(());
        }
        if matches!(words.word(1).as_str(), "names" | "character" | "charset") {
            let value = words.tokens.last()?.text(words.sql);
            let action = Action::Set {
                name: words.word(1),
                value: value.trim_matches(['\'', '"']).to_owned(),
                local: false,
            };
            self.push(action);
            return Some(());
        }
        let mut from = 1;
        let mut settings = Vec::new();
        while from < words.tokens.len() {
            let equals =
                (from..words.tokens.len()).find(|&i| matches!(words.mark(i), "=" | ":="))?;
            let mut depth = 0_usize;
            let end = (equals..words.tokens.len())
                .find(|&i| {
                    match words.mark(i) {
                        "(" => depth += 1,
                        ")" => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    depth == 0 && words.mark(i) == ","
                })
                .unwrap_or(words.tokens.len());
            let text = |from: usize, end: usize| -> Option<&str> {
                let start = words.tokens.get(from)?.start;
                let end = words.tokens.get(end.checked_sub(1)?)?.end;
                words.sql.get(start..end)
            };
            let name = text(from, equals)?.to_lowercase();
            let name = [
                "@@session.",
                "@@global.",
                "@@",
                "session ",
                "global ",
                "local ",
            ]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .unwrap_or(&name)
            .trim()
            .to_owned();
            let value = text(equals + 1, end)?.trim_matches(['\'', '"']);
            let default = value.eq_ignore_ascii_case("default");
            settings.push(Action::Set {
                name,
                value: if default {
                    String::new()
                } else {
                    value.to_owned()
                },
                local: false,
            });
            from = end + 1;
        }
        if settings.is_empty() {
            return None;
        }
        for setting in settings {
            self.push(setting);
        }
        Some(())
    }

    /// `PRAGMA schema.name = value` or `PRAGMA name(value)`.
    fn pragma(&self, words: &Words<'_>) -> Option<Action> {
        let mut at = 1;
        let name = self.written_name(words, &mut at)?;
        let value = words.tokens.get(at + 1).map_or("", |t| t.text(words.sql));
        let value = value.trim_matches(['\'', '"']).to_lowercase();
        Some(super::session::pragma(name.name, value))
    }

    /// Reads what the parser has refused although the database takes it.
    pub(super) fn unparsed(&mut self) -> Option<()> {
        let words = self.words();
        let action = match (self.dialect, words.word(0).as_str()) {
            (Dialect::Mysql, "alter") if words.is(1, &["table"]) => {
                return self.alter_table_by_parts(&words);
            }
            (Dialect::Mysql | Dialect::Sqlite, "create")
                if words.is(1, &["table"]) || words.is(2, &["table"]) =>
            {
                return self.create_table_without_options(&words);
            }
            (Dialect::Mysql, "alter") => {
                let kind = match words.word(1).as_str() {
                    "database" | "schema" => ObjectKind::Database,
                    "user" => ObjectKind::Role,
                    "procedure" | "function" => ObjectKind::Function,
                    "event" => ObjectKind::Other,
                    _ => return None,
                };
                let mut at = 2;
                Action::AlterOther {
                    kind,
                    name: self.written_name(&words, &mut at).unwrap_or_default(),
                    what: words.word(1),
                }
            }
            (Dialect::Mysql, "drop") if matches!(words.word(1).as_str(), "user" | "role") => {
                let if_exists = words.is(2, &["if", "exists"]);
                Action::Drop {
                    kind: ObjectKind::Role,
                    names: vec![account(&words, if if_exists { 4 } else { 2 })],
                    table: None,
                    arguments: Vec::new(),
                    if_exists,
                    cascade: false,
                    concurrently: false,
                }
            }
            (Dialect::Mysql, "drop") if matches!(words.word(1).as_str(), "event" | "trigger") => {
                let if_exists = words.is(2, &["if", "exists"]);
                let mut at = if if_exists { 4 } else { 2 };
                let kind = if words.word(1) == "event" {
                    ObjectKind::Other
                } else {
                    ObjectKind::Trigger
                };
                Action::Drop {
                    kind,
                    names: vec![self.written_name(&words, &mut at)?],
                    table: None,
                    arguments: Vec::new(),
                    if_exists,
                    cascade: false,
                    concurrently: false,
                }
            }
            (
                Dialect::Mysql,
                keyword @ ("analyze" | "check" | "checksum" | "deallocate" | "describe" | "desc"
                | "do" | "explain" | "flush" | "grant" | "handler" | "kill" | "optimize"
                | "repair" | "reset" | "revoke" | "show" | "unlock" | "use" | "xa"),
            ) => maintenance(keyword),
            (Dialect::Sqlite, keyword @ ("analyze" | "attach" | "detach" | "explain")) => {
                maintenance(keyword)
            }
            _ => return None,
        };
        self.push(action);
        Some(())
    }

    /// What stands behind the columns of `CREATE TABLE` only says how the table is kept.
    fn create_table_without_options(&mut self, words: &Words<'_>) -> Option<()> {
        let open = words
            .tokens
            .iter()
            .position(|t| t.is_mark(words.sql, b'('))?;
        let close = words.closing(open)?;
        let end = words.tokens.get(close)?.end;
        if close + 1 == words.tokens.len() {
            return None;
        }
        let sql = self.source.get(..end)?.to_owned();
        let parsed = super::parse(&sql, self.dialect).ok()?;
        let [ast::Statement::CreateTable(table)] = parsed.as_slice() else {
            return None;
        };
        let mut inner = Sink {
            source: &sql,
            fulltext: None,
            span: self.span,
            dialect: self.dialect,
            operations: Vec::new(),
        };
        inner.create_table(table)?;
        let partitioned = words.find(close, "partition").is_some();
        for operation in &mut inner.operations {
            if let Action::CreateTable { partitioned: p, .. } = &mut operation.action {
                *p |= partitioned;
            }
        }
        self.operations.append(&mut inner.operations);
        Some(())
    }
}

/// `'user'@'host'`: the user.
fn account(words: &Words<'_>, at: usize) -> Name {
    Name::plain(words.mark(at).trim_matches(['\'', '"', '`']))
}

fn maintenance(keyword: &str) -> Action {
    match keyword {
        "analyze" => Action::Analyze { tables: Vec::new() },
        "grant" => Action::Grant { tables: Vec::new() },
        "revoke" => Action::Revoke { tables: Vec::new() },
        other => Action::Other {
            keyword: other.to_owned(),
        },
    }
}
