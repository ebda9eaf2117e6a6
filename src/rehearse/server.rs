//! A private PostgreSQL server: made from the programs on this machine in a temporary directory, reachable on a socket in
//! it, and gone when this value or this process is.
//!
//! A rehearsal is a fact only if the real server, and the real `pg_dump` and `psql`, did the work.

mod programs;
mod sweeper;

use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

pub use programs::{Programs, ToolError};
pub use sweeper::Sweeper;

/// The role that owns everything; migrations that name an owner mostly name this one.
pub const SUPERUSER: &str = "postgres";

/// How long the server may take until it answers.
const START: Duration = Duration::from_mins(1);
/// How long it may take to stop before it is killed.
const STOP: Duration = Duration::from_secs(15);
/// A socket's path has at most 107 bytes (`sun_path`), and the server puts its own name behind the directory.
const LONGEST_DIRECTORY: usize = 80;

/// Makes the cluster, runs the server, and takes both away when standard input ends: when relgate closes it, and also
/// when relgate is killed. Signals that a terminal sends to everybody are for relgate, not for this.
const WATCH: &str = r#"
trap '' HUP INT TERM
bin=$1 dir=$2 user=$3
shift 3
if ! "$bin/initdb" --pgdata="$dir/data" --username="$user" --auth=trust --encoding=UTF8 --locale=C --no-sync \
    >"$dir/log" 2>&1; then
  tail -n 20 "$dir/log" >&2
  rm -rf "$dir"
  exit 1
fi
"$bin/postgres" -D "$dir/data" -k "$dir" "$@" >>"$dir/log" 2>&1 &
server=$!
read -r nothing
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$dir"
"#;

/// How the server is set up: as in production where that shows in a trace, and without what only costs time. Nothing
/// runs on its own, so that whatever a trace shows was the migration's doing.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=40",
    "max_locks_per_transaction=512",
    "wal_level=replica",
    "fsync=off",
    "synchronous_commit=off",
    "autovacuum=off",
    "max_wal_size=4GB",
    "checkpoint_timeout=1h",
    "timezone=UTC",
    "track_counts=on",
];

/// Why there is no server.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ServerError {
    /// The server programs are not here.
    #[error("PostgreSQL's server programs (initdb, postgres) are not on this machine")]
    #[diagnostic(help(
        "install them (Debian: apt-get install postgresql), name their directory with --server-programs, or rehearse \
         on a server that runs elsewhere: --database-url"
    ))]
    NoPrograms,
    /// Somebody runs as root, and there is nobody else.
    #[error(
        "PostgreSQL does not run as root, and neither `postgres` nor `nobody` is a user of this machine"
    )]
    #[diagnostic(help(
        "run relgate as an ordinary user, or install PostgreSQL's package, which makes one"
    ))]
    NoUser,
    /// The directory could not be made.
    #[error("the server's directory could not be made: {0}")]
    #[diagnostic(help("set TMPDIR to a directory that you may write to"))]
    Directory(std::io::Error),
    /// A program could not be started.
    #[error("{program} could not be started: {why}")]
    #[diagnostic(help("relgate needs a shell and PostgreSQL's own programs for this"))]
    Start {
        /// The program.
        program: &'static str,
        /// Why not.
        why: std::io::Error,
    },
    /// The server did not come up.
    #[error("the private PostgreSQL server did not start: {0}")]
    #[diagnostic(help(
        "the message is the server's own; --server-programs names another installation"
    ))]
    Dead(String),
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    directory: PathBuf,
    watch: Child,
    lifeline: Option<ChildStdin>,
}

