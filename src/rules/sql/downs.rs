//! What a rule over the way back sees: the schema before a migration, behind it, and behind its way down.

use crate::effects::Effect;
use crate::finding::{Finding, Severity};
use crate::migrations::lowering::LoweredFile;
use crate::rules::RuleInfo;
use crate::schema::{Catalog, Difference, DifferenceKind, Truth, differences};
use crate::source::{Location, SourceId, Span};
use crate::syntax::migration::Direction;
use crate::syntax::sql::operation::{Action, Operation};

use super::ReleaseContext;

/// What the way down of a migration gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// The release.
    pub release: &'a ReleaseContext<'a>,
    lowered: &'a LoweredFile,
}

impl<'a> DownInput<'a> {
    pub(super) fn new(
        source: Option<SourceId>,
        first: Span,
        up: &'a [&'a Effect],
        (before, after, back): (&'a Catalog, &'a Catalog, &'a Catalog),
        release: &'a ReleaseContext<'a>,
        lowered: &'a LoweredFile,
    ) -> Self {
        Self {
            source,
            first,
            up,
            before,
            after,
            back,
            differences: differences(before, back),
            release,
            lowered,
        }
    }

    /// The operations of the way back.
    pub fn operations(&self) -> impl Iterator<Item = &'a Operation> {
        self.lowered
            .sections(Direction::Down)
            .flat_map(|section| &section.statements)
            .flat_map(|statement| &statement.operations)
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
