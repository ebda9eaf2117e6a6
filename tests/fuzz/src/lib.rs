//! What every parser promises: it returns, and what it points at is there.

use relgate::source::Span;

/// Fails when a span does not cut the text.
pub fn assert_fits(text: &str, span: Span) {
    assert!(
        text.get(span.range()).is_some(),
        "{span:?} does not cut the text"
    );
}

/// Fails when an error points outside the text or says nothing.
pub fn assert_errors_fit(text: &str, errors: &[relgate::syntax::SyntaxError]) {
    for error in errors {
        assert_fits(text, error.span);
        assert!(!error.message.is_empty());
    }
}
