//! The report as one HTML page: self-contained, without scripts, under a content policy that allows its own style alone.

mod gates;
mod view;

use std::io;

use askama::Template;

use super::{Report, Style};

/// Writes the page.
pub(super) fn write(report: &Report, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = view::page(report).render().map_err(io::Error::other)?;
    out.write_all(page.as_bytes())?;
    if page.ends_with('\n') {
        Ok(())
    } else {
        out.write_all(b"\n")
    }
}
