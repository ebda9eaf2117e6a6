//! The documents as they are written: what a policy author may say, before anything is evaluated.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Severity;
pub use crate::gate::Control;
use crate::gate::Stage;
use crate::source::{LineIndex, Span};
use crate::syntax::yaml::{self, Style};
use crate::version::ReleaseType;

/// The `apiVersion` that relgate understands.
pub const API_VERSION: &str = "relgate.dev/v1alpha1";

/// A file of documents. A policy that extends another one has expressions of two files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct File {
    /// Its path, as messages show it, or `builtin:<pack>/<file>`.
    pub path: Arc<str>,
    /// Its content.
    pub text: Arc<str>,
}

/// A text of a document with the place that it was read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expression {
    /// The CEL source.
    pub text: Arc<str>,
    /// The scalar that holds it, in the file.
    pub span: Span,
    /// How the scalar is written; `None` for an expression that was typed.
    pub style: Option<Style>,
    /// The file that it stands in.
    pub file: File,
}

impl Expression {
    /// The place in the file of a range of bytes of the text: a block scalar loses its indentation, and quotes lose their
    /// escapes.
    pub fn place(&self, range: std::ops::Range<usize>) -> Span {
        match self.style {
            Some(style) => yaml::scalar_text_at(&self.file.text, self.span, style, &self.text)
                .to_file_span(range),
            None => Span::new(range.start, range.end),
        }
    }

    /// The 1-based line that it starts in, as the file counts them.
    pub fn line(&self) -> u32 {
        let start = self.place(0..0).start;
        LineIndex::new(&self.file.text)
            .position(&self.file.text, start)
            .line
    }
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamType {
    /// A text.
    String,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A list of texts.
    List,
}

impl ParamType {
    /// The word that documents use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::List => "list",
        }
    }
}

/// A parameter that a configuration may set.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Its type.
    pub kind: ParamType,
    /// What it is when nobody sets it.
    pub default: serde_json::Value,
    /// The only values that it may take; empty when any will do.
    pub allowed: Vec<serde_json::Value>,
    /// What it decides.
    pub description: String,
}

impl Param {
    /// Whether a value may be given to it, or why not, as the end of a sentence.
    pub fn accepts(&self, value: &serde_json::Value) -> Result<(), String> {
        let fits = match self.kind {
            ParamType::String => value.is_string(),
            ParamType::Bool => value.is_boolean(),
            ParamType::Int => value.is_i64(),
            ParamType::List => value
                .as_array()
                .is_some_and(|items| items.iter().all(serde_json::Value::is_string)),
        };
        if !fits {
            return Err(match self.kind {
                ParamType::List => "must be a list of texts".to_owned(),
                kind => format!("must be of type {}", kind.as_str()),
            });
        }
        if !self.allowed.is_empty() && !self.allowed.contains(value) {
            let words: Vec<String> = self.allowed.iter().map(ToString::to_string).collect();
            return Err(format!("must be one of {}", words.join(", ")));
        }
        Ok(())
    }
}

/// A named expression: a condition or a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// The expression.
    pub expression: Expression,
}

/// When a demand or a validation fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// `match`: a list of the facts that make it fire (none: it is silent), or a bool.
    Match(Expression),
    /// `expression`: what must hold; it fires when this is false.
    MustHold(Expression),
}

/// What is said when something fires.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// `message`: a fixed text.
    pub text: String,
    /// `messageExpression`: a text that is computed.
    pub expression: Option<Expression>,
}

/// A demand: the smallest release type that may carry what it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemandRule {
    /// Its id, unique in the policy.
    pub id: String,
    /// Why it asks.
    pub description: String,
    /// `match`: a list of the facts that make it fire (none: it is silent), or a bool.
    pub trigger: Expression,
    /// The type that it asks for.
    pub at_least: ReleaseType,
    /// Why. With `messageExpression`, `it` is the fact when one fired, and `matched` is the list of all.
    pub message: Message,
}

