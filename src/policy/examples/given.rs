//! What is given to an example, made into facts and evaluated.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::facts::{Facts, Origins};
use crate::finding::{Finding, Severity, Status};
use crate::policy::cel::{self, Type};
use crate::policy::check::OWN_FINDINGS;
use crate::policy::evaluate::{Input, evaluate as evaluate_facts};
use crate::policy::exceptions::{self, Waivers};
use crate::policy::load::PolicySet;
use crate::policy::outcome::Evaluation;
use crate::policy::read;
use crate::policy::schema::facts_schema;
use crate::source::{Location, Sources, Span};
use crate::suppress::Suppressions;

/// What an evaluation of given facts left.
pub(super) struct Outcome {
    pub(super) evaluation: Evaluation,
    /// How many of the findings were given: they come first.
    pub(super) given_findings: usize,
}

/// The time of a judgement that has none: that of no example depends on the day on which it runs.
fn default_now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
}

/// Evaluates policies over given facts. `whole` says that the facts are those that `relgate facts` printed: what policies
/// found then is left out of them.
pub(super) fn evaluate(
    set: &PolicySet,
    mut given: Value,
    waivers: Option<(&str, &str)>,
    whole: bool,
) -> Result<Outcome, String> {
    let now = given.as_object_mut().and_then(|given| given.remove("now"));
    let now = match now.as_ref().and_then(Value::as_str) {
        Some(text) => DateTime::parse_from_rfc3339(text)
            .map_err(|error| format!("`now` is no time: {error}"))?
            .with_timezone(&Utc),
        None => default_now(),
    };
    let mut sources = Sources::default();
    let mut origins = Origins::default();
    for (name, found) in cel::from_schema(&facts_schema()) {
        if name != "findings"
            && let Some(value) = given.get_mut(&name)
        {
            give_origins(value, &found, &mut sources, &mut origins);
        }
    }
    let mut facts: Facts = serde_json::from_value(given)
        .map_err(|error| format!("`given` is not made of facts: {error}"))?;
    if whole {
        let is_made = |rule: &str| {
            let of = |loaded: &crate::policy::Loaded| {
                let mut validations = loaded.policy.validations.iter();
                validations.any(|validation| validation.id == rule)
            };
            OWN_FINDINGS.contains(&rule) || set.policies().iter().any(of)
        };
        facts.findings.retain(|finding| !is_made(&finding.rule));
    }
    let findings = facts.findings.iter().map(|fact| Finding {
        location: (!fact.path.is_empty()).then(|| Location {
            source: sources.add(fact.path.as_str(), "", ""),
            span: Span::default(),
        }),
        status: match fact.status.as_str() {
            // The waivers of a test say what is waived.
            "waived" if waivers.is_none() => Status::Waived,
            "suppressed" => Status::Suppressed,
            _ => Status::Open,
        },
        ..Finding::about(
            &fact.rule,
            read::severity(&fact.severity).unwrap_or(Severity::Error),
            "",
            &fact.message,
        )
    });
    let findings: Vec<Finding> = findings.collect();
    let given_findings = findings.len();
    let waivers = match waivers {
        Some((path, text)) => {
            let file = sources.add(path, "", text);
            exceptions::read(&sources, file)
        }
        None => Waivers::default(),
    };
    let evaluation = evaluate_facts(
        set,
        Input {
            facts,
            origins: &origins,
            sources: &sources,
            findings,
            only: None,
            suppressions: Suppressions::default(),
            waivers: &waivers,
            now,
        },
    );
    Ok(Outcome {
        evaluation,
        given_findings,
    })
}

/// A given fact with a path comes from that path, so that waivers by path can be tested.
fn give_origins(value: &mut Value, found: &Type, sources: &mut Sources, origins: &mut Origins) {
    match (found, value) {
        (Type::List(of), Value::Array(items)) => {
            for item in items {
                give_origins(item, of, sources, origins);
            }
        }
        (Type::Record(record), Value::Object(map)) => {
            for (name, value) in map.iter_mut() {
                if let Some(found) = record.fields.get(name) {
                    give_origins(value, found, sources, origins);
                }
            }
            let path = map.get("path").and_then(Value::as_str);
            if let Some(path) = path.filter(|path| !path.is_empty())
                && record.fields.contains_key("origin")
            {
                let location = Location {
                    source: sources.add(path, "", ""),
                    span: Span::default(),
                };
                let origin = origins.add(location);
                map.insert("origin".to_owned(), origin.0.into());
            }
        }
        _ => {}
    }
}
