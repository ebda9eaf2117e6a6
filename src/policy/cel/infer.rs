//! The check of an expression before it runs: names, fields and functions that do not exist, and types that cannot fit.
//! What the schema does not tell is left to the evaluation.

mod functions;
mod operators;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr,
};

use crate::policy::suggest::did_you_mean;

use super::mistake::Mistake;
use super::program::{Syntax, parse};
use super::signatures::SIGNATURES;
use super::tree;
use super::types::Type;

/// Names that expressions may use.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Names {
    /// Top-level names: facts, `params`, `now`, and what the field's meaning adds.
    pub(in crate::policy) roots: BTreeMap<String, Type>,
    /// The variables that stand before the expression.
    pub(in crate::policy) variables: BTreeMap<String, Type>,
    /// The variables that stand behind it.
    pub(in crate::policy) later: Vec<String>,
}

/// The type of an expression, and everything that is wrong with it.
pub(in crate::policy) fn infer(syntax: &Syntax, names: &Names) -> (Type, Vec<Mistake>) {
    let mut checker = Checker {
        syntax,
        names,
        scope: Vec::new(),
        mistakes: Vec::new(),
    };
    let found = checker.infer(&syntax.tree);
    (found, checker.mistakes)
}

/// What may stand behind the dot that an unfinished expression ends with; `None` when it ends with something else, or
/// what stands before the dot has no fields.
pub(in crate::policy) fn fields_behind_a_dot(source: &str, names: &Names) -> Option<Mistake> {
    let source = source.trim_end();
    let before = source.strip_suffix('.')?;
    let dot = before.len()..source.len();
    if before.trim_end() == "variables" {
        let known = names.variables.keys().map(String::as_str);
        return Some(Mistake::new("the name of a variable is missing", dot).names(known));
    }
    let (found, mistakes) = infer(&parse(before).ok()?, names);
    match found {
        _ if !mistakes.is_empty() => None,
        Type::Record(record) => Some(
            Mistake::new(format!("a field of {} is missing", record.called), dot)
                .names(record.fields.keys().map(String::as_str)),
        ),
        Type::Any | Type::Map(_) => None,
        found => {
            let mut functions: Vec<&str> = SIGNATURES
                .iter()
                .filter(|it| it.target.is_some_and(|kind| kind.takes(&found)))
                .map(|it| it.name)
                .collect();
            if let Type::List(_) = found {
                functions.extend(["all", "exists", "filter", "map"]);
            }
            functions.sort_unstable();
            functions.dedup();
            let mistake = Mistake::new(format!("a function of {found} is missing"), dot);
            Some(mistake.names(functions))
        }
    }
}

struct Checker<'s> {
    syntax: &'s Syntax,
    names: &'s Names,
    /// Loop variables and what `cel.bind` binds, innermost last.
    scope: Vec<(String, Type)>,
    mistakes: Vec<Mistake>,
}

