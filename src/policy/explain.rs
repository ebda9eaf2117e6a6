//! The pages of policies, demands, validations and gates: what `relgate explain ID` prints.

use std::fmt::Write;
use std::sync::LazyLock;

use super::document::{
    Control, DemandRule, EvidenceSpec, Expression, GateSpec, Policy, Validation,
};
use super::load::{Loaded, PolicySet, load_all_built_in};
use crate::gate::controls_text;

/// Something of a policy that has an id of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The id.
    pub id: String,
    /// `policy`, `demand`, `validation` or `gate`.
    pub kind: &'static str,
    /// One line about it.
    pub summary: String,
}

/// Everything in a set that has an id, in the order of the documents.
pub fn entries(set: &PolicySet) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut add = |id: &str, kind, summary: &str| {
        entries.push(Entry {
            id: id.to_owned(),
            kind,
            summary: summary.to_owned(),
        });
    };
    for Loaded { policy, .. } in set.policies() {
        add(&policy.name, "policy", &policy.title);
        policy
            .demands
            .iter()
            .for_each(|demand| add(&demand.id, "demand", &demand.description));
        policy
            .validations
            .iter()
            .for_each(|validation| add(&validation.id, "validation", &validation.title));
        policy
            .gates
            .iter()
            .for_each(|gate| add(&gate.id, "gate", &gate.title));
    }
    entries
}

/// The page of an id of a set, in Markdown. `policy/id` names one of several that share an id.
pub fn page(set: &PolicySet, id: &str) -> Option<String> {
    let (of, id) = match id.split_once('/') {
        Some((policy, id)) => (Some(policy), id),
        None => (None, id),
    };
    let mut policies = set
        .policies()
        .iter()
        .filter(|loaded| of.is_none_or(|of| loaded.policy.name == of));
    policies.find_map(|loaded| {
        let policy = &loaded.policy;
        let gate = policy
            .gates
            .iter()
            .find(|gate| gate.id == id)
            .map(|gate| gate_page(loaded, gate));
        let validation = || {
            policy
                .validations
                .iter()
                .find(|validation| validation.id == id)
        };
        let demand = || policy.demands.iter().find(|demand| demand.id == id);
        gate.or_else(|| validation().map(|validation| validation_page(loaded, validation)))
            .or_else(|| demand().map(|demand| demand_page(loaded, demand)))
            .or_else(|| (of.is_none() && policy.name == id).then(|| policy_page(loaded)))
    })
}

/// The page of an id of the built-in policies.
pub fn explain(id: &str) -> Option<String> {
    page(built_in(), id)
}

/// The built-in policy whose page [`explain`] shows for an id.
pub fn owner(id: &str) -> Option<String> {
    let (of, id) = match id.split_once('/') {
        Some((policy, id)) => (Some(policy), id),
        None => (None, id),
    };
    let declares = |policy: &&Policy| {
        policy.gates.iter().any(|gate| gate.id == id)
            || policy
                .validations
                .iter()
                .any(|validation| validation.id == id)
            || policy.demands.iter().any(|demand| demand.id == id)
    };
    built_in()
        .policies()
        .iter()
        .map(|loaded| &loaded.policy)
        .filter(|policy| of.is_none_or(|of| policy.name == of))
        .find(declares)
        .map(|policy| policy.name.clone())
}

/// All built-in policies, in their default form.
pub fn built_in() -> &'static PolicySet {
    // A test sees to it that the built-in documents can be read.
    static SET: LazyLock<PolicySet> = LazyLock::new(|| load_all_built_in().unwrap_or_default());
    &SET
}

/// Writing into a `String` cannot fail.
macro_rules! put {
    ($page:expr, $($arguments:tt)*) => {{
        let _ = writeln!($page, $($arguments)*);
    }};
}

