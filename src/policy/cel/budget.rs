//! How much an expression may do, counted and not timed, so that a judgement is the same on every machine.
//!
//! One step is about one turn of a loop, or 64 bytes of text that are read or made. The engine calls functions as plain
//! pointers, which hold nothing: the count lives in the thread.

use std::cell::Cell;

use cel::ExecutionError;
use cel::common::types::{CelBytes, CelList, CelMap, CelString};
use cel::common::value::Val;

use super::value::{SharedList, SharedMap};

/// What one expression may do: about half a second, and 64 MB.
pub(super) const STEPS: u64 = 1_000_000;
/// Bytes of text that are one step.
const BYTES_PER_STEP: u64 = 64;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(0) };
    static EXHAUSTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` with `steps` to spend. The second answer says that they did not suffice: the engine absorbs errors in
/// `error || true`, so a result alone does not tell.
pub(super) fn with_budget<T>(steps: u64, work: impl FnOnce() -> T) -> (T, bool) {
    LEFT.set(steps);
    EXHAUSTED.set(false);
    let result = work();
    (result, EXHAUSTED.get())
}

/// Spends steps.
pub(super) fn charge(steps: u64) -> Result<(), ExecutionError> {
    if let Some(left) = LEFT.get().checked_sub(steps) {
        LEFT.set(left);
        return Ok(());
    }
    LEFT.set(0);
    EXHAUSTED.set(true);
    Err(ExecutionError::function_error("budget", EXCEEDED))
}

/// What is said when the steps do not suffice.
pub(super) const EXCEEDED: &str = "the expression does too much: more than 1000000 loop turns";

/// The steps that a text of `bytes` costs.
pub(super) fn text_steps(bytes: usize) -> u64 {
    bytes as u64 / BYTES_PER_STEP
}

/// The steps that it costs to copy a value: nothing to speak of for shared ones.
pub(super) fn copy_steps(value: &dyn Val) -> u64 {
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        return text_steps(text.inner().len());
    }
    if let Some(bytes) = value.downcast_ref::<CelBytes<'_>>() {
        return text_steps(bytes.inner().len());
    }
    if let Some(list) = value.downcast_ref::<CelList<'_>>() {
        return list.inner().iter().fold(1, |sum: u64, element| {
            sum.saturating_add(1)
                .saturating_add(copy_steps(element.as_ref()))
        });
    }
    if let Some(map) = value.downcast_ref::<CelMap<'_>>() {
        // A sum does not depend on the order in which a hash map hands out its values.
        #[allow(clippy::iter_over_hash_type, reason = "a sum has no order")]
        return map.inner().values().fold(1, |sum: u64, element| {
            sum.saturating_add(1)
                .saturating_add(copy_steps(element.as_ref()))
        });
    }
    0
}

/// The steps that it costs to go through a value once.
pub(super) fn walk_steps(value: &dyn Val) -> u64 {
    if let Some(list) = value.downcast_ref::<SharedList>() {
        return list.elements().len() as u64;
    }
    if let Some(map) = value.downcast_ref::<SharedMap>() {
        return map.entries().len() as u64;
    }
    copy_steps(value)
}
