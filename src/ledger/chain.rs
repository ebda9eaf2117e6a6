//! Whether a chain is what was written: a fold over its rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::hash;
use super::{Checkpoint, Row};

/// Problems above this many are counted, not kept.
const MOST_PROBLEMS: usize = 1000;

/// The last record of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its number.
    pub sequence: i64,
    /// Its hash.
    pub hash: String,
}

/// What is wrong with a chain, and at which record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The body is not what the hash was made of.
    #[error("record {sequence} was edited: its content does not have its hash")]
    Edited {
        /// The record.
        sequence: i64,
    },
    /// A column says something else than the body.
    #[error(
        "record {sequence} was edited: column {column} says `{stored}`, the record says `{says}`"
    )]
    Column {
        /// The record.
        sequence: i64,
        /// The column.
        column: &'static str,
        /// What the column says.
        stored: String,
        /// What the record says.
        says: String,
    },
    /// A record stands where another belongs.
    #[error("record {says} stands in the place of record {sequence}: the order was changed")]
    Reordered {
        /// The place.
        sequence: i64,
        /// Its own number.
        says: i64,
    },
    /// Numbers are missing.
    #[error("{} removed: record {after} is followed by record {next}", missing(.after, .next))]
    Removed {
        /// The record before the gap; 0 for the beginning.
        after: i64,
        /// The record behind it.
        next: i64,
    },
    /// Two records continue the same one.
    #[error(
        "record {sequence} continues record {parent}, as another record does: the chain was forked"
    )]
    Forked {
        /// The record.
        sequence: i64,
        /// The one that it continues.
        parent: i64,
    },
    /// A record does not continue the one before it.
    #[error(
        "record {sequence} does not continue record {}: one of the two was replaced",
        .sequence.saturating_sub(1)
    )]
    Disconnected {
        /// The record.
        sequence: i64,
    },
    /// The body is no record.
    #[error("record {sequence} is no record: {why}")]
    Unreadable {
        /// The record.
        sequence: i64,
        /// Why not.
        why: String,
    },
    /// The chain ends before the record that a checkpoint knows.
    #[error(
        "the end was cut off: the checkpoint knows record {known}, the chain ends with record {last}"
    )]
    Truncated {
        /// The record that the checkpoint knows.
        known: i64,
        /// The last one that is there; 0 when the whole chain is gone.
        last: i64,
    },
    /// At the checkpoint's record the chain is another one.
    #[error(
        "record {sequence} is not the one that the checkpoint knows: the chain was written anew or forked"
    )]
    Replaced {
        /// The record.
        sequence: i64,
    },
}

fn missing(after: &i64, next: &i64) -> String {
    let (first, last) = (after.saturating_add(1), next.saturating_sub(1));
    if first == last {
        format!("record {first} was")
    } else {
        format!("records {first} to {last} were")
    }
}

/// What a verification found.
#[derive(Debug, Default)]
pub struct Verified {
    /// How many records were looked at.
    pub records: u64,
    /// The last record of each chain.
    pub heads: BTreeMap<String, Head>,
    /// What is wrong: chain and problem, in the order of the records.
    pub problems: Vec<(String, Problem)>,
    /// Problems that are not listed.
    pub more: u64,
    /// A checkpoint was compared with.
    pub against_checkpoint: bool,
}

impl Verified {
    /// Nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Takes in the rows of a ledger, chain by chain.
#[derive(Debug, Default)]
pub struct Verifier {
    checkpoint: BTreeMap<String, Head>,
    chain: Option<Running>,
    result: Verified,
}

/// The chain that is being looked at.
#[derive(Debug)]
struct Running {
    repository: String,
    /// The records so far; an index is the number of records before it.
    hashes: Vec<(i64, String)>,
    /// The checkpoint's record was there.
    met: bool,
}

/// What the hash chain needs of a record. A member that stands twice is refused.
#[derive(Deserialize)]
struct Envelope {
    repository: String,
    sequence: i64,
    previous: String,
    #[serde(default)]
    tag: String,
}

impl Verifier {
    /// A verification, against a checkpoint if there is one.
    pub fn new(checkpoint: Option<&Checkpoint>) -> Self {
        Self {
            checkpoint: checkpoint.map(Checkpoint::heads).unwrap_or_default(),
            chain: None,
            result: Verified {
                against_checkpoint: checkpoint.is_some(),
                ..Verified::default()
            },
        }
    }