/// A validation: what must not be, as findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// Its id, which is the findings' rule.
    pub id: String,
    /// One line that names the defect.
    pub title: String,
    /// Why it matters.
    pub description: String,
    /// When it fires.
    pub trigger: Trigger,
    /// How much its findings weigh.
    pub severity: Severity,
    /// How much they weigh where that depends on the facts: `error`, `warning` or `info`.
    pub severity_expression: Option<Expression>,
    /// What the finding says. In `messageExpression`, `it` is the fact that the finding is about.
    pub message: Message,
    /// A name for what the finding is about when it has no place: usually a tag.
    pub about: Option<Expression>,
    /// What to do.
    pub help: String,
}

impl Validation {
    /// The expression that decides whether it fires.
    pub fn trigger(&self) -> &Expression {
        match &self.trigger {
            Trigger::Match(expression) | Trigger::MustHold(expression) => expression,
        }
    }
}

/// How much the findings of rules weigh, where a policy says something else than the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeverityRule {
    /// The rules.
    pub rules: Vec<String>,
    /// Where each of them is named, for messages; empty for those of an extended policy.
    pub places: Vec<Span>,
    /// The severity: `error`, `warning` or `info`. `it` is the finding.
    pub expression: Expression,
}

/// What closes an evidenced gate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceSpec {
    /// `approval`, `test-result`, `deployment`, ...
    pub kind: String,
    /// The role that must vouch; empty when any signer may.
    pub role: String,
    /// How many must vouch.
    pub minimum: u32,
    /// The greatest age, as an ISO 8601 duration (`P7D`, `PT12H`); empty when it does not age.
    pub max_age: String,
    /// An author of the release's commits may not vouch.
    pub not_author: bool,
    /// It is bound to the policies as they are now.
    pub bind_policy: bool,
    /// An unsigned statement counts too, and is shown as asserted (`trust: unsigned-ok`).
    pub unsigned: bool,
    /// One may vouch at first, and a second person must within this time, as an ISO 8601 duration; empty when nobody has to.
    pub second_within: String,
    /// What it must hold beside a decision, e.g. `checksum`.
    pub requires: Vec<String>,
}

/// A gate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GateSpec {
    /// Its id.
    pub id: String,
    /// One line that says what closes it.
    pub title: String,
    /// Why it exists.
    pub description: String,
    /// When it must be closed.
    pub stage: Stage,
    /// When it must be closed where that depends on the facts: a stage's name.
    pub stage_expression: Option<Expression>,
    /// Which releases need it; all when absent.
    pub required_when: Option<Expression>,
    /// What is said when a release does not need it.
    pub not_required: String,
    /// Whether there is anything to look at; a gate without a subject is not required.
    pub subject_when: Option<Expression>,
    /// What is said when there is not.
    pub no_subject: String,
    /// Whether it can be looked at; a gate that cannot is not evaluated.
    pub evaluable_when: Option<Expression>,
    /// What is said when it cannot.
    pub not_evaluable: Message,
    /// What it looks at may be gone later, as branches are: an audit lists it where it cannot be looked at any more, and does
    /// not hold the release back for it.
    pub transient: bool,
    /// The rules and validations whose open errors keep it open.
    pub rules: Vec<String>,
    /// Where each of them is named, for messages; empty for those of an extended policy.
    pub rule_places: Vec<Span>,
    /// What must hold.
    pub expression: Option<Expression>,
    /// The fact that closed it or keeps it open.
    pub message: Message,
    /// What somebody must leave to close it.
    pub evidence: Option<EvidenceSpec>,
    /// How to close it.
    pub help: String,
    /// The controls that it serves; the policy's when it names none.
    pub controls: Vec<Control>,
    /// Its place.
    pub span: Span,
}

/// What becomes of the findings of a policy's validations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Action {
    /// They weigh what they say.
    #[default]
    Deny,
    /// They are warnings at most.
    Warn,
    /// They are remarks.
    Audit,
}

