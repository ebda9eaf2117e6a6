//! From a subject and the history around it to the facts of the release.

use super::{CandidateFact, HotfixFact, ReleaseFacts, ReleaseRef, StepFact, lost, owed};
use crate::discover::Coverage;
use crate::facts::rfc3339;
use crate::gate::Stage;
use crate::git::{Answer, Commit, GitError, History, Lineage, ObjectId, PatchId, Repository, Tag};
use crate::subject::Subject;
use crate::version::{BranchScheme, TagKind, Version, step};

/// How many paths a candidate's fact names.
const MAX_PATHS: usize = 1_000;

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
        unpublished: subject.proposed,
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
        .releases_at(commit)
        .filter(|tag| tag.name.name != facts.tag)
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
    if let Some(previous) = lineage.previous
        && subject.kind() != Some(TagKind::Hotfix)
    {
        facts.owed_hotfixes = owed::collect(history, previous, commit, contents, coverage)?;
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
                changed_files: 0,
            }
        })
        .collect();
    // The last one is what was tested; one that was made after the final was not tested for it.
    let last = facts.len().checked_sub(1);
    let last_before = facts.iter().rposition(|candidate| !candidate.after_final);
    for index in [last, last_before].into_iter().flatten() {
        let at = tags.get(index).and_then(|tag| tag.commit);
        if let (Some(at), Some(fact)) = (at, facts.get_mut(index)) {
            fact.changed_paths = contents.changed_paths(at, commit, usize::MAX)?;
            fact.changed_files = fact.changed_paths.len() as u64;
            fact.changed_paths.truncate(MAX_PATHS);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::tests::played;
    use crate::subject::{self, SubjectRequest};
    use crate::version::TagScheme;

    /// The facts of a tag, which is proposed at HEAD if there is none.
    fn facts(steps: &str, tag: &str) -> ReleaseFacts {
        let (_directory, repository) = played(steps);
        let branches = BranchScheme::default();
        let request = if tag == "HEAD" {
            SubjectRequest::Head
        } else {
            SubjectRequest::Tag {
                name: tag.to_owned(),
                at: None,
            }
        };
        let (subject, history) =
            subject::load(&repository, &TagScheme::default(), &branches, &request).unwrap();
        let naming = Naming {
            branches: &branches,
            stage: subject.stage,
        };
        let mut coverage = Coverage::default();
        let facts = collect(&history, &subject, naming, &repository, &mut coverage).unwrap();
        assert_eq!(coverage.not_examined, []);
        facts
    }

    const SERIES: &str = "
- commit: one
  write: { a: one }
  tag: v1.0.0
- branch: release/v1.1.0
- commit: two
  write: { a: two }
  tag: v1.1.0-rc1
- commit: three
  write: { a: three, b: three }
  tag: [v1.1.0-rc2, v1.1.0-rc10]
- commit: notes
  write: { CHANGELOG.md: notes }
  tag: v1.1.0
  annotated: second
- commit: late
  write: { a: late }
  tag: v1.1.0-rc11
";

    #[test]
    fn a_final_and_its_candidates() {
        let facts = facts(SERIES, "v1.1.0");
        assert_eq!(facts.kind, "final");
        assert_eq!(facts.base, "1.1.0");
        assert_eq!(facts.previous.tag, "v1.0.0");
        assert_eq!(facts.ancestor, facts.previous);
        assert!(!facts.first && !facts.parallel && facts.annotated && !facts.proposed);
        assert_eq!(facts.declared_type, "minor");
        assert!(facts.step.regular);
        assert_eq!(
            (facts.on_main.as_str(), facts.main_branch.as_str()),
            ("no", "main")
        );
        assert_eq!(facts.release_branch, "release/v1.1.0");
        assert_eq!(facts.on_release_branch, "yes");
        let candidates: Vec<String> = facts
            .candidates
            .iter()
            .map(|candidate| {
                format!(
                    "{} {} ancestor={} after={} {}",
                    candidate.tag,
                    candidate.number,
                    candidate.is_ancestor,
                    candidate.after_final,
                    candidate.changed_paths.join(" ")
                )
            })
            .collect();
        assert_eq!(
            candidates,
            [
                "v1.1.0-rc1 1 ancestor=true after=false ",
                "v1.1.0-rc2 2 ancestor=true after=false ",
                "v1.1.0-rc10 10 ancestor=true after=false CHANGELOG.md",
                "v1.1.0-rc11 11 ancestor=false after=true a",
            ]
        );
    }

    #[test]
    fn a_candidate_has_the_same_previous_release() {
        let facts = facts(SERIES, "v1.1.0-rc10");
        assert_eq!((facts.number, facts.previous.tag.as_str()), (10, "v1.0.0"));
        assert_eq!(facts.declared_type, "minor");
        assert!(facts.candidates[2].same_commit);
        assert!(facts.candidates[3].after_final);
    }

    #[test]
    fn a_proposed_candidate_is_among_the_candidates() {
        let steps = SERIES.replace("v1.1.0-rc11", "nightly");
        let tags: Vec<String> = facts(&steps, "v1.1.0-rc3")
            .candidates
            .into_iter()
            .map(|candidate| candidate.tag)
            .collect();
        assert_eq!(
            tags,
            ["v1.1.0-rc1", "v1.1.0-rc2", "v1.1.0-rc3", "v1.1.0-rc10"]
        );
    }

    #[test]
    fn the_first_release_has_nothing_before_it() {
        let facts = facts(SERIES, "v1.0.0");
        assert!(facts.first && !facts.parallel);
        assert_eq!(facts.previous, ReleaseRef::default());
        assert_eq!(facts.declared_type, "");
        assert!(facts.step.regular);
        assert_eq!(facts.on_main, "yes");
        assert_eq!(facts.on_release_branch, "unknown");
    }

    #[test]
    fn head_declares_nothing() {
        let facts = facts(SERIES, "HEAD");
        assert_eq!((facts.tag.as_str(), facts.kind.as_str()), ("", ""));
        assert_eq!(facts.declared_type, "");
        assert_eq!(facts.stage, "change");
        // 1.1.0 is out, so the branch named after it says nothing of what comes next.
        assert_eq!(
            (facts.version.as_str(), facts.previous.tag.as_str()),
            ("", "v1.1.0")
        );
    }

    #[test]
    fn malformed_tags_have_no_past() {
        let steps = SERIES.replace("v1.1.0-rc11", "v.1.1.1");
        let facts = facts(&steps, "v.1.1.1");
        assert_eq!(facts.kind, "malformed");
        assert_eq!(facts.previous, ReleaseRef::default());
        assert!(!facts.first);
        assert_eq!(
            (facts.version.as_str(), facts.declared_type.as_str()),
            ("", "")
        );
    }

    #[test]
    fn irregular_steps_are_told() {
        let facts = facts(SERIES, "v1.3.1");
        assert_eq!(facts.declared_type, "minor");
        assert_eq!(facts.step.reason, "skips 1.2.0");
        assert!(facts.proposed);
    }

    #[test]
    fn finals_on_one_commit_know_each_other() {
        let steps = SERIES.replace("v1.1.0-rc11", "[v1.1.1, v1.1.2, v1.1.1-hotfix1]");
        assert_eq!(
            facts(&steps, "v1.1.2").same_commit_tags,
            ["v1.1.1", "v1.1.1-hotfix1"]
        );
    }

    const FIXES: &str = "
- commit: one
  write: { a: one, b: one }
  tag: v1.0.0
- branch: hotfix/a
- commit: first fix
  write: { a: fixed }
  tag: v1.0.0-hotfix1
- commit: second fix
  write: { b: fixed }
  tag: v1.0.0-hotfix3
- branch: main
- commit: two
  write: { c: two }
  tag: [v1.1.0, v1.1.0-hotfix1]
";

    #[test]
    fn hotfixes_mend_their_base() {
        let fact = facts(FIXES, "v1.0.0-hotfix1");
        assert_eq!(
            (fact.previous.tag.as_str(), fact.declared_type.as_str()),
            ("v1.0.0", "patch")
        );
        let expected = HotfixFact {
            base_tag: "v1.0.0".to_owned(),
            expected_number: 1,
            starts_at_base: "yes".to_owned(),
            changed_files: 1,
        };
        assert_eq!(fact.hotfix, expected);
        let fact = facts(FIXES, "v1.0.0-hotfix3");
        assert_eq!((fact.number, fact.hotfix.expected_number), (3, 2));
        assert_eq!(fact.hotfix.changed_files, 2);
    }

    #[test]
    fn a_hotfix_of_nothing_and_one_from_elsewhere() {
        let fact = facts(FIXES, "v1.0.7-hotfix1");
        assert_eq!(fact.hotfix.base_tag, "");
        assert_eq!(fact.hotfix.starts_at_base, "unknown");
        assert_eq!(fact.declared_type, "patch");
        let steps = FIXES.replace("[v1.1.0, v1.1.0-hotfix1]", "v1.1.0")
            + "
- branch: apart
  from: v1.0.0
- commit: elsewhere
  write: { a: elsewhere }
  tag: v1.1.0-hotfix1
";
        let fact = facts(&steps, "v1.1.0-hotfix1");
        assert_eq!(fact.hotfix.starts_at_base, "no");
        assert_eq!(
            (fact.previous.tag.as_str(), fact.ancestor.tag.as_str()),
            ("v1.1.0", "v1.0.0")
        );
        assert!(fact.parallel);
    }

    #[test]
    fn what_a_parallel_line_has_and_this_one_has_not() {
        let steps = "
- commit: one
  write: { a: one, b: one, c: one }
  tag: v1.0.0
- branch: release/v1.0
- commit: \"fix: the cask (#12)\"
  write: { a: fixed }
- commit: only here
  write: { b: only }
- commit: in other words (#7)
  write: { c: words }
  tag: v1.0.1
- branch: main
- commit: unrelated work
  write: { d: work }
- commit: \"fix: the cask (#15)\"
  write: { a: fixed }
- commit: in other words
  write: { c: others }
  tag: v1.1.0
";
        let facts = facts(steps, "v1.1.0");
        assert_eq!(facts.previous.tag, "v1.0.1");
        assert_eq!(facts.ancestor.tag, "v1.0.0");
        assert!(facts.parallel);
        assert_eq!(facts.declared_type, "minor");
        let lost: Vec<(&str, bool)> = facts
            .lost_commits
            .iter()
            .map(|lost| (lost.summary.as_str(), lost.similar_present))
            .collect();
        assert_eq!(lost, [("in other words (#7)", true), ("only here", false)]);
    }

    /// What is owed by each of the tags, as `hotfix: first line (similar)`.
    fn check_owed(steps: &str, tag: &str, expected: &[&str]) {
        let found: Vec<String> = facts(steps, tag)
            .owed_hotfixes
            .iter()
            .flat_map(|owed| {
                owed.commits.iter().map(|commit| {
                    let similar = if commit.similar_present { " ~" } else { "" };
                    format!("{}: {}{similar}", owed.tag, commit.summary)
                })
            })
            .collect();
        assert_eq!(found, expected, "{tag} in {steps}");
    }

    /// A hotfix of v1.0.0, and what happened afterwards on main up to v1.1.0.
    fn after_a_hotfix(last: &str) -> String {
        format!(
            "
- commit: one
  write: {{ a: one }}
  tag: v1.0.0
- branch: hotfix/x
- commit: \"fix: the cellar is empty\"
  write: {{ b: fixed }}
  tag: v1.0.0-hotfix1
- branch: main
- commit: two
  write: {{ a: two }}
{last}
  tag: v1.1.0
"
        )
    }

    #[test]
    fn a_hotfix_is_owed_until_it_is_there() {
        let owed = ["v1.0.0-hotfix1: fix: the cellar is empty"];
        let forgotten = after_a_hotfix("");
        check_owed(&forgotten, "v1.1.0", &owed);
        check_owed(
            &forgotten.replace("tag: v1.1.0", "tag: v1.1.0-rc1"),
            "v1.1.0-rc1",
            &owed,
        );
        check_owed(
            &forgotten.replace("tag: v1.1.0", "tag: v1.0.1"),
            "v1.0.1",
            &owed,
        );
        check_owed(
            &forgotten.replace("tag: v1.1.0", "tag: nightly"),
            "HEAD",
            &owed,
        );
        check_owed(&forgotten, "v1.0.0-hotfix1", &[]);
        check_owed(
            &after_a_hotfix("- merge: hotfix/x\n  commit: merge"),
            "v1.1.0",
            &[],
        );
        let picked = "- commit: taken over\n  write: { b: fixed }";
        check_owed(&after_a_hotfix(picked), "v1.1.0", &[]);
        let by_hand = "- commit: \"fix: the cellar is empty\"\n  write: { b: otherwise }";
        check_owed(
            &after_a_hotfix(by_hand),
            "v1.1.0",
            &["v1.0.0-hotfix1: fix: the cellar is empty ~"],
        );
    }

    #[test]
    fn a_hotfix_that_came_later_is_owed_by_the_release_after() {
        let steps = "
- commit: one
  write: { a: one }
  tag: v1.0.0
- commit: two
  write: { a: two }
  tag: v1.1.0
- branch: hotfix/x
  from: v1.0.0
- commit: late fix
  write: { b: fixed }
  tag: v1.0.0-hotfix1
- branch: main
- commit: three
  write: { a: three }
  tag: v1.1.1
- commit: four
  write: { a: four }
  tag: v1.1.2
";
        check_owed(steps, "v1.1.0", &[]);
        check_owed(steps, "v1.1.1", &["v1.0.0-hotfix1: late fix"]);
        // It was told once; the release after it is not asked again.
        check_owed(steps, "v1.1.2", &[]);
    }
}
