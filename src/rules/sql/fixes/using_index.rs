//! Unique constraints and primary keys over an index that is there already.

use super::around::{
    down_drops, down_location, down_operations, is_alone, is_independent_of_what_follows,
    lasting_table, own_statement, quoted_name,
};
use super::not_null::{Proof, is_provable};
use super::own_file::{Migration, add, opt_out, title};
use super::place::{Text, line_ending, lines};
use crate::fix::Fix;
use crate::rules::sql::SqlInput;
use crate::schema::{ConstraintRule, Relation, RelationKind, implies_not_null};
use crate::syntax::sql::operation::{Action, ConstraintDef, ConstraintKind, Name, ObjectKind};
use crate::syntax::sql::quoted;

/// Builds the index of a unique constraint or a primary key `CONCURRENTLY`, in a migration of its own, and makes the
/// constraint of it in another one. Columns of a primary key that may be NULL are proven first.
pub(in crate::rules::sql) fn key_over_index(
    input: &SqlInput<'_>,
    table: &Name,
    constraint: &ConstraintDef,
) -> Option<Fix> {
    let statement = own_statement(input)?;
    let (relation, last) = lasting_table(input, table)?;
    if relation.kind != RelationKind::Table || is_replacement(input, table) {
        return None;
    }
    let wanted = Wanted::of(input, constraint)?;
    let name = lasting_name(constraint, &wanted, relation, last)?;
    if !is_independent_of_what_follows(input, &[&table.name], |action| {
        is_harmless(action, table, &name)
    }) {
        return None;
    }
    let proofs: Vec<Proof> = wanted
        .unproven(relation)
        .map(|column| Proof::of(relation, column))
        .collect();
    if !proofs.is_empty() && !is_provable(input) {
        return None;
    }
    let key = Key {
        on: quoted_name(table),
        name: &name,
        index: quoted_name(&Name {
            schema: table.schema.clone(),
            name: name.clone(),
        }),
        wanted,
        end: line_ending(input.file.text),
    };
    let place = if proofs.is_empty() && is_alone(input) {
        Place::Index
    } else if proofs.is_empty() {
        Place::Nothing
    } else {
        Place::Proofs
    };
    let fix = match place {
        Place::Index => {
            let up = key.create(" CONCURRENTLY");
            opt_out(input)?.and_replace(input.location(statement.span), up)
        }
        Place::Nothing => {
            let place = lines(&Text::of(input), statement.span)?;
            Fix::replace(input.location(place), "")
        }
        Place::Proofs => Fix::replace(
            input.location(input.step.operation.span),
            joined(&proofs, ", ", |proof| {
                format!("ADD {} NOT VALID", proof.definition)
            }),
        ),
    };
    let fix = mend_down(fix, input, table, &key, &place, &proofs)?;
    key.add(fix, input, &place, &proofs)
}

/// The file takes a constraint of the table away, perhaps the one that this follows: rows must not slip in between.
fn is_replacement(input: &SqlInput<'_>, table: &Name) -> bool {
    input
        .statements()
        .iter()
        .flat_map(|statement| &statement.operations)
        .any(|operation| match &operation.action {
            Action::DropConstraint { table: of, .. } => of == table,
            Action::Drop { kind, .. } => *kind == ObjectKind::Index,
            _ => false,
        })
}

/// What stands where the statement stood.
enum Place {
    /// The index: its file holds nothing else.
    Index,
    /// Nothing: its file holds other statements.
    Nothing,
    /// CHECKs that are validated later.
    Proofs,
}

/// What the constraint demands.
struct Wanted<'a> {
    columns: &'a [String],
    word: &'static str,
    options: &'static str,
}

impl<'a> Wanted<'a> {
    /// `None` when the text says more than columns: `INCLUDE`, `DEFERRABLE`, storage parameters.
    fn of(input: &SqlInput<'_>, constraint: &'a ConstraintDef) -> Option<Self> {
        let text = input.text(constraint.span);
        let is_plain = text.matches('(').count() == 1
            && text.ends_with(')')
            && !text.to_ascii_lowercase().contains("without")
            && !constraint.deferrable;
        let wanted = match &constraint.kind {
            ConstraintKind::Unique {
                columns,
                using_index: None,
                nulls_not_distinct,
            } => Self {
                columns,
                word: "UNIQUE",
                options: if *nulls_not_distinct {
                    " NULLS NOT DISTINCT"
                } else {
                    ""
                },
            },
            ConstraintKind::PrimaryKey {
                columns,
                using_index: None,
            } => Self {
                columns,
                word: "PRIMARY KEY",
                options: "",
            },
            _ => return None,
        };
        (is_plain && !wanted.columns.is_empty()).then_some(wanted)
    }

    /// Columns of a primary key that nothing shows to be never NULL.
    fn unproven(&self, relation: &Relation) -> impl Iterator<Item = &'a str> {
        let is_key = self.word == "PRIMARY KEY";
        self.columns
            .iter()
            .map(String::as_str)
            .filter(move |_| is_key)
            .filter(|column| !is_proven(relation, column))
    }
}

fn is_proven(relation: &Relation, column: &str) -> bool {
    relation
        .column(column)
        .is_some_and(|column| column.not_null)
        || relation.constraints.iter().any(|constraint| {
            let says = match &constraint.rule {
                ConstraintRule::Check { expression, .. } => implies_not_null(expression, column),
                ConstraintRule::NotNull { column: known } => known == column,
                _ => false,
            };
            constraint.valid && says
        })
}

