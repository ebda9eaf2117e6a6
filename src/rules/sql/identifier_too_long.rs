//! `identifier-too-long`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::MAX_IDENTIFIER_BYTES;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "identifier-too-long",
    Severity::Warning,
    "a name is longer than the server keeps",
    include_str!("identifier_too_long.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if !input.is_postgresql() {
        return;
    }
    let names: Vec<&str> = match input.action() {
        Action::CreateTable {
            table,
            columns,
            constraints,
            ..
        } => {
            let mut names = vec![table.name.as_str()];
            names.extend(columns.iter().map(|column| column.name.as_str()));
            names.extend(constraints.iter().filter_map(|constraint| constraint.name.as_deref()));
            names
        }
        Action::AddColumn { column, .. } => vec![column.name.as_str()],
        Action::AddConstraint { constraint, .. } => constraint.name.as_deref().into_iter().collect(),
        Action::CreateIndex { name, .. } => name.as_deref().into_iter().collect(),
        Action::RenameTable { to, .. }
        | Action::RenameColumn { to, .. }
        | Action::RenameConstraint { to, .. }
        | Action::Rename { to, .. } => vec![to.as_str()],
        Action::CreateFunction { name, .. }
        | Action::CreateView { name, .. }
        | Action::CreateEnum { name, .. }
        | Action::CreateSequence { name, .. } => vec![name.name.as_str()],
        Action::CreateTrigger { name, .. } => vec![name.as_str()],
        _ => return,
    };
    // Lowering may have cut the names as the server does, so the text is asked too.
    let statement = input.statement().map_or("", |statement| input.text(statement.span));
    for name in names {
        let written = || {
            statement
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .find(|word| word.len() > MAX_IDENTIFIER_BYTES && word.to_lowercase().starts_with(&name.to_lowercase()))
        };
        // A character has up to four bytes, so a name that was cut may be three bytes short.
        let long = match name.len() {
            length if length > MAX_IDENTIFIER_BYTES => Some(name),
            length if length + 3 >= MAX_IDENTIFIER_BYTES => written(),
            _ => None,
        };
        if let Some(long) = long {
            findings.push(
                input
                    .report(&RULE.info, format!("`{long}` has {} bytes; the server keeps {MAX_IDENTIFIER_BYTES}, and drops the rest with a notice", long.len()))
                    .help("a shorter name: another one that begins the same way is taken for this one"),
            );
        }
    }
}
