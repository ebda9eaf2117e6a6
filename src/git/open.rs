//! Finding and opening a repository, and what its configuration says about where it came from.

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};

use super::{GitError, Repository, address};

/// A `.git` file is a line with a path.
const MAX_GITLINK_BYTES: u64 = 64 * 1024;

/// Where a repository was found.
struct Found {
    directory: PathBuf,
    workdir: Option<PathBuf>,
}

impl Repository {
    /// Opens the repository at or above a directory: a clone, a bare repository, a linked worktree or a submodule.
    ///
    /// Who owns it does not matter. git refuses repositories of other users because their configuration can make it run
    /// programs; relgate runs nothing, and in containers the checkout often belongs to somebody else.
    pub fn open(start: &Path) -> Result<Self, GitError> {
        let found = find(start).ok_or_else(|| GitError::NotARepository(start.to_owned()))?;
        if let Some(file) = waits_for_ever(&found.directory) {
            return Err(GitError::Open {
                path: found.directory,
                why: format!(
                    "its configuration is, or includes, {file}, which is no ordinary file"
                ),
            });
        }
        // Opened as a bare one, libgit2 checks no owner and reads no `core.worktree`.
        let inner = git2::Repository::open_bare(&found.directory)
            .map_err(|error| refusal(&found.directory, &error))?;
        if inner.object_format() != git2::ObjectFormat::Sha1 {
            return Err(GitError::Sha256);
        }
        let bare = is_configured_bare(&inner) && !is_linked(&found.directory);
        Ok(Self {
            inner,
            workdir: found.workdir.filter(|_| !bare),
            directory: found.directory,
            trees: RefCell::default(),
            patches: RefCell::default(),
            name: OnceCell::new(),
            cache: None,
        })
    }

    /// The URL of `origin` without credentials; `None` when there is none or when it is a path.
    pub fn origin_url(&self) -> Option<String> {
        let config = self.inner.config().ok()?;
        let url = config.get_string("remote.origin.url").ok()?;
        address::of_remote(&url)
    }

    /// Who makes commits here: `user.email` of git's configuration.
    pub fn user_email(&self) -> Option<String> {
        let config = self.inner.config().ok()?;
        config
            .get_string("user.email")
            .ok()
            .filter(|email| !email.is_empty())
    }

    /// What reports call the repository: origin's URL, else the name of its directory.
    pub fn name(&self) -> String {
        let name = self
            .name
            .get_or_init(|| self.origin_url().unwrap_or_else(|| self.directory_name()));
        name.clone()
    }

    fn directory_name(&self) -> String {
        let directory = self.workdir.as_deref().unwrap_or(&self.directory);
        let name = directory.file_name().map(|name| name.to_string_lossy());
        let name = name.unwrap_or_default();
        name.strip_suffix(".git")
            .filter(|stem| !stem.is_empty())
            .unwrap_or(&name)
            .to_owned()
    }
}

/// Looks for a repository from a directory upward, as git does.
fn find(start: &Path) -> Option<Found> {
    let start = start.canonicalize().ok()?;
    start.ancestors().find_map(|directory| {
        let dotgit = directory.join(".git");
        if is_repository(&dotgit) {
            return Some(Found {
                directory: dotgit,
                workdir: Some(directory.to_owned()),
            });
        }
        if let Some(elsewhere) = read_gitlink(&dotgit).filter(|path| is_repository(path)) {
            return Some(Found {
                directory: elsewhere,
                workdir: Some(directory.to_owned()),
            });
        }
        is_repository(directory).then(|| Found {
            workdir: directory
                .file_name()
                .filter(|name| *name == ".git")
                .and_then(|_| directory.parent())
                .map(Path::to_owned),
            directory: directory.to_owned(),
        })
    })
}

/// A directory that git takes for a repository: HEAD with objects and refs, or with a way to them.
fn is_repository(directory: &Path) -> bool {
    let has = |name: &str| directory.join(name).exists();
    // HEAD of a repository that uses another kind of refs is a file as well.
    directory.join("HEAD").is_file() && (has("commondir") || (has("objects") && has("refs")))
}

