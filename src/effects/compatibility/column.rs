//! Columns.

use super::{Seen, Verdict, is_fresh, seen};
use crate::effects::retype::{Retype, Storage};
use crate::effects::{Compatibility, Situation};
use crate::schema::{
    Column, ConstraintRule, Relation, RelationKind, Truth, expression_volatility, implies_not_null,
};
use crate::syntax::sql::operation::{
    Action, ColumnDef, ConstraintKind, Dialect, Generated, Name, Volatility,
};

pub(super) fn judge(action: &Action, situation: &Situation<'_>) -> Verdict {
    let (table, name) = match action {
        Action::AddColumn {
            table,
            column,
            if_not_exists,
            ..
        } => return add(situation, table, column, *if_not_exists),
        Action::DropColumn { table, column, .. }
        | Action::RenameColumn { table, column, .. }
        | Action::AlterColumnType { table, column, .. }
        | Action::ReplaceColumn { table, column, .. }
        | Action::SetNotNull { table, column }
        | Action::DropNotNull { table, column }
        | Action::SetDefault { table, column, .. }
        | Action::DropDefault { table, column }
        | Action::AddIdentity { table, column, .. }
        | Action::SetIdentity { table, column }
        | Action::DropIdentity { table, column, .. }
        | Action::SetExpression { table, column }
        | Action::DropExpression { table, column }
        | Action::SetStorage { table, column }
        | Action::SetCompression { table, column }
        | Action::SetStatistics { table, column }
        | Action::SetColumnOptions { table, column } => (table, column.as_str()),
        _ => return Verdict::additive(),
    };
    let relation = match seen(situation, table) {
        Seen::Fresh => return Verdict::fresh(),
        Seen::Old(relation) => Some(relation),
        Seen::Foreign | Seen::Absent => None,
    };
    let column = relation.and_then(|relation| relation.column(name));
    let fresh = column.is_some_and(|column| is_fresh(situation, column));
    match action {
        Action::DropColumn { if_exists, .. } => {
            let gone = relation.is_some_and(|relation| relation.complete) && column.is_none();
            if gone && *if_exists {
                return Verdict::nothing();
            }
            if fresh {
                return Verdict::fresh();
            }
            drop(column)
        }
        Action::RenameColumn { .. } if fresh => Verdict::fresh(),
        Action::RenameColumn { .. } => rename(situation, relation, name),
        Action::AlterColumnType {
            type_name,
            using,
            collation,
            ..
        } => {
            if fresh {
                return Verdict::fresh();
            }
            let change = Retype::of(
                situation,
                column,
                type_name,
                using.as_deref(),
                collation.as_deref(),
            );
            retype(&change)
        }
        Action::ReplaceColumn { definition, .. } => {
            if fresh {
                return Verdict::fresh();
            }
            replace(column, name, definition)
        }
        Action::SetNotNull { .. } => set_not_null(situation, relation, column, name),
        Action::DropNotNull { .. } if fresh => Verdict::fresh(),
        Action::DropNotNull { .. } => match column {
            Some(column) if !column.not_null => Verdict::nothing(),
            _ => Verdict::needs_proof("the running version may not expect NULL when it reads it")
                .reversible(Truth::Unknown),
        },
        Action::SetDefault { .. } => match column {
            Some(column) if fresh || column.default.is_none() => Verdict::additive(),
            _ => Verdict::additive()
                .at_least_minor("rows that the running version adds get another value"),
        },
        Action::DropDefault { .. } => drop_default(situation, relation, column, fresh),
        Action::AddIdentity { always: true, .. } if !fresh => {
            Verdict::breaking("an INSERT of the running version that writes it is refused (428C9)")
        }
        Action::SetIdentity { .. } => {
            Verdict::needs_proof("the running version may write it or leave it out")
        }
        Action::DropIdentity { .. } => {
            Verdict::breaking("an INSERT of the running version that leaves it out is refused")
        }
        Action::SetExpression { .. } => {
            Verdict::needs_proof("its values change under the running version")
        }
        Action::DropExpression { .. } => {
            Verdict::needs_proof("nothing fills it for the running version any more")
        }
        _ => Verdict::additive(),
    }
}

