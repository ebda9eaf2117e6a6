//! Repositories: histories that are data, and git's own commands for the states that a history cannot say.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::root;

/// A repository that is gone when this value is.
pub(crate) struct Repo {
    /// Holds the repository, and what tests put beside it.
    outside: TempDir,
    path: PathBuf,
}

impl Repo {
    /// The repository of a named history: an example's, or one of `tests/integration/repos`.
    pub(crate) fn play(name: &str) -> Self {
        let files = [
            root().join(format!("examples/{name}/history.yaml")),
            root().join(format!("tests/integration/repos/{name}.yaml")),
        ];
        let file = files.iter().find(|file| file.exists());
        let file = file.unwrap_or_else(|| panic!("there is no history `{name}`"));
        Self::inline(&std::fs::read_to_string(file).unwrap())
    }

    /// The repository of a history that stands in the test.
    pub(crate) fn inline(history: &str) -> Self {
        let repo = Self::nothing();
        relgate::history::play(history, &repo.path)
            .unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)));
        repo
    }

    /// No repository yet, but a place for one.
    pub(crate) fn nothing() -> Self {
        let outside = tempfile::Builder::new()
            .prefix("relgate-test-")
            .tempdir()
            .unwrap();
        let path = outside.path().join("cellar");
        Self { outside, path }
    }

    /// The repository's directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A path beside the repository, for clones and work trees of it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.outside.path().join(name)
    }

    /// A repository of the same life time at another path.
    pub(crate) fn moved_to(mut self, path: PathBuf) -> Self {
        self.path = path;
        self
    }

    /// Runs git in the repository and gives what it prints.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.path, arguments)
    }

    /// A clone of this repository, made by git with these options; it takes this one's place.
    #[track_caller]
    pub(crate) fn cloned(self, options: &[&str]) -> Self {
        let url = format!("file://{}", self.path.display());
        let clone = self.beside("clone");
        let mut arguments = vec!["clone", "--quiet"];
        arguments.extend(options);
        let clone_text = clone.display().to_string();
        arguments.extend([url.as_str(), clone_text.as_str()]);
        git(self.outside.path(), &arguments);
        self.moved_to(clone)
    }

    /// Writes a file of the work tree.
    #[track_caller]
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Runs git as nobody in particular, at a fixed time, with no configuration but the repository's.
#[track_caller]
pub(crate) fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(directory)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .envs([
            ("HOME", "/nonexistent"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_AUTHOR_NAME", "Ada Cooper"),
            ("GIT_AUTHOR_EMAIL", "ada@example.org"),
            ("GIT_AUTHOR_DATE", "2026-04-01T12:00:00Z"),
            ("GIT_COMMITTER_NAME", "Ada Cooper"),
            ("GIT_COMMITTER_EMAIL", "ada@example.org"),
            ("GIT_COMMITTER_DATE", "2026-04-01T12:00:00Z"),
            ("TZ", "UTC"),
            ("LC_ALL", "C"),
        ])
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(["-c", "uploadpack.allowFilter=true"])
        .args(arguments)
        .output()
        .expect("these tests need git itself");
    assert!(
        output.status.success(),
        "git {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
