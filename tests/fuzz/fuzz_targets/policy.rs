#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use relgate::policy::{PolicySource, examples::run_examples, load};

fuzz_target!(|text: &str| {
    let source = PolicySource::File {
        path: "policy.yaml".to_owned(),
        text: text.into(),
    };
    // A policy that loads is also evaluated, on its own examples.
    if let Ok(set) = load(&[source], &BTreeMap::new()) {
        run_examples(&set);
    }
});
