//! JUnit XML, which CI systems show as test results. The only module that knows the crate.

pub mod policy_tests;
