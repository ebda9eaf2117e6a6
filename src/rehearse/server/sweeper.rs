//! Takes the databases of a rehearsal away from a server that somebody named, also when relgate is killed.

use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::Programs;
use crate::rehearse::connection::Target;

/// How long it may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until standard input ends, which it does when relgate ends in whatever way, and drops every database whose name
/// begins as ours do.
const SWEEP: &str = r#"
trap '' HUP INT TERM
psql=$1 prefix=$2
read -r nothing
"$psql" --no-psqlrc --quiet --no-align --tuples-only --command \
  "SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', datname) FROM pg_database WHERE starts_with(datname, '$prefix')" |
while IFS= read -r sql; do
  "$psql" --no-psqlrc --quiet --command "$sql"
done
"#;

/// Somebody who outlives relgate for as long as it takes to clean up.
#[derive(Debug)]
pub struct Sweeper {
    watch: Child,
    lifeline: Option<ChildStdin>,
}

impl Sweeper {
    /// Starts to wait. `prefix` consists of letters, digits and underscores.
    pub fn start(programs: &Programs, target: &Target, prefix: &str) -> std::io::Result<Self> {
        let mut watch = Command::new("/bin/sh")
            .arg("-c")
            .arg(SWEEP)
            .arg("relgate-sweeper")
            .arg(programs.directory().join("psql"))
            .arg(prefix)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .envs(target.environment(target.database()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self {
            lifeline: watch.stdin.take(),
            watch,
        })
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match self.watch.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        let _ = self.watch.kill();
        let _ = self.watch.wait();
    }
}
