//! What the rules about objects that the running version may still name have in common.

use super::SqlInput;
use crate::finding::Finding;
use crate::rules::{Findings, RuleInfo};
use crate::syntax::sql::operation::{Action, Name, ObjectKind};
use crate::version::ReleaseType;

/// Finds objects of a kind that are dropped while the running version may still use them. `noun` is what a message calls
/// the kind.
pub(super) fn dropped(
    input: &SqlInput<'_>,
    rule: &RuleInfo,
    is_one: impl Fn(ObjectKind) -> bool,
    noun: &str,
    findings: &mut Findings,
) {
    let Action::Drop {
        kind,
        names,
        if_exists,
        ..
    } = input.action()
    else {
        return;
    };
    if !is_one(*kind)
        || input.effect().release_type < ReleaseType::Minor
        || input.effect().created_in_release
    {
        return;
    }
    for name in names {
        if *if_exists && input.before().is_unheard_of(*kind, name) {
            findings.extend(unheard_of(input, rule, name, *kind, noun));
            continue;
        }
        let message = format!(
            "{noun} `{}` is dropped while {} may still use it",
            name.name,
            input.release.running()
        );
        let finding = input.report_class(rule, message).note(
            "instead",
            "stop using it in this release, and drop it in the release after",
        );
        findings.push(input.used(finding, name, None));
    }
}

/// What is said about `DROP ... IF EXISTS` of an object that no migration created, and that this release does not create.
pub(super) fn unheard_of(
    input: &SqlInput<'_>,
    rule: &RuleInfo,
    name: &Name,
    kind: ObjectKind,
    noun: &str,
) -> Option<Finding> {
    if !input.release.last.is_unheard_of(kind, name) {
        return None;
    }
    let message = format!(
        "no migration creates {noun} `{}`: where it exists all the same, {} may still use it",
        name.name,
        input.release.running()
    );
    let finding = input.report_class(rule, message).help(
        "leave the statement out if nothing has that name; else create the object in a migration before, IF NOT EXISTS",
    );
    Some(input.used(finding, name, None))
}

/// Finds objects of a kind that get another name or schema while the running version knows the old one.
pub(super) fn renamed(
    input: &SqlInput<'_>,
    rule: &RuleInfo,
    is_one: impl Fn(ObjectKind) -> bool,
    noun: &str,
    findings: &mut Findings,
) {
    let (kind, name, to) = match input.action() {
        Action::Rename { kind, name, to } => (*kind, name, to.clone()),
        Action::SetSchema { kind, name, schema } => {
            (*kind, name, format!("{schema}.{}", name.name))
        }
        _ => return,
    };
    if !is_one(kind) || input.effect().release_type < ReleaseType::Major {
        return;
    }
    let message = format!(
        "{noun} `{}` becomes `{to}`; statements of {} that name it fail",
        name.name,
        input.release.running()
    );
    let finding = input.report_class(rule, message).note(
        "instead",
        "make a new one beside it, and drop the old one in the release after",
    );
    findings.push(input.used(finding, name, None));
}