/// The directory that a `.git` file of a worktree or a submodule names.
fn read_gitlink(file: &Path) -> Option<PathBuf> {
    let size = file
        .metadata()
        .ok()
        .filter(std::fs::Metadata::is_file)?
        .len();
    if size > MAX_GITLINK_BYTES {
        return None;
    }
    let text = std::fs::read_to_string(file).ok()?;
    let path = text.strip_prefix("gitdir:")?.trim();
    file.parent()?.join(path).canonicalize().ok()
}

/// A linked worktree's directory points at the repository that it belongs to.
fn is_linked(directory: &Path) -> bool {
    directory.join("commondir").is_file()
}

fn is_configured_bare(repository: &git2::Repository) -> bool {
    repository
        .config()
        .and_then(|config| config.get_bool("core.bare"))
        .unwrap_or(false)
}

/// How deep files of git's configuration include each other.
const MOST_INCLUDES: usize = 16;
/// A longer file is no configuration that somebody wrote.
const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

/// The name of a file of the configuration that is a pipe or a device: libgit2 opens it, and waits.
fn waits_for_ever(directory: &Path) -> Option<String> {
    let common = std::fs::read_to_string(directory.join("commondir"))
        .map_or_else(|_| directory.to_owned(), |path| directory.join(path.trim()));
    let mut open = vec![common.join("config"), directory.join("config.worktree")];
    for _ in 0..MOST_INCLUDES {
        let mut next = Vec::new();
        for file in open {
            let Ok(metadata) = file.metadata() else {
                continue;
            };
            if !metadata.is_file() && !metadata.is_dir() {
                let name = file.file_name().unwrap_or_default();
                return Some(name.to_string_lossy().into_owned());
            }
            if metadata.is_file() && metadata.len() <= MAX_CONFIG_BYTES {
                let text = std::fs::read_to_string(&file).unwrap_or_default();
                let beside = file.parent().unwrap_or(directory);
                next.extend(includes(&text).map(|path| beside.join(path)));
            }
        }
        next.truncate(MOST_INCLUDES);
        open = next;
    }
    None
}

/// What a configuration includes: `path` of the sections `include` and `includeIf`. Paths of the user's home are the user's own.
fn includes(text: &str) -> impl Iterator<Item = &str> {
    let mut is_include = false;
    text.split('\n').filter_map(move |line| {
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[') {
            is_include = section.to_ascii_lowercase().starts_with("include");
        }
        let (key, value) = line
            .rsplit_once(']')
            .map_or(line, |(_, rest)| rest)
            .split_once('=')?;
        let path = value.trim().trim_matches('"');
        (is_include && key.trim().eq_ignore_ascii_case("path") && !path.starts_with('~'))
            .then_some(path)
    })
}

