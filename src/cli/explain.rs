//! `relgate explain`: the page of an id.

use super::CommandError;
use super::args::Explain;
use super::output::Streams;
use crate::catalogue;

/// An id that nothing has.
#[derive(Debug, thiserror::Error)]
#[error("there is no rule, gate, validation or policy `{id}`")]
struct UnknownId {
    id: String,
    nearest: Option<String>,
}

impl miette::Diagnostic for UnknownId {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(match &self.nearest {
            Some(nearest) => format!("did you mean `{nearest}`? relgate explain --list shows all"),
            None => "relgate explain --list shows all".to_owned(),
        }))
    }
}

pub(super) fn run(args: &Explain, _streams: &Streams) -> Result<u8, CommandError> {
    match &args.id {
        Some(id) => {
            let page = catalogue::page(id).ok_or_else(|| unknown(id))?;
            Streams::print(&format!("{}\n", page.trim_end()))?;
        }
        None => {
            let entries = catalogue::entries();
            let width = entries
                .iter()
                .map(|entry| entry.id.len())
                .max()
                .unwrap_or(0);
            for entry in entries {
                let covers = match entry.covers.as_str() {
                    "" => String::new(),
                    covers => format!("  [{covers}]"),
                };
                Streams::print(&format!(
                    "{:width$}  {:10}  {}{covers}\n",
                    entry.id, entry.kind, entry.summary
                ))?;
            }
        }
    }
    Ok(0)
}

/// Every id is one that reports use.
pub(super) fn require_ids(ids: &[String]) -> Result<(), CommandError> {
    match ids.iter().find(|id| catalogue::page(id).is_none()) {
        Some(id) => Err(unknown(id).into()),
        None => Ok(()),
    }
}

fn unknown(id: &str) -> UnknownId {
    UnknownId {
        id: id.to_owned(),
        nearest: catalogue::nearest(id),
    }
}
