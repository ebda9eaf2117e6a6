//! Makes repositories: what plays a history that is data (`crate::history`) into a directory.
//!
//! Nothing of the user's git configuration, templates, hooks or filters takes part, so the same calls give the same
//! commit ids on every machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Index, IndexEntry, IndexTime, Oid, Signature, Time};

/// Why a repository could not be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum WriteError {
    /// The directory holds something already.
    #[error("{} is not empty", .0.display())]
    #[diagnostic(help("name a directory that does not exist yet"))]
    NotEmpty(PathBuf),
    /// The file system refused.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A revision that no earlier step made.
    #[error("there is no tag, branch or commit `{0}` yet")]
    #[diagnostic(help("a step can only name what an earlier step made"))]
    UnknownRevision(String),
    /// A path that is deleted, renamed or edited, and is not there.
    #[error("there is no file `{0}` at this point")]
    #[diagnostic(help("write it in an earlier step, or correct the path"))]
    UnknownPath(String),
    /// A path that git does not store.
    #[error("`{path}` cannot be stored: {source}")]
    #[diagnostic(help(
        "a path has no `.`, `..` or `.git` in it, and no file stands where another path has a directory"
    ))]
    BadPath {
        /// The path.
        path: String,
        /// libgit2's words.
        source: git2::Error,
    },
    /// Both sides of a merge changed a file.
    #[error("merging `{revision}` leaves `{path}` in conflict")]
    #[diagnostic(help("write or delete the path in the step that merges"))]
    Conflict {
        /// What is merged.
        revision: String,
        /// The path.
        path: String,
    },
    /// libgit2 refused.
    #[error("git refused: {0}")]
    Git(#[from] git2::Error),
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Seconds since 1970 in UTC.
    pub seconds: i64,
    /// The offset of the local time from UTC, in minutes.
    pub offset: i32,
}

impl Identity {
    fn signature(&self) -> Result<Signature<'static>, git2::Error> {
        Signature::new(
            &self.name,
            &self.email,
            &Time::new(self.seconds, self.offset),
        )
    }
}

