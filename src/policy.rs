//! Policies: documents in CEL that compare, decide release types and gates, and never see a file.
//!
//! Documents are read and checked once ([`load()`]), evaluated over [`Facts`](crate::facts::Facts) as often as one likes
//! ([`evaluate()`]), and tested by the examples that they carry. Rules and policies meet only in what they leave:
//! findings.

pub mod builtin;
pub mod cel;
mod check;
pub mod document;
pub mod error;
pub mod eval;
pub mod evaluate;
pub mod examples;
pub mod explain;
pub mod exceptions;
pub mod load;
mod node;
pub mod outcome;
mod read;
pub mod schema;
pub mod suggest;
pub mod trace;

pub use document::{Control, EvidenceSpec, GateSpec, Policy};
pub use error::{EvaluationError, PolicyError, PolicyErrors};
pub use evaluate::{Input, RELEASE_CANDIDATE, evaluate, settle};
pub use exceptions::Waiver;
pub use load::{Loaded, PolicySet, PolicySource, load, load_with_examples, load_with_rules};
pub use outcome::{Demand, Evaluation};
pub use schema::{exception_schema, facts_schema, policy_schema, policy_test_schema};
