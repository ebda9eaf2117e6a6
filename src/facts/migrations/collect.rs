//! Facts from a survey of the migrations.

use super::{MigrationsFacts, OperationFact};
use crate::discover::Reader;
use crate::facts::Origins;
use crate::migrations::lowering::Lowering;
use crate::migrations::sequence::MigrationFile;
use crate::migrations::{DirectorySurvey, Survey};
use crate::syntax::migration::Direction;
use crate::syntax::sql::operation::Operation;

/// Where an operation stands: what whoever judges its effects finds it by.
#[derive(Debug, Clone, Copy)]
pub struct OperationSite<'s> {
    /// The sequence.
    pub directory: &'s DirectorySurvey,
    /// The file.
    pub file: &'s MigrationFile,
    /// The direction of its section.
    pub direction: Direction,
    /// The index of its section in the lowered file.
    pub section: usize,
    /// The index of its statement in the section.
    pub statement: usize,
    /// Its index in the statement.
    pub index: usize,
    /// Itself.
    pub operation: &'s Operation,
}

/// What changed since the previous release, as policies see it. `judge` fills in what an operation does to a running
/// release (compatibility, data loss, release type, lock, work); it is called for the added and modified files, up and
/// down, in the order of the facts.
pub fn collect(
    _survey: &Survey,
    _lowering: &Lowering,
    _reader: &mut Reader<'_>,
    _origins: &mut Origins,
    _judge: &mut dyn FnMut(&OperationSite<'_>, &mut OperationFact),
) -> MigrationsFacts {
    MigrationsFacts::default()
}
