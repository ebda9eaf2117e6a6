//! Appending to a chain: what is there already is not written again. Stores call this while they hold the chain's lock.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{Decision, Entry, Mode, Record, Stamp, TagsSeen};
use super::tags::{Known, TagState};
use super::{Head, Ledger, LedgerError, Row};

/// What is to be appended.
#[derive(Debug, Clone)]
pub enum Draft {
    /// A decision.
    Decision(Box<Decision>),
    /// The tags as they are now.
    Tags(TagState),
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq)]
pub enum Appended {
    /// It is a record now.
    Recorded(Box<Record>, String),
    /// The chain has it, under this number.
    Known(i64),
    /// There is nothing new to say.
    Nothing,
}

/// A chain under a lock, inside a transaction.
pub(super) trait Chain {
    /// Its last record.
    fn head(&mut self) -> Result<Option<Head>, LedgerError>;
    /// The records of a tag, or, with an empty name, the observations of tags; the oldest first.
    fn of_tag(&mut self, tag: &str) -> Result<Vec<Row>, LedgerError>;
    /// Writes a record.
    fn insert(&mut self, row: &Row) -> Result<(), LedgerError>;
}

/// Appends the drafts that say something new.
pub(super) fn append(
    chain: &mut dyn Chain,
    repository: &str,
    drafts: &[Draft],
    stamp: &Stamp,
) -> Result<Vec<Appended>, LedgerError> {
    let mut head = chain.head()?;
    let mut all = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let entry = match draft {
            Draft::Decision(decision) => match known(chain, decision)? {
                Some(sequence) => {
                    all.push(Appended::Known(sequence));
                    continue;
                }
                None => Entry::Decision(decision.clone()),
            },
            Draft::Tags(state) => {
                let seen = new_tags(chain, state)?;
                if seen.is_empty() {
                    all.push(Appended::Nothing);
                    continue;
                }
                Entry::Tags(seen)
            }
        };
        let record = Record::next(repository, head.as_ref(), stamp, entry);
        let row = record.row()?;
        chain.insert(&row)?;
        head = Some(Head {
            sequence: row.sequence,
            hash: row.hash.clone(),
        });
        all.push(Appended::Recorded(Box::new(record), row.hash));
    }
    Ok(all)
}

/// The number of the record that says this already.
///
/// An audit is idempotent by tag, commit, tool version and what decides: policies, configuration, stage. Who records a decision wants to see that an
/// answer changed, because evidence came in or a waiver ran out, so there only the same answer is the same.
fn known(chain: &mut dyn Chain, decision: &Decision) -> Result<Option<i64>, LedgerError> {
    let digest = decision.digest()?;
    for row in chain.of_tag(&decision.tag)?.iter().rev() {
        let record = Record::read(row)?;
        let Some(before) = record.decision() else {
            continue;
        };
        let same_judge = before.policy.digest == decision.policy.digest
            && record.tool.version == crate::ledger::TOOL_VERSION;
        if !same_judge {
            continue;
        }
        let same = match decision.mode {
            Mode::Audit => {
                before.mode == Mode::Audit
                    && before.commit == decision.commit
                    && before.stage == decision.stage
                    && before.policy.configuration == decision.policy.configuration
            }
            Mode::Record => before.digest()? == digest,
        };
        if same {
            return Ok(Some(row.sequence));
        }
        // An answer from before the last one was given up since.
        if decision.mode == Mode::Record && before.mode == Mode::Record {
            return Ok(None);
        }
    }
    Ok(None)
}

fn new_tags(chain: &mut dyn Chain, state: &TagState) -> Result<TagsSeen, LedgerError> {
    let mut known = Known::default();
    for row in chain.of_tag("")? {
        if let Entry::Tags(seen) = Record::read(&row)?.entry {
            known.learn(&seen);
        }
    }
    Ok(state.since(&known))
}

/// The tags that a chain knows and where they were last seen, those that are gone too.
pub(super) fn known_tags(records: &[Record]) -> BTreeMap<String, String> {
    let mut known = Known::default();
    for record in records {
        if let Entry::Tags(seen) = &record.entry {
            known.learn(seen);
        }
    }
    known.commits()
}

impl Ledger {
    /// The tags that a chain knows and where they were last seen, those that are gone too.
    pub fn known_tags(records: &[Record]) -> BTreeMap<String, String> {
        known_tags(records)
    }

    /// The commits that each tag was ever seen at.
    pub fn tag_places(records: &[Record]) -> BTreeMap<String, BTreeSet<String>> {
        let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for record in records {
            let Entry::Tags(seen) = &record.entry else {
                continue;
            };
            let moved = seen
                .moved
                .iter()
                .flat_map(|moved| [(&moved.tag, &moved.from), (&moved.tag, &moved.to)]);
            for (tag, commit) in seen.appeared.iter().chain(&seen.vanished).chain(moved) {
                places
                    .entry(tag.clone())
                    .or_default()
                    .insert(commit.clone());
            }
        }
        places
    }
}
