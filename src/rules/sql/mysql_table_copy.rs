//! `mysql-table-copy`.

use crate::effects::LockMode;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Dialect;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "mysql-table-copy",
    Severity::Warning,
    "MySQL copies the table while writers wait",
    include_str!("mysql_table_copy.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if input.file.dialect != Dialect::Mysql {
        return;
    }
    let copied = input
        .effect()
        .touches
        .iter()
        .find(|touch| touch.hot && touch.lock == Some(LockMode::Share));
    if let Some(touch) = copied {
        findings.push(
            input
                .report(&RULE.info, format!("`{}` is copied (ALGORITHM=COPY), and writes to it wait until that is done", touch.relation))
                .note("instead", "gh-ost or pt-online-schema-change; or say ALGORITHM=INPLACE, LOCK=NONE, so that it fails instead of waiting"),
        );
    }
}
