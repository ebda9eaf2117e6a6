//! Whether a fresh install and an upgrade lead to the same schema.

use super::{ReleaseInput, replay};
use crate::finding::Finding;
use crate::migrations::changes::FileChange;
use crate::migrations::sequence::MigrationFile;
use crate::rules::sql::{Check, RULES};
use crate::schema::{Catalog, Difference, DifferenceKind, differences};
use crate::source::{Location, Span};

/// Compares the schema that all files lead to as they are now, which a fresh installation gets, with the one that an upgrade
/// leads to: the released files as they were released, then the new ones. Only when somebody changed a released file, or
/// when there are new ones that no upgrade runs.
pub(super) fn drift(
    input: &ReleaseInput<'_>,
    upgraded: &Catalog,
    passed_over: &[(&MigrationFile, String)],
) -> Option<Finding> {
    let survey = input.directory;
    let changed = survey
        .changes
        .iter()
        .find(|change| change.previous.is_some() && (change.up_changed || change.renumbered))
        .map(FileChange::path)
        .or_else(|| passed_over.first().map(|(file, _)| file.path.as_str()))?;
    let fresh = replay(
        survey,
        input.lowering,
        &survey.subject,
        input.replays,
        &mut Vec::new(),
    );
    if fresh.is_tainted() || upgraded.is_tainted() {
        return None;
    }
    let differences: Vec<Difference> = differences(upgraded, &fresh)
        .into_iter()
        .filter(|difference| difference.kind != DifferenceKind::Order)
        .collect();
    let first = differences.first()?;
    let says = match first.kind {
        DifferenceKind::Missing => format!(
            "only an upgraded database has the {} `{}`",
            first.what, first.name
        ),
        DifferenceKind::Extra => format!(
            "only a fresh database has the {} `{}`",
            first.what, first.name
        ),
        DifferenceKind::Changed | DifferenceKind::Order => {
            format!(
                "{} of the {} `{}` is not the same in both",
                first.detail, first.what, first.name
            )
        }
    };
    let more = match differences.len() {
        1 => String::new(),
        n => format!(", and {} differences more", n - 1),
    };
    let rule = RULES
        .iter()
        .find(|rule| matches!(rule.check, Check::Drift))?;
    let finding = match input.texts.get(changed) {
        Some(&source) => {
            let place = Location {
                source,
                span: Span::new(0, 0),
            };
            Finding::at(
                rule.info.id,
                rule.info.severity,
                place,
                format!("{says}{more}"),
            )
        }
        None => Finding::about(
            rule.info.id,
            rule.info.severity,
            changed,
            format!("{says}{more}"),
        ),
    };
    Some(finding.help("a new migration has to bring upgraded databases to the same schema"))
}
