//! Whether a piece of evidence counts for a release: every check has its place in the order and a reason of its own.
//!
//! The type of the release is the one thing that is not known here, because policies decide it and may read evidence;
//! the evaluation of policies looks at it afterwards.

pub(super) mod refusal;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::allowed_signers::AllowedSigners;
use super::envelope::{Envelope, Signature};
use super::mailmap::Mailmap;
use super::measure;
use super::reason::Reason;
use super::roles::Roles;
use super::ssh::{self, Key, NAMESPACE};
use super::statement::{Statement, from_reference};
use crate::facts::evidence::EvidenceFact;
use crate::gate::parse_duration;
use crate::policy::EvidenceSpec;

use refusal::{of_signature, of_signer};

/// Clocks of two machines may differ by this much.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// Whom a project trusts.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Who may sign.
    pub signers: AllowedSigners,
    /// The file they stand in; whether it is there.
    pub signers_file: (String, bool),
    /// The keys that do not count any more, as their fingerprints.
    pub revoked: BTreeSet<String>,
    /// Who has which role.
    pub roles: Roles,
    /// Which addresses belong to one person.
    pub mailmap: Mailmap,
}

/// A file of evidence, opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its path.
    pub path: String,
    /// Its text, for the report's list of what was read; empty when it could not be read.
    pub text: String,
    /// What is in it, or why that is nothing.
    pub envelope: Result<Envelope, (Reason, String)>,
}

/// A tag at a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Point {
    /// The tag.
    pub tag: String,
    /// The commit.
    pub commit: String,
    /// The commit's clock.
    pub time: Option<DateTime<Utc>>,
}

/// What evidence has to fit.
#[derive(Debug, Clone, Default)]
pub struct Release<'a> {
    /// The release.
    pub subject: Point,
    /// Its last candidate, whose evidence may count for it.
    pub candidate: Option<Point>,
    /// The release before it: `from` of its statements.
    pub previous: Point,
    /// The addresses of those who made it.
    pub authors: BTreeSet<String>,
    /// The digest of the policies in force.
    pub policy_digest: &'a str,
    /// The gates that take evidence, by id.
    pub gates: BTreeMap<&'a str, &'a EvidenceSpec>,
    /// The time as of which it is judged: how old evidence is, and which keys count.
    pub now: DateTime<Utc>,
    /// The clock of whoever judges. An audit judges a release as of its own time, and its evidence may have come later;
    /// what is dated after the audit itself is from the future.
    pub clock: DateTime<Utc>,
}

/// What became of the evidence for a release: a fact for each file that is about it, or meant to be. Of the files about
/// other releases, each gate without evidence of its own has the newest.
pub fn check(items: &[Item], trust: &Trust, release: &Release<'_>) -> Vec<EvidenceFact> {
    let mut facts = Vec::new();
    let mut elsewhere: BTreeMap<&str, (&Item, &Statement)> = BTreeMap::new();
    for item in items {
        match &item.envelope {
            Ok(envelope) if !concerns(&envelope.statement, release) => {
                let statement = &envelope.statement;
                let newest = elsewhere
                    .entry(statement.gate.as_str())
                    .or_insert((item, statement));
                if statement.issued_at > newest.1.issued_at {
                    *newest = (item, statement);
                }
            }
            _ => facts.push(check_one(item, trust, release)),
        }
    }
    once(&mut facts, items);
    for (gate, (item, statement)) in elsewhere {
        if !facts.iter().any(|fact| fact.gate == gate) {
            let mut fact = describe(item, statement);
            refuse(
                &mut fact,
                (
                    Reason::OtherRelease,
                    format!("it is about {}", statement.tag),
                ),
            );
            facts.push(fact);
        }
    }
    facts.sort_by(|a, b| (&a.gate, &a.path).cmp(&(&b.gate, &b.path)));
    facts
}

/// Checks one file against a release, alone.
pub fn check_one(item: &Item, trust: &Trust, release: &Release<'_>) -> EvidenceFact {
    let envelope = match &item.envelope {
        Ok(envelope) => envelope,
        Err(refusal) => {
            let mut fact = EvidenceFact {
                path: item.path.clone(),
                gate: gate_of_path(&item.path, release).unwrap_or_default(),
                ..EvidenceFact::default()
            };
            refuse(&mut fact, refusal.clone());
            return fact;
        }
    };
    let mut fact = describe(item, &envelope.statement);
    envelope.signature.as_str().clone_into(&mut fact.signature);
    match judge(envelope, trust, release, &mut fact) {
        Ok(()) => fact.valid = true,
        Err(refusal) => refuse(&mut fact, refusal),
    }
    fact
}

