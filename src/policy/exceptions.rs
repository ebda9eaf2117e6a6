//! Waivers: `PolicyException` documents, which cover findings, demands and gates for a while.

use chrono::{DateTime, Utc};

use crate::finding::Finding;
use crate::source::{Location, SourceId, Sources};

/// A waiver that was read and is well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Its name.
    pub name: String,
    /// What it covers: a policy's name, `rules` or `gates`, and ids in it (none: all of them).
    pub refs: Vec<(String, Vec<String>)>,
    /// Path patterns; empty for any path.
    pub paths: Vec<String>,
    /// Tag patterns; empty for any tag.
    pub tags: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approved_by: String,
    /// From when it counts.
    pub effective_on: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// `expires_at` as it is written.
    pub expires_at_text: String,
    /// Its place.
    pub location: Location,
}

/// What a file of waivers holds.
#[derive(Debug, Default)]
pub struct Waivers {
    /// Those that are well-formed.
    pub waivers: Vec<Waiver>,
    /// `exception-invalid` for those that are not: they waive nothing.
    pub findings: Vec<Finding>,
}

/// Reads a file of `PolicyException` documents.
pub fn read(_sources: &Sources, _file: SourceId) -> Waivers {
    Waivers::default()
}
