//! What pushing a tag would do: which workflows start, which rules protect it, what a promotion makes of it, where it
//! sorts, and who would take it. Three pattern languages are spoken along the way, and each has its own matcher:
//! GitHub Actions' filters ([`crate::syntax::workflow`]), the fnmatch of rulesets ([`fnmatch`]), and the regular
//! expressions of shell scripts ([`mod@promotion`]).

pub mod fnmatch;
pub mod promotion;
pub mod ranges;

use crate::config::{PromotionConfig, ProtectionConfig};
use crate::facts::workflows::WorkflowFact;
use crate::version::{TagKind, TagName, Version};

/// What happens when a tag is pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Simulation {
    /// The tag.
    pub tag: String,
    /// Its kind.
    pub kind: String,
    /// What was probably meant, when it is malformed.
    pub suggestion: Option<String>,
    /// Whether it exists already.
    pub exists: bool,
    /// The commit.
    pub commit: String,
    /// The workflows, and whether they start.
    pub workflows: Vec<WorkflowStart>,
    /// The protections, and whether they hold.
    pub protections: Vec<Protection>,
    /// The promotions, and what they make of it.
    pub promotions: Vec<Promotion>,
    /// Where it sorts; `None` when it has no version.
    pub order: Option<Order>,
    /// The ranges that would take it, or pass it over.
    pub ranges: Vec<ranges::Verdict>,
    /// What is worth a warning.
    pub remarks: Vec<String>,
    /// What could not be read: path and why. With it, the answer is not complete.
    pub not_examined: Vec<Unread>,
}

/// What could not be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// The path.
    pub path: String,
    /// Why.
    pub reason: String,
}

impl Simulation {
    /// Everything could be told.
    pub fn is_told(&self) -> bool {
        self.not_examined.is_empty()
            && self.workflows.iter().all(|it| it.fires != "unknown")
            && self.promotions.iter().all(|it| it.problem.is_empty())
    }
}

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowStart {
    /// Its path.
    pub path: String,
    /// `yes`, `no` or `unknown`.
    pub fires: String,
    /// Its filters.
    pub filters: Vec<String>,
}

/// A protection.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Protection {
    /// Its name.
    pub name: String,
    /// It holds for the tag.
    pub holds: bool,
    /// The pattern that decided; empty when none matched.
    pub by: String,
    /// Patterns that match no tag that anybody would push.
    pub void: Vec<String>,
}

/// A promotion.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    /// Its name.
    pub name: String,
    /// The version that it makes; `None` when it takes no such tag.
    pub makes: Option<String>,
    /// What is wrong with its pattern; empty when it can be read.
    pub problem: String,
    /// There is such a tag already.
    pub taken: bool,
}

/// Where a tag sorts among those with a version.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// As people order versions: the tags right below and above.
    pub release: (Option<String>, Option<String>),
    /// By SemVer's precedence.
    pub semver: (Option<String>, Option<String>),
}

/// What is known of the repository.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The tag.
    pub tag: &'a TagName,
    /// It exists.
    pub exists: bool,
    /// The commit that it is at, or would be.
    pub commit: &'a str,
    /// The commit that it really is at, when another one was asked about; else empty.
    pub elsewhere: &'a str,
    /// All tags.
    pub tags: &'a [TagName],
    /// The workflows at that commit, asked about this tag.
    pub workflows: &'a [WorkflowFact],
    /// The configured protections.
    pub protections: &'a [ProtectionConfig],
    /// The configured promotions.
    pub promotions: &'a [PromotionConfig],
}

/// Says what would happen.
pub fn simulate(around: &Surroundings<'_>) -> Simulation {
    let name = around.tag.name.as_str();
    let mut simulation = Simulation {
        tag: name.to_owned(),
        kind: around.tag.kind.as_str().to_owned(),
        suggestion: around.tag.suggestion.clone(),
        exists: around.exists,
        commit: around.commit.to_owned(),
        workflows: around.workflows.iter().map(start).collect(),
        protections: around
            .protections
            .iter()
            .map(|rule| protection(rule, name))
            .collect(),
        promotions: around
            .promotions
            .iter()
            .map(|rule| promotion(rule, name, around.tags))
            .collect(),
        ..Simulation::default()
    };
    if let Some(version) = &around.tag.version {
        let others = others(around, name);
        let order = order(version, &others);
        if let Some(previous) = final_below(version, &others) {
            simulation.ranges = ranges::verdicts(previous, version);
        }
        simulation.order = Some(order);
    }
    simulation.remarks = remarks(around, &simulation);
    simulation
}

fn start(workflow: &WorkflowFact) -> WorkflowStart {
    let ignored = workflow
        .tags_ignore
        .iter()
        .map(|it| format!("ignoring {it}"));
    WorkflowStart {
        path: workflow.path.clone(),
        fires: workflow.fires.clone(),
        filters: workflow.tags.iter().cloned().chain(ignored).collect(),
    }
}

/// Tags that every team pushes, to tell patterns that can match from those that never do.
const USUAL: [&str; 7] = [
    "v1.2.3",
    "v10.20.30",
    "v1.2.3-rc1",
    "v1.2.3-rc.10",
    "v1.2.3-hotfix1",
    "1.2.3",
    "chart-1.2.3",
];

