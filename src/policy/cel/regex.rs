//! Regular expressions, compiled once. The engine's own `matches` compiles its pattern at every call.

use std::cell::RefCell;
use std::collections::BTreeMap;

use cel::ExecutionError;
use regex::{Regex, RegexBuilder};

use super::budget;

/// Patterns that are kept; when there are more, all are forgotten.
const KEPT: usize = 128;
/// The greatest size of a compiled pattern: enough for a few Unicode classes, not for `(\w{1000}){1000}`.
const MAX_BYTES: usize = 1 << 18;
/// Longer patterns are not compiled.
const MAX_PATTERN: usize = 2048;

thread_local! {
    static CACHE: RefCell<BTreeMap<String, Result<Regex, String>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The steps of one search: a pattern may look at a byte many times.
pub(super) fn steps(haystack: &str) -> u64 {
    budget::text_steps(haystack.len().saturating_mul(32)).saturating_add(1)
}

/// Calls `use_it` with the compiled pattern. A pattern that does not compile is remembered too: finding that out can be
/// the dear part.
pub(super) fn with<T>(
    pattern: &str,
    use_it: impl FnOnce(&Regex) -> T,
) -> Result<T, ExecutionError> {
    CACHE.with_borrow_mut(|cache| {
        if !cache.contains_key(pattern) {
            if cache.len() >= KEPT {
                cache.clear();
            }
            cache.insert(pattern.to_owned(), compile(pattern));
        }
        match cache.get(pattern) {
            Some(Ok(regex)) => Ok(use_it(regex)),
            Some(Err(why)) => Err(ExecutionError::function_error("matches", why)),
            None => Err(ExecutionError::function_error("matches", "no such pattern")),
        }
    })
}

/// Compiles a pattern within the limits, or says in one line why not.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("the pattern is longer than {MAX_PATTERN} bytes"));
    }
    RegexBuilder::new(pattern)
        .size_limit(MAX_BYTES)
        .dfa_size_limit(MAX_BYTES * 4)
        .nest_limit(64)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too large once compiled".to_owned(),
            // The crate draws the pattern with a caret under it; the last line says what is wrong.
            other => {
                let text = other.to_string();
                let last = text.rsplit('\n').next().unwrap_or(&text);
                format!(
                    "not a regular expression: {}",
                    last.trim_start_matches("error: ")
                )
            }
        })
}
