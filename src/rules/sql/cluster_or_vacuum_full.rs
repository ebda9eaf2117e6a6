//! `cluster-or-vacuum-full`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "cluster-or-vacuum-full",
    Severity::Warning,
    "CLUSTER or VACUUM FULL rewrites a table while nobody can use it",
    include_str!("cluster_or_vacuum_full.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let what = match input.action() {
        Action::Cluster { .. } => "CLUSTER",
        Action::Vacuum { full: true, .. } => "VACUUM FULL",
        _ => return,
    };
    let Some(touch) = input.effect().strongest_hot() else {
        return;
    };
    findings.push(
        input
            .report(&RULE.info, format!("{what} writes `{}` anew while nobody can read or write it", touch.relation))
            .help("plain VACUUM lets everybody go on; pg_repack rewrites a table online"),
    );
}
