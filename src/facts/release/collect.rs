//! From a subject and the history around it to the facts of the release.

use super::{CandidateFact, HotfixFact, ReleaseFacts, ReleaseRef, StepFact, lost};
use crate::discover::Coverage;
use crate::facts::rfc3339;
use crate::gate::Stage;
use crate::git::{Answer, Commit, GitError, History, Lineage, ObjectId, PatchId, Repository, Tag};
use crate::subject::Subject;
use crate::version::{BranchScheme, TagKind, Version, step};

/// How many paths a candidate's fact names.
const MAX_PATHS: usize = 100;

/// What is asked of commits' contents: of a repository, or of a test's table.
pub trait Contents {
    /// The paths that differ between two commits, sorted; at most `limit`.
    fn changed_paths(
        &self,
        from: ObjectId,
        to: ObjectId,
        limit: usize,
    ) -> Result<Vec<String>, GitError>;

    /// A commit.
    fn commit(&self, id: ObjectId) -> Result<Commit, GitError>;

    /// What a commit changes, without where and when; `None` for a merge.
    fn patch_id(&self, id: ObjectId) -> Result<Option<PatchId>, GitError>;
}

impl Contents for Repository {
    fn changed_paths(
        &self,
        from: ObjectId,
        to: ObjectId,
        limit: usize,
    ) -> Result<Vec<String>, GitError> {
        Self::changed_paths(self, from, to, limit)
    }

    fn commit(&self, id: ObjectId) -> Result<Commit, GitError> {
        Self::commit(self, id)
    }

    fn patch_id(&self, id: ObjectId) -> Result<Option<PatchId>, GitError> {
        Self::patch_id(self, id)
    }
}

/// What surrounds every subject of a repository.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'n> {
    /// How branches are named.
    pub branches: &'n BranchScheme,
    /// The stage that is judged.
    pub stage: Stage,
}

/// The facts of a release. `required_type` and `effective_type` stay empty until the demands are known.
pub fn collect(
    history: &History,
    subject: &Subject,
    naming: Naming<'_>,
    contents: &impl Contents,
    coverage: &mut Coverage,
) -> Result<ReleaseFacts, GitError> {
    let point = subject.point();
    let lineage = point
        .as_ref()
        .map_or_else(Lineage::default, |point| history.lineage(point));
    let mut facts = ReleaseFacts {
        stage: naming.stage.as_str().to_owned(),
        proposed: subject.proposed,
        first: point.is_some() && lineage.previous.is_none(),
        previous: release_ref(lineage.previous),
        ancestor: release_ref(lineage.ancestor),
        parallel: lineage.is_parallel(),
        main_branch: history.main.clone(),
        on_main: Answer::Unknown.as_str().to_owned(),
        on_release_branch: Answer::Unknown.as_str().to_owned(),
        step: StepFact {
            regular: true,
            reason: String::new(),
        },
        ..ReleaseFacts::default()
    };
    if let Some(tag) = &subject.tag {
        facts.tag.clone_from(&tag.name.name);
        tag.kind().as_str().clone_into(&mut facts.kind);
        facts.number = tag.name.number;
        facts.annotated = tag.annotated;
        declare(&mut facts, tag, lineage);
    }
    let version = subject.version.as_ref();
    if let Some(version) = version {
        facts.version = version.to_string();
        facts.base = version.base().to_string();
    }
    let Some(commit) = subject.commit else {
        return Ok(facts);
    };
    facts.commit = commit.to_string();
    let own_date = subject.tag.as_ref().and_then(|tag| tag.date);
    facts.date = own_date
        .or_else(|| history.graph.time(commit))
        .map(rfc3339)
        .unwrap_or_default();
    history
        .on_main(commit)
        .as_str()
        .clone_into(&mut facts.on_main);
    facts.same_commit_tags = history
        .tags
        .iter()
        .filter(|tag| matches!(tag.kind(), TagKind::Final | TagKind::Hotfix))
        .filter(|tag| tag.commit == Some(commit) && tag.name.name != facts.tag)
        .map(|tag| tag.name.name.clone())
        .collect();
    if let Some(version) = version {
        let (name, answer) = release_branch(history, naming.branches, version, commit);
        facts.release_branch = name;
        answer.as_str().clone_into(&mut facts.on_release_branch);
        facts.candidates = candidates(history, subject, version, commit, contents)?;
        if subject.kind() == Some(TagKind::Hotfix) {
            facts.hotfix = hotfix(history, subject, version, commit, contents)?;
        }
    }
    if facts.parallel
        && let Some(previous) = lineage.previous.and_then(|tag| tag.commit)
    {
        facts.lost_commits = lost::collect(history, previous, commit, contents, coverage)?;
    }
    Ok(facts)
}

