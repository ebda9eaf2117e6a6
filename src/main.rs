//! The `relgate` program: arguments in, exit code out.

use std::process::ExitCode;

/// A judgement is short and makes many small values: an allocator that is quick to start and to give saves a tenth of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A defect of relgate must never look like a pass: whatever unwinds to here is "could not judge".
    std::panic::catch_unwind(|| relgate::cli::run(std::env::args_os())).unwrap_or_else(|_| {
        eprintln_defect();
        ExitCode::from(2)
    })
}

#[allow(clippy::print_stderr, reason = "the last words of the process")]
fn eprintln_defect() {
    eprintln!(
        "relgate could not judge (exit 2): an internal error, shown above. Nothing was passed."
    );
}
