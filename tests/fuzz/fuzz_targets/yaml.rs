#![no_main]

use libfuzzer_sys::fuzz_target;
use relgate::syntax::yaml;
use relgate_fuzz::assert_errors_fit;

fuzz_target!(|text: &str| {
    assert_errors_fit(text, &yaml::parse(text).errors);
    assert_errors_fit(text, &yaml::parse_helm(text).errors);
    let _ = yaml::from_str::<relgate::config::Config>(text);
});
