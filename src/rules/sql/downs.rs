//! What a rule over the way back sees: the schema before a migration, behind it, and behind its way down.

use crate::effects::Effect;
use crate::finding::{Finding, Severity};
use crate::migrations::lowering::LoweredFile;
use crate::rules::RuleInfo;
use crate::schema::{Catalog, Difference, DifferenceKind, Truth, differences, renamed};
use crate::source::{Location, SourceId, Span};
use crate::syntax::migration::Direction;
use crate::syntax::sql::operation::{Action, Operation};

use super::ReleaseContext;

/// What the way down of a migration gives back.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Reversibility {
    /// The schema and the data.
    Exact,
    /// The schema, but not the data.
    SchemaOnly,
    /// It cannot be told.
    Unknown,
    /// Not even the schema.
    No,
}

impl Reversibility {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::SchemaOnly => "schema-only",
            Self::Unknown => "unknown",
            Self::No => "no",
        }
    }
}

/// A migration and its way back.
pub struct DownInput<'a> {
    /// The file of the way back.
    pub source: Option<SourceId>,
    /// Its first statement, or the start of the file.
    pub first: Span,
    /// What the operations of the way up do.
    pub up: &'a [&'a Effect],
    /// The schema before the migration.
    pub before: &'a Catalog,
    /// The schema behind it.
    pub after: &'a Catalog,
    /// The schema behind its way back.
    pub back: &'a Catalog,
    /// What differs between the schema before and the schema behind the way back.
    pub differences: Vec<Difference>,
    /// What the way up added or changed, and so what a way down that does nothing leaves as it is.
    pub undone_by_nothing: Vec<Difference>,
    /// Relations that have another name behind the way back than before: the old and the new name.
    pub renamed: Vec<(String, String)>,
    /// The release.
    pub release: &'a ReleaseContext<'a>,
    lowered: &'a LoweredFile,
    lowered_up: &'a LoweredFile,
}

impl<'a> DownInput<'a> {
    pub(super) fn new(
        source: Option<SourceId>,
        first: Span,
        up: &'a [&'a Effect],
        (before, after, back): (&'a Catalog, &'a Catalog, &'a Catalog),
        release: &'a ReleaseContext<'a>,
        (lowered_up, lowered): (&'a LoweredFile, &'a LoweredFile),
    ) -> Self {
        Self {
            source,
            first,
            up,
            before,
            after,
            back,
            differences: differences(before, back),
            renamed: renamed(before, back),
            undone_by_nothing: differences(before, after)
                .into_iter()
                .filter(|difference| difference.kind != DifferenceKind::Order)
                .collect(),
            release,
            lowered,
            lowered_up,
        }
    }

    /// The operations of the way back.
    pub fn operations(&self) -> impl Iterator<Item = &'a Operation> {
        self.lowered
            .sections(Direction::Down)
            .flat_map(|section| &section.statements)
            .flat_map(|statement| &statement.operations)
    }

    /// The operations of the way up.
    pub fn up_operations(&self) -> impl Iterator<Item = &'a Operation> {
        self.lowered_up
            .sections(Direction::Up)
            .flat_map(|section| &section.statements)
            .flat_map(|statement| &statement.operations)
    }

    /// The differences of a kind, without relations that are only called otherwise.
    pub fn of_kind(&self, kind: DifferenceKind) -> Vec<&Difference> {
        self.differences
            .iter()
            .filter(|difference| difference.kind == kind)
            .filter(|difference| {
                !self
                    .renamed
                    .iter()
                    .any(|(old, new)| difference.name == *old || difference.name == *new)
            })
            .collect()
    }

    /// What was there before, and is missing behind the way back because the way up dropped it.
    pub fn dropped_by_up(&self) -> Vec<&Difference> {
        self.missing(true)
    }

    /// What was there before, was left alone by the way up, and is dropped by the way back.
    pub fn dropped_by_down(&self) -> Vec<&Difference> {
        self.missing(false)
    }

    fn missing(&self, in_up: bool) -> Vec<&Difference> {
        let gone_behind_up = |difference: &Difference| {
            self.undone_by_nothing.iter().any(|other| {
                other.kind == DifferenceKind::Missing
                    && other.what == difference.what
                    && other.name == difference.name
            })
        };
        self.of_kind(DifferenceKind::Missing)
            .into_iter()
            .filter(|difference| gone_behind_up(difference) == in_up)
            .collect()
    }

    /// `the column `casks.label` and 2 more`.
    pub fn first_of<D: std::borrow::Borrow<Difference>>(&self, all: &[D]) -> String {
        let Some(first) = all.first().map(std::borrow::Borrow::borrow) else {
            return String::new();
        };
        let named = format!("{} `{}`", first.what, first.name);
        match all.len() {
            1 => named,
            n => format!("{named} and {} more", n - 1),
        }
    }

    /// The way back does nothing.
    pub fn is_noop(&self) -> bool {
        !self.lowered.opaque
            && self.operations().all(|operation| {
                matches!(
                    &operation.action,
                    Action::Select { .. }
                        | Action::Set { .. }
                        | Action::Transaction(_)
                        | Action::Comment { .. }
                        | Action::Do { dynamic: false }
                        | Action::Other { .. }
                )
            })
    }

    /// A part of it could not be read, so the schemas say less than they seem to.
    pub fn is_uncertain(&self) -> bool {
        self.lowered.opaque
            || self.back.is_tainted()
            || self.up.iter().any(|effect| effect.opaque)
            || self.operations().any(|operation| {
                matches!(
                    operation.action,
                    Action::Opaque { .. } | Action::Do { dynamic: true }
                )
            })
    }

    /// What the way back gives back.
    pub fn reversibility(&self) -> Reversibility {
        let schema_differs = self
            .differences
            .iter()
            .any(|difference| difference.kind != DifferenceKind::Order);
        if self.is_uncertain() {
            return Reversibility::Unknown;
        }
        if schema_differs {
            return Reversibility::No;
        }
        match self.up.iter().map(|effect| effect.data_loss).max() {
            Some(Truth::Yes) => Reversibility::SchemaOnly,
            Some(Truth::Unknown) => Reversibility::Unknown,
            Some(Truth::No) | None => Reversibility::Exact,
        }
    }

    /// A finding at the first statement of the way back.
    pub fn report(&self, rule: &RuleInfo, message: impl Into<String>) -> Finding {
        self.report_at(rule, self.first, message)
    }

    /// A finding at a place of the way back.
    pub fn report_at(&self, rule: &RuleInfo, span: Span, message: impl Into<String>) -> Finding {
        match self.source {
            Some(source) => Finding::at(rule.id, rule.severity, Location { source, span }, message),
            None => Finding::about(rule.id, Severity::Warning, "", message),
        }
    }
}
