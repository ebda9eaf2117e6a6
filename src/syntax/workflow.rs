//! GitHub Actions workflows, as far as they say which tags start them, the patterns that they say it with, and what they publish
//! before their tests.
//!
//! The pattern language is GitHub's own, neither glob nor regular expression: see "Filter pattern cheat sheet" in
//! GitHub's documentation of the workflow syntax.

mod act;
mod order;

use super::yaml::{self, Node};
use super::{Parsed, SyntaxError};
use crate::source::Span;
pub use act::Work;
pub use order::{Because, Early};

/// A workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workflow {
    /// Its name, if it has one.
    pub name: String,
    /// What pushes start it; `None` when none do.
    pub push: Option<Push>,
    /// The place of `on`.
    pub trigger: Span,
    /// It starts for pull requests only when they touch certain paths.
    pub pull_request_paths: bool,
    /// What the token of its jobs may do.
    pub permissions: Permissions,
    /// The names under which its jobs report, in the order of the text: `name`, else the id.
    pub jobs: Vec<String>,
    /// What it makes visible before its tests have passed.
    pub early: Vec<Early>,
    /// What of it `early` does not know, as a phrase.
    pub beyond: Option<String>,
}

/// What the token of a workflow may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Permissions {
    /// Nothing is said: whatever the repository's settings are.
    #[default]
    Unsaid,
    /// `read-all`, `{}`, or a list of what it may.
    Limited,
    /// `write-all`.
    WriteAll,
}

impl Permissions {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsaid => "unsaid",
            Self::Limited => "limited",
            Self::WriteAll => "write-all",
        }
    }
}

/// Which pushes start a workflow. Absent filters are `None`; an empty list is a filter that matches nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Push {
    /// `tags`.
    pub tags: Option<Vec<String>>,
    /// `tags-ignore`.
    pub tags_ignore: Option<Vec<String>>,
    /// There is a filter for branches.
    pub branches: bool,
}

/// Reads a workflow.
pub fn parse(text: &str) -> Parsed<Workflow> {
    let parsed = yaml::parse(text);
    let mut errors = parsed.errors;
    let mut workflow = Workflow::default();
    if let Some(document) = parsed.value.first() {
        let root = document.root();
        if let Some(name) = root.get("name").and_then(Node::text) {
            name.clone_into(&mut workflow.name);
        }
        for (id, job) in root.get("jobs").into_iter().flat_map(Node::entries) {
            let name = job.get("name").and_then(Node::text).or_else(|| id.text());
            workflow.jobs.extend(name.map(str::to_owned));
        }
        match root.entry("on") {
            Some((key, on)) => {
                workflow.trigger = key.span().cover(on.span());
                workflow.push = push(on);
                workflow.pull_request_paths = filters_paths(on);
                (workflow.early, workflow.beyond) = order::early(root, on);
            }
            None => errors.push(SyntaxError {
                span: root.span(),
                message: "a workflow without `on`".to_owned(),
            }),
        }
        workflow.permissions = permissions(root);
    }
    Parsed {
        value: workflow,
        errors,
    }
}

/// What the tokens may do: everything, as soon as the workflow or one of its jobs says so.
fn permissions(root: Node<'_>) -> Permissions {
    let of = |node: Node<'_>| {
        node.get("permissions").map(|value| match value.text() {
            Some("write-all") => Permissions::WriteAll,
            _ => Permissions::Limited,
        })
    };
    let jobs = root.get("jobs").into_iter().flat_map(Node::entries);
    let of_jobs: Vec<Option<Permissions>> = jobs.map(|(_, job)| of(job)).collect();
    let of_root = of(root);
    if of_root == Some(Permissions::WriteAll) || of_jobs.contains(&Some(Permissions::WriteAll)) {
        Permissions::WriteAll
    } else if of_root.is_some() || (!of_jobs.is_empty() && !of_jobs.contains(&None)) {
        Permissions::Limited
    } else {
        Permissions::Unsaid
    }
}

/// `on.pull_request` filters by path.
fn filters_paths(on: Node<'_>) -> bool {
    ["pull_request", "pull_request_target"]
        .iter()
        .filter_map(|name| on.get(name))
        .any(|event| event.get("paths").is_some() || event.get("paths-ignore").is_some())
}

/// `on: push`, `on: [push]`, `on: {push: ...}`.
fn push(on: Node<'_>) -> Option<Push> {
    if on.text() == Some("push") || on.items().any(|item| item.text() == Some("push")) {
        return Some(Push::default());
    }
    let push = on.get("push")?;
    let list = |key: &str| {
        push.get(key).map(|node| match node.text() {
            Some(one) => vec![one.to_owned()],
            None => node
                .items()
                .filter_map(Node::text)
                .map(str::to_owned)
                .collect(),
        })
    };
    Some(Push {
        tags: list("tags"),
        tags_ignore: list("tags-ignore"),
        branches: push.get("branches").is_some() || push.get("branches-ignore").is_some(),
    })
}

impl Push {
    /// The workflow is meant for tags: a filter names some.
    pub fn is_for_tags(&self) -> bool {
        self.tags.is_some() || self.tags_ignore.is_some()
    }

    /// The push of this tag starts the workflow; `None` when a pattern cannot be read.
    pub fn fires_for_tag(&self, tag: &str) -> Option<bool> {
        match (&self.tags, &self.tags_ignore) {
            (Some(patterns), _) => matches_any(patterns, tag),
            (None, Some(patterns)) => matches_any(patterns, tag).map(|ignored| !ignored),
            // A filter for branches alone shuts tags out; without any filter every push starts it.
            (None, None) => Some(!self.branches),
        }
    }
}

