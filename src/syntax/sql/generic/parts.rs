//! `ALTER TABLE` of MySQL, part by part, where the parser refuses the whole.

use sqlparser::ast;

use crate::source::Span;
use crate::syntax::sql::operation::{Action, Name, ObjectKind};

use super::Sink;
use super::items::{self, Words};

impl Sink<'_> {
    /// Each part through the parser alone; those that MySQL has and the parser has not are known by their first words.
    pub(super) fn alter_table_by_parts(&mut self, words: &Words<'_>) -> Option<()> {
        let mut at = 2;
        let table = self.written_name(words, &mut at)?;
        let before = self.operations.len();
        for part in items::alter_parts(self.source, self.dialect) {
            let span = part.shifted(self.span.start as usize);
            let text = self.source.get(part.range())?;
            let added = items::added_columns(text, self.dialect);
            for item in &added {
                let column = text.get(item.range())?;
                let span = item.shifted(span.start as usize);
                self.part_alone(&table, &format!("ADD COLUMN {column}"), span)?;
            }
            if added.is_empty() && self.part_alone(&table, text, span).is_none() {
                self.operations.truncate(before);
                return None;
            }
        }
        (self.operations.len() > before).then_some(())
    }

    /// One part through the parser, or by its first words.
    fn part_alone(&mut self, table: &Name, text: &str, span: Span) -> Option<()> {
        let sql = format!("ALTER TABLE t {text}");
        let parsed = super::parse(&sql, self.dialect);
        if let Ok([ast::Statement::AlterTable(alter)]) = parsed.as_deref() {
            for operation in &alter.operations {
                self.alter_part_or_opaque(table, false, operation, span);
            }
            return Some(());
        }
        let action = self.known_part(table, text)?;
        self.push_at(span, action);
        Some(())
    }

    fn known_part(&self, table: &Name, text: &str) -> Option<Action> {
        let words = Words {
            sql: text,
            tokens: items::tokens(text, self.dialect),
        };
        let other = |what: String| Action::AlterOther {
            kind: ObjectKind::Table,
            name: table.clone(),
            what,
        };
        let dropped = |kind, name: Name| Action::Drop {
            kind,
            names: vec![name],
            table: Some(table.clone()),
            arguments: Vec::new(),
            if_exists: false,
            cascade: false,
            concurrently: false,
        };
        let (first, second) = (words.word(0), words.word(1));
        Some(match (first.as_str(), second.as_str()) {
            ("rename", "index" | "key") => {
                let mut at = 2;
                let name = self.written_name(&words, &mut at)?;
                at += 1;
                Action::Rename {
                    kind: ObjectKind::Index,
                    name: Name::plain(name.name.to_lowercase()),
                    to: self.written_name(&words, &mut at)?.name.to_lowercase(),
                }
            }
            ("drop", "index" | "key") => {
                let mut at = 2;
                let name = self.written_name(&words, &mut at)?;
                dropped(ObjectKind::Index, Name::plain(name.name.to_lowercase()))
            }
            ("drop", "check" | "constraint") => {
                let mut at = 2;
                Action::DropConstraint {
                    table: table.clone(),
                    constraint: self.written_name(&words, &mut at)?.name.to_lowercase(),
                    if_exists: false,
                    cascade: false,
                }
            }
            // The rows of the partition go.
            ("drop" | "truncate", "partition") => {
                let mut at = 2;
                let partition = self.written_name(&words, &mut at)?;
                dropped(ObjectKind::Table, partition)
            }
            (
                "add" | "analyze" | "check" | "coalesce" | "discard" | "exchange" | "import"
                | "optimize" | "rebuild" | "remove" | "reorganize" | "repair",
                "partition" | "partitioning" | "tablespace",
            )
            | ("alter", "index" | "check" | "constraint")
            | ("disable" | "enable", "keys")
            | ("order" | "partition", "by")
            | ("convert", "to")
            | ("with" | "without", "validation") => other(format!("{first} {second}")),
            (
                "algorithm" | "auto_increment" | "avg_row_length" | "character" | "charset"
                | "checksum" | "collate" | "comment" | "compression" | "connection" | "default"
                | "delay_key_write" | "encryption" | "engine" | "force" | "insert_method"
                | "key_block_size" | "lock" | "max_rows" | "min_rows" | "pack_keys" | "row_format"
                | "stats_auto_recalc" | "stats_persistent" | "stats_sample_pages" | "tablespace"
                | "union",
                _,
            ) => other(first),
            _ => return None,
        })
    }
}
