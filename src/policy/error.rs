//! What can be wrong with policies: at load, pointing into the document, and at evaluation, pointing at the expression.

use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};

use crate::source::Span;

/// One mistake in a policy document.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct PolicyError {
    /// What is wrong, as one sentence without a full stop.
    pub message: String,
    /// A few words for under the caret: usually a nearby name.
    pub label: String,
    /// What to do; empty when the label says it.
    pub help: String,
    /// The document's file and text.
    pub document: Arc<NamedSource<Arc<str>>>,
    /// Where in it.
    pub span: Span,
}

impl PolicyError {
    /// Says what to do.
    pub fn advise(&mut self, help: &str) {
        help.clone_into(&mut self.help);
    }
}

impl Diagnostic for PolicyError {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&*self.document)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = SourceSpan::from(self.span.range());
        let label = (!self.label.is_empty()).then(|| self.label.clone());
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(
            label, span,
        ))))
    }
}

/// Nobody reads more excerpts than this, and each costs a walk through its file.
const MOST_SHOWN: usize = 50;

/// All mistakes that were found in the policies, not only the first.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} in the policies", count(.0.len()))]
pub struct PolicyErrors(pub Vec<PolicyError>);

/// What mistakes of the configuration point at until somebody knows its file.
pub(super) const CONFIGURATION: &str = "the configuration";

impl PolicyErrors {
    /// The same mistakes, with those of the configuration at the place in its text that they name.
    #[must_use]
    pub fn placed_in(mut self, path: &str, text: &str) -> Self {
        let document = Arc::new(NamedSource::new(path, Arc::<str>::from(text)));
        for error in &mut self.0 {
            if error.document.name() == CONFIGURATION {
                let name = error.message.split('`').nth(1).unwrap_or_default();
                error.span = place_of(name, text).unwrap_or_default();
                error.document = Arc::clone(&document);
            }
        }
        self
    }
}

/// The first place where a text has a name as a whole word.
fn place_of(name: &str, text: &str) -> Option<Span> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let found = text.match_indices(name).find(|(at, _)| {
        let before = text.get(..*at).and_then(|text| text.chars().next_back());
        let behind = text
            .get(at + name.len()..)
            .and_then(|text| text.chars().next());
        !name.is_empty() && !before.is_some_and(is_part) && !behind.is_some_and(is_part)
    });
    found.map(|(at, name)| Span::new(at, at + name.len()))
}

impl Diagnostic for PolicyErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(
            self.0
                .iter()
                .take(MOST_SHOWN)
                .map(|error| error as &dyn Diagnostic),
        ))
    }
}

fn count(n: usize) -> String {
    if n == 1 {
        "a mistake".to_owned()
    } else if n > MOST_SHOWN {
        format!("{n} mistakes, of which the first {MOST_SHOWN} are shown,")
    } else {
        format!("{n} mistakes")
    }
}

/// An expression that could not be evaluated: the verdict is `error`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvaluationError {
    /// The policy's name.
    pub policy: String,
    /// The id of the demand, validation or gate, or the name of the variable or condition.
    pub id: String,
    /// The field that holds the expression: `match`, `expression`, `messageExpression`, ...
    pub field: &'static str,
    /// The expression.
    pub expression: String,
    /// The smallest part of it that fails; empty when that is the whole.
    pub part: String,
    /// What went wrong.
    pub message: String,
    /// The document's path, or `builtin:<pack>/<file>`.
    pub path: String,
    /// The 1-based line of what failed in it.
    pub line: u32,
    /// The 1-based column.
    pub column: u32,
}

impl std::fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.policy.is_empty() {
            return f.write_str(&self.message);
        }
        write!(
            f,
            "policy {}/{} could not be evaluated: ",
            self.policy, self.id
        )?;
        if !self.part.is_empty() {
            write!(f, "`{}`: ", self.part)?;
        }
        write!(
            f,
            "{} ({}:{}:{}, {})",
            self.message, self.path, self.line, self.column, self.field
        )
    }
}

impl std::error::Error for EvaluationError {}
