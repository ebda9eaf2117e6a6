//! `down-narrows-type`.

use crate::effects::{Retype, Situation};
use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::Truth;
use crate::syntax::migration::Direction;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "down-narrows-type",
    Severity::Info,
    "a way down may fail on values that the new version wrote",
    include_str!("down_narrows_type.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if input.file.direction != Direction::Down {
        return;
    }
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
    let situation = Situation {
        before: input.before(),
        released: 0,
        previous: None,
        last: None,
        server_version: input.release.server_version,
        in_transaction: false,
    };
    let known = input.relation(table).and_then(|relation| relation.column(column));
    let change = Retype::of(&situation, known, type_name, using.as_deref(), collation.as_deref());
    if change.narrows == Truth::Yes {
        findings.push(input.report(
            &RULE.info,
            format!("it fails, or cuts, when the new version has written something to `{column}` that does not fit"),
        ));
    }
}
