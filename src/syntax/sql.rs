//! SQL to operations.

pub mod operation;
