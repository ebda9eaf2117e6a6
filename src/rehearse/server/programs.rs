//! PostgreSQL's programs: where they are, and those that copy a database out and in.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::rehearse::connection::Target;

/// An installation of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    directory: PathBuf,
    major: u32,
}

/// Why a program did not do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{program}: {why}")]
pub struct ToolError {
    /// The program.
    pub program: &'static str,
    /// What it said.
    pub why: String,
}

/// Where distributions keep server programs, outside of the search path: Debian, Red Hat, Homebrew.
const PLACES: &[(&str, &str)] = &[
    ("/usr/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
];

impl Programs {
    /// The installation to use: `named` alone when one is named, else of those in `search` (the directories of the search
    /// path) and in the usual places the one of the `wanted` major version, else the newest.
    pub fn find(named: Option<&Path>, search: &[PathBuf], wanted: Option<u32>) -> Option<Self> {
        let mut candidates: Vec<PathBuf> = match named {
            Some(directory) => vec![directory.to_owned()],
            None => search.to_vec(),
        };
        if named.is_none() {
            candidates.extend(
                PLACES
                    .iter()
                    .flat_map(|(place, below)| installed(place, below)),
            );
        }
        let mut found: Vec<Self> = candidates
            .into_iter()
            .filter(|directory| directory.join("initdb").is_file())
            .filter_map(Self::at)
            .collect();
        found.sort_by_key(|programs| (Some(programs.major) == wanted, programs.major));
        found.pop()
    }

    /// The installation in a directory, if `postgres` says its version there.
    fn at(directory: PathBuf) -> Option<Self> {
        let output = Command::new(directory.join("postgres"))
            .arg("--version")
            .env_clear()
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { directory, major })
    }

    /// Their directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The server's major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// Writes a database into a file as SQL (`pg_dump`).
    pub fn dump(
        &self,
        target: &Target,
        database: &str,
        file: &Path,
        patience: Duration,
    ) -> Result<(), ToolError> {
        let arguments: [&OsStr; 5] = [
            OsStr::new("--format=plain"),
            OsStr::new("--no-sync"),
            OsStr::new("--lock-wait-timeout=10000"),
            OsStr::new("--file"),
            file.as_os_str(),
        ];
        self.run("pg_dump", &arguments, target, database, patience)
    }

    /// Runs a file of SQL in a database and stops at its first error (`psql`).
    pub fn restore(
        &self,
        target: &Target,
        database: &str,
        file: &Path,
        patience: Duration,
    ) -> Result<(), ToolError> {
        let arguments: [&OsStr; 6] = [
            OsStr::new("--no-psqlrc"),
            OsStr::new("--quiet"),
            OsStr::new("--output=/dev/null"),
            OsStr::new("--set=ON_ERROR_STOP=1"),
            OsStr::new("--file"),
            file.as_os_str(),
        ];
        self.run("psql", &arguments, target, database, patience)
    }

    fn run(
        &self,
        program: &'static str,
        arguments: &[&OsStr],
        target: &Target,
        database: &str,
        patience: Duration,
    ) -> Result<(), ToolError> {
        let failed = |why: String| ToolError { program, why };
        let mut child = Command::new(self.directory.join(program))
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .envs(target.environment(database))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        // Read beside it: a program that says a lot would wait for its reader.
        let said = child.stderr.take().map(|mut stream| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                let _ = stream.by_ref().take(64 * 1024).read_to_end(&mut text);
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        let begun = Instant::now();
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if begun.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Ok(None) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(failed(format!("not done after {} s", patience.as_secs())));
                }
                Err(error) => return Err(failed(error.to_string())),
            }
        };
        let said = said
            .and_then(|reader| reader.join().ok())
            .unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        let line = said
            .split('\n')
            .map(str::trim)
            .find(|line| line.contains("ERROR") || line.contains("error"))
            .or_else(|| {
                said.split('\n')
                    .map(str::trim)
                    .find(|line| !line.is_empty())
            })
            .unwrap_or("it failed and did not say why");
        // psql begins with the path of the file that it reads.
        let line = line
            .split_once("ERROR:")
            .map_or(line, |(_, rest)| rest.trim());
        Err(failed(line.to_owned()))
    }
}

/// `/usr/lib/postgresql/15/bin`, `/usr/pgsql-15/bin`, `/opt/homebrew/opt/postgresql@15/bin`.
fn installed(place: &str, below: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(place) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with("pgsql-")
                || name.starts_with("postgresql")
                || name.parse::<u32>().is_ok()
        })
        .map(|entry| entry.path().join(below))
        .collect();
    found.sort();
    found
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0)`.
fn major_of(version: &str) -> Option<u32> {
    let digits: String = version
        .split_once("(PostgreSQL)")?
        .1
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_versions() {
        let check = |text: &str, expected: Option<u32>| {
            assert_eq!(major_of(text), expected, "{text}");
        };
        check(
            "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
            Some(15),
        );
        check("postgres (PostgreSQL) 19beta1", Some(19));
        check("postgres (PostgreSQL) 9.6.24", Some(9));
        check("postgres (Something) 15", None);
        check("", None);
    }

    #[test]
    fn an_installation_is_found_and_a_named_one_is_the_only_one() {
        let programs =
            Programs::find(None, &[], None).expect("these tests need PostgreSQL's server programs");
        assert!(programs.major() >= 14, "{programs:?}");
        let again = Programs::find(Some(programs.directory()), &[], Some(99));
        assert_eq!(again.as_ref(), Some(&programs));
        assert_eq!(
            Programs::find(Some(Path::new("/nonexistent")), &[], None),
            None
        );
    }
}
