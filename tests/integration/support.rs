pub(crate) mod postgres;
pub(crate) mod keys;
pub(crate) mod repo;
pub(crate) mod snapshot;
pub(crate) mod tool;

pub(crate) use repo::Repo;
pub(crate) use tool::{Run, Tool};

/// The root of the package.
pub(crate) fn root() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
}
