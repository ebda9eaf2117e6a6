//! The pages of the rules are their tests: every example under *Bad* is flagged by its rule, every one under *Good* is not.
//!
//! A fenced block is a file of the chart, named behind `yaml`; the blocks that follow each other under *Good* are one
//! chart where they name different files. A `Chart.yaml` that is not shown is a plain one.

use std::collections::BTreeMap;

use super::{HelmInput, HelmRule, RULES};
use crate::charts::survey;
use crate::discover::Reader;
use crate::rules::Findings;

/// The headings that every page has, in this order.
const HEADINGS: [&str; 6] = [
    "What it detects",
    "Why it matters",
    "Bad",
    "Good",
    "How to fix",
    "Other tools",
];

const CHART: &str = "apiVersion: v2\nname: cellar\nversion: 1.4.0\nappVersion: \"2.3.0\"\nmaintainers: [{ name: ada }]\n";

/// What stands under a heading.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let start = page.find(&format!("## {heading}\n")).unwrap();
    let rest = &page[start + 3..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// The charts of a section: a block of a file that the chart has already starts the next one.
fn examples(section: &str) -> Vec<BTreeMap<String, String>> {
    let mut charts: Vec<BTreeMap<String, String>> = Vec::new();
    for block in section.split("```yaml ").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        let content = rest.split("```").next().unwrap().to_owned();
        match charts.last_mut() {
            Some(chart) if !chart.contains_key(name) => {
                chart.insert(name.to_owned(), content);
            }
            _ => charts.push(BTreeMap::from([(name.to_owned(), content)])),
        }
    }
    charts
}

/// The texts that a rule points at in a chart.
fn flagged(rule: &HelmRule, files: &BTreeMap<String, String>) -> Vec<String> {
    let mut files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    if !files.iter().any(|(name, _)| *name == "Chart.yaml") {
        files.push(("Chart.yaml", CHART));
    }
    let (mut reader, snapshot) = Reader::in_memory("", &files);
    let survey = survey(None, &snapshot, &[], &mut reader);
    let mut findings = Findings::default();
    let input = HelmInput {
        chart: &survey.charts[0],
        deploying: false,
    };
    (rule.check)(&input, &mut findings);
    findings
        .0
        .iter()
        .map(|finding| {
            assert_eq!(finding.rule, rule.info.id);
            assert_eq!(finding.severity, rule.info.severity);
            reader.sources.text(finding.location.unwrap()).to_owned()
        })
        .collect()
}

#[test]
fn pages_have_their_headings() {
    for rule in RULES {
        let page = rule.info.page;
        let headings: Vec<&str> = page
            .split("\n## ")
            .skip(1)
            .filter_map(|part| part.split('\n').next())
            .collect();
        assert_eq!(headings, HEADINGS, "{}", rule.info.id);
        assert!(
            page.starts_with(&format!("# {}\n", rule.info.id)),
            "{}",
            rule.info.id
        );
    }
}

#[test]
fn bad_is_flagged_and_good_is_not() {
    for rule in RULES {
        let bad = examples(section(rule.info.page, "Bad"));
        let good = examples(section(rule.info.page, "Good"));
        assert!(!bad.is_empty() && !good.is_empty(), "{}", rule.info.id);
        for chart in &bad {
            assert!(
                !flagged(rule, chart).is_empty(),
                "{}: {chart:?}",
                rule.info.id
            );
        }
        for chart in &good {
            assert_eq!(flagged(rule, chart), [""; 0], "{}: {chart:?}", rule.info.id);
        }
    }
}

#[test]
fn good_examples_are_good_for_every_rule() {
    for page in RULES {
        for chart in examples(section(page.info.page, "Good")) {
            for rule in RULES {
                assert_eq!(
                    flagged(rule, &chart),
                    [""; 0],
                    "{} on {}: {chart:?}",
                    rule.info.id,
                    page.info.id
                );
            }
        }
    }
}

#[test]
fn ids_are_the_names_of_the_modules() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.info.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    assert_eq!(ids, sorted);
}