/// A statement speaks of the release or of its candidate in at least one of the ways in which it names releases.
fn concerns(statement: &Statement, release: &Release<'_>) -> bool {
    let names = |point: &Point| {
        statement.tag == point.tag || statement.commit == point.commit || statement.to == point.tag
    };
    names(&release.subject) || release.candidate.as_ref().is_some_and(names)
}

/// The gate that a file is for, by its name or its directory: for files that cannot be read otherwise.
fn gate_of_path(path: &str, release: &Release<'_>) -> Option<String> {
    gate_named_by(path, |name| release.gates.contains_key(name))
}

/// The last part of a path that names a gate: `ci-tests.json`, `ci-tests/unit.json`, `ci-tests-1a2b.json`.
pub fn gate_named_by(path: &str, is_gate: impl Fn(&str) -> bool) -> Option<String> {
    path.rsplit('/').find_map(|part| {
        let mut name = part.strip_suffix(".json").unwrap_or(part);
        loop {
            if is_gate(name) {
                return Some(name.to_owned());
            }
            name = name.rsplit_once('-')?.0;
        }
    })
}

/// What a statement says, before anybody believes it.
fn describe(item: &Item, statement: &Statement) -> EvidenceFact {
    let mut fact = EvidenceFact {
        path: item.path.clone(),
        gate: statement.gate.clone(),
        tag: statement.tag.clone(),
        commit: statement.commit.clone(),
        decision: statement.decision.clone(),
        approver: statement.approver.clone(),
        role: statement.role.clone(),
        release_type: statement.release_type.clone(),
        comment: statement.comment.clone(),
        issued_at: statement
            .issued_at
            .map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
            .unwrap_or_default(),
        nonce: statement.nonce.clone(),
        ..EvidenceFact::default()
    };
    measure::fill(&mut fact, &statement.data);
    fact
}

fn refuse(fact: &mut EvidenceFact, (reason, why): (Reason, String)) {
    fact.valid = false;
    reason.as_str().clone_into(&mut fact.reason);
    fact.message = why;
}

type Refused = Result<(), (Reason, String)>;

fn judge(
    envelope: &Envelope,
    trust: &Trust,
    release: &Release<'_>,
    fact: &mut EvidenceFact,
) -> Refused {
    let statement = &envelope.statement;
    let spec = *release.gates.get(statement.gate.as_str()).ok_or_else(|| {
        (
            Reason::GateUnknown,
            format!("no gate `{}` takes evidence", statement.gate),
        )
    })?;
    // The name of a file says which gate a test result is for, and nobody signs the name of a file.
    if statement.foreign && spec.kind != "test-result" {
        return Err((
            Reason::KindWrong,
            format!(
                "a test result closes no gate that asks for a statement of kind `{}`",
                spec.kind
            ),
        ));
    }
    let key = signed(envelope, trust, release, spec, fact)?;
    has_role(statement, &fact.approver, trust, spec)?;
    let point = bound(statement, release)?;
    fact.of_candidate = point.tag != release.subject.tag;
    if spec.bind_policy && statement.policy_digest != release.policy_digest {
        return Err((
            Reason::PolicyMismatch,
            "it was made under other policies than those in force".to_owned(),
        ));
    }
    in_time(statement, point, release, spec)?;
    fact.person = person(&fact.approver, key.as_ref(), trust);
    // Whoever made a release may still say that it must not go.
    if spec.not_author && statement.decision == "approve" {
        not_an_author(&fact.approver, key.as_ref(), trust, release)?;
    }
    let missing: Vec<&str> = spec
        .requires
        .iter()
        .map(String::as_str)
        .filter(|name| !measure::has(&statement.data, name))
        .collect();
    if statement.decision == "approve" && !missing.is_empty() {
        return Err((
            Reason::Incomplete,
            format!("it does not say: {}", missing.join(", ")),
        ));
    }
    measure::problem(&statement.data).map_or(Ok(()), |why| Err((Reason::Incomplete, why)))
}

