#![no_main]

use libfuzzer_sys::fuzz_target;
use relgate::syntax::commit::parse_message;

fuzz_target!(|text: &str| {
    let message = parse_message(text);
    assert!(message.co_authors.is_sorted());
});
