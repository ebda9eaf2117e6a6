//! `narrowing-type-change`.

use crate::effects::{Retype, Situation};
use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::Truth;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "narrowing-type-change",
    Severity::Warning,
    "a change of type after which old values may not fit",
    include_str!("narrowing_type_change.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AlterColumnType {
        table,
        column,
        type_name,
        using,
        collation,
    } = input.action()
    else {
        return;
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
    let change = Retype::of(&situation, known, type_name, using.as_deref(), collation.as_deref());
    if change.narrows == Truth::Yes {
        findings.push(
            input
                .report_class(&RULE.info, format!("values of `{column}` that do not fit into {} make it fail, or are rounded or cut", type_name.name))
                .help("look for such values first; and let the application stop writing them one release before"),
        );
    }
}
