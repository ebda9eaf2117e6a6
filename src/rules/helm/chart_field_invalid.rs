//! `chart-field-invalid`.

use std::collections::BTreeSet;

use super::{HelmInput, HelmRule};
use crate::charts::{Field, Metadata, field};
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};
use crate::source::Span;
use crate::syntax::yaml::{Data, Value};
use crate::version::Version;

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "chart-field-invalid",
        summary: "a field of Chart.yaml is missing or not what Helm wants",
        severity: Severity::Warning,
        page: include_str!("chart_field_invalid.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    let Some(file) = &input.chart.state.file else {
        return;
    };
    // What could not be read is told by `yaml-syntax-error`.
    if !file.errors.is_empty() {
        return;
    }
    let mut report = |span: Span, message: String, help: &str| {
        findings.push(input.report(&RULE.info, file.at(span), message).help(help));
    };
    let Some(value) = file.value.as_ref().filter(|value| value.as_map().is_some()) else {
        report(Span::default(), "Chart.yaml says nothing".to_owned(), "write at least apiVersion, name and version");
        return;
    };
    let metadata = &input.chart.state.metadata;
    required(value, metadata, &mut report);
    shapes(value, &mut report);
    if let Some(version) = metadata.version.as_ref().filter(|version| !version.text.is_empty()) {
        check_version(version, &mut report);
    }
    if let Some(kind) = &metadata.kind
        && !matches!(kind.text.as_str(), "" | "application" | "library")
    {
        report(kind.span, format!("`type` is {}", kind.text), "write application or library");
    }
    check_api_version(value, metadata, &mut report);
    check_dependencies(metadata, &mut report);
}

type Report<'r> = dyn FnMut(Span, String, &str) + 'r;

fn required(value: &Value, metadata: &Metadata, report: &mut Report<'_>) {
    for (name, found) in [
        ("apiVersion", &metadata.api_version),
        ("name", &metadata.name),
        ("version", &metadata.version),
    ] {
        let is_there = found.as_ref().is_some_and(|found| !found.text.is_empty());
        // A container in its place is told as such.
        if !is_there && (found.is_some() || field(value, name).is_none()) {
            let span = found.as_ref().map_or(Span::default(), |found| found.key_span);
            report(span, format!("Chart.yaml has no `{name}`"), "Helm refuses a chart without it");
        }
    }
    if let Some(name) = &metadata.name
        && (name.text.contains(['/', '\\']) || matches!(name.text.as_str(), "." | ".."))
    {
        report(name.span, format!("the name `{}` holds a path", name.text), "use lower-case letters, digits and hyphens");
    }
}

/// Fields of `Metadata` in `pkg/chart/v2/metadata.go`, and what Go reads them into.
const FIELDS: [(&str, Shape); 18] = [
    ("name", Shape::Text),
    ("home", Shape::Text),
    ("sources", Shape::List),
    ("version", Shape::Text),
    ("description", Shape::Text),
    ("keywords", Shape::List),
    ("maintainers", Shape::List),
    ("icon", Shape::Text),
    ("apiVersion", Shape::Text),
    ("condition", Shape::Text),
    ("tags", Shape::Text),
    ("appVersion", Shape::Text),
    ("deprecated", Shape::Bool),
    ("annotations", Shape::Map),
    ("kubeVersion", Shape::Text),
    ("dependencies", Shape::List),
    ("type", Shape::Text),
    // Helm's own field for charts that were made by `helm create` long ago; harmless.
    ("engine", Shape::Text),
];

#[derive(Clone, Copy)]
enum Shape {
    Text,
    List,
    Map,
    Bool,
}

fn shapes(value: &Value, report: &mut Report<'_>) {
    for entry in value.entries() {
        let Some((name, shape)) = FIELDS.iter().find(|(name, _)| entry.key.eq_ignore_ascii_case(name)) else {
            let message = format!("Chart.yaml has no field `{}`", entry.key);
            report(entry.key_span, message, "Helm 3 ignores it, Helm 4 warns; use `annotations` for what is your own");
            continue;
        };
        let data = &entry.value.data;
        let (fits, wants) = match shape {
            Shape::Text => (!matches!(data, Data::List(_) | Data::Map(_)), "a text"),
            Shape::List => (matches!(data, Data::List(_) | Data::Null), "a list"),
            Shape::Map => (matches!(data, Data::Map(_) | Data::Null), "a map"),
            Shape::Bool => (matches!(data, Data::Bool(_) | Data::Null), "true or false"),
        };
        if !fits {
            let message = format!("`{name}` is a {}, and Helm wants {wants}", data.kind());
            report(entry.value.span, message, "Helm refuses the chart");
        }
    }
}

fn check_version(version: &Field, report: &mut Report<'_>) {
    let text = version.text.as_str();
    if Version::parse(text).is_some() {
        return;
    }
    let stripped = text.strip_prefix('v').unwrap_or(text);
    let is_lenient = (1..=3).contains(&stripped.split(['-', '+']).next().unwrap_or("").split('.').count())
        && stripped.starts_with(|c: char| c.is_ascii_digit());
    let message = format!("the chart's version `{text}` is not SemVer");
    let help = if is_lenient {
        "Helm 3 reads it all the same, Helm 4 warns; write three numbers without a prefix"
    } else {
        "Helm refuses the chart; write three numbers, such as 1.4.0"
    };
    report(version.span, message, help);
}

fn check_api_version(value: &Value, metadata: &Metadata, report: &mut Report<'_>) {
    let Some(api_version) = &metadata.api_version else {
        return;
    };
    match api_version.text.as_str() {
        "" | "v2" => {}
        "v1" => {
            for name in ["type", "dependencies"] {
                if let Some(entry) = field(value, name) {
                    let message = format!("`{name}` needs apiVersion v2");
                    report(entry.key_span, message, "write apiVersion: v2");
                }
            }
        }
        other => report(api_version.span, format!("`apiVersion` is {other}"), "write v2"),
    }
}

fn check_dependencies(metadata: &Metadata, report: &mut Report<'_>) {
    let mut names = BTreeSet::new();
    for dependency in &metadata.dependencies {
        let name = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
        if name.is_empty() {
            report(dependency.span, "a dependency has no name".to_owned(), "Helm refuses the chart");
        } else if !names.insert(name) {
            let message = format!("two dependencies are called `{name}`");
            report(dependency.span, message, "give one of them an alias");
        }
    }
}
