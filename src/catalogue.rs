//! Every id that reports use, with its page. The tables that rules and policies are declared in are the only lists.

mod appendix;
mod own;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use appendix::Area;

use crate::policy::{self, suggest};
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
    /// The rules of other tools that it covers, as its page names them; empty when there are none.
    pub covers: String,
}

/// All ids, sorted.
pub fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> = rules()
        .map(|(_, info)| Entry {
            id: info.id.to_owned(),
            kind: "rule",
            summary: info.summary.to_owned(),
            covers: covers(info.page),
        })
        .collect();
    entries.extend(
        policy::explain::entries(policy::explain::built_in())
            .into_iter()
            .map(|entry| Entry {
                id: entry.id,
                kind: entry.kind,
                summary: entry.summary,
                covers: String::new(),
            }),
    );
    entries.sort_by(|a, b| (&a.id, a.kind).cmp(&(&b.id, b.kind)));
    entries.dedup();
    entries
}

/// The ids of all rules.
pub fn rule_ids() -> std::collections::BTreeSet<String> {
    rules().map(|(_, info)| info.id.to_owned()).collect()
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
        .split('\n')
        .skip_while(|line| line.is_empty() || line.starts_with('#'));
    let paragraph: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    paragraph.join(" ")
}

/// What a page says under "Other tools", in one line.
fn covers(page: &str) -> String {
    let Some((_, section)) = page.split_once("\n## Other tools\n") else {
        return String::new();
    };
    let section = section.split("\n## ").next().unwrap_or_default();
    let line = section.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.starts_with("None") {
        return String::new();
    }
    line.trim_end_matches('.').replace('`', "")
}

/// The page of an id, in Markdown: what its rule or policy says, how to except, and what it serves.
pub fn page(id: &str) -> Option<String> {
    if let Some((area, info)) = rules().find(|(_, info)| info.id == id) {
        return Some(joined(info.page, &appendix::text(id, area, None)));
    }
    let page = policy::explain::explain(id)?;
    let bare = id.rsplit('/').next().unwrap_or(id);
    let owner = policy::explain::owner(id);
    let area = match policy::explain::entries(policy::explain::built_in())
        .into_iter()
        .find(|entry| entry.id == bare)
        .map(|entry| entry.kind)
    {
        Some("gate") => Area::Gate,
        // A policy is left out in the configuration, not excepted.
        Some("policy") | None => return Some(joined(&page, &appendix::of_policy(bare))),
        Some(_) => Area::Policy,
    };
    Some(joined(&page, &appendix::text(bare, area, owner.as_deref())))
}

fn joined(page: &str, end: &str) -> String {
    format!("{}\n{end}", page.trim_end())
}

/// The id that a mistyped one probably means.
pub fn nearest(id: &str) -> Option<String> {
    let ids: Vec<String> = entries().into_iter().map(|entry| entry.id).collect();
    suggest::nearest(id, ids.iter().map(String::as_str)).map(str::to_owned)
}

/// The rules that are off unless the configuration enables them.
pub fn opt_in_ids() -> impl Iterator<Item = &'static str> {
    rules::sql::opt_in_ids()
}

/// The rule to enable that a mistyped one probably means.
pub fn nearest_opt_in(id: &str) -> Option<&'static str> {
    suggest::nearest(id, opt_in_ids())
}

fn rules() -> impl Iterator<Item = (Area, &'static RuleInfo)> {
    let sql = rules::sql::RULES
        .iter()
        .map(|rule| (Area::Migrations, &rule.info));
    let files = rules::migration_files::RULES
        .iter()
        .map(|rule| (Area::Migrations, &rule.info));
    let helm = rules::helm::RULES
        .iter()
        .map(|rule| (Area::Helm, &rule.info));
    let changelog = rules::changelog::RULES
        .iter()
        .map(|rule| (Area::Changelog, &rule.info));
    let inputs = rules::inputs::RULES
        .iter()
        .map(|&info| (Area::Inputs, info));
    let suppressions = rules::suppressions::RULES
        .iter()
        .map(|&info| (Area::Exceptions, info));
    let rehearsal = rehearse::findings::RULES
        .iter()
        .map(|info| (Area::Rehearsal, info));
    let own = own::OWN.iter().map(|info| {
        let area = match info.id {
            "policy-changed" => Area::Trust,
            id if id.starts_with("exception-") => Area::Exceptions,
            _ => Area::Release,
        };
        (area, info)
    });
    sql.chain(files)
        .chain(helm)
        .chain(changelog)
        .chain(inputs)
        .chain(suppressions)
        .chain(rehearsal)
        .chain(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_name_what_they_cover() {
        for (page, expected) in [
            (
                "# a\n\n## Other tools\n\nsquawk `b`;\neugene E1.\n",
                "squawk b; eugene E1",
            ),
            ("# a\n\n## Other tools\n\nNone named this.\n", ""),
            ("# a\n", ""),
        ] {
            assert_eq!(covers(page), expected, "{page}");
        }
        let index = entries()
            .into_iter()
            .find(|entry| entry.id == "create-index-non-concurrent");
        let covered = index.map(|entry| entry.covers).unwrap_or_default();
        for name in [
            "require-concurrent-index-creation",
            "E6",
            "PG101",
            "add_index",
        ] {
            assert!(covered.contains(name), "{covered}");
        }
    }

    #[test]
    fn a_mistyped_id_is_recognised() {
        for (mistyped, meant) in [
            ("drop-colum", Some("drop-column")),
            ("drop_column", Some("drop-column")),
            ("team-lead-aproval", Some("team-lead-approval")),
            ("zzz", None),
        ] {
            assert_eq!(nearest(mistyped).as_deref(), meant, "{mistyped}");
        }
    }
}