/// A test: of the policy that it stands in, or of those that a `PolicyTest` names.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Facts, laid over empty ones or over those of a file.
    pub given: serde_json::Value,
    /// The parameters that it sets.
    pub params: BTreeMap<String, serde_json::Value>,
    /// What must come of it.
    pub expect: Expectation,
    /// Its place.
    pub span: Span,
}

/// What must come of an example.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expectation {
    /// The type that the demands require; `None` when it does not say.
    pub release_type: Option<ReleaseType>,
    /// The ids of the findings that validations leave; `None` when it does not say.
    pub findings: Option<Vec<String>>,
    /// What becomes of gates.
    pub gates: BTreeMap<String, String>,
    /// What the findings of rules weigh, by rule.
    pub severities: BTreeMap<String, String>,
    /// Where the map stands.
    pub span: Span,
    /// Where its values stand: `releaseType`, `findings`, `gates.<id>`, `severities.<rule>`.
    pub places: BTreeMap<String, Span>,
}

impl Expectation {
    /// It says nothing, so that nothing could ever differ.
    pub fn is_empty(&self) -> bool {
        self.release_type.is_none()
            && self.findings.is_none()
            && self.gates.is_empty()
            && self.severities.is_empty()
    }
}

/// A policy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    /// Its name, unique among the loaded ones.
    pub name: String,
    /// The policy that it extends and takes the place of; empty when it stands alone.
    pub extends: String,
    /// One line that says what it is about.
    pub title: String,
    /// Why it exists.
    pub description: String,
    /// The controls that it serves.
    pub controls: Vec<Control>,
    /// Its parameters.
    pub params: BTreeMap<String, Param>,
    /// What must hold for it to be evaluated at all.
    pub match_conditions: Vec<Named>,
    /// Its variables, in order: each may use those before it.
    pub variables: Vec<Named>,
    /// Its demands.
    pub demands: Vec<DemandRule>,
    /// Its validations.
    pub validations: Vec<Validation>,
    /// What it makes of the findings of rules.
    pub severities: Vec<SeverityRule>,
    /// Its gates.
    pub gates: Vec<GateSpec>,
    /// What becomes of its findings.
    pub action: Action,
    /// Its tests.
    pub examples: Vec<Example>,
    /// The place of its name.
    pub span: Span,
}

impl Policy {
    /// All its expressions, in the order of its fields.
    pub fn expressions(&self) -> Vec<&Expression> {
        let mut all: Vec<&Expression> = Vec::new();
        all.extend(self.match_conditions.iter().map(|it| &it.expression));
        all.extend(self.variables.iter().map(|it| &it.expression));
        for demand in &self.demands {
            all.push(&demand.trigger);
            all.extend(&demand.message.expression);
        }
        for validation in &self.validations {
            all.push(validation.trigger());
            all.extend(&validation.severity_expression);
            all.extend(&validation.message.expression);
            all.extend(&validation.about);
        }
        all.extend(self.severities.iter().map(|it| &it.expression));
        for gate in &self.gates {
            let expressions = [
                &gate.stage_expression,
                &gate.required_when,
                &gate.subject_when,
                &gate.evaluable_when,
                &gate.not_evaluable.expression,
                &gate.expression,
                &gate.message.expression,
            ];
            all.extend(expressions.into_iter().flatten());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_file() {
        let file =
            "a: 1\nb:\n  - >-\n    one &&\n    two\n  - |\n    three\n    four\n  - 'it''s'\n";
        let document = &yaml::parse(file).value[0];
        let check = |index: usize, part: &str| {
            let node = document
                .root()
                .get("b")
                .unwrap()
                .items()
                .nth(index)
                .unwrap();
            let expression = Expression {
                text: node.text().unwrap().into(),
                span: node.definition_span(),
                style: node.scalar().map(|(_, style)| style),
                file: File {
                    path: "a.yaml".into(),
                    text: file.into(),
                },
            };
            let start = expression.text.find(part).unwrap();
            let place = expression.place(start..start + part.len());
            assert_eq!(&file[place.range()], part);
        };
        check(0, "two");
        check(0, "one");
        check(1, "four");
        check(2, "it");
    }
}
