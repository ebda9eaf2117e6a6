//! Standard output, standard error and files.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use super::CommandError;
use super::args::{ColorWhen, Global};
use crate::files::write_named;
use crate::report::{Format, Report, Style, human, markdown};

/// The process's streams and how they like to be written to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams {
    /// For standard output.
    pub(super) style: Style,
    error_style: Style,
    /// Standard error is a terminal that shows progress.
    pub(super) progress: bool,
}

/// A file that could not be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{path} cannot be written: {why}")]
#[diagnostic(help(
    "nothing was left behind; name a path in a directory that exists and that you may write to"
))]
struct WriteError {
    path: String,
    why: io::Error,
}

impl Streams {
    /// Looks at the streams and the environment, once.
    pub(super) fn new(global: &Global) -> Self {
        let verbosity = i8::from(global.verbose) - i8::from(global.quiet);
        let style = |terminal: bool| Style {
            color: wants_color(global.color, terminal),
            width: width(),
            verbosity,
        };
        let error_terminal = io::stderr().is_terminal();
        Self {
            style: style(io::stdout().is_terminal()),
            error_style: style(error_terminal),
            progress: error_terminal
                && !global.quiet
                && environment("TERM").as_deref() != Some("dumb"),
        }
    }

    /// Shows an error on standard error.
    pub(super) fn error(&self, error: &dyn miette::Diagnostic) {
        let _ = io::stderr().write_all(human::diagnostic(error, &self.error_style).as_bytes());
    }

    /// Writes text to standard output. A reader that went away (`relgate … | head`) is no error.
    pub(super) fn print(text: &str) -> Result<(), CommandError> {
        ignore_closed_pipe(
            io::stdout().lock().write_all(text.as_bytes()),
            "standard output",
        )
    }

    /// Writes a report to standard output.
    pub(super) fn report(&self, report: &Report, format: &Format) -> Result<(), CommandError> {
        let mut buffer = Vec::new();
        let written = (format.write)(report, &self.style, &mut buffer);
        ignore_closed_pipe(
            written.and_then(|()| io::stdout().lock().write_all(&buffer)),
            "standard output",
        )
    }

    /// Appends the report to the summary of a job of GitHub Actions, when there is one (`GITHUB_STEP_SUMMARY`).
    pub(super) fn job_summary(&self, report: &Report) -> Result<(), CommandError> {
        let Some(path) = environment("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
            return Ok(());
        };
        let mut buffer = Vec::new();
        let append = markdown::write(report, &self.style, &mut buffer).and_then(|()| {
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.append(true).create(true).open(&path)?;
            file.write_all(&buffer)
        });
        append.map_err(|why| WriteError { path, why }.into())
    }

    /// Writes what was made for standard output.
    pub(super) fn written(made: io::Result<Vec<u8>>) -> Result<(), CommandError> {
        ignore_closed_pipe(
            made.and_then(|bytes| io::stdout().lock().write_all(&bytes)),
            "standard output",
        )
    }

    /// Writes a report to a file: whole, or not at all.
    pub(super) fn report_file(
        report: &Report,
        format: &Format,
        path: &Path,
    ) -> Result<(), CommandError> {
        Self::file(path, &path.display().to_string(), &mut |style, out| {
            (format.write)(report, style, out)
        })
    }

    /// Writes a file: whole, or not at all. `shown` is what an error calls it.
    pub(super) fn file(
        path: &Path,
        shown: &str,
        content: &mut dyn FnMut(&Style, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CommandError> {
        let style = Style {
            color: false,
            width: 100,
            verbosity: 1,
        };
        let mut write = || -> io::Result<()> {
            let mut buffer = Vec::new();
            content(&style, &mut buffer)?;
            write_named(path, &buffer)
        };
        write().map_err(|why| {
            WriteError {
                path: shown.to_owned(),
                why,
            }
            .into()
        })
    }

    /// Says something on standard error that is no error.
    pub(super) fn warn(text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

fn ignore_closed_pipe(result: io::Result<()>, path: &str) -> Result<(), CommandError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(WriteError {
            path: path.to_owned(),
            why: error,
        }
        .into()),
        _ => Ok(()),
    }
}

/// `--color`, then the conventions of <https://no-color.org> and `CLICOLOR_FORCE`, then the terminal.
fn wants_color(when: ColorWhen, terminal: bool) -> bool {
    let set = |name| environment(name).is_some_and(|value| !value.is_empty());
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if set("NO_COLOR") => false,
        ColorWhen::Auto if set("CLICOLOR_FORCE") => true,
        ColorWhen::Auto => terminal && environment("TERM").as_deref() != Some("dumb"),
    }
}

/// The width of the output: COLUMNS, else 100, which fits logs and terminals alike, so that a rerun gives the same bytes.
fn width() -> usize {
    environment("COLUMNS")
        .and_then(|columns| columns.parse().ok())
        .map_or(100, |columns: usize| columns.clamp(40, 200))
}

#[allow(clippy::disallowed_methods, reason = "the environment enters here")]
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