fn head(page: &mut String, id: &str, title: &str, description: &str) {
    put!(page, "# {id}\n");
    for text in [title, description] {
        if !text.is_empty() {
            put!(page, "{}\n", sentence(text));
        }
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    // A command is written as it is typed.
    let is_command = ["git ", "relgate ", "kubectl ", "helm "]
        .iter()
        .any(|program| text.trim().starts_with(program));
    if is_command {
        return text.trim().to_owned();
    }
    let text: String = first.to_uppercase().chain(letters).collect();
    if text.ends_with(['.', '?', '!']) {
        text
    } else {
        format!("{text}.")
    }
}

fn block(page: &mut String, heading: &str, expression: Option<&Expression>) {
    if let Some(expression) = expression {
        put!(
            page,
            "## {heading}\n\n```cel\n{}\n```\n",
            expression.text.trim()
        );
    }
}

fn section(page: &mut String, heading: &str, text: &str) {
    if !text.is_empty() {
        put!(page, "## {heading}\n\n{}\n", sentence(text));
    }
}

fn foot(page: &mut String, loaded: &Loaded, controls: &[Control]) {
    let policy = &loaded.policy;
    // A variable may use those before it, so that going through them backwards finds all that matter.
    let mut texts = page.clone();
    let mut used: Vec<_> = policy
        .variables
        .iter()
        .rev()
        .filter(|variable| {
            let matters = uses(&texts, &variable.name);
            if matters {
                texts.push_str(&variable.expression.text);
            }
            matters
        })
        .collect();
    used.reverse();
    if !used.is_empty() {
        put!(page, "## Variables\n\n```cel");
        for variable in used {
            put!(
                page,
                "variables.{} = {}",
                variable.name,
                variable.expression.text.trim()
            );
        }
        put!(page, "```\n");
    }
    let params: Vec<_> = policy
        .params
        .iter()
        .filter(|(name, _)| page.contains(&format!("params.{name}")))
        .collect();
    if !params.is_empty() {
        put!(page, "## Parameters\n");
        for (name, param) in params {
            let value = loaded.params.get(name).unwrap_or(&param.default);
            put!(
                page,
                "- `{name}` ({}, here `{value}`): {}",
                param.kind.as_str(),
                sentence(&param.description)
            );
        }
        put!(page, "");
    }
    if !controls.is_empty() {
        put!(page, "## Controls\n\n{}\n", controls_text(controls));
    }
    put!(page, "Policy `{}`, in `{}`.", policy.name, loaded.path);
}

/// Whether a text names a variable.
pub(super) fn uses(page: &str, variable: &str) -> bool {
    page.match_indices(&format!("variables.{variable}"))
        .any(|(at, found)| {
            let behind = page
                .get(at + found.len()..)
                .and_then(|rest| rest.chars().next());
            !behind.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        })
}

fn gate_page(loaded: &Loaded, gate: &GateSpec) -> String {
    let mut page = String::new();
    head(&mut page, &gate.id, &gate.title, &gate.description);
    put!(page, "A gate of stage `{}`.\n", gate.stage);
    block(&mut page, "Which stage", gate.stage_expression.as_ref());
    block(
        &mut page,
        "Which releases need it",
        gate.required_when.as_ref(),
    );
    block(
        &mut page,
        "When there is something to look at",
        gate.subject_when.as_ref(),
    );
    block(
        &mut page,
        "When it can be looked at",
        gate.evaluable_when.as_ref(),
    );
    if !gate.rules.is_empty() {
        let rules: Vec<String> = gate
            .rules
            .iter()
            .map(|rule| format!("- `{rule}`"))
            .collect();
        put!(
            page,
            "## Open while one of these is\n\n{}\n",
            rules.join("\n")
        );
    }
    block(&mut page, "What must hold", gate.expression.as_ref());
    if let Some(evidence) = &gate.evidence {
        put!(
            page,
            "## Evidence\n\n{}\n",
            sentence(&evidence_text(evidence))
        );
    }
    section(&mut page, "How to close it", &gate.help);
    foot(&mut page, loaded, &gate.controls);
    page
}

fn evidence_text(evidence: &EvidenceSpec) -> String {
    let mut text = format!("a statement of kind `{}`", evidence.kind);
    if evidence.minimum > 1 {
        let _ = write!(text, ", from {} people", evidence.minimum);
    }
    if !evidence.role.is_empty() {
        let _ = write!(text, ", in the role `{}`", evidence.role);
    }
    if evidence.not_author {
        text.push_str(", not from an author of the release");
    }
    if !evidence.max_age.is_empty() {
        let _ = write!(text, ", not older than {}", evidence.max_age);
    }
    if !evidence.second_within.is_empty() {
        let _ = write!(
            text,
            ", and a second person's within {} after it",
            evidence.second_within
        );
    }
    if evidence.unsigned {
        text.push_str(", which need not be signed");
    }
    if evidence.bind_policy {
        text.push_str(", bound to the policies as they are");
    }
    if !evidence.requires.is_empty() {
        let _ = write!(text, ", with {}", evidence.requires.join(", "));
    }
    text
}

fn validation_page(loaded: &Loaded, validation: &Validation) -> String {
    let mut page = String::new();
    head(
        &mut page,
        &validation.id,
        &validation.title,
        &validation.description,
    );
    match &validation.severity_expression {
        Some(_) => block(
            &mut page,
            "Severity",
            validation.severity_expression.as_ref(),
        ),
        None => put!(page, "Severity: {}.\n", validation.severity.as_str()),
    }
    let heading = match validation.trigger {
        super::document::Trigger::Match(_) => "What it finds",
        super::document::Trigger::MustHold(_) => "What must hold",
    };
    block(&mut page, heading, Some(validation.trigger()));
    section(&mut page, "How to fix", &validation.help);
    foot(&mut page, loaded, &loaded.policy.controls);
    page
}

fn demand_page(loaded: &Loaded, demand: &DemandRule) -> String {
    let mut page = String::new();
    head(&mut page, &demand.id, "", &demand.description);
    put!(page, "Demands at least a {} release.\n", demand.at_least);
    block(&mut page, "When it fires", Some(&demand.trigger));
    foot(&mut page, loaded, &loaded.policy.controls);
    page
}

fn policy_page(loaded: &Loaded) -> String {
    let policy: &Policy = &loaded.policy;
    let mut page = String::new();
    head(&mut page, &policy.name, &policy.title, &policy.description);
    for condition in &policy.match_conditions {
        block(&mut page, "When it applies", Some(&condition.expression));
    }
    let list = |page: &mut String, heading: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            put!(page, "## {heading}\n\n{}\n", lines.join("\n"));
        }
    };
    let demands = policy.demands.iter();
    list(
        &mut page,
        "Demands",
        demands
            .map(|it| format!("- `{}`: {}", it.id, sentence(&it.description)))
            .collect(),
    );
    let validations = policy.validations.iter();
    list(
        &mut page,
        "Validations",
        validations
            .map(|it| format!("- `{}`: {}", it.id, sentence(&it.title)))
            .collect(),
    );
    let gates = policy.gates.iter();
    list(
        &mut page,
        "Gates",
        gates
            .map(|it| format!("- `{}`: {}", it.id, sentence(&it.title)))
            .collect(),
    );
    let params = policy.params.iter().map(|(name, param)| {
        let value = loaded.params.get(name).unwrap_or(&param.default);
        format!(
            "- `{name}` ({}, here `{value}`): {}",
            param.kind.as_str(),
            sentence(&param.description)
        )
    });
    list(&mut page, "Parameters", params.collect());
    foot(&mut page, loaded, &policy.controls);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_a_page_and_a_line() {
        for entry in entries(built_in()) {
            let page = explain(&entry.id).unwrap_or_default();
            assert!(
                page.starts_with(&format!("# {}\n", entry.id)),
                "{}",
                entry.id
            );
            assert!(
                !entry.summary.is_empty(),
                "{} says nothing about itself",
                entry.id
            );
        }
        assert_eq!(explain("no-such-thing"), None);
    }

    #[test]
    fn pages() {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/policy"));
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| {
            insta::assert_snapshot!("page-of-a-gate", explain("release-candidate").unwrap());
            insta::assert_snapshot!(
                "page-of-a-validation",
                explain("candidate-differs").unwrap()
            );
            insta::assert_snapshot!("page-of-a-demand", explain("carries-a-migration").unwrap());
            insta::assert_snapshot!("page-of-a-policy", explain("hotfix").unwrap());
        });
    }
}
