//! `down-column-order-differs`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::DifferenceKind;
use super::{DownInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::down(
    "down-column-order-differs",
    Severity::Info,
    "a way down brings a column back at another place",
    include_str!("down_column_order_differs.md"),
    check,
);

fn check(input: &DownInput<'_>, findings: &mut Findings) {
    if input.is_uncertain() {
        return;
    }
    let moved = input.of_kind(DifferenceKind::Order);
    if !moved.is_empty() {
        findings.push(input.report(
            &RULE.info,
            format!("the columns of {} are the same, in another order", input.first_of(&moved)),
        ));
    }
}
