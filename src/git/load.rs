//! Loading the commit graph.

use std::collections::HashSet;

use super::object::parents_and_time;
use super::{GitError, Graph, History, Node, ObjectId, Repository, Tag};
use crate::cache::{Cache, Values};

/// The form of the kept commits.
const COMMITS_VERSION: &str = "commits 1";

/// The time and the parents' ids, one behind the other, of each commit by its id.
type KnownCommits = Values<(i64, Vec<u8>)>;

impl Repository {
    /// Keeps what commits say about their place in the graph in `cache`. A commit's id is a digest of what it says, so what
    /// was read once stays true; whether the clone still has the commit is asked of git all the same.
    pub fn keep_commits_in(&mut self, cache: Cache) {
        self.cache = Some(cache);
    }

    /// Loads the commits that can be reached from tags, branches and `tips`, and makes a history of them. Which branches
    /// take part is for `wanted` to say, by name; the main branch always does.
    pub fn history(
        &self,
        tags: Vec<Tag>,
        main: Option<&str>,
        wanted: impl Fn(&str) -> bool,
        tips: &[ObjectId],
    ) -> Result<History, GitError> {
        let main = self.main_branch(main);
        let branches = self.branches(|name| Some(name) == main.as_deref() || wanted(name))?;
        let starts = tags
            .iter()
            .filter_map(|tag| tag.commit)
            .chain(
                branches
                    .iter()
                    .flat_map(|branch| branch.tips.iter().copied()),
            )
            .chain(tips.iter().copied());
        let shallow = self.shallow_commits();
        let graph = Graph::new(self.nodes(starts, &shallow)?, &shallow);
        Ok(History::new(
            graph,
            tags,
            branches,
            main.unwrap_or_default(),
        ))
    }

    /// The commits that can be reached, as far as the clone has them.
    fn nodes(
        &self,
        starts: impl Iterator<Item = ObjectId>,
        shallow: &HashSet<ObjectId>,
    ) -> Result<Vec<Node>, GitError> {
        let database = self.database()?;
        let group = format!("commits {}", self.inner.commondir().display());
        let mut known: KnownCommits = self
            .cache
            .as_ref()
            .map_or_else(Values::new, |cache| cache.load(&group, COMMITS_VERSION));
        let mut news = false;
        let mut nodes = Vec::with_capacity(known.len());
        let mut seen = HashSet::with_capacity(known.len());
        let mut waiting: Vec<ObjectId> = starts.filter(|&id| seen.insert(id)).collect();
        while let Some(id) = waiting.pop() {
            let kept = known
                .get(id.0.as_slice())
                .filter(|_| database.exists(id.to_git()))
                .and_then(|(time, parents)| Some((parents_from_bytes(parents)?, *time)));
            let (parents, time) = match kept {
                Some(kept) => kept,
                // The graph knows the children of what is not here as cut.
                None => match self.read_place(&database, id)? {
                    Some((parents, time)) => {
                        let bytes = parents.iter().flat_map(|parent| parent.0).collect();
                        known.insert(id.0.to_vec(), (time, bytes));
                        news = true;
                        (parents, time)
                    }
                    None => continue,
                },
            };
            if !shallow.contains(&id) {
                waiting.extend(
                    parents
                        .iter()
                        .copied()
                        .filter(|&parent| seen.insert(parent)),
                );
            }
            nodes.push(Node { id, parents, time });
        }
        if let Some(cache) = self.cache.as_ref().filter(|_| news) {
            cache.store(&group, COMMITS_VERSION, &known);
        }
        Ok(nodes)
    }

    /// The parents and the time of a commit; `None` when the clone does not have it.
    fn read_place(
        &self,
        database: &git2::Odb<'_>,
        id: ObjectId,
    ) -> Result<Option<(Vec<ObjectId>, i64)>, GitError> {
        match database.read(id.to_git()) {
            Ok(object) if object.kind() == git2::ObjectType::Commit => {
                Ok(Some(parents_and_time(object.data())))
            }
            Ok(object) => Err(GitError::NotACommit {
                revision: id.to_string(),
                what: object.kind().to_string(),
            }),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(self.unreadable_object("commit", id, &error)),
        }
    }

    /// The commits whose parents a shallow clone left out.
    fn shallow_commits(&self) -> HashSet<ObjectId> {
        let text = std::fs::read_to_string(self.inner.commondir().join("shallow"));
        text.unwrap_or_default()
            .split_whitespace()
            .filter_map(ObjectId::parse)
            .collect()
    }