/// The column as the previous release's writes leave it when they do not know it.
fn add(
    situation: &Situation<'_>,
    table: &Name,
    column: &ColumnDef,
    if_not_exists: bool,
) -> Verdict {
    let relation = match seen(situation, table) {
        Seen::Fresh => return Verdict::fresh(),
        Seen::Old(relation) => Some(relation),
        Seen::Foreign | Seen::Absent => None,
    };
    if if_not_exists && relation.is_some_and(|relation| relation.column(&column.name).is_some()) {
        return Verdict::nothing();
    }
    let has_value =
        column.default.is_some() || column.generated.is_some() || column.type_name.serial;
    let key = column
        .constraints
        .iter()
        .any(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }));
    if (column.not_null || key) && !has_value {
        // MySQL fills in the type's own zero unless it is strict; SQLite refuses the statement.
        return match situation.before.dialect() {
            Dialect::Mysql => Verdict::breaking(
                "an INSERT of the running version leaves it out, and strict MySQL refuses that (1364)",
            ),
            _ => Verdict::breaking(
                "an INSERT of the running version leaves it out and is refused (23502)",
            ),
        };
    }
    for constraint in &column.constraints {
        match &constraint.kind {
            ConstraintKind::Check { expression, .. }
                if !has_value
                    && !constraint.not_enforced
                    && implies_not_null(expression, &column.name) =>
            {
                return Verdict::breaking(
                    "an INSERT of the running version leaves it out, and the CHECK refuses NULL (23514)",
                );
            }
            ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. }
                if column.generated.is_none()
                    && is_constant(situation, column.default.as_deref()) =>
            {
                return Verdict::breaking(
                    "the second row that the running version adds has the same default and is refused (23505)",
                );
            }
            _ => {}
        }
    }
    Verdict::additive()
}

/// A default that is the same for every row.
pub(super) fn is_constant(situation: &Situation<'_>, default: Option<&str>) -> bool {
    default.is_some_and(|default| {
        expression_volatility(default, situation.before) == Some(Volatility::Immutable)
    })
}

fn drop(column: Option<&Column>) -> Verdict {
    let computed = column.is_some_and(|column| {
        matches!(
            column.generated,
            Some(Generated::Stored | Generated::Virtual)
        )
    });
    let loss = if computed { Truth::No } else { Truth::Yes };
    Verdict::breaking("the running version may still read or write it")
        .losing(loss)
        .destructive()
}

fn rename(situation: &Situation<'_>, relation: Option<&Relation>, name: &str) -> Verdict {
    let again = situation
        .last
        .and_then(|last| last.get(relation?.id))
        .is_some_and(|last| last.column(name).is_some());
    if again {
        return Verdict::needs_proof(
            "a column of the old name exists again at the end of the release",
        );
    }
    let what = match relation.map(|relation| relation.kind) {
        Some(RelationKind::View | RelationKind::MaterializedView) => "the view's column",
        _ => "the column",
    };
    Verdict::breaking(format!(
        "{what} is gone under the name that the running version uses"
    ))
}

