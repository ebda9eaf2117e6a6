//! The last record of every chain at one time, to be kept where the ledger's owner cannot reach it. It is an in-toto
//! Statement, so that it can be signed as evidence is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::canonical;
use super::{Head, LedgerError, Verified};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://relgate.dev/ledger-checkpoint/v1";

/// The heads of a ledger's chains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Checkpoint {
    #[serde(rename = "_type")]
    statement: String,
    predicate_type: String,
    subject: Vec<Subject>,
    predicate: Predicate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Predicate {
    created_at: String,
    heads: Vec<ChainHead>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainHead {
    repository: String,
    #[serde(flatten)]
    head: Head,
}

impl Checkpoint {
    /// The checkpoint of what was just verified.
    pub fn of(verified: &Verified, created_at: &str) -> Self {
        Self {
            statement: STATEMENT.to_owned(),
            predicate_type: PREDICATE.to_owned(),
            subject: verified
                .heads
                .iter()
                .map(|(repository, head)| Subject {
                    name: repository.clone(),
                    digest: [(
                        "sha256".to_owned(),
                        head.hash.trim_start_matches("sha256:").to_owned(),
                    )]
                    .into(),
                })
                .collect(),
            predicate: Predicate {
                created_at: created_at.to_owned(),
                heads: verified
                    .heads
                    .iter()
                    .map(|(repository, head)| ChainHead {
                        repository: repository.clone(),
                        head: head.clone(),
                    })
                    .collect(),
            },
        }
    }

    /// Reads one. `path` is what errors call it.
    pub fn read(path: &str, text: &str) -> Result<Self, LedgerError> {
        let wrong = |why: String| LedgerError::Checkpoint {
            path: path.to_owned(),
            why,
        };
        let checkpoint: Self =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if checkpoint.statement != STATEMENT || checkpoint.predicate_type != PREDICATE {
            return Err(wrong(format!("its predicate type is not {PREDICATE}")));
        }
        if checkpoint.predicate.heads.is_empty() {
            return Err(wrong("it names no chain".to_owned()));
        }
        if checkpoint.heads().len() != checkpoint.predicate.heads.len() {
            return Err(wrong("it names a chain twice".to_owned()));
        }
        // What was signed as the subject is what counts as the head.
        let agree = checkpoint.predicate.heads.iter().all(|one| {
            checkpoint.subject.iter().any(|subject| {
                subject.name == one.repository
                    && subject
                        .digest
                        .get("sha256")
                        .is_some_and(|digest| one.head.hash == format!("sha256:{digest}"))
            })
        });
        if !agree || checkpoint.subject.len() != checkpoint.predicate.heads.len() {
            return Err(wrong("its subjects and its heads differ".to_owned()));
        }
        Ok(checkpoint)
    }

    /// As canonical JSON with a line end.
    pub fn text(&self) -> Result<String, LedgerError> {
        Ok(canonical(self)? + "\n")
    }

    /// Chain to head.
    pub(super) fn heads(&self) -> BTreeMap<String, Head> {
        self.predicate
            .heads
            .iter()
            .map(|one| (one.repository.clone(), one.head.clone()))
            .collect()
    }
}