/// The last pattern that matches decides; one with `!` before it takes back.
fn matches_any(patterns: &[String], name: &str) -> Option<bool> {
    let mut matched = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern, name)? => matched = false,
            None if matches(pattern, name)? => matched = true,
            _ => {}
        }
    }
    Some(matched)
}

/// A name matches a filter pattern of GitHub Actions: `*` is any text without `/`, `**` any text, `?` makes the character
/// before it optional, `+` repeats it, `[...]` is one of a set, `\` takes the next character as it is, and everything else
/// (a dot too) stands for itself. `None` when the pattern cannot be read.
pub fn matches(pattern: &str, name: &str) -> Option<bool> {
    let mut expression = String::from("^(?s:");
    let mut characters = pattern.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '*' if characters.peek() == Some(&'*') => {
                characters.next();
                expression.push_str(".*");
            }
            '*' => expression.push_str("[^/]*"),
            '?' | '+' => expression.push(c),
            '[' => {
                expression.push('[');
                loop {
                    match characters.next()? {
                        ']' => break,
                        c if c.is_ascii_alphanumeric() || c == '-' || !c.is_ascii() => {
                            expression.push(c);
                        }
                        c => {
                            expression.push('\\');
                            expression.push(c);
                        }
                    }
                }
                expression.push(']');
            }
            '\\' => expression.push_str(&regex::escape(&characters.next()?.to_string())),
            c => expression.push_str(&regex::escape(&c.to_string())),
        }
    }
    expression.push_str(")$");
    // The tables of Unicode take longer to prepare than all else here, and most patterns do without.
    let regex = regex::bytes::RegexBuilder::new(&expression)
        .unicode(!pattern.is_ascii())
        .size_limit(1 << 20)
        .build()
        .ok()?;
    Some(regex.is_match(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_github() {
        for (pattern, name, expected) in [
            ("v*.*.*", "v1.2.3", Some(true)),
            ("v*.*.*", "v1.2.3-rc1", Some(true)),
            ("v*.*.*", "v1.2", Some(false)),
            ("v*", "v1/2", Some(false)),
            ("v**", "v1/2", Some(true)),
            ("v[0-9]+.[0-9]+.[0-9]+", "v10.2.3", Some(true)),
            ("v[0-9]+.[0-9]+.[0-9]+", "v10.2.3-rc1", Some(false)),
            ("v[0-9]+.[0-9]+.[0-9]-.*", "v1.2.3-rc1", Some(false)),
            ("v1.2.3", "v1x2x3", Some(false)),
            ("*.jsx?", "page.js", Some(true)),
            ("v1\\*", "v1*", Some(true)),
            ("v[1-", "v1", None),
            ("+", "v1", None),
            ("v*", "v1\n", Some(true)),
            ("vé?-*", "v-ü", Some(true)),
            ("v[éa]", "vé", Some(true)),
            ("v[!a]", "v!", Some(true)),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn permissions_jobs_and_paths() {
        let told = |text: &str| {
            let read = parse(text).value;
            (
                read.permissions,
                read.jobs.join(" "),
                read.pull_request_paths,
            )
        };
        let jobs = "jobs: {a: {name: Build it}, b: {}}";
        assert_eq!(
            told(&format!("on: push\n{jobs}\n")),
            (Permissions::Unsaid, "Build it b".to_owned(), false)
        );
        assert_eq!(
            told(&format!("on: push\npermissions: write-all\n{jobs}\n")).0,
            Permissions::WriteAll
        );
        assert_eq!(
            told("on: push\npermissions: {contents: read}\n").0,
            Permissions::Limited
        );
        assert_eq!(
            told("on: push\njobs: {a: {permissions: {}}}\n").0,
            Permissions::Limited
        );
        for root in ["", "permissions: {contents: read}\n"] {
            for other in ["{}", "{permissions: {}}"] {
                let jobs = format!("jobs: {{a: {{permissions: write-all}}, b: {other}}}");
                assert_eq!(
                    told(&format!("on: push\n{root}{jobs}\n")).0,
                    Permissions::WriteAll,
                    "{root}{jobs}"
                );
            }
        }
        assert!(told("on: {pull_request: {paths: ['x/**']}}\n").2);
    }

    #[test]
    fn pushes_of_tags() {
        for (on, tag, meant, fires) in [
            ("push", "v1.0.0", false, Some(true)),
            ("[push, pull_request]", "v1.0.0", false, Some(true)),
            (
                "{ push: { branches: [main] } }",
                "v1.0.0",
                false,
                Some(false),
            ),
            ("{ push: { tags: ['v*'] } }", "v1.0.0", true, Some(true)),
            ("{ push: { tags: 'v*' } }", "v1.0.0", true, Some(true)),
            (
                "{ push: { tags: ['v*', '!v*-rc*'] } }",
                "v1.0.0-rc1",
                true,
                Some(false),
            ),
            (
                "{ push: { tags-ignore: ['*-rc*'] } }",
                "v1.0.0",
                true,
                Some(true),
            ),
            ("{ push: { tags: ['v[1-'] } }", "v1.0.0", true, None),
        ] {
            let push = parse(&format!("name: build\non: {on}\n"))
                .value
                .push
                .unwrap();
            assert_eq!(
                (push.is_for_tags(), push.fires_for_tag(tag)),
                (meant, fires),
                "{on}"
            );
        }
        assert_eq!(parse("on: workflow_dispatch").value.push, None);
        assert!(!parse("jobs: {}").errors.is_empty());
    }
}
