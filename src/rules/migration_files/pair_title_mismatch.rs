//! `pair-title-mismatch`.

use std::collections::BTreeSet;

use super::input::{file_name, short};
use super::{SequenceInput, SequenceRule};
use crate::finding::Severity;
use crate::migrations::changes::{ChangeKind, FileChange};
use crate::migrations::sequence::MigrationFile;
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
    let changes = input.directory.changes.iter();
    let new = changes.filter(|change| matches!(change.kind, ChangeKind::Added | ChangeKind::Renamed));
    let named: BTreeSet<&str> = new.clone().map(FileChange::path).collect();
    // The pairs of what is new, in the order in which they run.
    let identities: BTreeSet<&str> = new
        .filter_map(|change| Some(change.current.as_ref()?.name.identity.as_str()))
        .collect();
    let mut downs: Vec<&MigrationFile> = identities
        .into_iter()
        .flat_map(|identity| sequence.of_identity(identity))
        .filter(|file| file.name.role == Role::Down)
        .collect();
    downs.sort_by(|a, b| a.position().cmp(&b.position()));
    for down in downs {
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
