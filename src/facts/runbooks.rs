//! Release documents: the commands that they tell people to type, held against what exists.

mod check;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Origin, Origins};
use crate::charts::ChartSurvey;
use crate::discover::{Reader, Snapshot};
use crate::source::{Location, SourceId, Span};
use crate::syntax::shell;
use crate::version::{BranchScheme, TagScheme};

/// A document that people follow while they release, deploy or roll back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RunbookFact {
    /// Its path; of a configured pattern that matches no file, the pattern.
    pub path: String,
    /// It could be read.
    pub read: bool,
    /// How many commands of `helm`, `kubectl`, `git`, `psql` and `gh` its code blocks hold.
    pub commands: u64,
    /// One of its headings speaks of the way back, and has commands below it.
    pub way_back: bool,
    /// What its commands name and what does not exist.
    pub defects: Vec<RunbookDefectFact>,
    /// The document.
    pub origin: Origin,
}

/// Something that a command names and that does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RunbookDefectFact {
    /// What it is: `values-key`, `chart`, `file`, `workflow`, `branch`, `tag`.
    pub kind: String,
    /// What is named.
    pub name: String,
    /// What is wrong, as a phrase.
    pub message: String,
    /// The command is part of the way back.
    pub way_back: bool,
    /// The place in the document.
    pub origin: Origin,
}

/// What the commands of a document are held against.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The files.
    pub snapshot: &'a Snapshot,
    /// The charts.
    pub charts: &'a ChartSurvey,
    /// How tags are written.
    pub tags: &'a TagScheme,
    /// How branches are named.
    pub branches: &'a BranchScheme,
    /// The branches and tags that this clone has.
    pub references: &'a BTreeSet<String>,
    /// The clone has more than one branch, so that a branch that it does not have is missing.
    pub knows_branches: bool,
    /// The names of the workflows.
    pub workflows: &'a [String],
}

/// The programs whose commands are looked at.
const PROGRAMS: [&str; 5] = ["helm", "kubectl", "git", "psql", "gh"];

/// Reads the documents of these paths.
pub fn collect(
    paths: &[String],
    around: &Around<'_>,
    reader: &mut Reader<'_>,
    origins: &mut Origins,
) -> Vec<RunbookFact> {
    paths
        .iter()
        .map(|path| match reader.read(around.snapshot, path) {
            Some(source) => fact(path, source, around, reader, origins),
            None => RunbookFact {
                path: path.clone(),
                ..RunbookFact::default()
            },
        })
        .collect()
}

fn fact(
    path: &str,
    source: SourceId,
    around: &Around<'_>,
    reader: &Reader<'_>,
    origins: &mut Origins,
) -> RunbookFact {
    let text = reader.sources.get(source).text.clone();
    let commands = shell::commands(&text);
    let mut defects = check::defects(path, &text, &commands, around);
    defects.extend(unknown_keys(source, &commands, around));
    defects.sort_by_key(|defect| (defect.span.start, defect.span.end));
    defects.dedup();
    RunbookFact {
        path: path.to_owned(),
        read: true,
        commands: commands
            .iter()
            .filter(|command| PROGRAMS.contains(&command.program()))
            .count() as u64,
        way_back: commands.iter().any(|command| command.way_back),
        defects: defects
            .into_iter()
            .map(|defect| RunbookDefectFact {
                kind: defect.kind.to_owned(),
                name: defect.name,
                message: defect.message,
                way_back: defect.way_back,
                origin: origins.add(Location {
                    source,
                    span: defect.span,
                }),
            })
            .collect(),
        origin: origins.add(Location {
            source,
            span: Span::default(),
        }),
    }
}

/// The keys that the rule `set-key-unknown` tells, as defects of the document, so that gates know of them.
fn unknown_keys(
    source: SourceId,
    commands: &[shell::Command],
    around: &Around<'_>,
) -> Vec<check::Defect> {
    let mut defects = Vec::new();
    for chart in &around.charts.charts {
        let unknown = chart
            .set_keys
            .iter()
            .filter(|set| set.location.source == source && !chart.knows_key(&set.key));
        for set in unknown {
            let span = set.location.span;
            let within = commands.iter().find(|command| {
                let words = &command.words;
                words
                    .iter()
                    .any(|word| word.span.start <= span.start && span.end <= word.span.end)
            });
            defects.push(check::Defect {
                kind: "values-key",
                name: set.key.to_string(),
                message: format!("{} has no value `{}`", chart.state.name(), set.key),
                way_back: within.is_some_and(|command| command.way_back),
                span,
            });
        }
    }
    defects
}

#[cfg(test)]
mod tests;
