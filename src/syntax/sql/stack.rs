//! Threads with a stack that is large enough for recursive parsers.

use std::sync::OnceLock;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// What the parsers need at the depth that the guard lets pass, many times over. Only touched pages cost memory.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Up to here, starting the threads costs more than they save.
const FEW: usize = 4;

/// Does `each` for all the work, in its order, on threads with a big stack if that is much.
///
/// Parsing elsewhere works too: it moves itself to such a thread for a statement that needs it, one at a time. So a caller
/// with many files enters here once.
pub fn in_parallel<T: Send, R: Send>(work: Vec<T>, each: impl Fn(T) -> R + Send + Sync) -> Vec<R> {
    if work.len() <= FEW {
        return work.into_iter().map(each).collect();
    }
    with_big_stack(|| work.into_par_iter().map(each).collect())
}

/// Runs `f` where the stack is large enough to parse anything that the guard lets pass, and where rayon's parallel
/// iterators keep to such threads.
pub(super) fn with_big_stack<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    match pool() {
        Some(pool) if pool.current_thread_index().is_none() => pool.install(f),
        _ => f(),
    }
}

/// This is a thread with a big stack.
pub(super) fn is_big() -> bool {
    pool().is_some_and(|pool| pool.current_thread_index().is_some())
}

fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    POOL.get_or_init(|| {
        ThreadPoolBuilder::new()
            .stack_size(STACK_BYTES)
            .thread_name(|i| format!("relgate-sql-{i}"))
            .build()
            .ok()
    })
    .as_ref()
}
