//! Where a rehearsal happens: databases that it makes, uses and takes away, on a private server or on one that somebody
//! names.

use super::connection::{Connection, Refused, Target, literal, quoted};
use super::server::{Programs, SUPERUSER, Server, ServerError};
use std::time::Duration;

/// A server with databases that are ours.
#[derive(Debug)]
pub struct Host {
    target: Target,
    /// Programs that fit the server, for dumps.
    pub programs: Option<Programs>,
    /// The server's major version.
    pub version: u32,
    /// Roles that a migration names may be made: the server is private.
    pub makes_roles: bool,
    /// Begins the name of every database that is made here.
    prefix: String,
    made: Vec<String>,
    /// Kept to the last: when it goes, a private server does.
    _server: Option<Server>,
}

impl Host {
    /// A private server, started for this and gone with it.
    pub fn local(programs: &Programs, patience: Duration) -> Result<Self, ServerError> {
        let server = Server::start(programs)?;
        Ok(Self {
            target: Target::on_socket(server.socket_directory(), SUPERUSER, patience),
            programs: Some(programs.clone()),
            version: programs.major(),
            makes_roles: true,
            prefix: "relgate".to_owned(),
            made: Vec::new(),
            _server: Some(server),
        })
    }

    /// The server.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Makes a database, empty or as a copy of one that nobody is connected to, and returns its name.
    pub fn make(&mut self, purpose: &str, template: Option<&str>) -> Result<String, Refused> {
        let name = format!("{}_{}_{purpose}", self.prefix, self.made.len());
        let mut sql = format!("CREATE DATABASE {}", quoted(&name));
        match template {
            Some(template) => {
                sql.push_str(&format!(" TEMPLATE {}", quoted(template)));
                if self.version >= 15 {
                    // Files are copied, instead of being written through the log block by block.
                    sql.push_str(" STRATEGY file_copy");
                }
            }
            None => sql.push_str(" TEMPLATE template0 ENCODING 'UTF8'"),
        }
        self.administer(&sql)?;
        self.made.push(name.clone());
        Ok(name)
    }

    /// Takes a database away, with whoever is connected to it.
    pub fn unmake(&mut self, name: &str) -> Result<(), Refused> {
        let sql = if self.version >= 13 {
            format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name))
        } else {
            format!("DROP DATABASE IF EXISTS {}", quoted(name))
        };
        self.administer(&sql)?;
        // The name stays counted, so that no other gets it.
        Ok(())
    }

    /// Connects to a database.
    pub fn connect(&self, database: &str) -> Result<Connection, Refused> {
        self.target.connect(database)
    }

    /// Makes a role that migrations name and nobody in this repository creates.
    pub fn make_role(&self, role: &str) -> Result<(), Refused> {
        self.administer(&format!("CREATE ROLE {}", quoted(role)))
    }

    /// Ends other people's connections to a database: a copy of it is about to be made.
    pub fn disconnect(&self, database: &str) -> Result<(), Refused> {
        self.administer(&format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = {} AND pid <> pg_backend_pid()",
            literal(database)
        ))
    }

    fn administer(&self, sql: &str) -> Result<(), Refused> {
        self.target
            .connect(self.target.database())?
            .run(sql)
            .map(|_| ())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if self._server.is_some() {
            return;
        }
        for name in std::mem::take(&mut self.made) {
            let _ = self.unmake(&name);
        }
    }
}
