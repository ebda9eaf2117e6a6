//! `drop-index-supporting-query`.

use crate::finding::{Finding, Severity};
use crate::rules::Findings;
use crate::schema::{Index, Relation};
use crate::syntax::sql::operation::{Action, ObjectKind};
use super::removal::unheard_of;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-index-supporting-query",
    Severity::Info,
    "an index is dropped that queries of the running version may need",
    include_str!("drop_index_supporting_query.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Drop {
        kind: ObjectKind::Index,
        names,
        if_exists,
        table,
        ..
    } = input.action()
    else {
        return;
    };
    for name in names {
        let is_in_use = input.release.released.clock() > 0 && table.is_none();
        if *if_exists && is_in_use && input.before().is_unheard_of(ObjectKind::Index, name) {
            let finding = unheard_of(input, &RULE.info, name, ObjectKind::Index, "index");
            findings.extend(finding.map(|finding| Finding {
                severity: RULE.info.severity,
                ..finding
            }));
            continue;
        }
        let Some((relation, index)) = input.before().index(name).found() else {
            continue;
        };
        let old = index.born.clock < input.release.released.clock();
        if index.unique || !old || is_covered(relation, index) || is_replaced(input, relation, index) {
            continue;
        }
        findings.push(
            input
                .report(
                    &RULE.info,
                    format!(
                        "queries of {} on `{}` may need `{}`",
                        input.release.running(),
                        input.before().display_name(relation),
                        name.name
                    ),
                )
                .help("drop it in the release after the last one that needs it"),
        );
    }
}

/// Another index begins with the same keys.
fn is_covered(relation: &Relation, index: &Index) -> bool {
    relation.indexes.iter().any(|other| {
        other.name != index.name
            && other.method == index.method
            && other.predicate.is_none()
            && other.keys.len() >= index.keys.len()
            && other.keys.iter().zip(&index.keys).all(|(a, b)| a == b)
    })
}

fn is_replaced(input: &SqlInput<'_>, relation: &Relation, index: &Index) -> bool {
    input
        .release
        .last
        .get(relation.id)
        .is_none_or(|last| is_covered(last, index) || last.index(&index.name).is_some_and(|now| now.keys == index.keys))
}
