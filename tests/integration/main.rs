//! Tests of the whole: the program as people run it, on repositories that a history or git itself made.

/// Repositories and the program, without anything of the machine around them.
mod support;

/// The examples play, and are what their pages say.
mod examples;
/// The source code keeps to the architecture.
mod layering;
