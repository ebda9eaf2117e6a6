//! `SET NOT NULL` behind a CHECK that proves it: three migrations, so that no row is read under the strongest lock.

use super::around::{
    down_drops, down_location, down_operations, is_independent_of_what_follows, lasting_table,
    quoted_name,
};
use super::own_file::{Migration, add, title};
use super::place::line_ending;
use crate::fix::Fix;
use crate::rules::sql::SqlInput;
use crate::schema::{Relation, automatic_name};
use crate::syntax::sql::operation::{Action, ConstraintKind, Name};
use crate::syntax::sql::{quoted, words};

/// The first server that takes a valid CHECK for a proof.
const PROVES: u32 = 12;

/// Adds a CHECK that is not valid in place of `SET NOT NULL`, validates it in a migration of its own, and sets the column
/// NOT NULL in another one, which drops the CHECK.
pub(in crate::rules::sql) fn set_not_null(
    input: &SqlInput<'_>,
    table: &Name,
    column: &str,
) -> Option<Fix> {
    if input.step.called || input.step.operation.nested || !is_provable(input) {
        return None;
    }
    let Action::SetNotNull { .. } = input.action() else {
        return None;
    };
    let (relation, last) = lasting_table(input, table)?;
    let is_kept = last.column(column).is_some_and(|column| column.not_null);
    if !is_kept || is_only(input, relation) {
        return None;
    }
    if !is_independent_of_what_follows(input, &[&table.name, column], is_harmless) {
        return None;
    }
    let proof = Proof::of(relation, column);
    let mut fix = Fix::replace(
        input.location(input.step.operation.span),
        format!("ADD {} NOT VALID", proof.definition),
    );
    if input.file.down.is_some() {
        let back = down_operations(input).find(|(_, operation)| {
            matches!(&operation.action, Action::DropNotNull { table: of, column: known } if of == table && known == column)
        });
        match back {
            Some((_, operation)) => {
                let place = down_location(input, operation.span)?;
                fix = fix.and_replace(place, proof.dropped());
            }
            None if down_drops(input, table, &[column.to_owned()]) => {}
            None => return None,
        }
    }
    let on = quoted_name(table);
    let end = line_ending(input.file.text);
    let (set, unset) = (proof.set(&on, end), proof.unset(&on, end));
    let (validate, invalidate) = (proof.validate(&on), proof.invalidate(&on, end));
    let migrations = [
        Migration {
            title: &title("validate", &proof.name),
            up: &validate,
            down: &invalidate,
            autocommit: false,
        },
        Migration {
            title: &title("set_not_null", &format!("{}_{column}", table.name)),
            up: &set,
            down: &unset,
            autocommit: false,
        },
    ];
    add(fix, input, &migrations)
}

/// The server believes a CHECK.
pub(super) fn is_provable(input: &SqlInput<'_>) -> bool {
    input.is_postgresql() && input.release.server_version >= PROVES
}

/// `ALTER TABLE ONLY` of a table that others inherit from.
fn is_only(input: &SqlInput<'_>, relation: &Relation) -> bool {
    let Some(statement) = input.statement() else {
        return true;
    };
    !relation.children.is_empty()
        && words(input.file.text, statement.span, input.file.dialect, 5)
            .into_iter()
            .any(|word| input.text(word).eq_ignore_ascii_case("only"))
}

/// What does the same whether the column is NOT NULL or has a CHECK that says so.
fn is_harmless(action: &Action) -> bool {
    match action {
        Action::AddConstraint { constraint, .. } => {
            !matches!(constraint.kind, ConstraintKind::PrimaryKey { .. })
        }
        Action::AddColumn { .. }
        | Action::CreateIndex { .. }
        | Action::SetNotNull { .. }
        | Action::SetDefault { .. }
        | Action::DropDefault { .. }
        | Action::ValidateConstraint { .. }
        | Action::Comment { .. }
        | Action::Insert { .. }
        | Action::Update { .. }
        | Action::Delete { .. }
        | Action::Transaction(_) => true,
        _ => false,
    }
}

/// A CHECK that proves a column to be never NULL.
pub(super) struct Proof {
    /// Its name.
    pub(super) name: String,
    /// `CONSTRAINT ... CHECK (...)`.
    pub(super) definition: String,
    column: String,
}

impl Proof {
    /// The CHECK for a column, under a name that is free.
    pub(super) fn of(relation: &Relation, column: &str) -> Self {
        let name = automatic_name(&relation.key.name, column, "not_null_check", |name| {
            relation.constraint(name).is_some()
        });
        Self {
            definition: format!(
                "CONSTRAINT {} CHECK ({} IS NOT NULL)",
                quoted(&name),
                quoted(column)
            ),
            name,
            column: quoted(column),
        }
    }

    /// The part of `ALTER TABLE` that drops it.
    pub(super) fn dropped(&self) -> String {
        format!("DROP CONSTRAINT {}", quoted(&self.name))
    }

    /// Reads the rows while others write.
    pub(super) fn validate(&self, on: &str) -> String {
        format!(
            "ALTER TABLE {on} VALIDATE CONSTRAINT {};",
            quoted(&self.name)
        )
    }

    /// What was validated can only be made anew.
    pub(super) fn invalidate(&self, on: &str, end: &str) -> String {
        format!(
            "ALTER TABLE {on} {};{end}ALTER TABLE {on} ADD {} NOT VALID;",
            self.dropped(),
            self.definition
        )
    }

    /// Uses the proof, and takes it away in a statement of its own: parts of one `ALTER TABLE` that drop run first.
    pub(super) fn set(&self, on: &str, end: &str) -> String {
        format!(
            "ALTER TABLE {on} ALTER COLUMN {} SET NOT NULL;{end}ALTER TABLE {on} {};",
            self.column,
            self.dropped()
        )
    }

    /// The way back of [`Self::set`].
    pub(super) fn unset(&self, on: &str, end: &str) -> String {
        format!(
            "ALTER TABLE {on} ADD {};{end}ALTER TABLE {on} ALTER COLUMN {} DROP NOT NULL;",
            self.definition, self.column
        )
    }
}
