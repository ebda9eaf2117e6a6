//! The documents as they are written: what a policy author may say, before anything is evaluated.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Severity;
use crate::gate::Stage;
use crate::source::Span;
use crate::version::ReleaseType;

/// The `apiVersion` that relgate understands.
pub const API_VERSION: &str = "relgate.dev/v1alpha1";

/// A text of a document with the place that it was read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expression {
    /// The CEL source.
    pub text: Arc<str>,
    /// The scalar that holds it, in the document's file.
    pub span: Span,
    /// Where each piece of the text stands in the file, as `(offset in the text, offset in the file)`, ascending: a block
    /// scalar loses its indentation, so that offsets in the text and in the file are not a constant apart.
    pub pieces: Vec<(u32, u32)>,
}

impl Expression {
    /// The place in the file of a range of bytes of the text.
    pub fn place(&self, range: std::ops::Range<usize>) -> Span {
        let at = |offset: usize| {
            let index = self
                .pieces
                .partition_point(|&(text, _)| text as usize <= offset);
            let Some(&(text, file)) = index
                .checked_sub(1)
                .and_then(|index| self.pieces.get(index))
            else {
                return self.span.start as usize;
            };
            file as usize + (offset - text as usize)
        };
        let start = at(range.start);
        // The end is mapped through the last byte: behind it, the next line's piece may begin.
        let end = if range.end > range.start {
            at(range.end - 1) + 1
        } else {
            start
        };
        Span::new(start, end)
    }
}

/// A control of an audit framework.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Control {
    /// `soc2`, `iso27001`, `slsa`, ...
    pub framework: String,
    /// The control's id in it.
    pub id: String,
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
    /// When it fires.
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
    /// What it must hold beside a decision, e.g. `checksum`.
    pub requires: Vec<String>,
}

/// A gate.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The rules and validations whose open errors keep it open.
    pub rules: Vec<String>,
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

/// A test of a policy that stands in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Facts, laid over empty ones.
    pub given: serde_json::Value,
    /// The parameters that it sets.
    pub params: BTreeMap<String, serde_json::Value>,
    /// The type that the policy's demands require; `None` when the example does not say.
    pub release_type: Option<ReleaseType>,
    /// The ids of the findings that the policy's validations leave; `None` when the example does not say.
    pub findings: Option<Vec<String>>,
    /// What becomes of gates.
    pub gates: BTreeMap<String, String>,
    /// Its place.
    pub span: Span,
}

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its name, unique among the loaded ones.
    pub name: String,
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
    /// Its gates.
    pub gates: Vec<GateSpec>,
    /// What becomes of its findings.
    pub action: Action,
    /// Its tests.
    pub examples: Vec<Example>,
    /// The place of its name.
    pub span: Span,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_scalars_offsets_are_mapped_line_by_line() {
        // The text "ab\ncd" stands in the file as "|\n    ab\n    cd", from offset 10.
        let expression = Expression {
            text: "ab\ncd".into(),
            span: Span::new(10, 25),
            pieces: vec![(0, 16), (3, 23)],
        };
        assert_eq!(expression.place(0..2), Span::new(16, 18));
        assert_eq!(expression.place(3..5), Span::new(23, 25));
        assert_eq!(expression.place(1..4), Span::new(17, 24));
    }
}
