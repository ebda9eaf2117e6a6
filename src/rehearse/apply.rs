//! Runs the statements of a migration as its runner does: in which transaction, in which order, and where it stops.

use super::connection::{Connection, Refused};
use super::script::{NEWEST_SERVER, Part};
use crate::syntax::migration::TransactionMode;
use crate::syntax::sql::operation::{Action, Statement, Transaction};

/// A statement at its place.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// Its part.
    pub part: &'p Part,
    /// Its index in it.
    pub statement: usize,
    /// The number of the transaction block that it stands in, counted within the part; `None` when it stands for itself.
    pub block: Option<u32>,
}

impl Place<'_> {
    /// The statement as it is sent.
    pub fn text(&self) -> &str {
        self.part
            .texts
            .get(self.statement)
            .map_or("", String::as_str)
    }
}

/// Who hands the statements to the server, and may look on.
pub trait Sender {
    /// Sends one statement. Returns how many rows it touched.
    fn send(&mut self, connection: &mut Connection, place: &Place<'_>) -> Result<u64, Refused>;
}

/// Sends, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Plainly;

impl Sender for Plainly {
    fn send(&mut self, connection: &mut Connection, place: &Place<'_>) -> Result<u64, Refused> {
        connection.run(place.text())
    }
}

/// Where a run stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// The index of the part.
    pub part: usize,
    /// The index of the statement in it.
    pub statement: usize,
    /// What the server said.
    pub refused: Refused,
}

/// Runs the parts of a way, one after the other.
pub fn run_parts(
    connection: &mut Connection,
    parts: &[Part],
    sender: &mut dyn Sender,
) -> Result<(), Stopped> {
    for (index, part) in parts.iter().enumerate() {
        run_part(connection, part, sender).map_err(|(statement, refused)| Stopped {
            part: index,
            statement,
            refused,
        })?;
    }
    Ok(())
}

/// Runs one part. Statements are sent one by one, so that each can be looked at, inside the transaction that they would
/// have had as one string: PostgreSQL runs several statements of one string in an implicit transaction block, which a
/// `BEGIN` in the string makes an ordinary one ("Multiple Statements in a Simple Query" in its manual).
fn run_part(
    connection: &mut Connection,
    part: &Part,
    sender: &mut dyn Sender,
) -> Result<(), (usize, Refused)> {
    let implicit = is_implicit(part);
    let last = part.texts.len().saturating_sub(1);
    // Whose transaction block is open.
    let mut block = Block::None;
    if part.mode == TransactionMode::Transactional {
        connection.run("BEGIN").map_err(|refused| (0, refused))?;
        block = Block::Runner;
    }
    let mut blocks = 0;
    for (index, statement) in part.statements.iter().enumerate() {
        let control = control(statement);
        if implicit && block == Block::None && control != Some(Transaction::Begin) {
            connection
                .run("BEGIN")
                .map_err(|refused| (index, refused))?;
            block = Block::Runner;
        }
        let in_block = block != Block::None;
        let result = if implicit && in_block && control == Some(Transaction::Begin) {
            // The block is open already; from here on only a COMMIT of the file ends it.
            Ok(0)
        } else {
            let place = Place {
                part,
                statement: index,
                block: in_block.then_some(blocks),
            };
            sender.send(connection, &place)
        };
        match control {
            // A runner that opened a block commits it in the end, whatever the file did in between.
            Some(Transaction::Begin) => {
                block = if part.mode == TransactionMode::Transactional {
                    Block::Runner
                } else {
                    Block::File
                };
            }
            Some(Transaction::Commit | Transaction::Rollback) => {
                block = Block::None;
                blocks += 1;
            }
            _ => {}
        }
        if let Err(refused) = result {
            let _ = connection.run("ROLLBACK");
            return Err((index, refused));
        }
    }
    match block {
        Block::Runner => connection
            .run("COMMIT")
            .map(|_| ())
            .map_err(|refused| (last, refused)),
        Block::None => Ok(()),
        Block::File => {
            let _ = connection.run("ROLLBACK");
            Err((
                last,
                Refused {
                    code: "25P02".to_owned(),
                    message:
                        "the file begins a transaction and does not end it: nothing of it stays"
                            .to_owned(),
                    detail: String::new(),
                },
            ))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    /// The runner's, or the implicit one.
    Runner,
    /// One that the file began.
    File,
}

/// Several statements in one string. A runner that is not known is taken for one that sends the file as it is.
fn is_implicit(part: &Part) -> bool {
    match part.mode {
        TransactionMode::ImplicitTransaction => part.texts.len() > 1,
        TransactionMode::Unknown => {
            part.texts.len() > 1
                && !part
                    .statements
                    .iter()
                    .flat_map(|statement| &statement.operations)
                    .any(|operation| {
                        crate::effects::autocommit_only(&operation.action, NEWEST_SERVER).is_some()
                    })
        }
        TransactionMode::Transactional | TransactionMode::Autocommit => false,
    }
}

/// The transaction control that a statement is.
fn control(statement: &Statement) -> Option<Transaction> {
    statement
        .operations
        .iter()
        .find_map(|operation| match &operation.action {
            Action::Transaction(control) if !operation.nested => Some(control.clone()),
            _ => None,
        })
}
