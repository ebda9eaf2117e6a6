//! `relgate simulate`: what pushing a tag would do.

use super::CommandError;
use super::args::{Global, ListFormat, Simulate};
use super::context::Context;
use super::output::Streams;
use crate::discover::{Reader, Snapshot};
use crate::facts::Origins;
use crate::facts::workflows;
use crate::report::simulate as page;
use crate::report::text::escape_json;
use crate::simulate::{Surroundings, Unread, simulate};
use crate::version::TagName;

pub(super) fn run(global: &Global, args: &Simulate, streams: &Streams) -> Result<u8, CommandError> {
    let context = Context::open(global)?;
    let frame = context.frame()?;
    let repository = &context.repository;
    let tags = repository.tags(&frame.scheme)?;
    let existing = tags.iter().find(|tag| tag.name.name == args.tag);
    let known = existing.and_then(|tag| tag.commit);
    let commit = match (&args.at, known) {
        (Some(at), _) => repository.resolve(at)?,
        (None, Some(commit)) => commit,
        (None, None) => repository.head()?,
    };
    let mut reader = Reader::new(repository);
    let snapshot = Snapshot::of_commit(repository, commit, &commit.short())?;
    let workflows = workflows::collect(&snapshot, &mut reader, &args.tag, &mut Origins::default());
    let names: Vec<TagName> = tags.iter().map(|tag| tag.name.clone()).collect();
    let elsewhere = known.filter(|known| *known != commit);
    let mut simulation = simulate(&Surroundings {
        tag: &frame.scheme.parse(&args.tag),
        exists: existing.is_some(),
        commit: &commit.to_string(),
        elsewhere: &elsewhere.map_or_else(String::new, |known| known.to_string()),
        tags: &names,
        workflows: &workflows,
        protections: &context.project.config.protections,
        promotions: &context.project.config.promotions,
    });
    let not_examined = reader.coverage.not_examined;
    simulation.not_examined = not_examined
        .into_iter()
        .map(|it| Unread {
            path: it.path,
            reason: it.reason,
        })
        .collect();
    match args.format {
        ListFormat::Human => Streams::print(&page::text(&simulation, &streams.style))?,
        ListFormat::Json => {
            let mut json = serde_json::to_value(&simulation).unwrap_or_default();
            if let Some(object) = json.as_object_mut() {
                object.insert("schemaVersion".to_owned(), 1.into());
            }
            let text = serde_json::to_string_pretty(&json).unwrap_or_default();
            Streams::print(&format!("{}\n", escape_json(&text)))?;
        }
    }
    Ok(if simulation.is_told() { 0 } else { 2 })
}
