//! (in work)
use super::error::PolicyError;
use super::load::{Loaded, PolicySet};

/// Checks every expression of the chosen policies.
pub(super) fn policies(_set: &PolicySet, _chosen: impl Fn(&Loaded) -> bool) -> Vec<PolicyError> {
    Vec::new()
}