    /// Refuses to go on when something of the history before a commit is not in this clone. `subject` is what an error calls
    /// the commit.
    pub fn require_history(
        &self,
        history: &History,
        commit: ObjectId,
        subject: &str,
    ) -> Result<(), GitError> {
        let Some(missing) = history.graph.first_missing(commit) else {
            return Ok(());
        };
        if self.is_shallow() {
            return Err(GitError::Shallow {
                subject: subject.to_owned(),
            });
        }
        let error = git2::Error::new(
            git2::ErrorCode::NotFound,
            git2::ErrorClass::Odb,
            "not found",
        );
        Err(self.unreadable_object("commit", missing, &error))
    }
}

/// Ids that stand one behind the other; `None` when the last one is cut off.
fn parents_from_bytes(bytes: &[u8]) -> Option<Vec<ObjectId>> {
    let (ids, rest) = bytes.as_chunks::<20>();
    rest.is_empty()
        .then(|| ids.iter().map(|&id| ObjectId(id)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Answer;
    use crate::git::tests::played;
    use crate::version::TagScheme;

    const STEPS: &str = "
- commit: one
  write: { a: one }
  tag: v1.0.0
- commit: two
  write: { a: two }
- branch: release/v1.1
- commit: three
  write: { a: three }
  tag: v1.1.0
- branch: feature/x
- commit: four
  write: { a: four }
";

    fn history(repository: &Repository) -> History {
        let tags = repository.tags(&TagScheme::default()).unwrap();
        let head = repository.head().unwrap();
        repository
            .history(tags, None, |name| name.starts_with("release/"), &[head])
            .unwrap()
    }

    #[test]
    fn tags_branches_and_commits_are_loaded() {
        let (_directory, repository) = played(STEPS);
        let history = history(&repository);
        assert_eq!(history.main, "main");
        let branches: Vec<&str> = history.branches.iter().map(|b| b.name.as_str()).collect();
        assert_eq!(branches, ["main", "release/v1.1"]);
        assert_eq!(history.graph.len(), 4);
        let release = history.tag("v1.1.0").unwrap().commit.unwrap();
        assert_eq!(history.on_main(release), Answer::No);
        assert_eq!(history.on_branch(release, "release/v1.1"), Answer::Yes);
        let head = repository.head().unwrap();
        assert!(repository.require_history(&history, head, "HEAD").is_ok());
    }

    #[test]
    fn a_shallow_clone_is_refused_with_what_mends_it() {
        let (_directory, repository) = played(&format!("{STEPS}  shallow: 2\n"));
        assert!(repository.is_shallow());
        let history = history(&repository);
        let head = repository.head().unwrap();
        let error = repository
            .require_history(&history, head, "v1.1.1")
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "this clone is shallow: the release before v1.1.1 cannot be found"
        );
        let help = miette::Diagnostic::help(&error).unwrap().to_string();
        assert!(help.starts_with("git fetch --unshallow --tags "), "{help}");
        assert!(help.contains("fetch-depth: 0"), "{help}");
    }

    #[test]
    fn a_lost_commit_is_no_shallow_clone() {
        let (directory, repository) = played(STEPS);
        let history = history(&repository);
        let first = history.tag("v1.0.0").unwrap().commit.unwrap().to_string();
        let (folder, file) = first.split_at(2);
        let objects = directory.path().join("cellar/.git/objects");
        std::fs::remove_file(objects.join(folder).join(file)).unwrap();
        let repository = Repository::open(&directory.path().join("cellar")).unwrap();
        let history = tests::history(&repository);
        let head = repository.head().unwrap();
        let error = repository
            .require_history(&history, head, "HEAD")
            .unwrap_err();
        assert!(
            matches!(error, GitError::MissingObject { what: "commit", id, .. } if id.to_string() == first),
            "{error}"
        );
    }
    #[test]
    fn kept_commits_change_no_answer() {
        let (directory, mut repository) = played(STEPS);
        let cache = tempfile::tempdir().unwrap();
        repository.keep_commits_in(Cache::in_directory(cache.path()));
        let cold = history(&repository);
        let warm = history(&repository);
        assert_eq!(warm.graph.len(), cold.graph.len());
        for tag in &cold.tags {
            let commit = tag.commit.unwrap();
            assert_eq!(warm.graph.time(commit), cold.graph.time(commit));
            let parents: Vec<_> = warm.graph.parents(commit).collect();
            assert_eq!(parents, cold.graph.parents(commit).collect::<Vec<_>>());
        }
        // A commit that is lost is missed, although it is known what it said.
        let first = cold.tag("v1.0.0").unwrap().commit.unwrap().to_string();
        let (folder, file) = first.split_at(2);
        let objects = directory.path().join("cellar/.git/objects");
        std::fs::remove_file(objects.join(folder).join(file)).unwrap();
        let mut repository = Repository::open(&directory.path().join("cellar")).unwrap();
        repository.keep_commits_in(Cache::in_directory(cache.path()));
        let head = repository.head().unwrap();
        let history = history(&repository);
        assert!(repository.require_history(&history, head, "HEAD").is_err());
    }
}
