//! Which part of an expression failed. The engine's errors have no place, so the parts are evaluated one by one, the way
//! the engine would, until the smallest one that fails by itself is found.

use std::ops::Range;

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, operators};
use cel::common::types::CelBool;
use cel::{Context, ExecutionError, Value};

use super::program::Program;
use super::{budget, functions, tree};

/// Elements of a loop that are looked at for the one that fails.
const ELEMENTS: usize = 10_000;

/// The message of an error, and the bytes of the smallest part that fails.
pub(super) fn explain(
    program: &Program,
    context: &Context<'_, '_>,
    error: &ExecutionError,
) -> (String, Range<usize>) {
    let (found, _) = budget::with_budget(budget::STEPS, || {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            smallest(&program.tree, context)
        }))
    });
    let (node, own) = found
        .ok()
        .flatten()
        .unwrap_or((&program.tree, error.clone()));
    let range = program
        .info
        .as_ref()
        .map_or(0..program.source.len(), |info| {
            tree::extent(&program.source, info, node)
        });
    (words(&own), range)
}

/// The smallest failing part of a failing node, and its error.
fn smallest<'e>(
    node: &'e IdedExpr,
    context: &Context<'_, '_>,
) -> Option<(&'e IdedExpr, ExecutionError)> {
    let error = fails(node, context)?;
    Some(inside(node, context).unwrap_or((node, error)))
}

fn fails(node: &IdedExpr, context: &Context<'_, '_>) -> Option<ExecutionError> {
    Value::resolve_val(node, context).err()
}

fn inside<'e>(
    node: &'e IdedExpr,
    context: &Context<'_, '_>,
) -> Option<(&'e IdedExpr, ExecutionError)> {
    match &node.expr {
        Expr::Select(select) => {
            // `variables.x` is one name: its first part alone is not bound.
            if matches!(&select.operand.expr, Expr::Ident(_)) {
                return None;
            }
            smallest(&select.operand, context)
        }
        Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
            let [condition, yes, no] = call.args.as_slice() else {
                return None;
            };
            let chosen = Value::resolve_val(condition, context)
                .ok()
                .and_then(|value| value.downcast_ref::<CelBool>().map(|value| *value.inner()));
            match chosen {
                Some(true) => smallest(yes, context),
                Some(false) => smallest(no, context),
                None => smallest(condition, context),
            }
        }
        Expr::Call(call) => {
            if call.func_name == functions::CHARGE {
                let argument = call.args.first()?;
                return Some(
                    inside(argument, context).unwrap_or((argument, fails(argument, context)?)),
                );
            }
            let target = call.target.as_deref().filter(|target| {
                !matches!(&target.expr, Expr::Ident(name) if super::rewrite::NAMESPACES.contains(&name.as_str()))
            });
            target
                .into_iter()
                .chain(&call.args)
                .find_map(|part| smallest(part, context))
        }
        Expr::Comprehension(comprehension) => in_loop(comprehension, context),
        other => {
            let mut parts = Vec::new();
            tree::each_part(other, |part| parts.push(part));
            parts.into_iter().find_map(|part| smallest(part, context))
        }
    }
}

fn in_loop<'e>(
    comprehension: &'e ComprehensionExpr,
    context: &Context<'_, '_>,
) -> Option<(&'e IdedExpr, ExecutionError)> {
    if let Some(found) = smallest(&comprehension.iter_range, context)
        .or_else(|| smallest(&comprehension.accu_init, context))
    {
        return Some(found);
    }
    let range = Value::resolve_val(&comprehension.iter_range, context).ok()?;
    let start = Value::resolve_val(&comprehension.accu_init, context).ok()?;
    let mut scope = context.new_inner_scope();
    scope.add_variable_as_val(comprehension.accu_var.as_str(), start.into_owned());
    let mut elements = range.as_iterable()?.iter();
    for _ in 0..ELEMENTS {
        let Some(element) = elements.next() else {
            break;
        };
        scope.add_variable_as_val(comprehension.iter_var.as_str(), element.clone_as_boxed());
        if let Some(found) = smallest(&comprehension.loop_step, &scope) {
            return Some(found);
        }
    }
    smallest(&comprehension.result, &scope)
}

/// An error of the engine in a policy author's words.
pub(super) fn words(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(name) => format!("there is no `{name}`"),
        ExecutionError::UndeclaredReference(name) => format!("`{name}` is not known"),
        ExecutionError::IndexOutOfBounds(index) => match index {
            Value::Int(index) => format!("the list has no element {index}"),
            _ => "the list has no such element".to_owned(),
        },
        ExecutionError::NoSuchOverload(overload) => {
            let name = operator(overload.function());
            format!(
                "`{name}` does not take {}",
                overload.argument_types().join(" and ")
            )
        }
        ExecutionError::UnexpectedType { got, want } => {
            format!("this is of type {got}, not {want}")
        }
        ExecutionError::FunctionError { message, .. } => message.clone(),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "division by zero".to_owned()
        }
        ExecutionError::Overflow(..) => "the number is too large".to_owned(),
        ExecutionError::DuplicateKey(_) => "a name stands twice in this map".to_owned(),
        ExecutionError::UnsupportedBinaryOperator(name, left, right) => {
            let sign = match *name {
                "add" => "+",
                "sub" => "-",
                "mul" => "*",
                "div" => "/",
                "rem" => "%",
                other => other,
            };
            format!(
                "`{sign}` does not take {} and {}",
                left.type_of(),
                right.type_of()
            )
        }
        other => {
            let text = other.to_string();
            text.chars().take(200).collect()
        }
    }
}

/// An operator as it is written.
pub(super) fn operator(name: &str) -> String {
    match name {
        operators::INDEX | operators::OPT_INDEX => "[]".to_owned(),
        operators::IN => "in".to_owned(),
        functions::ADD => "+".to_owned(),
        functions::EQUALS => "==".to_owned(),
        name => name.trim_matches(['_', '@']).to_owned(),
    }
}