/// The constraint's name, the one that the server gives when none was written; `None` when it is gone at the end of the
/// release.
fn lasting_name(
    constraint: &ConstraintDef,
    wanted: &Wanted<'_>,
    before: &Relation,
    last: &Relation,
) -> Option<String> {
    let mut found = last.constraints.iter().filter(|known| {
        let is_it = match &known.rule {
            ConstraintRule::Unique { columns, .. } => {
                wanted.word == "UNIQUE" && columns == wanted.columns
            }
            ConstraintRule::PrimaryKey { columns } => {
                wanted.word == "PRIMARY KEY" && columns == wanted.columns
            }
            _ => false,
        };
        let is_named = match &constraint.name {
            Some(name) => *name == known.name,
            None => known.automatic,
        };
        is_it && is_named && before.constraint(&known.name).is_none()
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one.name.clone()),
        _ => None,
    }
}

/// What does the same whether the constraint is there or not yet.
fn is_harmless(action: &Action, table: &Name, name: &str) -> bool {
    match action {
        Action::AddConstraint { constraint, .. } => match &constraint.kind {
            ConstraintKind::ForeignKey { target, .. } => target.name != table.name,
            _ => constraint.name.as_deref() != Some(name),
        },
        Action::AddColumn { column, .. } => column.constraints.is_empty(),
        Action::CreateIndex { name: created, .. } => created.as_deref() != Some(name),
        Action::SetNotNull { .. }
        | Action::SetDefault { .. }
        | Action::DropDefault { .. }
        | Action::DropNotNull { .. }
        | Action::ValidateConstraint { .. }
        | Action::Transaction(_) => true,
        _ => false,
    }
}

/// The constraint to come.
struct Key<'a> {
    on: String,
    name: &'a str,
    index: String,
    wanted: Wanted<'a>,
    end: &'static str,
}

impl Key<'_> {
    fn create(&self, concurrently: &str) -> String {
        let columns: Vec<String> = self.wanted.columns.iter().map(|c| quoted(c)).collect();
        format!(
            "CREATE UNIQUE INDEX{concurrently} {} ON {} ({}){}",
            quoted(self.name),
            self.on,
            columns.join(", "),
            self.wanted.options
        )
    }

    fn add(&self, fix: Fix, input: &SqlInput<'_>, place: &Place, proofs: &[Proof]) -> Option<Fix> {
        let Self { on, end, .. } = self;
        let name = quoted(self.name);
        let validate = joined(proofs, end, |proof| proof.validate(on));
        let invalidate = joined(proofs, end, |proof| proof.invalidate(on, end));
        let create = format!("{};", self.create(" CONCURRENTLY"));
        let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {};", self.index);
        let set = joined(proofs, end, |proof| proof.set(on, end));
        let unset = joined(proofs, end, |proof| proof.unset(on, end));
        let make = format!(
            "ALTER TABLE {on} ADD CONSTRAINT {name} {} USING INDEX {name};",
            self.wanted.word
        );
        // The index goes with the constraint; the way back of its own migration wants it.
        let unmake = format!(
            "ALTER TABLE {on} DROP CONSTRAINT {name};{end}{};",
            self.create("")
        );
        let (make, unmake) = if proofs.is_empty() {
            (make, unmake)
        } else {
            (format!("{set}{end}{make}"), format!("{unmake}{end}{unset}"))
        };
        let titles = [
            title("validate", self.name),
            title("create", self.name),
            title("use", self.name),
        ];
        let migration = |title, up, down, autocommit| Migration {
            title,
            up,
            down,
            autocommit,
        };
        let [validating, creating, using] = &titles;
        let mut migrations = Vec::new();
        if matches!(place, Place::Proofs) {
            migrations.push(migration(validating, &validate, &invalidate, false));
        }
        if !matches!(place, Place::Index) {
            migrations.push(migration(creating, &create, &drop, true));
        }
        migrations.push(migration(using, &make, &unmake, false));
        add(fix, input, &migrations)
    }
}

/// The old way down meets what the new migrations' ways down left.
fn mend_down(
    fix: Fix,
    input: &SqlInput<'_>,
    table: &Name,
    key: &Key<'_>,
    place: &Place,
    proofs: &[Proof],
) -> Option<Fix> {
    if input.file.down.is_none() {
        return Some(fix);
    }
    let back = down_operations(input).find(|(_, operation)| {
        matches!(&operation.action, Action::DropConstraint { table: of, constraint, .. } if of == table && constraint == key.name)
    });
    let Some((statement, operation)) = back else {
        return down_drops(input, table, key.wanted.columns).then_some(fix);
    };
    let whole = down_location(input, statement.span)?;
    let part = down_location(input, operation.span)?;
    match place {
        Place::Index => (statement.operations.len() == 1)
            .then(|| fix.and_replace(whole, format!("DROP INDEX {}", key.index))),
        Place::Nothing => Some(fix.and_replace(
            part,
            format!("DROP CONSTRAINT IF EXISTS {}", quoted(key.name)),
        )),
        Place::Proofs => Some(fix.and_replace(part, joined(proofs, ", ", Proof::dropped))),
    }
}

fn joined(proofs: &[Proof], between: &str, text: impl Fn(&Proof) -> String) -> String {
    let parts: Vec<String> = proofs.iter().map(text).collect();
    parts.join(between)
}
