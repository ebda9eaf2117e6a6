//! `view-shape-change`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "view-shape-change",
    Severity::Warning,
    "a view loses or reorders columns that the running version reads",
    include_str!("view_shape_change.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateView { name, .. } = input.action() else {
        return;
    };
    if input.effect().release_type < ReleaseType::Major {
        return;
    }
    let refused = input.effect().refusal.is_some();
    let also = if refused {
        "; and CREATE OR REPLACE refuses it (42P16)"
    } else {
        ""
    };
    findings.push(
        input
            .report_class(&RULE.info, format!("columns that {} reads are gone from `{}`{also}", input.release.running(), name.name))
            .note("instead", "append columns; a view of another shape gets another name"),
    );
}
