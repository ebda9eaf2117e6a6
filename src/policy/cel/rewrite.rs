//! Makes a tree count what it does. Each place where an expression can loop, copy or grow gets a call around it that
//! charges the budget first; operators that the engine would not do right for shared values are replaced.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

use super::functions::{self, charges};
use super::macros::ACCUMULATOR;
use super::tree::is_bind;

/// Functions of one text: they read all of it.
const READS_TARGET: &[&str] = &[
    "contains",
    "startsWith",
    "endsWith",
    "charAt",
    "lowerAscii",
    "upperAscii",
    "trim",
    "split",
    "substring",
    "reverse",
    "size",
    "slice",
    "flatten",
    "format",
];

/// Names that qualify functions and are no values.
pub(super) const NAMESPACES: &[&str] = &["cel", "lists", "math", "optional", "sets", "strings"];

/// Rewrites a tree. It is called on trees of bounded depth only.
pub(super) fn rewrite(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Select(select) => rewrite(&mut select.operand),
        Expr::List(list) => {
            for element in &mut list.elements {
                rewrite(element);
                charge(element, charges::COPY);
            }
        }
        Expr::Map(map) => map
            .entries
            .iter_mut()
            .for_each(|entry| rewrite_entry(&mut entry.expr)),
        Expr::Struct(literal) => literal
            .entries
            .iter_mut()
            .for_each(|entry| rewrite_entry(&mut entry.expr)),
        Expr::Comprehension(comprehension) => {
            let bind = is_bind(comprehension);
            rewrite(&mut comprehension.iter_range);
            rewrite(&mut comprehension.accu_init);
            rewrite(&mut comprehension.loop_cond);
            rewrite(&mut comprehension.loop_step);
            rewrite(&mut comprehension.result);
            if !bind {
                charge(&mut comprehension.iter_range, charges::LOOP);
            }
        }
        Expr::Call(call) => rewrite_call(call),
    }
}

fn rewrite_entry(entry: &mut EntryExpr) {
    match entry {
        EntryExpr::MapEntry(entry) => {
            rewrite(&mut entry.key);
            rewrite(&mut entry.value);
            charge(&mut entry.value, charges::COPY);
        }
        EntryExpr::StructField(field) => rewrite(&mut field.value),
    }
}

fn rewrite_call(call: &mut CallExpr) {
    if let Some(target) = &mut call.target {
        rewrite(target);
    }
    call.args.iter_mut().for_each(rewrite);
    match call.func_name.as_str() {
        operators::ADD
            if !call
                .args
                .iter()
                .any(|arg| is_number(arg) || is_accumulator(arg)) =>
        {
            functions::ADD.clone_into(&mut call.func_name);
        }
        operators::EQUALS if may_be_containers(call) => {
            functions::EQUALS.clone_into(&mut call.func_name);
        }
        operators::NOT_EQUALS if may_be_containers(call) => {
            let id = call.args.first().map_or(0, |arg| arg.id);
            let equals = CallExpr {
                func_name: functions::EQUALS.to_owned(),
                target: None,
                args: std::mem::take(&mut call.args),
            };
            operators::LOGICAL_NOT.clone_into(&mut call.func_name);
            call.args.push(IdedExpr {
                id,
                expr: Expr::Call(equals),
            });
        }
        operators::IN => {
            if let Some(container) = call.args.get_mut(1) {
                charge(container, charges::WALK);
            }
        }
        name if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@') => {
            let name = name.to_owned();
            match call.target.as_deref().map(|target| &target.expr) {
                Some(Expr::Ident(namespace)) if NAMESPACES.contains(&namespace.as_str()) => {
                    rewrite_global(&format!("{namespace}.{name}"), call);
                }
                Some(_) => rewrite_member(&name, call),
                None => rewrite_global(&name, call),
            }
        }
        _ => {}
    }
}

fn rewrite_global(name: &str, call: &mut CallExpr) {
    if name == "lists.range" {
        call.target = None;
        functions::RANGE.clone_into(&mut call.func_name);
    } else if let Some(argument) = call.args.first_mut() {
        charge(argument, charges::WALK);
    }
}

fn rewrite_member(name: &str, call: &mut CallExpr) {
    let how = match name {
        "sort" | "@sortByAssociatedKeys" => charges::SORT,
        name if READS_TARGET.contains(&name) => charges::WALK,
        _ => {
            if functions::REPLACED.contains(&name) {
                call.func_name = format!("@{name}");
            }
            return;
        }
    };
    if name == "format"
        && let Some(list) = call.args.first_mut()
    {
        charge(list, charges::FORMAT);
    }
    if let Some(target) = &mut call.target {
        charge(target, how);
    }
}

fn is_number(node: &IdedExpr) -> bool {
    matches!(
        node.expr,
        Expr::Literal(LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_))
    )
}

/// The result so far of a `map` or `filter`: the engine knows the shape of `@result + [...]` and appends in place.
fn is_accumulator(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Ident(name) if name == ACCUMULATOR)
}

/// A comparison with a literal that is no list and no map is the engine's own.
fn may_be_containers(call: &CallExpr) -> bool {
    !call
        .args
        .iter()
        .any(|arg| matches!(arg.expr, Expr::Literal(_)))
}

/// Puts a charge around a node, which keeps its place in the source. Literals are bounded by the source's length.
fn charge(node: &mut IdedExpr, how: i64) {
    if matches!(node.expr, Expr::Literal(_)) {
        return;
    }
    let id = node.id;
    let inner = std::mem::take(node);
    let how = IdedExpr {
        id,
        expr: Expr::Literal(LiteralValue::Int(how.into())),
    };
    *node = IdedExpr {
        id,
        expr: Expr::Call(CallExpr {
            func_name: functions::CHARGE.to_owned(),
            target: None,
            args: vec![inner, how],
        }),
    };
}
