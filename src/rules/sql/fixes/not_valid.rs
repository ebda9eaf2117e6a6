//! A constraint that is added without a look at the rows, and validated by a migration of its own.

use super::around::quoted_name;
use super::own_file::{Migration, add, title};
use super::place::line_ending;
use crate::fix::Fix;
use crate::rules::sql::SqlInput;
use crate::source::Span;
use crate::syntax::sql::operation::{ConstraintDef, Name};
use crate::syntax::sql::quoted;

/// Adds `NOT VALID`, and a migration that validates.
pub(in crate::rules::sql) fn not_valid(
    input: &SqlInput<'_>,
    table: &Name,
    constraint: &ConstraintDef,
) -> Option<Fix> {
    if input.step.called || input.step.operation.nested || !input.is_postgresql() {
        return None;
    }
    let name = constraint.name.as_deref()?;
    let end = constraint.span.end as usize;
    let fix = Fix::replace(input.location(Span::new(end, end)), " NOT VALID");
    let on = quoted_name(table);
    let validate = format!("ALTER TABLE {on} VALIDATE CONSTRAINT {};", quoted(name));
    // What was validated can only be made anew.
    let down = format!(
        "ALTER TABLE {on} DROP CONSTRAINT {};{ending}ALTER TABLE {on} ADD {} NOT VALID;",
        quoted(name),
        input.text(constraint.span),
        ending = line_ending(input.file.text),
    );
    let migration = Migration {
        title: &title("validate", name),
        up: &validate,
        down: &down,
        autocommit: false,
    };
    add(fix, input, &[migration])
}