/// The signature, the key behind it, and whether that key may speak for the approver.
fn signed(
    envelope: &Envelope,
    trust: &Trust,
    release: &Release<'_>,
    spec: &EvidenceSpec,
    fact: &mut EvidenceFact,
) -> Result<Option<Key>, (Reason, String)> {
    let key = match &envelope.signature {
        Signature::Unsigned => {
            // Of a test result in in-toto's own form, nobody says who vouches for it.
            if spec.unsigned && !envelope.statement.foreign {
                return Ok(None);
            }
            return Err((Reason::Unsigned, "it is not signed".to_owned()));
        }
        Signature::Ssh { armored, message } => ssh::verify(armored, NAMESPACE, message)
            .map_err(|error| of_signature(error, NAMESPACE))?,
        Signature::Dsse {
            signatures,
            message,
        } => dsse_key(signatures, message, &fact.approver, trust, release)?,
    };
    if fact.approver.is_empty() {
        let known = trust.signers.principals_of(&key).next();
        known.unwrap_or_default().clone_into(&mut fact.approver);
    }
    trust
        .signers
        .check(&key, &fact.approver, NAMESPACE, release.now)
        .map_err(|refusal| of_signer(&refusal, &key, &fact.approver, NAMESPACE, trust))?;
    let fingerprint = key.fingerprint();
    if trust.revoked.contains(&fingerprint) {
        return Err((
            Reason::KeyRevoked,
            format!("the key {fingerprint} was revoked"),
        ));
    }
    Ok(Some(key))
}

/// Which of the known keys made one of the signatures: one that may speak for the approver, if there is one.
fn dsse_key(
    signatures: &[Vec<u8>],
    message: &[u8],
    approver: &str,
    trust: &Trust,
    release: &Release<'_>,
) -> Result<Key, (Reason, String)> {
    let mut found: Option<&Key> = None;
    for key in trust.signers.keys() {
        if !signatures
            .iter()
            .any(|signature| key.verifies(message, signature))
        {
            continue;
        }
        let allowed = trust
            .signers
            .check(key, approver, NAMESPACE, release.now)
            .is_ok();
        if found.is_none() || allowed {
            found = Some(key);
        }
        if allowed {
            break;
        }
    }
    found.cloned().ok_or_else(|| {
        (
            Reason::SignatureInvalid,
            "no key of an allowed signer made its signature".to_owned(),
        )
    })
}

fn has_role(statement: &Statement, approver: &str, trust: &Trust, spec: &EvidenceSpec) -> Refused {
    if spec.role.is_empty() {
        return Ok(());
    }
    if statement.role != spec.role {
        return Err((
            Reason::RoleWrong,
            format!("its role is `{}`, not `{}`", statement.role, spec.role),
        ));
    }
    if !trust.roles.has(approver, &spec.role) {
        return Err((
            Reason::RoleMissing,
            format!("{approver} does not have the role `{}`", spec.role),
        ));
    }
    Ok(())
}

/// The release that a statement is about: its tag, its commit, and where it starts and ends.
fn bound<'r>(
    statement: &Statement,
    release: &'r Release<'_>,
) -> Result<&'r Point, (Reason, String)> {
    let mut point = &release.subject;
    if let Some(candidate) = &release.candidate
        && candidate.tag == statement.tag
    {
        point = candidate;
    }
    if statement.tag != point.tag {
        return Err((
            Reason::TagMismatch,
            format!("it is about {}, not {}", statement.tag, point.tag),
        ));
    }
    if statement.commit != point.commit {
        return Err((
            Reason::CommitMismatch,
            format!(
                "it is about {}, and {} is {}",
                short(&statement.commit),
                point.tag,
                short(&point.commit)
            ),
        ));
    }
    // A test result in in-toto's own form is about a commit; where the release starts does not change it.
    if statement.foreign {
        return Ok(point);
    }
    if statement.to != point.tag {
        return Err((
            Reason::ToMismatch,
            format!("it was made for {}, not {}", statement.to, point.tag),
        ));
    }
    let from = from_reference(&release.previous.tag, &release.previous.commit);
    if statement.from != from {
        let name = |reference: &str| match reference.rsplit_once('@') {
            Some((tag, commit)) => format!(
                "{} ({})",
                tag.strip_prefix("refs/tags/").unwrap_or(tag),
                short(commit)
            ),
            None if reference.is_empty() => "no release before it".to_owned(),
            None => reference.to_owned(),
        };
        return Err((
            Reason::FromMismatch,
            format!(
                "it was made for the step from {}, not from {}",
                name(&statement.from),
                name(&from)
            ),
        ));
    }
    Ok(point)
}

fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

