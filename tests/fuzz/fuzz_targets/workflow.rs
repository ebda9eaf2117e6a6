#![no_main]

use libfuzzer_sys::fuzz_target;
use relgate::syntax::workflow;
use relgate_fuzz::{assert_errors_fit, assert_fits};

fuzz_target!(|text: &str| {
    let parsed = workflow::parse(text);
    assert_errors_fit(text, &parsed.errors);
    assert_fits(text, parsed.value.trigger);
    // The text as a pattern, and as a name that a pattern is matched with.
    let _ = workflow::matches(text, "v1.2.3-rc1");
    let _ = workflow::matches("v[0-9]+.**", text);
});
