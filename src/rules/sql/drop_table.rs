//! `drop-table`.

use super::removal::unheard_of;
use super::{SqlInput, SqlRule};
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ObjectKind};
use crate::version::ReleaseType;

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-table",
    Severity::Warning,
    "a table is dropped while the running version may still use it",
    include_str!("drop_table.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Drop {
        kind: ObjectKind::Table,
        names,
        if_exists,
        ..
    } = input.action()
    else {
        return;
    };
    if input.effect().release_type < ReleaseType::Minor {
        return;
    }
    let released = input.release.released;
    for name in names {
        if *if_exists && released.clock() > 0 && input.before().is_unheard_of(ObjectKind::Table, name) {
            findings.extend(unheard_of(input, &RULE.info, name, ObjectKind::Table, "table"));
            continue;
        }
        let gone = *if_exists && input.before().relation(name).is_missing();
        if gone || !input.is_hot(name) {
            continue;
        }
        let partition = input
            .relation(name)
            .is_some_and(|relation| relation.partition_of.is_some());
        let message = if partition {
            format!("partition `{}` is dropped with its rows", name.name)
        } else {
            format!(
                "table `{}` is dropped while {} may still use it",
                name.name,
                input.release.running()
            )
        };
        let mut finding = input.report_class(&RULE.info, message);
        let partners: Vec<String> = input
            .relation(name)
            .into_iter()
            .flat_map(|relation| relation.foreign_targets())
            .filter_map(|id| released.get(id))
            .map(|relation| released.display_name(relation))
            .collect();
        if !partners.is_empty() {
            finding = finding.note(
                "also",
                format!("its foreign keys lock {} as well: drop them first, one by one", partners.join(", ")),
            );
        }
        let finding = input.used(finding, name, None);
        findings.push(
            finding
                .note("instead", "stop using it in this release, and drop it in the release after")
                .help("a down migration gives the table back, but not its rows: take a backup"),
        );
    }
}