fn in_time(
    statement: &Statement,
    point: &Point,
    release: &Release<'_>,
    spec: &EvidenceSpec,
) -> Refused {
    let now = release.now;
    let Some(issued_at) = statement.issued_at else {
        if spec.max_age.is_empty() {
            return Ok(());
        }
        return Err((
            Reason::TooOld,
            "it does not say when it was made".to_owned(),
        ));
    };
    let shown = issued_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    if issued_at.signed_duration_since(now.max(release.clock)) > SKEW {
        return Err((
            Reason::IssuedInFuture,
            format!("it is dated in the future: {shown}"),
        ));
    }
    if let Some(time) = point.time
        && time.signed_duration_since(issued_at) > SKEW
    {
        return Err((
            Reason::IssuedBeforeCommit,
            format!("it is dated {shown}, before the commit that it is about"),
        ));
    }
    // A rejection does not grow old.
    if spec.max_age.is_empty() || statement.decision == "reject" {
        return Ok(());
    }
    // An age that cannot be read was refused when the policy was loaded; here it allows nothing.
    let allowed = parse_duration(&spec.max_age).unwrap_or(TimeDelta::zero());
    if now.signed_duration_since(issued_at) > allowed {
        return Err((
            Reason::TooOld,
            format!("it is of {shown}, and may be {} old", spec.max_age),
        ));
    }
    Ok(())
}

/// Somebody could vouch for what a gate asks: has its role, and a key that counts now, and took no part in making the release
/// where that matters.
pub fn may_vouch(name: &str, trust: &Trust, release: &Release<'_>, spec: &EvidenceSpec) -> bool {
    let has_role = spec.role.is_empty() || trust.roles.has(name, &spec.role);
    has_role
        && trust.signers.keys().into_iter().any(|key| {
            let signers = &trust.signers;
            signers.check(key, name, NAMESPACE, release.now).is_ok()
                && !trust.revoked.contains(&key.fingerprint())
                && (!spec.not_author || not_an_author(name, Some(key), trust, release).is_ok())
        })
}

/// One name for a person, however many addresses and keys: people are counted by it.
fn person(approver: &str, key: Option<&Key>, trust: &Trust) -> String {
    // With such a line, one key has many names, and they are one person.
    if let Some(key) = key.filter(|key| trust.signers.has_patterns(key)) {
        return key.fingerprint();
    }
    aliases(approver, key, trust)
        .into_iter()
        .next()
        .unwrap_or_default()
}

/// Everything that a person is called: by the mailmap, and by the signers' lines with the same key.
fn aliases(approver: &str, key: Option<&Key>, trust: &Trust) -> BTreeSet<String> {
    let by_key = key
        .into_iter()
        .flat_map(|key| trust.signers.principals_of(key));
    std::iter::once(approver)
        .chain(by_key)
        .map(|name| trust.mailmap.person(name))
        .collect()
}

fn not_an_author(
    approver: &str,
    key: Option<&Key>,
    trust: &Trust,
    release: &Release<'_>,
) -> Refused {
    let names = aliases(approver, key, trust);
    // A line such as `*@example.org` does not say who holds the key: it may be any of them.
    let could_be = |author: &str| key.is_some_and(|key| trust.signers.may_be(key, author));
    let author = release
        .authors
        .iter()
        .find(|author| names.contains(&trust.mailmap.person(author)) || could_be(author));
    match author {
        None => Ok(()),
        Some(author) if author.eq_ignore_ascii_case(approver) => Err((
            Reason::ApproverIsAuthor,
            format!("{approver} took part in making this release"),
        )),
        Some(author) => Err((
            Reason::ApproverIsAuthor,
            format!("{approver} took part in making this release, as {author}"),
        )),
    }
}

/// A nonce counts once. Copies of one statement are told from others that only took its nonce; what other releases'
/// statements used is used.
fn once(facts: &mut [EvidenceFact], items: &[Item]) {
    // Of all statements there are, those with the few nonces that are asked about.
    let counting = facts.iter().filter(|fact| fact.valid);
    let asked: BTreeSet<String> = counting.map(|fact| fact.nonce.clone()).collect();
    let mut used: BTreeMap<&str, Vec<&Statement>> = BTreeMap::new();
    for item in items.iter().filter(|_| !asked.is_empty()) {
        if let Ok(envelope) = &item.envelope
            && !envelope.statement.nonce.is_empty()
            && asked.contains(&envelope.statement.nonce)
        {
            let known = used.entry(&envelope.statement.nonce).or_default();
            if !known.contains(&&envelope.statement) && known.len() < 2 {
                known.push(&envelope.statement);
            }
        }
    }
    let mut counted: BTreeSet<String> = BTreeSet::new();
    for fact in facts.iter_mut().filter(|fact| fact.valid) {
        if fact.nonce.is_empty() {
            continue;
        }
        if used
            .get(fact.nonce.as_str())
            .is_some_and(|known| known.len() > 1)
        {
            let why = "another statement has the same nonce".to_owned();
            refuse(fact, (Reason::NonceReused, why));
        } else if !counted.insert(fact.nonce.clone()) {
            let why = "it is a copy of a statement that was counted".to_owned();
            refuse(fact, (Reason::Duplicate, why));
        }
    }
}

#[cfg(test)]
mod tests;
