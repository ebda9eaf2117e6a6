//! Connections to the server, each with a limit on how long anything may take, and what the server says to a statement.

use std::path::Path;
use std::time::Duration;

use postgres::config::Host;
use postgres::{Client, Config, NoTls, SimpleQueryMessage};

/// A server, and how to reach it. Shows no password, in no form.
#[derive(Clone)]
pub struct Target {
    config: Config,
    patience: Duration,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("hosts", &self.config.get_hosts())
            .field("database", &self.config.get_dbname())
            .finish_non_exhaustive()
    }
}

/// The address of a server cannot be read, or asks for something that relgate does not have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum AddressError {
    /// It is no address.
    #[error("--database-url is not a PostgreSQL address")]
    #[diagnostic(help(
        "write postgresql://USER@HOST:PORT/DATABASE, and the password into PGPASSWORD or the address"
    ))]
    Unreadable,
    /// It names no database.
    #[error("--database-url names no database")]
    #[diagnostic(help(
        "a throw-away database has to be named: postgresql://USER@HOST:PORT/DATABASE"
    ))]
    NoDatabase,
    /// It demands TLS.
    #[error("--database-url demands TLS, which relgate's connections do not have")]
    #[diagnostic(help(
        "rehearse on a server beside relgate (a socket, the same host, a tunnel), or with --local"
    ))]
    Tls,
}

/// Why the server did not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (SQLSTATE {code})")]
pub struct Refused {
    /// The SQLSTATE; `08006` when the connection was lost.
    pub code: String,
    /// What the server said.
    pub message: String,
    /// What it added: detail and hint, on one line; may be empty.
    pub detail: String,
}

impl Refused {
    fn of(error: &postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) => {
                let more: Vec<&str> = [said.detail(), said.hint()].into_iter().flatten().collect();
                Self {
                    code: said.code().code().to_owned(),
                    message: said.message().to_owned(),
                    detail: more.join(" ").replace('\n', " "),
                }
            }
            None => Self {
                code: "08006".to_owned(),
                message: error.to_string(),
                detail: String::new(),
            },
        }
    }

    /// The role that the server does not have, when that is what it says.
    pub fn missing_role(&self) -> Option<&str> {
        let rest = self.message.strip_prefix("role \"")?;
        (self.code == "42704").then_some(())?;
        rest.strip_suffix("\" does not exist")
    }

    /// The server lacks software, so that nothing is said about the migration: an extension, a library, a feature that
    /// it was built without.
    pub fn is_of_the_environment(&self) -> bool {
        let lacks = self.message.contains("is not available")
            || self
                .message
                .contains("could not open extension control file")
            || self.message.contains("could not access file")
            || self.message.contains("is not supported by this build");
        (matches!(self.code.as_str(), "0A000" | "58P01" | "22023") && lacks)
            || self.code.starts_with("53")
            || (self.message.contains("must be loaded via")
                || self.message.contains("shared_preload_libraries"))
    }
}

impl Target {
    /// A server on a socket in a directory, where everybody is trusted.
    pub fn on_socket(directory: &Path, user: &str, patience: Duration) -> Self {
        let mut config = Config::new();
        config.host_path(directory).user(user).dbname("postgres");
        Self { config, patience }
    }

    /// A server at an address. `password` is used when the address has none.
    pub fn at_address(
        address: &str,
        password: Option<&str>,
        patience: Duration,
    ) -> Result<Self, AddressError> {
        let mut config: Config = address.parse().map_err(|_| AddressError::Unreadable)?;
        if config.get_dbname().is_none_or(str::is_empty) {
            return Err(AddressError::NoDatabase);
        }
        if config.get_ssl_mode() == postgres::config::SslMode::Require {
            return Err(AddressError::Tls);
        }
        if let (None, Some(password)) = (config.get_password(), password) {
            config.password(password);
        }
        if config.get_user().is_none() {
            config.user(SUPERUSER_BY_CUSTOM);
        }
        Ok(Self { config, patience })
    }

    /// The database that the address names.
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// How long anything may take.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Opens a connection to one of its databases.
    pub fn connect(&self, database: &str) -> Result<Connection, Refused> {
        let mut config = self.config.clone();
        let options = format!(
            "-c statement_timeout={0} -c idle_in_transaction_session_timeout={0}",
            self.patience.as_millis()
        );
        config
            .dbname(database)
            .application_name("relgate rehearse")
            .connect_timeout(Duration::from_secs(10))
            .tcp_user_timeout(Duration::from_secs(30))
            .options(&options);
        let client = config.connect(NoTls).map_err(|error| Refused::of(&error))?;
        Ok(Connection { client })
    }

