#![no_main]

use libfuzzer_sys::fuzz_target;
use relgate::syntax::changelog::parse;
use relgate_fuzz::{assert_errors_fit, assert_fits};

fuzz_target!(|text: &str| {
    let parsed = parse(text);
    assert_errors_fit(text, &parsed.errors);
    for section in parsed.value.sections {
        assert_fits(text, section.heading);
        assert_fits(text, section.span);
    }
});
