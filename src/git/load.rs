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
        let graph = Graph::new(self.nodes(starts)?);
        Ok(History::new(
            graph,
            tags,
            branches,
            main.unwrap_or_default(),
        ))
    }

    /// The commits that can be reached, as far as the clone has them.
    fn nodes(&self, starts: impl Iterator<Item = ObjectId>) -> Result<Vec<Node>, GitError> {
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
            waiting.extend(
                parents
                    .iter()
                    .copied()
                    .filter(|&parent| seen.insert(parent)),
            );
            nodes.push(Node { id, parents, time });
        }
        Ok(nodes)
    }

    /// Refuses to go on when something of the history before a commit is not in this clone.
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
