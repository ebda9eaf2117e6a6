//! The command line: what was typed, what it means, and where clock, environment and streams enter.

mod args;
mod audit;
mod check;
mod context;
mod demo;
mod explain;
mod facts;
mod ledger;
mod gate;
mod fix;
mod hook;
mod init;
mod output;
mod plan;
mod policy;
mod progress;
mod rehearse;
mod schema;
mod setup;
mod simulate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use output::Streams;

/// Runs the program: arguments in, exit status out. 0 is pass, 1 is blocked, 2 is "could not judge".
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => {
            // Help and version are answers, not mistakes.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let streams = Streams::new(&args.global);
    let code = match dispatch(&args, &streams) {
        Ok(code) => code,
        Err(error) => {
            streams.error(&*error);
            2
        }
    };
    ExitCode::from(code)
}

/// Any error of a command: something to show, and exit status 2.
type CommandError = Box<dyn miette::Diagnostic>;

fn dispatch(args: &Args, streams: &Streams) -> Result<u8, CommandError> {
    match &args.command {
        Command::Check(check) => check::run(&args.global, check, streams),
        Command::Plan(plan) => plan::run(&args.global, plan, streams),
        Command::Gate(gate) => gate::run(&args.global, gate, streams),
        Command::Facts(facts) => facts::run(&args.global, facts, streams),
        Command::Explain(explain) => explain::run(explain, streams),
        Command::Fix(fix) => fix::run(&args.global, fix, streams),
        Command::Schema(schema) => schema::run(schema, streams),
        Command::Simulate(simulate) => simulate::run(&args.global, simulate, streams),
        Command::Audit(audit) => audit::run(&args.global, audit, streams),
        Command::Rehearse(rehearse) => rehearse::run(&args.global, rehearse, streams),
        Command::Ledger(ledger) => ledger::run(&args.global, ledger, streams),
        Command::Policy(policy) => policy::run(&args.global, policy, streams),
        Command::Init(init) => init::run(&args.global, init, streams),
        Command::Hook(hook) => hook::run(&args.global, hook, streams),
        Command::Completions(completions) => setup::completions(completions),
        Command::Man(man) => setup::man(man),
        Command::Demo => demo::run(&args.global, streams),
    }
}