fn release_ref(tag: Option<&Tag>) -> ReleaseRef {
    tag.map_or_else(ReleaseRef::default, |tag| ReleaseRef {
        tag: tag.name.name.clone(),
        version: tag.version().map(ToString::to_string).unwrap_or_default(),
        commit: tag.commit.map(|id| id.to_string()).unwrap_or_default(),
    })
}

/// What the tag declares by its step from the previous release.
fn declare(facts: &mut ReleaseFacts, tag: &Tag, lineage: Lineage<'_>) {
    let (Some(from), Some(to)) = (lineage.previous.and_then(Tag::version), tag.version()) else {
        return;
    };
    if to.is_behind_base() {
        // A hotfix keeps its base's numbers and declares a patch of it.
        "patch".clone_into(&mut facts.declared_type);
        return;
    }
    let step = step(from, to);
    step.release_type
        .as_str()
        .clone_into(&mut facts.declared_type);
    facts.step = StepFact {
        regular: step.irregular.is_none(),
        reason: step.irregular.unwrap_or_default(),
    };
}

/// The release branch of a version: its name, and whether the commit is on it. A branch that is not there may have been
/// deleted after the release.
fn release_branch(
    history: &History,
    branches: &BranchScheme,
    version: &Version,
    commit: ObjectId,
) -> (String, Answer) {
    let names = branches.release_branches(version);
    let there = names.iter().find(|name| history.branch(name).is_some());
    match there.or(names.first()) {
        Some(name) => (name.clone(), history.on_branch(commit, name)),
        None => (String::new(), Answer::Unknown),
    }
}

fn candidates(
    history: &History,
    subject: &Subject,
    version: &Version,
    commit: ObjectId,
    contents: &impl Contents,
) -> Result<Vec<CandidateFact>, GitError> {
    let released = if subject.kind() == Some(TagKind::Final) {
        Some(commit)
    } else {
        history
            .same_base(version, TagKind::Final)
            .find_map(|tag| tag.commit)
    };
    let mut tags: Vec<&Tag> = history.same_base(version, TagKind::Candidate).collect();
    // A proposed candidate is one, as it will be once it exists.
    if let Some(own) = subject
        .tag
        .as_ref()
        .filter(|tag| subject.proposed && tag.kind() == TagKind::Candidate)
    {
        let at = tags.partition_point(|tag| {
            tag.version()
                .zip(own.version())
                .is_some_and(|(a, b)| a.release_order(b).is_lt())
        });
        tags.insert(at, own);
    }
    let mut facts: Vec<CandidateFact> = tags
        .iter()
        .map(|tag| {
            let after_final = match (released, tag.commit) {
                (Some(released), Some(at)) => {
                    at != released && history.graph.is_ancestor(released, at) == Answer::Yes
                }
                _ => false,
            };
            CandidateFact {
                tag: tag.name.name.clone(),
                number: tag.name.number,
                commit: tag.commit.map(|id| id.to_string()).unwrap_or_default(),
                same_commit: tag.commit == Some(commit),
                is_ancestor: tag
                    .commit
                    .is_some_and(|at| history.graph.is_ancestor(at, commit) == Answer::Yes),
                after_final,
                changed_paths: Vec::new(),
            }
        })
        .collect();
    // The last one is what was tested; one that was made after the final was not tested for it.
    let last = facts.len().checked_sub(1);
    let last_before = facts.iter().rposition(|candidate| !candidate.after_final);
    for index in [last, last_before].into_iter().flatten() {
        let at = tags.get(index).and_then(|tag| tag.commit);
        if let (Some(at), Some(fact)) = (at, facts.get_mut(index)) {
            fact.changed_paths = contents.changed_paths(at, commit, MAX_PATHS)?;
        }
    }
    Ok(facts)
}

fn hotfix(
    history: &History,
    subject: &Subject,
    version: &Version,
    commit: ObjectId,
    contents: &impl Contents,
) -> Result<HotfixFact, GitError> {
    let before = history
        .same_base(version, TagKind::Hotfix)
        .filter(|tag| {
            tag.version()
                .is_some_and(|other| other.release_order(version).is_lt())
        })
        .map(|tag| tag.name.number)
        .max();
    let mut facts = HotfixFact {
        base_tag: String::new(),
        expected_number: before.unwrap_or(0).saturating_add(1),
        starts_at_base: Answer::Unknown.as_str().to_owned(),
        changed_files: 0,
    };
    let base = history.same_base(version, TagKind::Final).next();
    if let Some(base) = base.filter(|_| subject.commit.is_some()) {
        facts.base_tag.clone_from(&base.name.name);
        if let Some(from) = base.commit {
            let answer = history.graph.is_ancestor(from, commit);
            answer.as_str().clone_into(&mut facts.starts_at_base);
            facts.changed_files = contents.changed_paths(from, commit, usize::MAX)?.len() as u64;
        }
    }
    Ok(facts)
}
