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
    check_people(value, &mut report);
    check_addresses(value, &mut report);
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

/// `validateChartMaintainer` of `helm lint`.
fn check_people(value: &Value, report: &mut Report<'_>) {
    for person in field(value, "maintainers").map_or(&[][..], |entry| entry.value.items()) {
        let text = |name: &str| field(person, name).and_then(|entry| Some((entry.value.span, entry.value.field_text()?)));
        if text("name").is_none_or(|(_, name)| name.is_empty()) {
            report(person.span, "a maintainer has no name".to_owned(), "`helm lint` wants one");
        }
        if let Some((span, email)) = text("email")
            && !email.is_empty()
            && !is_email(&email)
        {
            report(span, format!("`{email}` is no e-mail address"), "`helm lint` wants one, or none");
        }
        if let Some((span, url)) = text("url")
            && (url.contains(char::is_whitespace) || (!url.is_empty() && !url.contains(['.', ':'])))
        {
            report(span, format!("`{url}` is no address"), "`helm lint` wants a URL, or none");
        }
    }
}

fn is_email(text: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    text.rsplit_once('@').is_some_and(|(name, host)| is_plain(name) && is_plain(host) && host.contains('.'))
}

/// `validateChartSources` and `validateChartIconURL` of `helm lint`.
fn check_addresses(value: &Value, report: &mut Report<'_>) {
    let sources = field(value, "sources").map_or(&[][..], |entry| entry.value.items());
    let icon = field(value, "icon").map(|entry| &entry.value);
    for address in sources.iter().chain(icon) {
        let text = address.field_text().unwrap_or_default();
        let is_icon = icon.is_some_and(|icon| icon.span == address.span);
        if !(has_scheme(&text) || (is_icon && text.is_empty())) {
            report(address.span, format!("`{text}` is no URL"), "write it with its scheme, such as https://");
        }
    }
}

/// What Go's `url.ParseRequestURI` takes for absolute.
fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
            && !rest.is_empty()
    })
}

fn check_version(version: &Field, report: &mut Report<'_>) {
    let text = version.text.as_str();
    if let Some(parsed) = Version::parse(text) {
        // `>0.0.0-0` (`validateChartVersion`).
        if (parsed.major(), parsed.minor(), parsed.patch()) == (0, 0, 0) && text.starts_with("0.0.0-0") && text.len() == 7 {
            report(version.span, "the chart's version is 0.0.0-0".to_owned(), "`helm lint` wants one above it");
        }
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
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !dependency.alias.chars().all(is_plain) {
            let message = format!("the alias `{}` holds other characters than letters, digits, `_` and `-`", dependency.alias);
            report(dependency.span, message, "Helm refuses the chart");
        }
        if name.is_empty() {
            report(dependency.span, "a dependency has no name".to_owned(), "Helm refuses the chart");
        } else if !names.insert(name) {
            let message = format!("two dependencies are called `{name}`");
            report(dependency.span, message, "give one of them an alias");
        }
    }
}