impl Checker<'_> {
    fn infer(&mut self, node: &IdedExpr) -> Type {
        match &node.expr {
            Expr::Unspecified => Type::Any,
            Expr::Literal(literal) => of_literal(literal),
            Expr::Ident(name) => self.ident(node, name),
            Expr::Select(select) => self.select(node, select),
            Expr::Call(call) => self.call(node, call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::List(list) => {
                let mut of: Option<Type> = None;
                for (index, element) in list.elements.iter().enumerate() {
                    let mut found = self.infer(element);
                    if list.optional_indices.contains(&index) {
                        found = Type::Any;
                    }
                    of = Some(match of {
                        Some(of) => of.join(found),
                        None => found,
                    });
                }
                Type::list(of.unwrap_or(Type::Any))
            }
            Expr::Map(map) => {
                let mut of: Option<Type> = None;
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.infer(&entry.key);
                        let found = self.infer(&entry.value);
                        of = Some(match of {
                            Some(of) => of.join(found),
                            None => found,
                        });
                    }
                }
                Type::Map(Arc::new(of.unwrap_or(Type::Any)))
            }
            Expr::Struct(literal) => {
                self.report(
                    node,
                    format!(
                        "there is no type `{}` to make a value of",
                        literal.type_name
                    ),
                );
                Type::Any
            }
        }
    }

    fn ident(&mut self, node: &IdedExpr, name: &str) -> Type {
        // A leading dot asks for the name outside of all loops.
        let outer = name.strip_prefix('.');
        if outer.is_none()
            && let Some((_, found)) = self.scope.iter().rev().find(|(known, _)| known == name)
        {
            return found.clone();
        }
        let name = outer.unwrap_or(name);
        if let Some(found) = self.names.roots.get(name) {
            return found.clone();
        }
        if name == "variables" {
            self.report(node, "a variable is written as `variables.<name>`");
            return Type::Any;
        }
        if TYPE_NAMES.contains(&name) {
            return Type::Name;
        }
        if name.starts_with(['@', '#']) {
            return Type::Any;
        }
        let known = self
            .scope
            .iter()
            .map(|(name, _)| name.as_str())
            .chain(self.names.roots.keys().map(String::as_str));
        let mut label = did_you_mean(name, known);
        if self.names.variables.contains_key(name) {
            label = format!("did you mean `variables.{name}`?");
        }
        let mistake = Mistake::new(format!("unknown name `{name}`"), self.token(node))
            .names(self.names.roots.keys().map(String::as_str));
        let mistake = if label.is_empty() {
            let roots: Vec<&str> = self.names.roots.keys().map(String::as_str).collect();
            mistake.help(format!(
                "there are {}, and `variables.<name>`",
                roots.join(", ")
            ))
        } else {
            mistake.label(label)
        };
        self.mistakes.push(mistake);
        Type::Any
    }

    fn select(&mut self, node: &IdedExpr, select: &SelectExpr) -> Type {
        if is_qualified_type(select) {
            return Type::Name;
        }
        let is_variables = matches!(&select.operand.expr, Expr::Ident(name) if name == "variables")
            && !self.scope.iter().any(|(name, _)| name == "variables");
        let found = if is_variables {
            self.variable(node, &select.field)
        } else {
            let operand = self.infer(&select.operand);
            self.field(node, &operand, &select.field)
        };
        if select.test { Type::Bool } else { found }
    }

    fn variable(&mut self, node: &IdedExpr, name: &str) -> Type {
        if let Some(found) = self.names.variables.get(name) {
            return found.clone();
        }
        let range = self.token(node);
        if self.names.later.iter().any(|later| later == name) {
            self.mistakes.push(
                Mistake::new(format!("variable `{name}` is not defined yet"), range)
                    .help("a variable may use those that stand before it"),
            );
            return Type::Any;
        }
        let known = self.names.variables.keys().chain(&self.names.later);
        let label = did_you_mean(name, known.map(String::as_str));
        self.mistakes.push(
            Mistake::new(format!("unknown variable `{name}`"), range)
                .label(label)
                .names(self.names.variables.keys().map(String::as_str)),
        );
        Type::Any
    }

    /// The type of a field, which `node` selects.
    fn field(&mut self, node: &IdedExpr, operand: &Type, field: &str) -> Type {
        match operand {
            Type::Any => Type::Any,
            Type::Map(of) => (**of).clone(),
            Type::Optional(of) => Type::optional(self.field(node, of, field)),
            Type::Record(record) => {
                if let Some(found) = record.fields.get(field) {
                    return found.clone();
                }
                let names = || record.fields.keys().map(String::as_str);
                let mistake = Mistake::new(
                    format!("unknown field `{field}` on {}", record.called),
                    self.token(node),
                )
                .names(names());
                let label = did_you_mean(field, names());
                self.mistakes.push(if label.is_empty() {
                    mistake.help(format!(
                        "there are {}",
                        names().collect::<Vec<_>>().join(", ")
                    ))
                } else {
                    mistake.label(label)
                });
                Type::Any
            }
            Type::List(of) => {
                let mistake =
                    Mistake::new(format!("a list has no field `{field}`"), self.token(node));
                let mistake = match &**of {
                    _ if ["length", "size", "count", "len"].contains(&field) => {
                        mistake.label("write `size()`")
                    }
                    Type::Record(record) if record.fields.contains_key(field) => {
                        mistake.help(format!(
                            "each of its elements has; `.map(x, x.{field})` is the list of them"
                        ))
                    }
                    _ => mistake,
                };
                self.mistakes.push(mistake);
                Type::Any
            }
            other => {
                let message =
                    format!("`{field}` is asked of a value of type {other}, which has no fields");
                let mut mistake = Mistake::new(message, self.token(node));
                if SIGNATURES
                    .iter()
                    .any(|it| it.name == field && it.target.is_some_and(|kind| kind.takes(other)))
                {
                    mistake = mistake.label(format!("write `{field}()`"));
                }
                self.mistakes.push(mistake);
                Type::Any
            }
        }
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Type {
        if call.target.is_none()
            && let Some(found) = self.operator(node, call)
        {
            return found;
        }
        self.function(node, call)
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr) -> Type {
        let depth = self.scope.len();
        let start = self.infer(&comprehension.accu_init);
        if tree::is_bind(comprehension) {
            self.scope.push((comprehension.accu_var.clone(), start));
            let found = self.infer(&comprehension.result);
            self.scope.truncate(depth);
            return found;
        }
        let range = self.infer(&comprehension.iter_range);
        let element = match &range {
            Type::List(of) => (**of).clone(),
            Type::Record(_) => Type::Text,
            Type::Map(_) | Type::Any => Type::Any,
            other => {
                self.report_extent(&comprehension.iter_range, not_a_range(other));
                Type::Any
            }
        };
        self.scope.push((comprehension.accu_var.clone(), start));
        self.scope.push((comprehension.iter_var.clone(), element));
        let step = self.infer(&comprehension.loop_step);
        self.scope.truncate(depth);
        self.scope.push((comprehension.accu_var.clone(), step));
        let found = self.infer(&comprehension.result);
        self.scope.truncate(depth);
        found
    }

    /// The name stands for something here.
    fn is_known(&self, name: &str) -> bool {
        let name = name.trim_start_matches('.');
        self.scope.iter().any(|(known, _)| known == name)
            || self.names.roots.contains_key(name)
            || self.names.variables.contains_key(name)
            || TYPE_NAMES.contains(&name)
    }

    fn want_bool(&mut self, node: &IdedExpr, what: &str) {
        let found = self.infer(node);
        if !matches!(found, Type::Any | Type::Bool) {
            self.report_extent(node, format!("{what} is bool, and this is {found}"));
        }
    }

    fn token(&self, node: &IdedExpr) -> Range<usize> {
        tree::token(&self.syntax.source, &self.syntax.info, node)
    }

    fn extent(&self, node: &IdedExpr) -> Range<usize> {
        tree::extent(&self.syntax.source, &self.syntax.info, node)
    }

    fn report(&mut self, node: &IdedExpr, message: impl Into<String>) {
        let range = self.token(node);
        self.mistakes.push(Mistake::new(message, range));
    }

    fn report_extent(&mut self, node: &IdedExpr, message: impl Into<String>) {
        let range = self.extent(node);
        self.mistakes.push(Mistake::new(message, range));
    }
}

fn not_a_range(found: &Type) -> String {
    format!("a loop goes over a list or a map, not over {found}")
}

fn of_literal(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Bytes(_) => Type::Bytes,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::Int(_) => Type::Int,
        LiteralValue::Null => Type::Null,
        LiteralValue::String(_) => Type::Text,
        LiteralValue::UInt(_) => Type::Uint,
    }
}

/// `google.protobuf.Timestamp` and `google.protobuf.Duration`, as in `type(now) == google.protobuf.Timestamp`.
fn is_qualified_type(select: &SelectExpr) -> bool {
    let Expr::Select(package) = &select.operand.expr else {
        return false;
    };
    ["Timestamp", "Duration"].contains(&select.field.as_str())
        && package.field == "protobuf"
        && matches!(&package.operand.expr, Expr::Ident(name) if name == "google")
}

/// Types that expressions can name, as in `type(x) == string`.
const TYPE_NAMES: &[&str] = &[
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "list",
    "map",
    "null_type",
    "type",
    "optional_type",
    "semver",
];
