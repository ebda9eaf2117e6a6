//! `pair-title-mismatch`.

use std::collections::BTreeSet;

use super::input::{file_name, short};
use super::{SequenceInput, SequenceRule};
use crate::finding::Severity;
use crate::migrations::changes::{ChangeKind, FileChange};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::migration::Role;

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "pair-title-mismatch",
        summary: "the two ways of a migration have different titles",
        severity: Severity::Warning,
        page: include_str!("pair_title_mismatch.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let sequence = &input.directory.subject;
    let named: BTreeSet<&str> = input
        .directory
        .changes
        .iter()
        .filter(|change| matches!(change.kind, ChangeKind::Added | ChangeKind::Renamed))
        .map(FileChange::path)
        .collect();
    for down in sequence.downs() {
        // With several ups of one version a pair cannot be told; that is a finding of its own.
        let mut ups = sequence
            .of_identity(&down.name.identity)
            .filter(|up| up.name.role == Role::Up && up.name.database == down.name.database);
        let (Some(up), None) = (ups.next(), ups.next()) else {
            continue;
        };
        let path = [&down.path, &up.path]
            .into_iter()
            .find(|path| named.contains(path.as_str()));
        if let Some(path) = path
            && up.name.title != down.name.title
        {
            let message = format!(
                "version {} is called {} on the way up and {} on the way back",
                up.name.version,
                file_name(&up.path),
                file_name(&down.path)
            );
            findings.push(
                input
                    .report(&RULE.info, RULE.info.severity, path, message)
                    .help(format!("give {} the title of its pair", short(input, path))),
            );
        }
    }
}
