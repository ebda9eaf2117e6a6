//! `type-change-visible`.

use crate::effects::{Retype, Situation};
use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::Truth;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "type-change-visible",
    Severity::Warning,
    "the running version is sent another type than it was built for",
    include_str!("type_change_visible.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let (table, column, type_name, using, collation) = match input.action() {
        Action::AlterColumnType {
            table,
            column,
            type_name,
            using,
            collation,
        } => (table, column, type_name, using.as_deref(), collation.as_deref()),
        _ => return,
    };
    if !input.is_hot(table) || input.effect().created_in_release {
        return;
    }
    let situation = Situation {
        before: input.before(),
        released: input.release.released.clock(),
        previous: None,
        last: None,
        server_version: input.release.server_version,
        in_transaction: false,
    };
    let known = input.relation(table).and_then(|relation| relation.column(column));
    let Some(known) = known else {
        return;
    };
    let change = Retype::of(&situation, Some(known), type_name, using, collation);
    if change.wire_changes == Truth::No {
        return;
    }
    let finding = input
            .report_class(
                &RULE.info,
                format!(
                    "`{column}` of `{}` becomes {} and was {}: {} scans and binds the old type",
                    table.name,
                    type_name.name,
                    known.type_name.name,
                    input.release.running()
                ),
            )
            .note("instead", "a new column of the new type, written beside the old one for one release");
    findings.push(input.used(finding, table, Some(column)));
}
