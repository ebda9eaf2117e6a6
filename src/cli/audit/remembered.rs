//! An audit with nothing new: the answers of the last one, when everything that they follow from is the same.
//!
//! The key is a digest of all of it: the tool's own sources, every reference of the repository, configuration, policies,
//! waivers, signers, evidence, and what was asked for. Contents follow from the references, because git names them by
//! digest. Whatever does not fit into the key is not remembered at all.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::as_of;
use crate::cache::Values;
use crate::cli::args::{Audit as AuditArgs, PolicyAsOf};
use crate::decision::Verdict;
use crate::facts::tags::TagFact;
use crate::git::{History, Tag, Target};
use crate::judge::Frame;
use crate::project::Project;
use crate::report::audit::Release;
use crate::report::text::sha256_hex;

/// Names the code whose answers these are.
const SOURCES: &str = env!("RELGATE_SOURCE_DIGEST");
/// How far clocks may be apart: what is younger than this may yet be from the future.
const SKEW: TimeDelta = TimeDelta::minutes(10);
/// How many answers of one repository are kept: for some periods and filters.
const MOST_ANSWERS: usize = 4;

/// What an audit found.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// The latest time that counted, in seconds since 1970: a clock before it would say something else.
    latest: i64,
    pub(super) tags: Vec<TagFact>,
    pub(super) releases: Vec<Release>,
    pub(super) prefixes: Vec<String>,
}

/// Where the answers to a question are, if they can be anywhere.
pub(super) struct Place {
    group: String,
    key: Vec<u8>,
}

impl Place {
    /// The place for the answers to what is asked of a repository as it is.
    pub(super) fn of(frame: &Frame<'_>, args: &AuditArgs) -> Option<Self> {
        // A ledger wants more than the answers; programs, old policies and objects that may yet come are no references.
        let is_plain = args.ledger.is_none()
            && args.repos.is_none()
            && args.policy_as_of == PolicyAsOf::Now
            && frame.keyring.is_none()
            && frame.helm.is_none()
            && !frame.repository.is_partial();
        if !is_plain {
            return None;
        }
        // Whatever a project holds decides: a new field has to find its place here.
        let Project {
            // Read from the file and from `files`.
            config: _,
            config_file,
            policies,
            reference,
            waivers,
            protected,
            files,
            // Read from `files`, but for whether the signers are there.
            trust,
            evidence,
            absent,
            absent_evidence,
        } = frame.project;
        let mut parts = vec![
            SOURCES.to_owned(),
            frame.repository.name(),
            format!("{:?} {:?}", frame.scheme, frame.branches),
            format!("{config_file:?}"),
            format!("{reference} {protected} {}", policies.digest()),
            format!("{waivers:?}"),
            format!("{files:?}"),
            format!("{:?} {absent:?} {absent_evidence:?}", trust.signers_file),
            format!("{:?} {:?}", frame.earlier_tags, frame.application_tags),
            format!("{:?} {:?} {:?}", args.since, args.until, args.tag),
            format!(
                "{:?} {:?} {}",
                args.component, args.prefix, args.require_evidence
            ),
        ];
        parts.extend(evidence.iter().map(|item| format!("{item:?}")));
        parts.extend(frame.repository.all_references().ok()?);
        let mut bytes = Vec::new();
        for part in parts {
            // With its length, so that no two lists of parts are one text.
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part.into_bytes());
        }
        Some(Self {
            group: format!("audit {}", frame.repository.name()),
            key: sha256_hex(&bytes).into_bytes(),
        })
    }

    /// The answers that were found before, if they would be found again.
    pub(super) fn load(&self, frame: &Frame<'_>) -> Option<Remembered> {
        let mut values: Values<Remembered> = frame.cache?.load(&self.group, SOURCES);
        let found = values.remove(&self.key)?;
        is_past(found.latest, frame.clock).then_some(found)
    }

    /// Keeps answers that do not depend on the clock, and that nothing kept from being found.
    pub(super) fn store(
        &self,
        frame: &Frame<'_>,
        latest: Option<i64>,
        (tags, releases, prefixes): (&[TagFact], &[Release], &[String]),
    ) {
        let error = Verdict::Error.as_str();
        let is_whole = |release: &Release| release.errors.is_empty() && release.verdict != error;
        let (Some(cache), Some(latest)) = (frame.cache, latest) else {
            return;
        };
        // What a tag leads to may yet come, and no reference would change.
        let missing = Target::Missing.as_str();
        let is_there = |tag: &TagFact| tag.target != missing;
        let is_whole = releases.iter().all(is_whole) && tags.iter().all(is_there);
        if !is_past(latest, frame.clock) || !is_whole {
            return;
        }
        let mut values: Values<Remembered> = cache.load(&self.group, SOURCES);
        if values.len() >= MOST_ANSWERS {
            values.clear();
        }
        let found = Remembered {
            latest,
            tags: tags.to_vec(),
            releases: releases.to_vec(),
            prefixes: prefixes.to_vec(),
        };
        values.insert(self.key.clone(), found);
        cache.store(&self.group, SOURCES, &values);
    }
}

/// The latest time that counts for releases: their own, and that of the evidence. `None` when one has no time, and is
/// judged as of now.
pub(super) fn latest<'t>(
    frame: &Frame<'_>,
    history: &History,
    mut tags: impl Iterator<Item = &'t Tag>,
) -> Option<i64> {
    let evidence = frame.project.evidence.iter().filter_map(|item| {
        let statement = &item.envelope.as_ref().ok()?.statement;
        Some(statement.issued_at?.timestamp())
    });
    let evidence = evidence.max().unwrap_or(0);
    tags.try_fold(evidence, |latest, tag| {
        Some(latest.max(as_of(tag, history)?.timestamp()))
    })
}

fn is_past(latest: i64, clock: DateTime<Utc>) -> bool {
    DateTime::from_timestamp(latest, 0)
        .is_some_and(|latest| clock.signed_duration_since(latest) > SKEW)
}
