//! Which releases of a repository an audit is about.

use super::with_prefix;
use crate::cli::CommandError;
use crate::cli::args::Audit as AuditArgs;
use crate::facts::tags::TagFact;
use crate::git::{History, Tag};
use crate::glob;
use crate::judge::Frame;
use crate::syntax::changelog::component_of_prefix;
use crate::version::{TagKind, TagScheme, version_prefixes};

/// An end of the period that is neither a release nor a day.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{flag} {tag}: there is no final or hotfix tag of that name, and it is no day")]
#[diagnostic(help(
    "git tag --list shows the tags of this clone; git fetch --tags brings those of the remote; a day is written 2026-03-31"
))]
struct UnknownRelease {
    flag: &'static str,
    tag: String,
}

/// A period without a beginning or an end.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("--since {since} is not before --until {until}")]
#[diagnostic(help("the period goes from the release behind --since to --until"))]
struct EmptyPeriod {
    since: String,
    until: String,
}

/// A component without tags.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no release tag of a component `{name}`")]
#[diagnostic(help("the components of this clone's tags are: {known}"))]
struct UnknownComponent {
    name: String,
    known: String,
}

/// The naming schemes of the components that are audited; without a choice, the one of the repository.
pub(super) fn schemes(frame: &Frame<'_>, args: &AuditArgs) -> Result<Vec<TagScheme>, CommandError> {
    if !args.prefix.is_empty() {
        let mut prefixes = args.prefix.clone();
        prefixes.sort();
        prefixes.dedup();
        let schemes = prefixes.iter();
        return Ok(schemes.map(|one| with_prefix(&frame.scheme, one)).collect());
    }
    if args.component.is_empty() {
        return Ok(vec![frame.scheme.clone()]);
    }
    let names = frame.repository.tag_names()?;
    let prefixes = version_prefixes(names.iter().map(String::as_str));
    let mut schemes = Vec::new();
    for name in &args.component {
        let before = schemes.len();
        let of_name = prefixes
            .keys()
            .filter(|prefix| component_of_prefix(prefix) == name.to_lowercase());
        schemes.extend(of_name.map(|prefix| with_prefix(&frame.scheme, prefix)));
        if schemes.len() == before {
            let mut known: Vec<String> = prefixes
                .keys()
                .map(|prefix| component_of_prefix(prefix))
                .filter(|component| !component.is_empty())
                .collect();
            known.dedup();
            return Err(UnknownComponent {
                name: name.clone(),
                known: if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                },
            }
            .into());
        }
    }
    schemes.sort_by(|a, b| a.prefix.cmp(&b.prefix));
    schemes.dedup();
    Ok(schemes)
}

/// The releases of the period that the filters let through, in release order.
pub(super) fn releases<'h>(
    history: &'h History,
    facts: &[TagFact],
    since: Option<(&'static str, &str)>,
    args: &AuditArgs,
) -> Result<Vec<&'h Tag>, CommandError> {
    let all: Vec<(&Tag, &TagFact)> = history
        .tags
        .iter()
        .zip(facts)
        .filter(|(tag, _)| matches!(tag.kind(), TagKind::Final | TagKind::Hotfix))
        .collect();
    let since = since
        .map(|(flag, text)| end(flag, text, &all))
        .transpose()?;
    let until = args.until.as_deref();
    let until = until.map(|text| end("--until", text, &all)).transpose()?;
    let is_empty = match (&since, &until) {
        (Some(End::Release(first)), Some(End::Release(last))) => first >= last,
        (Some(End::Day(first)), Some(End::Day(last))) => first >= last,
        _ => false,
    };
    if is_empty {
        return Err(EmptyPeriod {
            since: args.since.clone().unwrap_or_default(),
            until: args.until.clone().unwrap_or_default(),
        }
        .into());
    }
    let selected = all.iter().enumerate().filter(|(index, (tag, fact))| {
        let day = fact.date.get(..10).unwrap_or_default();
        let after = match &since {
            None => true,
            Some(End::Release(first)) => index > first,
            Some(End::Day(first)) => day > first.as_str(),
        };
        let before = match &until {
            None => true,
            Some(End::Release(last)) => index <= last,
            Some(End::Day(last)) => day <= last.as_str(),
        };
        let matches = |pattern: &String| glob::matches(pattern, &tag.name.name);
        after && before && (args.tag.is_empty() || args.tag.iter().any(matches))
    });
    Ok(selected.map(|(_, (tag, _))| *tag).collect())
}

/// An end of the period.
enum End {
    /// The place of a release.
    Release(usize),
    /// A day.
    Day(String),
}

fn end(flag: &'static str, text: &str, releases: &[(&Tag, &TagFact)]) -> Result<End, CommandError> {
    let place = releases.iter().position(|(tag, _)| tag.name.name == text);
    if let Some(place) = place {
        return Ok(End::Release(place));
    }
    if text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() {
        return Ok(End::Day(text.to_owned()));
    }
    Err(UnknownRelease {
        flag,
        tag: text.to_owned(),
    }
    .into())
}

/// Each tag counts once, as what the component that it belongs to takes it for.
pub(super) fn merge(all: &mut Vec<TagFact>, more: Vec<TagFact>) {
    let says_more = |fact: &TagFact| fact.kind != TagKind::Unrelated.as_str();
    let mut places: std::collections::BTreeMap<String, usize> = all
        .iter()
        .enumerate()
        .map(|(index, fact)| (fact.name.clone(), index))
        .collect();
    for fact in more {
        let place = places.get(&fact.name).and_then(|index| all.get_mut(*index));
        match place {
            Some(known) if says_more(&fact) && known.version.is_empty() => *known = fact,
            Some(_) => {}
            None => {
                places.insert(fact.name.clone(), all.len());
                all.push(fact);
            }
        }
    }
}