fn protection(rule: &ProtectionConfig, tag: &str) -> Protection {
    let matches = |pattern: &&String| fnmatch::matches(pattern, tag);
    let excluded = rule.exclude.iter().find(matches);
    let included = rule.include.iter().find(matches);
    let looks_like_a_version = |pattern: &&String| pattern.contains("[0-9]+");
    Protection {
        name: rule.name.clone(),
        holds: included.is_some() && excluded.is_none(),
        by: excluded.or(included).cloned().unwrap_or_default(),
        void: rule
            .include
            .iter()
            .chain(&rule.exclude)
            .filter(looks_like_a_version)
            .filter(|pattern| !USUAL.iter().any(|tag| fnmatch::matches(pattern, tag)))
            .cloned()
            .collect(),
    }
}

fn promotion(rule: &PromotionConfig, tag: &str, tags: &[TagName]) -> Promotion {
    let (makes, problem) = match promotion::makes(&rule.pattern, rule.makes.as_deref(), tag) {
        Ok(makes) => (makes, String::new()),
        Err(problem) => (None, problem),
    };
    Promotion {
        name: rule.name.clone(),
        taken: makes
            .as_ref()
            .is_some_and(|makes| tags.iter().any(|known| known.name == *makes)),
        makes,
        problem,
    }
}

/// The other tags with versions.
fn others<'a>(around: &Surroundings<'a>, name: &str) -> Vec<(&'a str, &'a Version)> {
    around
        .tags
        .iter()
        .filter(|tag| tag.name != name)
        .filter_map(|tag| Some((tag.name.as_str(), tag.version.as_ref()?)))
        .collect()
}

fn order(version: &Version, others: &[(&str, &Version)]) -> Order {
    type Compare = fn(&Version, &Version) -> std::cmp::Ordering;
    let neighbours = |compare: Compare| {
        let below = others
            .iter()
            .filter(|(_, other)| compare(other, version).is_lt())
            .max_by(|(_, a), (_, b)| compare(a, b));
        let above = others
            .iter()
            .filter(|(_, other)| compare(other, version).is_gt())
            .min_by(|(_, a), (_, b)| compare(a, b));
        let name = |found: Option<&(&str, &Version)>| found.map(|(name, _)| (*name).to_owned());
        (name(below), name(above))
    };
    Order {
        release: neighbours(|a, b| a.release_order(b)),
        semver: neighbours(|a, b| a.semver_precedence(b)),
    }
}

/// The highest plain release below: what people have in their ranges. A hotfix's is the release that it fixes.
fn final_below<'v>(version: &Version, others: &[(&str, &'v Version)]) -> Option<&'v Version> {
    others
        .iter()
        .map(|(_, other)| *other)
        .filter(|other| other.is_plain() && other.release_order(version).is_lt())
        .max_by(|a, b| a.release_order(b))
}

/// As git shortens a commit.
fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

fn remarks(around: &Surroundings<'_>, simulation: &Simulation) -> Vec<String> {
    let mut remarks = Vec::new();
    let name = &simulation.tag;
    if let Some(meant) = &simulation.suggestion {
        remarks.push(format!("{name} is malformed; {meant} was probably meant"));
    }
    let meant_for_tags = around.workflows.iter().any(|workflow| workflow.on_tag_push);
    let fires = simulation.workflows.iter().any(|it| it.fires == "yes");
    let is_known = simulation.workflows.iter().all(|it| it.fires != "unknown");
    if !around.elsewhere.is_empty() {
        remarks.push(format!(
            "{name} exists at {}: this is what it would be at {}",
            short(around.elsewhere),
            short(around.commit)
        ));
    }
    if !is_known && !fires {
        remarks.push("whether a workflow starts is not known".to_owned());
    }
    if meant_for_tags && !fires && is_known {
        remarks.push("no workflow starts: nothing is built".to_owned());
    }
    let is_malformed = around.tag.kind == TagKind::Malformed;
    if is_malformed && fires {
        remarks.push("a workflow starts all the same, and builds under this name".to_owned());
    }
    if !simulation.protections.is_empty() && !simulation.protections.iter().any(|it| it.holds) {
        remarks.push(
            "no protection holds: anybody who may push may push, move or delete it".to_owned(),
        );
    }
    for protection in &simulation.protections {
        for pattern in &protection.void {
            remarks.push(format!(
                "`{pattern}` of {} matches no usual tag: in fnmatch `+` is a plus sign",
                protection.name
            ));
        }
    }
    for promotion in simulation.promotions.iter().filter(|it| it.taken) {
        if let Some(makes) = &promotion.makes {
            remarks.push(format!(
                "{} would make {makes}, which exists",
                promotion.name
            ));
        }
    }
    if let Some(order) = &simulation.order
        && order.release != order.semver
    {
        let between = |(below, above): &(Option<String>, Option<String>)| {
            let name = |tag: &Option<String>| tag.clone().unwrap_or_else(|| "nothing".to_owned());
            format!("above {} and below {}", name(below), name(above))
        };
        remarks.push(format!(
            "people sort it {}, SemVer {}",
            between(&order.release),
            between(&order.semver)
        ));
    }
    remarks
}

#[cfg(test)]
mod tests;
