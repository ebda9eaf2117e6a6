//! Plays a history into a directory, to try relgate on it:
//!
//! ```sh
//! cargo run --example play examples/lakerunner/history.yaml ../lakerunner
//! ```

use std::path::Path;

use miette::{IntoDiagnostic, WrapErr, miette};

fn main() -> miette::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [history, directory] = arguments.as_slice() else {
        return Err(miette!("usage: play HISTORY DIRECTORY"));
    };
    let text = std::fs::read_to_string(history)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read {history}"))?;
    Ok(relgate::history::play(&text, Path::new(directory))?)
}