/// Why libgit2 did not open a repository.
fn refusal(path: &Path, error: &git2::Error) -> GitError {
    let why = error.message();
    if why.contains("object format") {
        return GitError::Sha256;
    }
    if let Some(name) = why.strip_prefix("unsupported extension name extensions.") {
        let help = match name {
            "partialclone" => {
                "git config remote.origin.promisor true && git config --unset extensions.partialClone        \
                 (says the same in the way git has used since 2.24)"
            }
            "refstorage" => {
                "git refs migrate --ref-format=files        (git 2.48 or newer; with an older one, clone it with --ref-format=files)"
            }
            _ => "clone it again with default settings",
        };
        return GitError::Extension {
            name: name.to_owned(),
            help: help.to_owned(),
        };
    }
    GitError::Open {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::tests::played;

    const ONE: &str = "- commit: one\n  write: { db/a.sql: SELECT 1 }\n";

    #[test]
    fn a_repository_is_found_from_below() {
        let (directory, repository) = played(ONE);
        let root = directory.path().join("cellar").canonicalize().unwrap();
        let below = Repository::open(&root.join("db")).unwrap();
        assert_eq!(below.workdir(), Some(root.as_path()));
        assert_eq!(below.head().unwrap(), repository.head().unwrap());
        let inside = Repository::open(&root.join(".git")).unwrap();
        assert_eq!(inside.workdir(), Some(root.as_path()));
        assert_eq!(below.name(), "cellar");
    }

    #[test]
    fn no_repository_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let error = Repository::open(directory.path()).err().unwrap();
        assert!(matches!(error, GitError::NotARepository(_)), "{error}");
        let error = Repository::open(&directory.path().join("absent"))
            .err()
            .unwrap();
        assert!(matches!(error, GitError::NotARepository(_)), "{error}");
    }

    #[test]
    fn a_bare_repository_has_no_work_tree() {
        let (directory, _repository) = played(ONE);
        let bare = directory.path().join("cellar.git");
        std::fs::rename(directory.path().join("cellar/.git"), &bare).unwrap();
        let repository = Repository::open(&bare).unwrap();
        assert!(repository.is_bare());
        assert_eq!(repository.name(), "cellar");
    }

    #[test]
    fn a_worktree_and_a_submodule_are_followed() {
        let (directory, repository) = played(ONE);
        let root = directory.path().canonicalize().unwrap();
        // A submodule's `.git` is a file that names a directory elsewhere.
        std::fs::create_dir(root.join("module")).unwrap();
        std::fs::write(root.join("module/.git"), "gitdir: ../cellar/.git\n").unwrap();
        let module = Repository::open(&root.join("module")).unwrap();
        assert_eq!(module.head().unwrap(), repository.head().unwrap());
        assert_eq!(module.workdir(), Some(root.join("module").as_path()));
        // A linked worktree has a HEAD of its own, even beside a bare repository.
        let admin = root.join("cellar/.git/worktrees/second");
        std::fs::create_dir_all(&admin).unwrap();
        std::fs::write(admin.join("commondir"), "../..\n").unwrap();
        std::fs::write(admin.join("HEAD"), "ref: refs/heads/second\n").unwrap();
        std::fs::create_dir(root.join("second")).unwrap();
        std::fs::write(
            root.join("second/.git"),
            "gitdir: ../cellar/.git/worktrees/second\n",
        )
        .unwrap();
        let worktree = Repository::open(&root.join("second")).unwrap();
        assert_eq!(worktree.workdir(), Some(root.join("second").as_path()));
        let error = worktree.head().unwrap_err();
        assert!(matches!(error, GitError::Unborn { ref branch } if branch == "second"));
        assert_eq!(
            worktree.resolve("main").unwrap(),
            repository.head().unwrap()
        );
    }

    #[test]
    fn formats_that_are_not_known_are_named() {
        let check = |extension: &str, expected: &str| {
            let (directory, _repository) = played(ONE);
            let root = directory.path().join("cellar");
            std::fs::write(
                root.join(".git/config"),
                format!("[core]\nrepositoryformatversion = 1\n[extensions]\n{extension}\n"),
            )
            .unwrap();
            let error = Repository::open(&root).err().unwrap();
            assert!(error.to_string().contains(expected), "{error}");
        };
        check("objectFormat = sha256", "SHA-256");
        check("partialClone = origin", "`partialclone`");
        check("refStorage = reftable", "`refstorage`");
    }

    #[test]
    fn a_hostile_configuration_runs_nothing() {
        let (directory, _repository) = played(ONE);
        let root = directory.path().join("cellar");
        let trap = directory.path().join("sprung");
        let run = format!("touch {}", trap.display());
        std::fs::write(
            root.join(".git/config"),
            format!(
                "[core]\nfsmonitor = \"{run}\"\nhooksPath = {0}\npager = \"{run}\"\nworktree = /\n\
                 [diff]\nexternal = \"{run}\"\n[diff \"x\"]\ntextconv = \"{run}\"\ncommand = \"{run}\"\n\
                 [filter \"x\"]\nsmudge = \"{run}\"\nclean = \"{run}\"\n[gpg]\nprogram = \"{run}\"\n",
                directory.path().display()
            ),
        )
        .unwrap();
        std::fs::create_dir_all(root.join(".git/info")).unwrap();
        std::fs::write(root.join(".git/info/attributes"), "* diff=x filter=x\n").unwrap();
        let repository = Repository::open(&root).unwrap();
        let head = repository.head().unwrap();
        repository.list(head).unwrap();
        repository.list_index(None).unwrap();
        repository.patch_id(head).unwrap();
        assert_eq!(
            repository.workdir().unwrap(),
            root.canonicalize().unwrap().as_path()
        );
        assert!(!trap.exists());
    }
}