    /// Takes in the next row. Rows of a chain stand together, in the order of their numbers.
    pub fn take(&mut self, row: &Row) {
        if self
            .chain
            .as_ref()
            .is_none_or(|chain| chain.repository != row.repository)
        {
            self.end_chain();
            self.chain = Some(Running {
                repository: row.repository.clone(),
                hashes: Vec::new(),
                met: false,
            });
        }
        self.result.records += 1;
        let problems = match &mut self.chain {
            Some(chain) => chain.check(row, self.checkpoint.get(&row.repository)),
            None => Vec::new(),
        };
        for problem in problems {
            self.add(row.repository.clone(), problem);
        }
    }

    /// What was found.
    pub fn finish(mut self) -> Verified {
        self.end_chain();
        let gone: Vec<(String, Head)> = self
            .checkpoint
            .iter()
            .filter(|(repository, _)| !self.result.heads.contains_key(*repository))
            .map(|(repository, head)| (repository.clone(), head.clone()))
            .collect();
        for (repository, head) in gone {
            let known = head.sequence;
            self.add(repository, Problem::Truncated { known, last: 0 });
        }
        self.result
    }

    fn end_chain(&mut self) {
        let Some(chain) = self.chain.take() else {
            return;
        };
        let Some((sequence, hash)) = chain.hashes.last().cloned() else {
            return;
        };
        if let Some(known) = self.checkpoint.get(&chain.repository)
            && !chain.met
        {
            let known = known.sequence;
            // A hole where the checkpoint's record was is a removal, and reported as one.
            if sequence < known {
                let last = sequence;
                self.add(chain.repository.clone(), Problem::Truncated { known, last });
            }
        }
        self.result
            .heads
            .insert(chain.repository, Head { sequence, hash });
    }

    fn add(&mut self, repository: String, problem: Problem) {
        if self.result.problems.len() < MOST_PROBLEMS {
            self.result.problems.push((repository, problem));
        } else {
            self.result.more += 1;
        }
    }
}

impl Running {
    fn check(&mut self, row: &Row, checkpoint: Option<&Head>) -> Vec<Problem> {
        let mut problems = Vec::new();
        let sequence = row.sequence;
        let computed = hash(&row.body);
        if computed != row.hash {
            problems.push(Problem::Edited { sequence });
        }
        let (last, last_hash) = self.hashes.last().cloned().unwrap_or_default();
        match serde_json::from_str::<Envelope>(&row.body) {
            Err(error) => problems.push(Problem::Unreadable {
                sequence,
                why: error.to_string(),
            }),
            Ok(says) => {
                check_columns(row, &says, &mut problems);
                if sequence == last.saturating_add(1) && says.previous != last_hash {
                    problems.push(self.broken_link(sequence, &says.previous));
                }
            }
        }
        if sequence <= last {
            let parent = sequence.saturating_sub(1);
            problems.push(Problem::Forked { sequence, parent });
        } else if sequence != last.saturating_add(1) {
            problems.push(Problem::Removed {
                after: last,
                next: sequence,
            });
        }
        if let Some(known) = checkpoint.filter(|known| known.sequence == sequence) {
            self.met = true;
            if known.hash != row.hash {
                problems.push(Problem::Replaced { sequence });
            }
        }
        self.hashes.push((sequence, row.hash.clone()));
        problems
    }

    /// A record that continues another one than its neighbour: an earlier one, which makes a fork, or none that is known.
    fn broken_link(&self, sequence: i64, previous: &str) -> Problem {
        // Only the chain's own records count, and each break looks through them once: a hostile store cannot make that
        // quadratic, because only so many problems are kept.
        let earlier = self.hashes.iter().rev().take(MOST_PROBLEMS);
        match earlier.into_iter().find(|(_, hash)| hash == previous) {
            Some((parent, _)) => Problem::Forked {
                sequence,
                parent: *parent,
            },
            None => Problem::Disconnected { sequence },
        }
    }
}

fn check_columns(row: &Row, says: &Envelope, problems: &mut Vec<Problem>) {
    let sequence = row.sequence;
    if says.sequence != sequence {
        problems.push(Problem::Reordered {
            sequence,
            says: says.sequence,
        });
    }
    for (column, stored, says) in [
        ("repository", &row.repository, &says.repository),
        ("tag", &row.tag, &says.tag),
    ] {
        if stored != says {
            problems.push(Problem::Column {
                sequence,
                column,
                stored: stored.clone(),
                says: says.clone(),
            });
        }
    }
}