    /// What PostgreSQL's own programs need to reach one of its databases, as their environment: nothing stands in an
    /// argument that other users could see.
    pub fn environment(&self, database: &str) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("PGDATABASE", database.to_owned()),
            ("PGAPPNAME", "relgate rehearse".to_owned()),
            ("PGCONNECT_TIMEOUT", "10".to_owned()),
        ];
        let host = self.config.get_hosts().first().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        variables.extend(host.map(|host| ("PGHOST", host)));
        let port = self.config.get_ports().first();
        variables.extend(port.map(|port| ("PGPORT", port.to_string())));
        let user = self.config.get_user();
        variables.extend(user.map(|user| ("PGUSER", user.to_owned())));
        let password = self.config.get_password();
        variables.extend(
            password.map(|password| ("PGPASSWORD", String::from_utf8_lossy(password).into_owned())),
        );
        variables
    }
}

/// Who connects when an address names nobody: the name of the system's user is not asked for.
const SUPERUSER_BY_CUSTOM: &str = "postgres";

/// A row of text; `None` is NULL.
pub type Row = Vec<Option<String>>;

/// An open connection.
pub struct Connection {
    client: Client,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl Connection {
    /// Sends a text as it is, in one message, as most runners do. Returns how many rows the last statement touched.
    pub fn run(&mut self, sql: &str) -> Result<u64, Refused> {
        let messages = self
            .client
            .simple_query(sql)
            .map_err(|error| Refused::of(&error))?;
        let touched = messages.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
            _ => None,
        });
        Ok(touched.unwrap_or(0))
    }

    /// Sends a query and returns its rows.
    pub fn rows(&mut self, sql: &str) -> Result<Vec<Row>, Refused> {
        let messages = self
            .client
            .simple_query(sql)
            .map_err(|error| Refused::of(&error))?;
        Ok(messages
            .into_iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|column| row.try_get(column).ok().flatten().map(str::to_owned))
                        .collect(),
                ),
                _ => None,
            })
            .collect())
    }

    /// The first field of the first row.
    pub fn value(&mut self, sql: &str) -> Result<Option<String>, Refused> {
        Ok(self
            .rows(sql)?
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next())
            .flatten())
    }

    /// The number of the server process behind this connection.
    pub fn backend(&mut self) -> Result<u32, Refused> {
        Ok(self
            .value("SELECT pg_backend_pid()")?
            .and_then(|pid| pid.parse().ok())
            .unwrap_or(0))
    }
}

/// A name as SQL has to have it when it stands for itself.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL string.
pub fn literal(text: &str) -> String {
    let escaped = text.replace('\'', "''");
    if escaped.contains('\\') {
        format!(" E'{}'", escaped.replace('\\', "\\\\"))
    } else {
        format!("'{escaped}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |address: &str, expected: Result<&str, &str>| {
            let target = Target::at_address(address, None, Duration::from_secs(1));
            let shown = match &target {
                Ok(target) => Ok(target.database()),
                Err(error) => Err(error.to_string()),
            };
            let shown = shown.as_ref().map(|name| *name).map_err(String::as_str);
            assert_eq!(shown, expected, "{address}");
        };
        check("postgresql://ada@localhost/cellar", Ok("cellar"));
        check("host=/tmp user=ada dbname=cellar", Ok("cellar"));
        check(
            "postgresql://ada@localhost",
            Err("--database-url names no database"),
        );
        check(
            "postgresql://ada@localhost/cellar?sslmode=require",
            Err("--database-url demands TLS, which relgate's connections do not have"),
        );
        check(
            "mysql://x",
            Err("--database-url is not a PostgreSQL address"),
        );
    }

    #[test]
    fn a_password_is_not_shown() {
        let address = "postgresql://ada:amphora@localhost/cellar";
        let target = Target::at_address(address, None, Duration::from_secs(1)).unwrap();
        assert!(!format!("{target:?}").contains("amphora"));
        assert!(
            target
                .environment("x")
                .contains(&("PGPASSWORD", "amphora".to_owned()))
        );
        let error = Target::at_address("postgresql://ada:amphora@localhost", None, Duration::ZERO);
        assert!(!format!("{error:?}").contains("amphora"));
    }

    #[test]
    fn names_and_texts() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), " E'a\\\\''b'");
    }

    #[test]
    fn what_the_environment_lacks() {
        let check = |code: &str, message: &str, expected: bool| {
            let refused = Refused {
                code: code.to_owned(),
                message: message.to_owned(),
                detail: String::new(),
            };
            assert_eq!(refused.is_of_the_environment(), expected, "{message}");
        };
        check("0A000", "extension \"vector\" is not available", true);
        check("58P01", "could not open extension control file \"x\"", true);
        check("0A000", "cached plan must not change result type", false);
        check("42P01", "relation \"x\" does not exist", false);
    }
}
