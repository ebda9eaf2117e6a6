//! Rules: compiled checks of one document each. They point at lines, and see neither facts nor policies.
//!
//! A rule is a constant with a function, in a file of its own beside its page. Each area has one table, written with
//! `rule_table!`; documentation, the command line, schemas and tests are driven from the tables.

pub mod changelog;
pub mod helm;
pub mod inputs;
pub mod migration_files;
pub mod sql;
pub mod suppressions;

use crate::finding::{Finding, Severity};

/// What everybody may know about a rule.
#[derive(Debug, Clone, Copy)]
pub struct RuleInfo {
    /// Its public id in kebab-case.
    pub id: &'static str,
    /// One line that names the pattern.
    pub summary: &'static str,
    /// The severity it has when nothing raises or lowers it.
    pub severity: Severity,
    /// Its page in Markdown: what `relgate explain` prints.
    pub page: &'static str,
}

/// What rules found.
#[derive(Debug, Default)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Keeps findings.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.0.extend(findings);
    }

    /// Keeps a finding.
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }
}

/// Declares the modules of an area's rules and the table of their `RULE` constants: one line per rule.
macro_rules! rule_table {
    ($rule:ty: $($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// The rules of this area, in the order of their names.
        pub static RULES: &[&$rule] = &[$(&$module::RULE),*];
    };
}
#[allow(unused_imports, reason = "the areas use it")]
pub(crate) use rule_table;