/// What is put at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// A file.
    File(&'a [u8]),
    /// A file that may be executed.
    Executable(&'a [u8]),
    /// A symbolic link to this target.
    Symlink(&'a str),
    /// A submodule at this commit, as 40 hexadecimal digits.
    Submodule(&'a str),
}

/// What a tag is put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagTarget {
    /// The current commit.
    Commit,
    /// The current commit's tree.
    Tree,
}

/// A new repository, the branch that it is on, and the files that the next commit will hold.
pub struct RepositoryWriter {
    repository: git2::Repository,
    /// The current branch; `None` when HEAD is detached.
    branch: Option<String>,
    head: Option<Oid>,
    files: BTreeMap<String, (Oid, u32)>,
    merging: Option<Merge>,
}

struct Merge {
    revision: String,
    commit: Oid,
    conflicts: Vec<String>,
}

impl RepositoryWriter {
    /// A repository in a directory that is empty or does not exist; `branch` has no commit yet.
    pub fn create(directory: &Path, branch: &str) -> Result<Self, WriteError> {
        if std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(WriteError::NotEmpty(directory.to_owned()));
        }
        let mut options = git2::RepositoryInitOptions::new();
        options
            .no_reinit(true)
            .mkpath(true)
            .external_template(false)
            .initial_head(branch);
        let repository = git2::Repository::init_opts(directory, &options)?;
        // libgit2 merges the user's and the system's files into a repository's configuration; this one has its own only.
        let mut config = git2::Config::new()?;
        config.add_file(
            &repository.path().join("config"),
            git2::ConfigLevel::Local,
            true,
        )?;
        repository.set_config(&config)?;
        Ok(Self {
            repository,
            branch: Some(branch.to_owned()),
            head: None,
            files: BTreeMap::new(),
            merging: None,
        })
    }

    /// Goes to a branch; makes it at `from` (a revision, or HEAD) when it does not exist.
    pub fn switch(&mut self, branch: &str, from: Option<&str>) -> Result<(), WriteError> {
        let existing = self.find(&format!("refs/heads/{branch}"))?;
        let target = match (existing, from) {
            (Some(commit), None) => Some(commit),
            (_, Some(revision)) => Some(self.resolve(revision)?),
            (None, None) => self.head,
        };
        self.branch = Some(branch.to_owned());
        match target {
            Some(commit) => self.go_to(commit)?,
            None => self.repository.set_head(&format!("refs/heads/{branch}"))?,
        }
        Ok(())
    }

    /// Goes to a branch that has no parent: its first commit starts another history.
    pub fn switch_to_unborn(&mut self, branch: &str) -> Result<(), WriteError> {
        self.branch = Some(branch.to_owned());
        self.head = None;
        self.files.clear();
        self.repository.set_head(&format!("refs/heads/{branch}"))?;
        Ok(())
    }

    /// Goes to a commit without a branch.
    pub fn detach(&mut self, revision: &str) -> Result<(), WriteError> {
        let commit = self.resolve(revision)?;
        self.branch = None;
        self.go_to(commit)
    }

    /// Brings in another revision; the next commit gets it as its second parent.
    pub fn merge(&mut self, revision: &str) -> Result<(), WriteError> {
        let theirs = self.resolve(revision)?;
        let Some(ours) = self.head else {
            return Err(WriteError::UnknownRevision("HEAD".to_owned()));
        };
        let index = self.repository.merge_commits(
            &self.repository.find_commit(ours)?,
            &self.repository.find_commit(theirs)?,
            None,
        )?;
        let mut conflicts = Vec::new();
        for conflict in index.conflicts()? {
            let conflict = conflict?;
            let entry = conflict.our.or(conflict.their).or(conflict.ancestor);
            conflicts.extend(entry.map(|entry| path_of(&entry)));
        }
        self.files = index
            .iter()
            .filter(|entry| stage_of(entry) == 0)
            .map(|entry| (path_of(&entry), (entry.id, entry.mode)))
            .collect();
        self.merging = Some(Merge {
            revision: revision.to_owned(),
            commit: theirs,
            conflicts,
        });
        Ok(())
    }

    /// Puts something at a path.
    pub fn write(&mut self, path: &str, content: Content<'_>) -> Result<(), WriteError> {
        let entry = match content {
            Content::File(bytes) => (self.repository.blob(bytes)?, 0o100_644),
            Content::Executable(bytes) => (self.repository.blob(bytes)?, 0o100_755),
            Content::Symlink(target) => (self.repository.blob(target.as_bytes())?, 0o120_000),
            Content::Submodule(commit) => (Oid::from_str(commit)?, 0o160_000),
        };
        self.files.insert(path.to_owned(), entry);
        self.settle(path);
        Ok(())
    }

    /// The bytes of a file as they are now.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, WriteError> {
        let (oid, _) = self
            .files
            .get(path)
            .ok_or_else(|| WriteError::UnknownPath(path.to_owned()))?;
        Ok(self.repository.find_blob(*oid)?.content().to_vec())
    }

    /// Takes away a file, or all files below a directory.
    pub fn delete(&mut self, path: &str) -> Result<(), WriteError> {
        let gone: Vec<String> = self.at_or_below(path);
        if gone.is_empty() && !self.in_conflict(path) {
            return Err(WriteError::UnknownPath(path.to_owned()));
        }
        for path in gone {
            self.files.remove(&path);
        }
        self.settle(path);
        Ok(())
    }

    /// Moves a file, or all files below a directory.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), WriteError> {
        let moved = self.at_or_below(from);
        if moved.is_empty() {
            return Err(WriteError::UnknownPath(from.to_owned()));
        }
        for path in moved {
            if let Some(entry) = self.files.remove(&path) {
                let rest = path.strip_prefix(from).unwrap_or_default();
                self.files.insert(format!("{to}{rest}"), entry);
            }
        }
        Ok(())
    }

    /// Makes a commit of the files as they are now, on the current branch.
    pub fn commit(
        &mut self,
        message: &str,
        author: &Identity,
        committer: &Identity,
    ) -> Result<(), WriteError> {
        let merging = self.merging.take();
        if let Some(merge) = &merging
            && let Some(path) = merge.conflicts.first()
        {
            return Err(WriteError::Conflict {
                revision: merge.revision.clone(),
                path: path.clone(),
            });
        }
        let tree = self.index()?.write_tree_to(&self.repository)?;
        let tree = self.repository.find_tree(tree)?;
        let parents = self
            .head
            .into_iter()
            .chain(merging.map(|merge| merge.commit))
            .map(|parent| self.repository.find_commit(parent))
            .collect::<Result<Vec<_>, _>>()?;
        let commit = self.repository.commit(
            None,
            &author.signature()?,
            &committer.signature()?,
            message,
            &tree,
            &parents.iter().collect::<Vec<_>>(),
        )?;
        self.head = Some(commit);
        self.record_head()
    }

    /// Puts a tag on the current commit: an annotated one if there is a message and a tagger.
    pub fn tag(
        &self,
        name: &str,
        target: TagTarget,
        annotation: Option<(&str, &Identity)>,
    ) -> Result<(), WriteError> {
        let commit = self.resolve("HEAD")?;
        let object = match target {
            TagTarget::Commit => self.repository.find_object(commit, None)?,
            TagTarget::Tree => self.repository.find_commit(commit)?.tree()?.into_object(),
        };
        match annotation {
            Some((message, tagger)) => {
                self.repository
                    .tag(name, &object, &tagger.signature()?, message, true)?
            }
            None => self.repository.tag_lightweight(name, &object, true)?,
        };
        Ok(())
    }

    /// Removes a tag.
    pub fn delete_tag(&self, name: &str) -> Result<(), WriteError> {
        self.delete_reference(&format!("refs/tags/{name}"), name)
    }

    /// Removes a branch, as people do after a merge.
    pub fn delete_branch(&self, name: &str) -> Result<(), WriteError> {
        self.delete_reference(&format!("refs/heads/{name}"), name)
    }

    /// Notes where the repository came from.
    pub fn set_remote(&self, name: &str, url: &str) -> Result<(), WriteError> {
        self.repository.remote(name, url)?;
        Ok(())
    }

    /// Cuts history off `depth` commits behind HEAD along first parents, as a shallow clone has it.
    pub fn make_shallow(&self, depth: u32) -> Result<(), WriteError> {
        let mut commit = self.repository.find_commit(self.resolve("HEAD")?)?;
        for _ in 1..depth {
            commit = commit.parent(0)?;
        }
        let path = self.repository.path().join("shallow");
        std::fs::write(&path, format!("{}\n", commit.id()))
            .map_err(|source| WriteError::Io { path, source })
    }

    /// Fills the index and the work tree with the files as they are now.
    pub fn check_out(&self) -> Result<(), WriteError> {
        let mut index = self.repository.index()?;
        index.clear()?;
        for entry in self.index()?.iter() {
            index.add(&entry)?;
        }
        index.write()?;
        let mut options = git2::build::CheckoutBuilder::new();
        options.force().disable_filters(true);
        self.repository
            .checkout_index(Some(&mut index), Some(&mut options))?;
        Ok(())
    }

    fn go_to(&mut self, commit: Oid) -> Result<(), WriteError> {
        let mut index = Index::new()?;
        index.read_tree(&self.repository.find_commit(commit)?.tree()?)?;
        self.files = index
            .iter()
            .map(|entry| (path_of(&entry), (entry.id, entry.mode)))
            .collect();
        self.head = Some(commit);
        self.record_head()
    }

    /// Moves the branch and HEAD to where this writer is.
    fn record_head(&self) -> Result<(), WriteError> {
        let Some(commit) = self.head else {
            return Ok(());
        };
        match &self.branch {
            Some(branch) => {
                let name = format!("refs/heads/{branch}");
                self.repository.reference(&name, commit, true, "history")?;
                self.repository.set_head(&name)?;
            }
            None => self.repository.set_head_detached(commit)?,
        }
        Ok(())
    }

    fn resolve(&self, revision: &str) -> Result<Oid, WriteError> {
        let unknown = || WriteError::UnknownRevision(revision.to_owned());
        let object = self
            .repository
            .revparse_single(revision)
            .map_err(|_| unknown())?;
        let commit = object.peel_to_commit().map_err(|_| unknown())?;
        Ok(commit.id())
    }

    fn find(&self, reference: &str) -> Result<Option<Oid>, WriteError> {
        match self.repository.refname_to_id(reference) {
            Ok(oid) => Ok(Some(oid)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn delete_reference(&self, reference: &str, name: &str) -> Result<(), WriteError> {
        self.repository
            .find_reference(reference)
            .map_err(|_| WriteError::UnknownRevision(name.to_owned()))?
            .delete()?;
        Ok(())
    }

    fn at_or_below(&self, path: &str) -> Vec<String> {
        let directory = format!("{path}/");
        self.files
            .keys()
            .filter(|file| *file == path || file.starts_with(&directory))
            .cloned()
            .collect()
    }

    fn in_conflict(&self, path: &str) -> bool {
        self.merging
            .as_ref()
            .is_some_and(|merge| merge.conflicts.iter().any(|conflict| conflict == path))
    }

    fn settle(&mut self, path: &str) {
        if let Some(merge) = &mut self.merging {
            merge.conflicts.retain(|conflict| conflict != path);
        }
    }

    /// The files as an index that belongs to no repository.
    fn index(&self) -> Result<Index, WriteError> {
        let mut index = Index::new()?;
        for (path, &(id, mode)) in &self.files {
            index
                .add(&IndexEntry {
                    ctime: IndexTime::new(0, 0),
                    mtime: IndexTime::new(0, 0),
                    dev: 0,
                    ino: 0,
                    mode,
                    uid: 0,
                    gid: 0,
                    file_size: 0,
                    id,
                    flags: 0,
                    flags_extended: 0,
                    path: path.clone().into_bytes(),
                })
                .map_err(|source| WriteError::BadPath {
                    path: path.clone(),
                    source,
                })?;
        }
        Ok(index)
    }
}

/// Histories are text, so every path in a repository that this module wrote is UTF-8.
fn path_of(entry: &IndexEntry) -> String {
    String::from_utf8_lossy(&entry.path).into_owned()
}

fn stage_of(entry: &IndexEntry) -> u16 {
    (entry.flags >> 12) & 3
}
