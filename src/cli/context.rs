//! What every command that judges needs: the repository, the project's own rules, the time, and the cache.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::CommandError;
use super::args::{Global, SubjectArgs};
use super::output::environment;
use crate::cache::Cache;
use crate::discover::{Reader, Snapshot};
use crate::evidence::gpg::{Keyring, KeyringError};
use crate::git::{ObjectId, Repository};
use crate::judge::Frame;
use crate::ledger::Actor;
use crate::project::{self, Project, Root};
use crate::subject::SubjectRequest;

/// The repository and how it is judged.
pub(super) struct Context {
    pub(super) repository: Repository,
    pub(super) project: Project,
    pub(super) now: DateTime<Utc>,
    pub(super) cache: Option<Cache>,
    /// `--evidence-ref`.
    evidence_ref: Option<String>,
    /// `--gpg-keyring`.
    keyring: Option<Keyring>,
}

/// A time that cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("--now {text}: {why}")]
#[diagnostic(help("write it as in {}", example()))]
struct TimeError {
    text: String,
    why: chrono::ParseError,
}

/// The keyring of `--gpg-keyring` cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("--gpg-keyring: {0}")]
#[diagnostic(help(
    "gpg --export KEY > FILE writes one; gpgv comes with GnuPG (Debian: apt-get install gpgv)"
))]
struct KeyringUnusable(#[source] KeyringError);

fn example() -> &'static str {
    "2026-11-20T12:00:00Z"
}

impl Context {
    /// Opens the repository and reads what it says about itself.
    pub(super) fn open(global: &Global) -> Result<Self, CommandError> {
        let now = now(global.now.as_deref())?;
        let mut repository = Repository::open(&global.repo)?;
        let cache = cache_directory().map(Cache::in_directory);
        if let Some(cache) = &cache {
            repository.keep_commits_in(cache.clone());
        }
        let project = load_project(&repository, global)?;
        let keyring = global
            .gpg_keyring
            .as_deref()
            .map(Keyring::open)
            .transpose()
            .map_err(KeyringUnusable)?;
        Ok(Self {
            repository,
            project,
            now,
            cache,
            evidence_ref: global.evidence_ref.clone(),
            keyring,
        })
    }

    /// The index that git hands to a hook while it commits only some files; relative to the top of the work tree.
    fn index_file(&self) -> Option<PathBuf> {
        let file = environment("GIT_INDEX_FILE").filter(|file| !file.is_empty())?;
        Some(self.repository.workdir()?.join(file))
    }

    /// What judgements of this repository share.
    pub(super) fn frame(&self) -> Result<Frame<'_>, CommandError> {
        let mut frame = Frame::new(
            &self.repository,
            &self.project,
            self.now,
            self.cache.as_ref(),
        )?;
        frame.index_file = self.index_file();
        frame.keyring.clone_from(&self.keyring);
        Ok(frame)
    }
}

/// Where configuration and policies come from: `--policy-ref`, else the work tree, else (bare) HEAD.
pub(super) enum Place {
    WorkTree(PathBuf),
    Commit { snapshot: Snapshot, commit: String },
}

impl Place {
    pub(super) fn root<'s>(&'s self, global: &Global) -> Root<'s> {
        self.as_root(global.policy_ref.is_some())
    }

    fn unprotected_root(&self) -> Root<'_> {
        self.as_root(false)
    }

    fn as_root(&self, protected: bool) -> Root<'_> {
        match self {
            Self::WorkTree(directory) => Root::WorkTree(directory.clone()),
            Self::Commit { snapshot, commit } => Root::Commit {
                snapshot,
                commit: commit.clone(),
                protected,
            },
        }
    }
}

pub(super) fn place(repository: &Repository, global: &Global) -> Result<Place, CommandError> {
    place_of(repository, global.policy_ref.as_deref())
}

