//! `relgate completions` and `relgate man`: what shells and manuals need, from the command line's own description.

use clap::CommandFactory;

use super::CommandError;
use super::args::{Args, Completions, Man};
use super::output::Streams;

/// A command that does not exist.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no command `{name}`")]
#[diagnostic(help("relgate help lists the commands"))]
struct UnknownCommand {
    name: String,
}

pub(super) fn completions(args: &Completions) -> Result<u8, CommandError> {
    let mut buffer = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "relgate", &mut buffer);
    Streams::written(Ok(buffer))?;
    Ok(0)
}

pub(super) fn man(args: &Man) -> Result<u8, CommandError> {
    let mut command = Args::command();
    command.build();
    let page = match &args.command {
        None => command,
        Some(name) => command
            .find_subcommand(name)
            .ok_or_else(|| UnknownCommand { name: name.clone() })?
            .clone(),
    };
    let mut buffer = Vec::new();
    let written = clap_mangen::Man::new(page).render(&mut buffer);
    Streams::written(written.map(|()| buffer))?;
    Ok(0)
}
