//! `concurrently-in-transaction`.

use crate::effects::autocommit_only;
use crate::finding::Severity;
use crate::migrations::replay::Block;
use crate::rules::Findings;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "concurrently-in-transaction",
    Severity::Error,
    "a statement that cannot run in a transaction block stands in one",
    include_str!("concurrently_in_transaction.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if !input.is_postgresql() {
        return;
    }
    let Some(what) = autocommit_only(input.action(), input.release.server_version) else {
        return;
    };
    let why = match input.transaction().block {
        Block::None | Block::Unknown => return,
        Block::Runner => format!("{} opens one around the file", input.file.runner),
        Block::Implicit => format!(
            "{} sends the file as one string, and the server makes one transaction of its {} statements",
            input.file.runner,
            input.statements().len()
        ),
        Block::Explicit(_) => "the file opens one".to_owned(),
    };
    findings.push(
        input
            .report(&RULE.info, format!("{what} cannot run inside a transaction block (25001): {why}"))
            .help("put it alone into a file that runs outside a transaction"),
    );
}