/// The state of a reference, else the work tree, else (bare) HEAD.
fn place_of(repository: &Repository, reference: Option<&str>) -> Result<Place, CommandError> {
    let reference = match (reference, repository.workdir()) {
        (Some(reference), _) => reference,
        (None, Some(directory)) => return Ok(Place::WorkTree(directory.to_owned())),
        (None, None) => "HEAD",
    };
    let commit = repository.resolve(reference)?;
    Ok(Place::Commit {
        snapshot: Snapshot::of_commit(repository, commit, reference)?,
        commit: commit.to_string(),
    })
}

fn load_project(repository: &Repository, global: &Global) -> Result<Project, CommandError> {
    let mut reader = Reader::new(repository);
    let policies = place(repository, global)?;
    let evidence = place_of(repository, global.evidence_ref.as_deref())?;
    Ok(project::load(
        &policies.root(global),
        &evidence.unprotected_root(),
        &mut reader,
        global.config.as_deref(),
    )?)
}

/// Configuration and policies as a commit has them; evidence as the context has it.
pub(super) fn project_at(context: &Context, commit: ObjectId) -> Result<Project, CommandError> {
    let repository = &context.repository;
    let policies = place_of(repository, Some(&commit.to_string()))?;
    let evidence = place_of(repository, context.evidence_ref.as_deref())?;
    Ok(project::load(
        &policies.as_root(true),
        &evidence.unprotected_root(),
        &mut Reader::new(repository),
        None,
    )?)
}

/// The subject that the flags name.
pub(super) fn subject_request(args: &SubjectArgs) -> SubjectRequest {
    match &args.tag {
        Some(name) => SubjectRequest::Tag {
            name: name.clone(),
            at: args.at.clone(),
        },
        None => SubjectRequest::Head,
    }
}

pub(super) fn now(text: Option<&str>) -> Result<DateTime<Utc>, CommandError> {
    let Some(text) = text else { return Ok(clock()) };
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.with_timezone(&Utc))
        .map_err(|why| {
            TimeError {
                text: text.to_owned(),
                why,
            }
            .into()
        })
}

/// Who runs relgate, as far as somebody says so: `name`, else the CI system, else the environment.
pub(super) fn actor(name: Option<&str>) -> Actor {
    let get = |name: &str| environment(name).unwrap_or_default();
    let (found, source, run) = if !get("GITHUB_ACTIONS").is_empty() {
        let run = format!(
            "{}/{}/actions/runs/{}",
            get("GITHUB_SERVER_URL"),
            get("GITHUB_REPOSITORY"),
            get("GITHUB_RUN_ID")
        );
        (get("GITHUB_ACTOR"), "github-actions", run)
    } else if !get("GITLAB_CI").is_empty() {
        (get("GITLAB_USER_LOGIN"), "gitlab-ci", get("CI_JOB_URL"))
    } else {
        let user = [get("USER"), get("LOGNAME")];
        let user = user.into_iter().find(|user| !user.is_empty());
        (user.unwrap_or_default(), "environment", String::new())
    };
    let (name, source) = match name {
        Some(name) => (name.to_owned(), "option"),
        None => (found, source),
    };
    Actor {
        source: if name.is_empty() { "" } else { source }.to_owned(),
        name,
        run,
    }
}

#[allow(clippy::disallowed_methods, reason = "the clock enters here")]
fn clock() -> DateTime<Utc> {
    DateTime::<Utc>::from(std::time::SystemTime::now())
}

/// The directories in which programs are looked for.
pub(super) fn search_path() -> Vec<PathBuf> {
    environment("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default()
}

/// Where lowered migrations and the commit graph are kept between runs: `RELGATE_CACHE_DIR` (empty: nowhere), else the user's cache directory.
fn cache_directory() -> Option<PathBuf> {
    match environment("RELGATE_CACHE_DIR") {
        Some(directory) if directory.is_empty() => None,
        Some(directory) => Some(PathBuf::from(directory)),
        None => {
            let base = environment("XDG_CACHE_HOME")
                .filter(|base| !base.is_empty())
                .map(PathBuf::from)
                .or_else(|| {
                    environment("HOME")
                        .filter(|home| !home.is_empty())
                        .map(|home| PathBuf::from(home).join(".cache"))
                })?;
            Some(base.join("relgate"))
        }
    }
}
