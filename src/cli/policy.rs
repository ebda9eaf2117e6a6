//! `relgate policy`: what authors of policies need.

mod check;
mod eval;
mod files;
mod test;

use super::CommandError;
use super::args::{Global, Policy, PolicyCommand};
use super::output::Streams;

pub(super) fn run(global: &Global, args: &Policy, streams: &Streams) -> Result<u8, CommandError> {
    match &args.command {
        PolicyCommand::Check(args) => check::run(global, args, streams),
        PolicyCommand::Test(args) => test::run(global, args, streams),
        PolicyCommand::Eval(args) => eval::run(global, args, streams),
    }
}
