#![no_main]

use libfuzzer_sys::fuzz_target;
use relgate::syntax::template;
use relgate_fuzz::assert_errors_fit;

fuzz_target!(|text: &str| {
    assert_errors_fit(text, &template::parse(text).errors);
});
