//! Every id that reports use, with its page. The tables that rules and policies are declared in are the only lists.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::policy;
use crate::rehearse;
use crate::rules::{self, RuleInfo};

/// One id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The id.
    pub id: String,
    /// `rule`, `gate`, `validation` or `policy`.
    pub kind: &'static str,
    /// One line.
    pub summary: String,
}

/// All ids, sorted.
pub fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> = rules()
        .map(|info| Entry {
            id: info.id.to_owned(),
            kind: "rule",
            summary: info.summary.to_owned(),
        })
        .collect();
    entries.extend(
        policy::explain::entries(policy::explain::built_in())
            .into_iter()
            .map(|entry| Entry {
                id: entry.id,
                kind: entry.kind,
                summary: entry.summary,
            }),
    );
    entries.sort_by(|a, b| (&a.id, a.kind).cmp(&(&b.id, b.kind)));
    entries.dedup();
    entries
}

/// The ids of all rules.
pub fn rule_ids() -> std::collections::BTreeSet<String> {
    rules().map(|info| info.id.to_owned()).collect()
}

/// The line about an id.
pub fn summary(id: &str) -> Option<String> {
    static SUMMARIES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        let mut summaries = BTreeMap::new();
        for entry in entries() {
            summaries.entry(entry.id).or_insert(entry.summary);
        }
        summaries
    });
    SUMMARIES.get(id).cloned()
}

/// Where the page of an id stands on the web.
pub fn url(id: &str) -> String {
    format!(
        "{}/blob/main/docs/ids/{id}.md",
        env!("CARGO_PKG_REPOSITORY")
    )
}

/// The first paragraph of a page below its title, on one line.
pub fn first_paragraph(page: &str) -> String {
    let lines = page
        .lines()
        .skip_while(|line| line.is_empty() || line.starts_with('#'));
    let paragraph: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    paragraph.join(" ")
}

/// The page of an id, in Markdown.
pub fn page(id: &str) -> Option<String> {
    rules()
        .find(|info| info.id == id)
        .map(|info| info.page.to_owned())
        .or_else(|| policy::explain::explain(id))
}

/// The id that a mistyped one probably means.
pub fn nearest(id: &str) -> Option<String> {
    entries()
        .into_iter()
        .map(|entry| (distance(id, &entry.id), entry.id))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min()
        .map(|(_, known)| known)
}

fn rules() -> impl Iterator<Item = &'static RuleInfo> {
    let sql = rules::sql::RULES.iter().map(|rule| &rule.info);
    let helm = rules::helm::RULES.iter().map(|rule| &rule.info);
    let changelog = rules::changelog::RULES.iter().map(|rule| &rule.info);
    let files = rules::migration_files::RULES.iter().map(|rule| &rule.info);
    sql.chain(files)
        .chain(helm)
        .chain(changelog)
        .chain(rules::inputs::RULES.iter().copied())
        .chain(rules::suppressions::RULES.iter().copied())
        .chain(rehearse::findings::RULES)
}

/// The number of characters to insert, remove or replace to make one text of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().take(100).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (one, other, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("drop-colum", "drop-column", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }
}
