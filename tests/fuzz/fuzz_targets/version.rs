#![no_main]

use libfuzzer_sys::fuzz_target;
use relgate::version::{TagScheme, Version};

fuzz_target!(|texts: (&str, &str)| {
    let scheme = TagScheme::default();
    scheme.parse(texts.0);
    if let (Some(a), Some(b)) = (Version::parse(texts.0), Version::parse(texts.1)) {
        assert_eq!(a.release_order(&b), b.release_order(&a).reverse());
        assert_eq!(a.semver_precedence(&b), b.semver_precedence(&a).reverse());
    }
});
