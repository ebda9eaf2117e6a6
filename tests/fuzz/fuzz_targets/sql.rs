#![no_main]

use libfuzzer_sys::fuzz_target;
use relgate::syntax::sql::{operation::Dialect, parse};
use relgate_fuzz::{assert_errors_fit, assert_fits};

fuzz_target!(|text: &str| {
    for dialect in [Dialect::Postgresql, Dialect::Mysql, Dialect::Sqlite] {
        let parsed = parse(text, dialect);
        assert_errors_fit(text, &parsed.errors);
        let mut end = 0;
        for statement in parsed.value {
            assert_fits(text, statement.span);
            assert!(statement.span.start >= end, "statements follow each other");
            end = statement.span.end;
            assert!(!statement.operations.is_empty(), "nothing is dropped");
            for operation in statement.operations {
                assert_fits(text, operation.span);
            }
        }
    }
});
