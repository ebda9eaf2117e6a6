//! Runs the program without anything of the machine around it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// When tests take place, unless they say otherwise: after everything in the examples.
const NOW: &str = "2026-06-01T12:00:00Z";

/// The program, about to run in a directory.
pub(crate) struct Tool {
    directory: PathBuf,
    home: TempDir,
    environment: Vec<(&'static str, String)>,
}

/// What a run left.
#[derive(Debug)]
#[must_use]
pub(crate) struct Run {
    /// The exit status; a run that a signal ends fails the test.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// Arguments, status and both streams, with the machine's paths taken out: what snapshots hold.
    pub(crate) text: String,
}

impl Tool {
    /// The program in a directory.
    pub(crate) fn within(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            home: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        }
    }

    /// The same program with a variable of the environment.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// The process that would run at the tests' time, for tests that do something to it.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relgate"));
        command
            .current_dir(&self.directory)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs([
                ("TZ", "UTC"),
                ("LC_ALL", "C.UTF-8"),
                ("NO_COLOR", "1"),
                ("COLUMNS", "100"),
            ])
            .env("HOME", self.home.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .args(["--now", NOW])
            .args(arguments);
        command
    }

    /// Runs it at the tests' time.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Run {
        self.run_with(&[], arguments)
    }

    /// Runs it with more in its environment.
    pub(crate) fn run_with<A: AsRef<OsStr>>(
        &self,
        environment: &[(&str, &OsStr)],
        arguments: &[A],
    ) -> Run {
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied());
        self.finish(command, arguments)
    }

    /// Runs it with this on standard input.
    pub(crate) fn fed<A: AsRef<OsStr>>(&self, input: &[u8], arguments: &[A]) -> Run {
        let file = self.home.path().join("input");
        std::fs::write(&file, input).unwrap();
        let mut command = self.command(arguments);
        command.stdin(std::fs::File::open(file).unwrap());
        self.finish(command, arguments)
    }

    fn finish<A: AsRef<OsStr>>(&self, mut command: Command, arguments: &[A]) -> Run {
        let output = command.output().unwrap();
        let stdout = String::from_utf8(output.stdout).expect("standard output is UTF-8");
        let stderr = String::from_utf8(output.stderr).expect("standard error is UTF-8");
        let code = output
            .status
            .code()
            .unwrap_or_else(|| panic!("{:?} ended with {}\n{stderr}", command, output.status));
        let shown: Vec<String> = arguments
            .iter()
            .map(|argument| argument.as_ref().to_string_lossy().into_owned())
            .collect();
        let mut text = format!("$ relgate {}\nexit {code}\n", shown.join(" "));
        for (name, stream) in [("stdout", &stdout), ("stderr", &stderr)] {
            if !stream.is_empty() {
                text.push_str(&format!("──── {name}\n{stream}"));
            }
        }
        Run {
            code,
            text: self.redact(&text),
            stdout,
            stderr,
        }
    }

    /// The report of `check --format json` with these arguments.
    #[track_caller]
    pub(crate) fn report(&self, arguments: &[&str]) -> serde_json::Value {
        let mut all = vec!["check", "--format", "json"];
        all.extend(arguments);
        let run = self.run(&all);
        serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("not a report ({error}):\n{}", run.text))
    }

    /// Takes every spelling of the machine's directories out; the longer ones first.
    fn redact(&self, text: &str) -> String {
        let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut spellings = vec![
            (self.directory.clone(), "<repo>"),
            (canonical(&self.directory), "<repo>"),
            (self.home.path().to_owned(), "<home>"),
            (canonical(self.home.path()), "<home>"),
        ];
        spellings.sort_by_key(|(path, _)| std::cmp::Reverse(path.as_os_str().len()));
        spellings
            .into_iter()
            .fold(text.to_owned(), |text, (path, word)| {
                text.replace(&path.display().to_string(), word)
            })
    }
}
