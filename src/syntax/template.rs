//! Go templates as Helm uses them (`text/template/parse`): which actions stand in a text, as a tree with places.
//!
//! Nothing is expanded here. The text between actions is left out; [`parse`] tells what it could not read, and keeps the
//! actions before it.

mod lexer;
mod parser;

use crate::source::Span;

pub use parser::parse;

/// A template file: what stands in it, and what it defines for others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Template {
    /// The actions outside of `define`, in order.
    pub body: Vec<Node>,
    /// `define` and `block`, in order.
    pub defines: Vec<Define>,
}

/// A named template.
#[derive(Debug, Clone, PartialEq)]
pub struct Define {
    /// Its name.
    pub name: String,
    /// The actions in it.
    pub body: Vec<Node>,
}

/// An action.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `{{ pipeline }}`.
    Action(Pipeline),
    /// `{{ if … }}`, `{{ with … }}`, `{{ range … }}` up to its `{{ end }}`.
    Branch(Branch),
    /// `{{ template "name" pipeline }}`, and the place of a `{{ block }}`.
    Template(String, Option<Pipeline>),
}

/// A branch.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// Which one.
    pub kind: BranchKind,
    /// What it depends on.
    pub pipeline: Pipeline,
    /// What is done then.
    pub body: Vec<Node>,
    /// What is done else.
    pub otherwise: Vec<Node>,
}

/// The words that open a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BranchKind {
    /// `if`.
    If,
    /// `with`, which sets the dot.
    With,
    /// `range`, which sets the dot for each item.
    Range,
}

/// Commands, each of which gets the result of the one before it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pipeline {
    /// The variables that it sets, without their `$`.
    pub variables: Vec<String>,
    /// They are new (`:=`), not changed (`=`).
    pub declares: bool,
    /// The commands.
    pub commands: Vec<Command>,
}

/// A function or a value, and its arguments.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Command {
    /// The first one is the function or the value.
    pub operands: Vec<Operand>,
}

/// A value in a command, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Operand {
    /// What it is.
    pub kind: OperandKind,
    /// The fields that are taken of it: `.a.b`.
    pub fields: Vec<String>,
    /// Its bytes.
    pub span: Span,
}

/// What a value starts with.
#[derive(Debug, Clone, PartialEq)]
pub enum OperandKind {
    /// `.`
    Dot,
    /// `$name`; the empty name is `$`.
    Variable(String),
    /// A function.
    Function(String),
    /// A text.
    Text(String),
    /// A number, a character, a truth value or `nil`.
    Constant(String),
    /// `( … )`
    Group(Box<Pipeline>),
}
