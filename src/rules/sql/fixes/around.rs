//! What stands around an operation: its statement, what else the release says, the way down.

use crate::rules::sql::SqlInput;
use crate::schema::{Relation, RelationKind};
use crate::source::{Location, SourceId, Span};
use crate::syntax::migration::Direction;
use crate::syntax::sql::operation::{Action, Name, ObjectKind, Operation, Statement};
use crate::syntax::sql::quoted;

/// The operation's statement, if it holds nothing else and is no function's.
pub(super) fn own_statement<'a>(input: &SqlInput<'a>) -> Option<&'a Statement> {
    let statement = input.statement()?;
    let is_own =
        !input.step.called && !input.step.operation.nested && statement.operations.len() == 1;
    is_own.then_some(statement)
}

pub(super) fn is_alone(input: &SqlInput<'_>) -> bool {
    input.statements().len() == 1
}

/// Something else on the way up of this release speaks of the name, so that the order may matter.
pub(super) fn is_mentioned(input: &SqlInput<'_>, own: Span, name: &str) -> bool {
    let mut files = input.release.new.iter();
    let number = files.position(|new| new.file.path == input.file.up.path);
    number.is_none_or(|number| {
        let mentions = input.release.cut.mentions(input);
        mentions.is_elsewhere((number, own.start), name)
    })
}

/// The text and the statements of the way down.
pub(super) fn down<'a>(input: &SqlInput<'a>) -> Option<(SourceId, &'a str, Vec<&'a Statement>)> {
    let down = input.file.down?;
    let statements = down
        .lowered
        .sections(Direction::Down)
        .flat_map(|section| &section.statements)
        .collect();
    Some((
        down.source,
        &input.file.sources.get(down.source).text,
        statements,
    ))
}

/// The operations of the way down, with the statement of each; none when there is no way down.
pub(super) fn down_operations<'a>(
    input: &SqlInput<'a>,
) -> impl Iterator<Item = (&'a Statement, &'a Operation)> {
    down(input)
        .into_iter()
        .flat_map(|(_, _, statements)| statements)
        .flat_map(|statement| {
            let operations = statement.operations.iter();
            operations.map(move |operation| (statement, operation))
        })
}

/// The place of a span of the way down.
pub(super) fn down_location(input: &SqlInput<'_>, span: Span) -> Option<Location> {
    let source = input.file.down?.source;
    Some(Location { source, span })
}

/// The way down takes the table away, or all of these columns.
pub(super) fn down_drops(input: &SqlInput<'_>, table: &Name, columns: &[String]) -> bool {
    let drops_table = |operation: &Operation| matches!(&operation.action, Action::Drop { kind: ObjectKind::Table, names, .. } if names.contains(table));
    let drops = |operation: &Operation, dropped: &String| matches!(&operation.action, Action::DropColumn { table: of, column, .. } if of == table && column == dropped);
    down_operations(input).any(|(_, operation)| drops_table(operation))
        || columns
            .iter()
            .all(|column| down_operations(input).any(|(_, operation)| drops(operation, column)))
}

/// What runs behind this operation on the way up of the release and speaks of all these names, the rest of its own
/// statement too, is harmless.
pub(super) fn is_independent_of_what_follows(
    input: &SqlInput<'_>,
    names: &[&str],
    is_harmless: impl Fn(&Action) -> bool,
) -> bool {
    let Some(own) = input.statement() else {
        return false;
    };
    let own_part = input.step.operation.span;
    let rest_of_own = own
        .operations
        .iter()
        .filter(|operation| operation.span != own_part)
        .all(|operation| is_harmless(&operation.action));
    let mentions = input.release.cut.mentions(input);
    let mut is_behind = false;
    rest_of_own
        && input.release.new.iter().enumerate().all(|(number, new)| {
            let is_own = new.file.path == input.file.up.path;
            if !is_own && !is_behind {
                return true;
            }
            is_behind = true;
            if !input.release.texts.contains_key(&new.file.path) {
                return false;
            }
            let concerns = |statement: &&Statement| {
                let id = (number, statement.span.start);
                names.iter().all(|name| mentions.speaks_of(id, name))
            };
            new.lowered
                .sections(Direction::Up)
                .flat_map(|section| &section.statements)
                .filter(|statement| !is_own || statement.span.start > own.span.start)
                .filter(concerns)
                .all(|statement| {
                    statement
                        .operations
                        .iter()
                        .all(|operation| !operation.nested && is_harmless(&operation.action))
                })
        })
}

/// The table as a migration made it, if it is one that is still the same at the end of the release.
pub(super) fn lasting_table<'a>(
    input: &SqlInput<'a>,
    table: &Name,
) -> Option<(&'a Relation, &'a Relation)> {
    let relation = input.relation(table)?;
    let last = input.release.last.relation(table).found()?;
    let is_lasting = last.id == relation.id
        && matches!(
            relation.kind,
            RelationKind::Table | RelationKind::PartitionedTable
        );
    is_lasting.then_some((relation, last))
}

/// A name as it stands in SQL.
pub(super) fn quoted_name(name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&name.name)),
        None => quoted(&name.name),
    }
}