impl Server {
    /// Makes a cluster and starts it; returns when the server accepts connections.
    pub fn start(programs: &Programs) -> Result<Self, ServerError> {
        let directory = make_directory().map_err(ServerError::Directory)?;
        let user = unprivileged(directory.path())?;
        if let Some((uid, gid)) = user {
            chown(directory.path(), Some(uid), Some(gid)).map_err(ServerError::Directory)?;
        }
        let mut command = Command::new("/bin/sh");
        command
            .arg("-c")
            .arg(WATCH)
            .arg("relgate-postgres")
            .arg(programs.directory())
            .arg(directory.path())
            .arg(SUPERUSER)
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .current_dir(directory.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        let mut watch = command.spawn().map_err(|why| ServerError::Start {
            program: "the private server's shell",
            why,
        })?;
        // From here on the shell takes the directory away.
        let mut server = Self {
            lifeline: watch.stdin.take(),
            watch,
            directory: directory.keep(),
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// The directory of its socket.
    pub fn socket_directory(&self) -> &Path {
        &self.directory
    }

    fn wait_until_ready(&mut self) -> Result<(), ServerError> {
        let begun = Instant::now();
        // The server writes `ready` into the eighth line of this file when it accepts connections (`miscinit.c`).
        let state = self.directory.join("data/postmaster.pid");
        while begun.elapsed() < START {
            if let Ok(Some(_)) = self.watch.try_wait() {
                return Err(ServerError::Dead(self.last_words()));
            }
            let ready = fs::read_to_string(&state)
                .is_ok_and(|text| text.split('\n').any(|line| line.trim_end() == "ready"));
            if ready {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(ServerError::Dead(format!(
            "it was not ready within {} seconds",
            START.as_secs()
        )))
    }

    /// What the shell said before it ended, without the names of this machine's directories.
    fn last_words(&mut self) -> String {
        let mut text = String::new();
        if let Some(stream) = self.watch.stderr.take() {
            let _ = stream.take(8192).read_to_string(&mut text);
        }
        let text = text.replace(&self.directory.display().to_string(), "DIRECTORY");
        text.split('\n')
            .map(str::trim)
            .rfind(|line| !line.is_empty())
            .unwrap_or("no reason was given")
            .to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let begun = Instant::now();
        while begun.elapsed() < STOP {
            match self.watch.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        let _ = self.watch.kill();
        let _ = self.watch.wait();
    }
}

/// A directory whose name is short enough for a socket in it.
fn make_directory() -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("relgate-");
    let directory = builder.tempdir()?;
    if directory.path().as_os_str().len() <= LONGEST_DIRECTORY {
        return Ok(directory);
    }
    builder.tempdir_in("/tmp")
}

/// The user and group to run as, when we are root: PostgreSQL refuses to run as root. Whose a new directory is says who
/// we are.
fn unprivileged(directory: &Path) -> Result<Option<(u32, u32)>, ServerError> {
    let owner = fs::metadata(directory)
        .map_err(ServerError::Directory)?
        .uid();
    if owner != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    user_of(&users).map(Some).ok_or(ServerError::NoUser)
}

/// `postgres`, else `nobody`, in the lines of a file like `/etc/passwd`.
fn user_of(passwd: &str) -> Option<(u32, u32)> {
    ["postgres", "nobody"].iter().find_map(|wanted| {
        passwd.split('\n').find_map(|line| {
            let mut fields = line.split(':');
            if fields.next() != Some(wanted) {
                return None;
            }
            let uid = fields.nth(1)?.parse().ok().filter(|&uid| uid != 0)?;
            Some((uid, fields.next()?.parse().ok()?))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_not_root() {
        let check = |passwd: &str, expected: Option<(u32, u32)>| {
            assert_eq!(user_of(passwd), expected, "{passwd}");
        };
        let nobody = "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n";
        check("", None);
        check("root:x:0:0:root:/root:/bin/bash\n", None);
        check(nobody, Some((65534, 65533)));
        check(
            &format!("{nobody}postgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n"),
            Some((101, 104)),
        );
        check(
            &format!("postgres:x:0:0::/:/bin/sh\n{nobody}"),
            Some((65534, 65533)),
        );
        check("postgres:x:no:0::/:/bin/sh\n", None);
        check("postgres\n", None);
    }
}
