//! Where a rehearsal happens: databases that it makes, uses and takes away, on a private server or on one that somebody
//! names.

use std::time::Duration;

use super::connection::{Connection, Refused, Target, literal, quoted};
use super::server::{Programs, SUPERUSER, Server, ServerError, Sweeper};

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
    /// Kept to the last: when it goes, a private server does, or our databases on another.
    _keeper: Keeper,
}

/// Who takes away what a rehearsal made, whatever happens to relgate.
#[derive(Debug)]
enum Keeper {
    /// The server itself is ours.
    Private(#[allow(dead_code, reason = "it is kept for what it does when it goes")] Server),
    /// The databases on somebody's server are.
    Sweeper(#[allow(dead_code, reason = "it is kept for what it does when it goes")] Sweeper),
}

/// What has to stand in a database's comment, so that relgate takes it for a throw-away one.
pub const MARK: &str = "throw-away";

/// Why a database that somebody named is not used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum DatabaseError {
    /// It cannot be reached.
    #[error("the server of --database-url cannot be reached: {0}")]
    #[diagnostic(help("the server has to run and to let you in; nothing was changed"))]
    Unreachable(Refused),
    /// It did not answer a question.
    #[error("the server of --database-url refused a question: {0}")]
    #[diagnostic(help("nothing was changed"))]
    Refused(#[from] Refused),
    /// There is something in it.
    #[error("the database {database} is not empty: {found}")]
    #[diagnostic(help(
        "relgate rehearses beside an empty throw-away database only, so that a mistyped address does no harm"
    ))]
    NotEmpty {
        /// The database.
        database: String,
        /// Something that is in it.
        found: String,
    },
    /// Nobody said that it may be thrown away.
    #[error("the database {database} is not marked as one that may be thrown away")]
    #[diagnostic(help("if it may: COMMENT ON DATABASE \"{database}\" IS '{MARK}'"))]
    NotMarked {
        /// The database.
        database: String,
    },
    /// The role may not make databases.
    #[error("the role of --database-url may not make databases")]
    #[diagnostic(help(
        "relgate makes databases of its own beside the one that is named, and drops them: ALTER ROLE ... CREATEDB"
    ))]
    NoCreate,
    /// It is too old.
    #[error("the server of --database-url is PostgreSQL {0}: relgate rehearses on 13 and newer")]
    #[diagnostic(help("take a server of a version that is still maintained"))]
    TooOld(u32),
    /// There is nobody to clean up.
    #[error(
        "psql is not on this machine, and without it nobody drops relgate's databases if relgate is killed"
    )]
    #[diagnostic(help(
        "install PostgreSQL's client programs (Debian: apt-get install postgresql-client)"
    ))]
    NoPrograms,
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
            _keeper: Keeper::Private(server),
        })
    }

    /// Somebody's server, by the address of a database on it that is empty and marked as one that may be thrown away.
    /// That database itself is not written to: others are made beside it, whose names begin with `relgate_` and `nonce`
    /// (letters and digits), and they are dropped in the end.
    pub fn remote(
        target: Target,
        programs: Option<Programs>,
        nonce: &str,
    ) -> Result<Self, DatabaseError> {
        let database = target.database().to_owned();
        let mut connection = target
            .connect(&database)
            .map_err(DatabaseError::Unreachable)?;
        let version = connection
            .value("SELECT current_setting('server_version_num')::integer / 10000")?
            .and_then(|version| version.parse().ok())
            .unwrap_or(0);
        if version < 13 {
            return Err(DatabaseError::TooOld(version));
        }
        if let Some(found) = connection.value(SOMETHING)? {
            return Err(DatabaseError::NotEmpty { database, found });
        }
        let comment = connection.value(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()",
        )?;
        if !comment.is_some_and(|comment| comment.contains(MARK)) {
            return Err(DatabaseError::NotMarked { database });
        }
        let may = connection
            .value("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")?;
        if may.as_deref() != Some("t") {
            return Err(DatabaseError::NoCreate);
        }
        let programs = programs.ok_or(DatabaseError::NoPrograms)?;
        let prefix = format!("relgate_{nonce}");
        let sweeper = Sweeper::start(&programs, &target, &format!("{prefix}_"))
            .map_err(|_| DatabaseError::NoPrograms)?;
        Ok(Self {
            target,
            // A dump of a newer server than the program's is refused by the program.
            programs: Some(programs).filter(|programs| programs.major() >= version),
            version,
            makes_roles: false,
            prefix,
            made: Vec::new(),
            _keeper: Keeper::Sweeper(sweeper),
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

/// A relation, function or type in a database, if there is any that no extension brought.
const SOMETHING: &str = r"
SELECT kind || ' ' || name FROM (
  SELECT 'relation' AS kind, c.oid::regclass::text AS name, c.oid, 'pg_class'::regclass AS class, c.relnamespace AS space
  FROM pg_class c
  UNION ALL SELECT 'function', p.oid::regproc::text, p.oid, 'pg_proc'::regclass, p.pronamespace FROM pg_proc p
  UNION ALL SELECT 'type', t.oid::regtype::text, t.oid, 'pg_type'::regclass, t.typnamespace FROM pg_type t
) o JOIN pg_namespace n ON n.oid = o.space
WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.classid = o.class AND d.objid = o.oid)
ORDER BY 1 LIMIT 1";
