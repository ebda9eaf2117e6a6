//! Statements of the previous release, prepared on its schema and tried again after each new migration: what breaks while
//! old code runs on the new schema.

mod sqlc;

use super::connection::{Connection, Refused};
use super::seed;
use crate::source::Location;

pub use sqlc::queries;

/// How long a probe may run.
const PATIENCE: &str = "SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '2s'";

/// A statement of the previous release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What reports call it: a query's name, or the statement's beginning.
    pub name: String,
    /// Where it stands, if in a file of the repository.
    pub location: Option<Location>,
    /// The statement, with `$1` for its parameters.
    pub text: String,
}

/// A statement that worked before a migration, and not after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The statement.
    pub probe: Probe,
    /// What the server says now.
    pub refused: Refused,
    /// It works again when it is prepared anew: a connection that was opened before the migration has to be closed.
    pub cached_only: bool,
}

/// What was tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried {
    /// How many statements of the previous release could be prepared on its schema.
    pub prepared: usize,
    /// How many could not: they belong to another database, or relgate does not know what fills them in.
    pub unusable: usize,
}

/// Prepared statements on a connection that was opened before the upgrade, as old pods have them.
#[derive(Debug)]
pub struct Probes {
    connection: Connection,
    prepared: Vec<Prepared>,
    /// How many there are.
    pub tried: Tried,
}

#[derive(Debug)]
struct Prepared {
    probe: Probe,
    /// `EXECUTE name (values)`, or its plan where it only reads.
    execute: String,
    arguments: String,
    /// What it said on the schema of the previous release.
    before: Result<(), Refused>,
    /// It was told already.
    broken: bool,
}

impl Probes {
    /// Prepares the statements, and those that follow from the tables' columns.
    pub fn prepare(mut connection: Connection, probes: &[Probe]) -> Result<Self, Refused> {
        let own = seed::examples(&mut connection)?;
        let own = own.into_iter().map(|(_, text)| Probe {
            name: beginning(&text),
            location: None,
            text,
        });
        let mut prepared = Vec::new();
        let mut tried = Tried::default();
        let given = probes.len();
        for (number, probe) in probes.iter().cloned().chain(own).enumerate() {
            let name = format!("relgate_{number}");
            if connection
                .run(&format!("PREPARE {name} AS {}", probe.text))
                .is_err()
            {
                tried.unusable += usize::from(number < given);
                continue;
            }
            let arguments = arguments(&mut connection, &name)?;
            let execute = execute(&name, &arguments, &probe.text);
            let before = attempt(&mut connection, &execute);
            tried.prepared += usize::from(number < given);
            prepared.push(Prepared {
                probe,
                execute,
                arguments,
                before,
                broken: false,
            });
        }
        Ok(Self {
            connection,
            prepared,
            tried,
        })
    }

    /// Tries them again, and tells what is newly broken.
    pub fn after_migration(&mut self) -> Vec<Break> {
        let mut found = Vec::new();
        for prepared in self.prepared.iter_mut().filter(|prepared| !prepared.broken) {
            let Err(refused) = attempt(&mut self.connection, &prepared.execute) else {
                continue;
            };
            if !is_worse(&prepared.before, &refused) {
                continue;
            }
            prepared.broken = true;
            let anew = format!("PREPARE relgate_anew AS {}", prepared.probe.text);
            let cached_only = self.connection.run(&anew).is_ok() && {
                let execute = execute("relgate_anew", &prepared.arguments, &prepared.probe.text);
                attempt(&mut self.connection, &execute).is_ok()
            };
            let _ = self.connection.run("DEALLOCATE relgate_anew");
            found.push(Break {
                probe: prepared.probe.clone(),
                refused,
                cached_only,
            });
        }
        found
    }
}

/// Values for the parameters of a prepared statement.
fn arguments(connection: &mut Connection, name: &str) -> Result<String, Refused> {
    let sql = format!(
        "SELECT unnest(parameter_types)::text FROM pg_prepared_statements WHERE name = '{name}'"
    );
    let mut values = Vec::new();
    for row in connection.rows(&sql)? {
        let type_name = row.into_iter().next().flatten().unwrap_or_default();
        values.push(seed::sample(connection, &type_name)?);
    }
    Ok(if values.is_empty() {
        String::new()
    } else {
        format!("({})", values.join(", "))
    })
}

/// What only reads is planned and not run: a plan shows what is missing, and costs nothing.
fn execute(name: &str, arguments: &str, text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or("");
    let plan = if first.eq_ignore_ascii_case("select") {
        "EXPLAIN "
    } else {
        ""
    };
    format!("{plan}EXECUTE {name} {arguments}")
}

/// Runs a statement and takes back what it did.
fn attempt(connection: &mut Connection, sql: &str) -> Result<(), Refused> {
    connection.run(&format!("BEGIN; {PATIENCE}"))?;
    let result = connection.run(sql).map(|_| ());
    connection.run("ROLLBACK")?;
    result
}

/// The statement fails where it did not, or can no longer be understood at all.
fn is_worse(before: &Result<(), Refused>, now: &Refused) -> bool {
    let of_time = now.code.starts_with("40") || matches!(now.code.as_str(), "57014" | "55P03");
    match before {
        Ok(()) => !of_time,
        Err(before) => {
            before.code != now.code && (now.code.starts_with("42") || now.code == "0A000")
        }
    }
}

/// The first words of a statement: what it does, to what.
fn beginning(text: &str) -> String {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let select = words
        .first()
        .is_some_and(|word| word.eq_ignore_ascii_case("select"));
    if select {
        let table = words
            .iter()
            .position(|word| word.eq_ignore_ascii_case("from"));
        let table = table
            .and_then(|at| words.get(at + 1))
            .copied()
            .unwrap_or("");
        return format!("SELECT ... FROM {table}");
    }
    words.truncate(if words.first() == Some(&"INSERT") {
        3
    } else {
        2
    });
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_got_worse() {
        let refused = |code: &str| Refused {
            code: code.to_owned(),
            message: String::new(),
            detail: String::new(),
        };
        let check = |before: Option<&str>, now: &str, expected: bool| {
            let before = before.map_or(Ok(()), |code| Err(refused(code)));
            assert_eq!(
                is_worse(&before, &refused(now)),
                expected,
                "{before:?} {now}"
            );
        };
        check(None, "42703", true);
        check(None, "23502", true);
        check(None, "55P03", false);
        check(Some("23503"), "23503", false);
        check(Some("23503"), "42703", true);
        check(Some("23503"), "23502", false);
    }

    #[test]
    fn names_of_statements() {
        let check = |text: &str, expected: &str| assert_eq!(beginning(text), expected);
        check(
            "INSERT INTO public.casks (id) VALUES (1)",
            "INSERT INTO public.casks",
        );
        check(
            "UPDATE public.casks SET id = id WHERE false",
            "UPDATE public.casks",
        );
        check(
            "SELECT id, label FROM public.casks",
            "SELECT ... FROM public.casks",
        );
        check("", "");
    }
}
