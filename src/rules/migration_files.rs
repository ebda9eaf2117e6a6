//! Rules over a sequence of migration files: names, order, pairs, and what happened to released ones.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Findings, RuleInfo};
use crate::migrations::DirectorySurvey;
use crate::migrations::lowering::Lowering;
use crate::migrations::sequence::Sequence;
use crate::source::{SourceId, Sources};

/// A rule over a sequence.
pub struct SequenceRule {
    /// What everybody may know about it.
    pub info: RuleInfo,
    /// Looks at a sequence.
    pub check: fn(&SequenceInput<'_>, &mut Findings),
}

/// What a rule over a sequence sees.
pub struct SequenceInput<'a> {
    /// The sequence before and after, and what changed.
    pub directory: &'a DirectorySurvey,
    /// What previous and subject are called, for messages; the first is empty without a previous release.
    pub previous_label: &'a str,
    /// The same sequence at other releases and candidates from which an upgrade to the subject can start.
    pub other_releases: &'a [OtherRelease],
    /// The statements of the files.
    pub lowering: &'a Lowering,
    /// Texts.
    pub sources: &'a Sources,
    /// The text of each changed file, by path, as it is now (of a deleted one, as it was).
    pub texts: &'a BTreeMap<String, SourceId>,
    /// The time of the judgement.
    pub now: DateTime<Utc>,
}

/// The sequence at another release.
pub struct OtherRelease {
    /// Its tag.
    pub tag: String,
    /// Its files.
    pub sequence: Sequence,
}
