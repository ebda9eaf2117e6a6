//! YAML to values: the only module that knows the YAML parsers.
//!
//! [`parse`] reads a text into trees of [`Node`]s that know their bytes, keep every duplicate key and share what aliases
//! name. What a plain scalar means is decided later, by one of two schemas on the same tree: Helm's for charts and
//! their values, YAML 1.2's for everything else. relgate's own files are read into Rust types by [`from_str`].

mod base64;
mod comments;
mod compose;
mod core;
mod go_float;
mod helm;
mod node;
mod path;
mod scalar;
mod tabs;
mod typed;
mod value;

#[cfg(test)]
mod measured;
#[cfg(test)]
mod tests;

pub use self::core::resolve_core;
pub use comments::comments;
pub use compose::{
    MAX_ALIAS_NODES, MAX_BYTES, MAX_DEPTH, MAX_DOCUMENTS, MAX_NODES, parse, parse_helm,
};
pub use helm::{helm_key, helm_scalar, is_merge_key, resolve_helm};
pub use node::{Document, Node, Style};
pub use path::{KeyPath, PathPart};
pub use scalar::{ScalarText, scalar_at_path, scalar_text, scalar_text_at};
pub use typed::{At, YamlError, documents_from_str, from_str};
pub use value::{Data, Entry, Map, Number, Value};
