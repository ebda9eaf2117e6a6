//! What `relgate fix` writes for SQL. A fix is offered only where its result is certain: the runner's ways are known, the
//! object has a name, and nothing in the release depends on the order of what moves.

mod around;
mod concurrently;
mod lock_timeout;
mod not_null;
mod not_valid;
mod own_file;
mod place;
mod using_index;

pub(super) use concurrently::{create_concurrently, drop_concurrently};
pub(super) use lock_timeout::lock_timeout;
pub(super) use not_null::set_not_null;
pub(super) use not_valid::not_valid;
pub(super) use using_index::key_over_index;
