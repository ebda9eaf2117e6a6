//! `mysql-table-rebuild`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Dialect;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "mysql-table-rebuild",
    Severity::Info,
    "MySQL rebuilds the table in place",
    include_str!("mysql_table_rebuild.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if input.file.dialect != Dialect::Mysql {
        return;
    }
    let rebuilt = input
        .effect()
        .touches
        .iter()
        .find(|touch| touch.hot && touch.lock.is_none() && touch.work == Work::Rewrite);
    if let Some(touch) = rebuilt {
        findings.push(input.report(
            &RULE.info,
            format!("`{}` is rebuilt (ALGORITHM=INPLACE): others go on, and replicas fall behind by as long as it takes", touch.relation),
        ));
    }
}
