//! A PostgreSQL server of Debian's package in a private directory, reachable through a socket in it alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

/// A running server; it is stopped, and its directory is gone, when this value is.
pub(crate) struct Server {
    directory: TempDir,
    port: u16,
}

/// Where Debian has the newest server's programs.
static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .expect("these tests need Debian's postgresql package: tests/prerequisites.sh")
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .filter(|(_, path)| path.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().expect("no server under /usr/lib/postgresql").1
});

impl Server {
    /// Makes a database cluster and starts a server on it. Root may not run one, so root becomes `nobody` for it.
    pub(crate) fn start() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("relgate-pg-")
            .tempdir()
            .unwrap();
        if is_root() {
            let status = Command::new("chown")
                .args(["nobody".as_ref(), directory.path().as_os_str()])
                .status()
                .unwrap();
            assert!(status.success());
        }
        let server = Self {
            directory,
            port: 5432,
        };
        let data = server.data();
        run(
            "initdb",
            &[
                "--pgdata",
                &data,
                "--username",
                "owner",
                "--auth",
                "trust",
                "--encoding",
                "UTF8",
                "--locale",
                "C",
                "--no-sync",
            ],
        );
        server.again();
        server
    }

    /// Starts the server that was stopped.
    pub(crate) fn again(&self) {
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c port={} -c fsync=off -c max_connections=60",
            self.directory.path().display(),
            self.port
        );
        let (data, log) = (self.data(), self.data() + ".log");
        run(
            "pg_ctl",
            &[
                "start",
                "--silent",
                "--wait",
                "--pgdata",
                &data,
                "--log",
                &log,
                "--options",
                &options,
            ],
        );
    }

    /// Stops the server as a crash does.
    pub(crate) fn crash(&self) {
        let data = self.data();
        run(
            "pg_ctl",
            &[
                "stop",
                "--silent",
                "--wait",
                "--mode",
                "immediate",
                "--pgdata",
                &data,
            ],
        );
    }

    /// The address of a database for a user.
    pub(crate) fn url(&self, user: &str, database: &str) -> String {
        let socket = self
            .directory
            .path()
            .display()
            .to_string()
            .replace('/', "%2F");
        format!("postgres://{user}@{socket}:{}/{database}", self.port)
    }

    /// A new database that belongs to the owner; its address.
    pub(crate) fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url("owner", name)
    }

    /// Runs SQL as the owner and gives the first column of the first row, if there is one.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql("owner", database, sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The same as somebody, with the server's answer when it refuses.
    pub(crate) fn try_sql(&self, user: &str, database: &str, sql: &str) -> Result<String, String> {
        let mut client = postgres::Client::connect(&self.url(user, database), postgres::NoTls)
            .map_err(|error| error.to_string())?;
        let messages = client.simple_query(sql).map_err(|error| {
            error
                .as_db_error()
                .map_or_else(|| error.to_string(), |answer| answer.message().to_owned())
        })?;
        let first = messages.iter().find_map(|message| match message {
            postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        Ok(first.unwrap_or_default())
    }

    fn data(&self) -> String {
        self.directory.path().join("data").display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.data();
        if Path::new(&data).join("postmaster.pid").exists() {
            let _ = command("pg_ctl")
                .args(["stop", "--silent", "--mode", "immediate", "--pgdata", &data])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn command(program: &str) -> Command {
    let program = PROGRAMS.join(program);
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"])
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").env_clear().envs([
        ("PATH", "/usr/bin:/bin"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
    ]);
    command
}

#[track_caller]
fn run(program: &str, arguments: &[&str]) {
    // The server inherits the streams, so they are not pipes that somebody waits for.
    let status = command(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{program} {arguments:?}");
}