fn retype(change: &Retype) -> Verdict {
    if change.only_widens() {
        return Verdict::additive()
            .at_least_minor(
                "only more values fit; prepared statements of the running version are planned anew",
            )
            .reversible(Truth::Unknown);
    }
    let loss = match change.narrows {
        Truth::No => Truth::No,
        // Values that do not fit are refused or rounded, depending on the type and on USING.
        Truth::Yes | Truth::Unknown => Truth::Unknown,
    };
    if change.narrows == Truth::Yes {
        return Verdict::breaking("values that the running version writes may not fit")
            .losing(loss);
    }
    if change.wire_changes == Truth::Yes {
        return Verdict::breaking("the running version is sent another type than it was built for")
            .losing(loss);
    }
    if change.storage == Storage::Rewrite {
        return Verdict::breaking(
            "every row is written anew under a lock that stops the running version",
        )
        .losing(loss);
    }
    if change.storage == Storage::Unknown && change.wire_changes == Truth::Unknown {
        return Verdict::unknown("the column's old type is not known");
    }
    Verdict::needs_proof("clients may see another type").losing(loss)
}

/// MySQL's `MODIFY` and `CHANGE`.
fn replace(column: Option<&Column>, name: &str, definition: &ColumnDef) -> Verdict {
    if definition.name != name {
        return Verdict::breaking(
            "the column is gone under the name that the running version uses",
        );
    }
    let Some(column) = column else {
        return Verdict::unknown("the column's old definition is not known");
    };
    let mut verdict = if column.type_name == definition.type_name {
        Verdict::additive()
    } else {
        retype(&crate::effects::mysql::retype(
            &column.type_name,
            &definition.type_name,
        ))
    };
    if verdict.compatibility < Compatibility::NeedsProof {
        if definition.not_null && !column.not_null {
            verdict = Verdict::needs_proof("the running version may leave it NULL");
        } else if !definition.not_null && column.not_null {
            verdict =
                Verdict::needs_proof("the running version may not expect NULL when it reads it");
        }
    }
    if column.default.is_some()
        && definition.default.is_none()
        && verdict.compatibility < Compatibility::Breaking
    {
        verdict = if definition.not_null && definition.generated.is_none() {
            Verdict::breaking(
                "an INSERT of the running version that leaves it out has no default any more",
            )
        } else {
            Verdict::needs_proof("an INSERT of the running version that leaves it out gets NULL")
        };
    }
    verdict
}

fn set_not_null(
    situation: &Situation<'_>,
    relation: Option<&Relation>,
    column: Option<&Column>,
    name: &str,
) -> Verdict {
    if let Some(column) = column {
        if column.not_null {
            return Verdict::nothing();
        }
        if is_fresh(situation, column) {
            return if column.has_value_by_itself() {
                Verdict::additive()
            } else {
                Verdict::breaking(
                    "an INSERT of the running version leaves it NULL and is refused (23502)",
                )
            };
        }
    }
    // A CHECK that the running version lives with already, valid or not, lets it write no NULL.
    let kept = relation.is_some_and(|relation| {
        relation.constraints.iter().any(|constraint| {
            constraint.enforced
                && constraint.born.clock < situation.released
                && match &constraint.rule {
                    ConstraintRule::Check { expression, .. } => implies_not_null(expression, name),
                    ConstraintRule::NotNull { column } => column == name,
                    _ => false,
                }
        })
    });
    if kept {
        return Verdict::additive();
    }
    Verdict::needs_proof("the running version may leave it NULL (23502)")
}

fn drop_default(
    situation: &Situation<'_>,
    relation: Option<&Relation>,
    column: Option<&Column>,
    fresh: bool,
) -> Verdict {
    if let Some(column) = column {
        if column.default.is_none() && !column.type_name.serial {
            return Verdict::nothing();
        }
        let again = situation
            .last
            .and_then(|last| last.get(relation?.id))
            .and_then(|last| last.column(&column.name))
            .is_some_and(Column::has_value_by_itself);
        if again {
            return Verdict::additive()
                .at_least_minor("rows that the running version adds get another value");
        }
        if column.not_null {
            return Verdict::breaking(
                "an INSERT of the running version that leaves it out is refused (23502)",
            );
        }
        if fresh {
            return Verdict::fresh();
        }
    }
    Verdict::needs_proof(
        "an INSERT of the running version that leaves it out gets NULL, or is refused",
    )
}
