//! What waivers name: a policy, an id in it, a rule or a gate that does not exist is a mistake, because a waiver that covers
//! nothing by a slip of the pen leaves somebody waiting for what they believe is waived.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::policy::builtin;
use crate::policy::check::OWN_FINDINGS;
use crate::policy::error::PolicyError;
use crate::policy::load::PolicySet;
use crate::policy::node::Reader;
use crate::policy::suggest::did_you_mean;
use crate::source::Span;
use crate::syntax::yaml::{self, Node};

/// Every name in a file of waivers that stands for nothing in these policies. Whatever else is wrong with a waiver is a
/// finding of its own; rules are looked at where their names are known.
pub fn unknown_names(path: &str, text: &str, policies: &PolicySet) -> Vec<PolicyError> {
    let mut names = Names {
        reader: Reader::new(path, Arc::from(text)),
        policies,
    };
    for document in yaml::parse(text).value {
        let references = document
            .root()
            .get("spec")
            .and_then(|spec| spec.get("policyRefs"));
        for reference in references.into_iter().flat_map(Node::items) {
            names.reference(reference);
        }
    }
    names.reader.errors
}

struct Names<'p> {
    reader: Reader,
    policies: &'p PolicySet,
}

impl Names<'_> {
    fn reference(&mut self, reference: Node<'_>) {
        let Some((name, span)) = reference.get("name").and_then(text) else {
            return;
        };
        let Some((what, known)) = self.ids(name) else {
            self.unknown_policy(name, span);
            return;
        };
        if known.is_empty() {
            return;
        }
        let ids = reference.get("ids");
        for (id, span) in ids.into_iter().flat_map(Node::items).filter_map(text) {
            if !known.contains(id) {
                self.report(span, format!("there is no {what} `{id}`"), id, &known);
            }
        }
    }

    /// What the ids of a reference are, and which there are: none when they are not known.
    fn ids(&self, name: &str) -> Option<(String, BTreeSet<String>)> {
        let loaded = self.policies.policies();
        let mut ids = BTreeSet::new();
        match name {
            "gates" => {
                ids.extend(self.policies.gates().map(|gate| gate.id.clone()));
                Some(("gate".to_owned(), ids))
            }
            "rules" => {
                if let Some(rules) = self.policies.rules() {
                    ids.extend(rules.iter().cloned());
                    ids.extend(OWN_FINDINGS.iter().map(|&id| id.to_owned()));
                    let validations = loaded.iter().flat_map(|it| &it.policy.validations);
                    ids.extend(validations.map(|validation| validation.id.clone()));
                }
                Some(("rule".to_owned(), ids))
            }
            name => {
                let policy = &loaded.iter().find(|it| it.policy.name == name)?.policy;
                ids.extend(policy.demands.iter().map(|demand| demand.id.clone()));
                ids.extend(policy.validations.iter().map(|it| it.id.clone()));
                ids.extend(policy.gates.iter().map(|gate| gate.id.clone()));
                Some((format!("part of policy `{name}` with the id"), ids))
            }
        }
    }

    fn unknown_policy(&mut self, name: &str, span: Span) {
        let in_force = self.policies.policies().iter();
        let known = in_force
            .clone()
            .map(|it| it.policy.name.clone())
            .chain(["rules", "gates"].map(str::to_owned))
            .collect();
        let pack = name.trim_start_matches("builtin:");
        if !builtin::PACKS.iter().any(|known| known.name == pack) {
            let message = format!("no policy in force is called `{name}`");
            self.report(span, message, name, &known);
            return;
        }
        let folder = format!("builtin:{pack}/");
        let inside: Vec<&str> = in_force
            .filter(|it| it.path.starts_with(&folder))
            .map(|it| it.policy.name.as_str())
            .collect();
        let error = self.reader.error(span, format!("`{name}` is a pack"));
        error.help = if inside.is_empty() {
            "it is not in force; name a policy that is, `rules` or `gates`".to_owned()
        } else {
            format!("name one of its policies: {}", inside.join(", "))
        };
    }

    fn report(&mut self, span: Span, message: String, name: &str, known: &BTreeSet<String>) {
        let names = || known.iter().map(String::as_str);
        let error = self.reader.error(span, message);
        error.label = did_you_mean(name, names());
        if error.label.is_empty() {
            error.help = if known.len() > MOST_LISTED {
                "relgate explain --list has all ids".to_owned()
            } else {
                format!("there are {}", names().collect::<Vec<_>>().join(", "))
            };
        }
    }
}

/// A list of more names than this helps nobody.
const MOST_LISTED: usize = 30;

fn text(node: Node<'_>) -> Option<(&str, Span)> {
    Some((node.text()?, node.span()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::policy::load::{PolicySource, load_with_rules};
    use crate::source::LineIndex;

    #[test]
    fn every_unknown_name_is_told_at_its_place() {
        let rules = BTreeSet::from(["drop-column".to_owned(), "drop-table".to_owned()]);
        let packs = ["builtin:release-process", "builtin:migration-safety"]
            .map(|pack| PolicySource::Builtin(pack.trim_start_matches("builtin:").to_owned()));
        let policies = load_with_rules(&packs, &BTreeMap::new(), &rules).unwrap();
        let text = "\
spec:
  policyRefs:
    - { name: rules, ids: [drop-colum, drop-table, candidate-missing, exception-unused] }
    - { name: gates, ids: [load-tests, load-test] }
    - { name: gate, ids: [x] }
    - name: migration-safety
    - name: builtin:helm
    - { name: candidates, ids: [candidate-mising, release-candidate] }
    - { name: locks }
---
spec: { policyRefs: [{ name: hotfixes }, { name: 3, ids: 4 }] }
";
        let lines = LineIndex::new(text);
        let found: Vec<String> = unknown_names("w.yaml", text, &policies)
            .into_iter()
            .map(|error| {
                let at = lines.position(text, error.span.start);
                let hint: String = error
                    .label
                    .chars()
                    .chain(error.help.chars())
                    .take(60)
                    .collect();
                format!("{}:{} {} ({hint})", at.line, at.column, error.message)
            })
            .collect();
        assert_eq!(
            found,
            [
                "3:28 there is no rule `drop-colum` (did you mean `drop-column`?)",
                "4:28 there is no gate `load-tests` (did you mean `load-test`?)",
                "5:15 no policy in force is called `gate` (did you mean `gates`?)",
                "6:13 `migration-safety` is a pack (name one of its policies: migration-release-types, locks)",
                "7:13 `builtin:helm` is a pack (it is not in force; name a policy that is, `rules` or `gates)",
                "8:33 there is no part of policy `candidates` with the id `candidate-mising` (did you mean `candidate-missing`?)",
                "11:30 no policy in force is called `hotfixes` (did you mean `hotfix`?)",
                "11:50 no policy in force is called `3` (there are after-gates, candidate-gates, candidates, change-g)",
            ]
        );
    }
}
