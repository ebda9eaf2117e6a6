//! Loading the commit graph.

use std::collections::HashSet;

use super::object::parents_and_time;
use super::{GitError, Graph, History, Node, ObjectId, Repository, Tag};

impl Repository {
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
        let mut nodes = Vec::new();
        let mut seen = HashSet::new();
        let mut waiting: Vec<ObjectId> = starts.filter(|&id| seen.insert(id)).collect();
        while let Some(id) = waiting.pop() {
            let object = match database.read(id.to_git()) {
                Ok(object) if object.kind() == git2::ObjectType::Commit => object,
                Ok(object) => {
                    return Err(GitError::NotACommit {
                        revision: id.to_string(),
                        what: object.kind().to_string(),
                    });
                }
                // The graph knows the children of what is not here as cut.
                Err(error) if error.code() == git2::ErrorCode::NotFound => continue,
                Err(error) => return Err(self.unreadable_object("commit", id, &error)),
            };
            let (parents, time) = parents_and_time(object.data());
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
        Ok(nodes)
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
}
