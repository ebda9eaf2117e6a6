//! Loops over thousands of facts, most of which they pass over: what a condition rules out for certain is taken out before
//! the engine goes through the rest, condition and all.
//!
//! So the answer is the engine's own. A condition is looked at as far as it compares fields with literals; what cannot be
//! told that way (another type, a field that is not there, a function) stays in. Errors too: the engine meets them where it
//! always would. Only the built-in policies are read with it, because a trace of a user's policy shows every turn of a loop.

use std::cell::RefCell;
use std::sync::Arc;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators,
};
use cel::common::types::{CelBool, CelInt, CelList, CelString, DYN_TYPE, INT_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

use super::functions::CHARGE;
use super::tree::is_bind;
use super::value::{SharedList, SharedMap};

/// The function that takes out of a list what a condition rules out. No policy can write an `@`.
const PREFILTER: &str = "@prefilter";
/// Shorter lists are left to the engine.
const MIN_ELEMENTS: usize = 8;

/// What can be told of a condition without the engine.
#[derive(Debug)]
pub(super) enum Condition {
    /// Nothing.
    Unknown,
    /// The field is true.
    IsTrue(Path),
    /// The field is this.
    Is(Path, Literal),
    /// The field is one of these.
    IsOneOf(Path, Vec<Literal>),
    /// One of the field's elements meets it.
    Any(Path, Box<Self>),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

/// Names of fields, from the loop's variable on.
type Path = Vec<String>;

#[derive(Debug)]
pub(super) enum Literal {
    Bool(bool),
    Int(i64),
    Text(String),
}

thread_local! {
    /// The conditions of the program that is evaluated: the engine calls functions as plain pointers, which hold nothing.
    static CONDITIONS: RefCell<Arc<[Condition]>> = RefCell::new(Arc::new([]));
}

/// Runs `work` with a program's conditions at hand.
pub(super) fn with_conditions<T>(conditions: &Arc<[Condition]>, work: impl FnOnce() -> T) -> T {
    let outer = CONDITIONS.replace(Arc::clone(conditions));
    let result = work();
    CONDITIONS.set(outer);
    result
}

/// Declares the function.
pub(super) fn extension(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload(PREFILTER, "prefilter", vec![DYN_TYPE, INT_TYPE], prefilter)
}

/// Puts the function around what loops go through, and returns their conditions. It is called on trees of bounded depth only.
pub(super) fn install(node: &mut IdedExpr) -> Vec<Condition> {
    let mut conditions = Vec::new();
    install_in(node, &mut conditions);
    conditions
}

fn install_in(node: &mut IdedExpr, conditions: &mut Vec<Condition>) {
    match &mut node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Select(select) => install_in(&mut select.operand, conditions),
        Expr::List(list) => {
            for element in &mut list.elements {
                install_in(element, conditions);
            }
        }
        Expr::Map(map) => {
            for entry in &mut map.entries {
                install_in_entry(&mut entry.expr, conditions);
            }
        }
        Expr::Struct(literal) => {
            for entry in &mut literal.entries {
                install_in_entry(&mut entry.expr, conditions);
            }
        }
        Expr::Call(call) => {
            if let Some(target) = &mut call.target {
                install_in(target, conditions);
            }
            for argument in &mut call.args {
                install_in(argument, conditions);
            }
        }
        Expr::Comprehension(comprehension) => {
            let condition = of_loop(comprehension);
            let parts = [
                &mut comprehension.iter_range,
                &mut comprehension.accu_init,
                &mut comprehension.loop_step,
                &mut comprehension.result,
            ];
            for part in parts {
                install_in(part, conditions);
            }
            if let Some(condition) = condition.filter(Condition::tells) {
                wrap(&mut comprehension.iter_range, conditions.len());
                conditions.push(condition);
            }
        }
    }
}

fn install_in_entry(entry: &mut EntryExpr, conditions: &mut Vec<Condition>) {
    match entry {
        EntryExpr::MapEntry(entry) => {
            install_in(&mut entry.key, conditions);
            install_in(&mut entry.value, conditions);
        }
        EntryExpr::StructField(field) => install_in(&mut field.value, conditions),
    }
}

fn wrap(range: &mut IdedExpr, index: usize) {
    let id = range.id;
    let inner = std::mem::take(range);
    let index = LiteralValue::Int(i64::try_from(index).unwrap_or(i64::MAX).into());
    let index = IdedExpr {
        id,
        expr: Expr::Literal(index),
    };
    *range = IdedExpr {
        id,
        expr: Expr::Call(CallExpr {
            func_name: PREFILTER.to_owned(),
            target: None,
            args: vec![inner, index],
        }),
    };
}

/// The condition of a loop in which elements that do not meet it change nothing: `filter`, `exists`, `exists_one`, and `map`
/// with a condition.
fn of_loop(comprehension: &ComprehensionExpr) -> Option<Condition> {
    if is_bind(comprehension) || comprehension.iter_var2.is_some() {
        return None;
    }
    let Expr::Call(step) = &comprehension.loop_step.expr else {
        return None;
    };
    let is_so_far = |node: &IdedExpr| matches!(&node.expr, Expr::Ident(name) if *name == comprehension.accu_var);
    let condition = match (step.func_name.as_str(), step.args.as_slice()) {
        (operators::CONDITIONAL, [condition, _, otherwise]) if is_so_far(otherwise) => condition,
        (operators::LOGICAL_OR, [so_far, condition]) if is_so_far(so_far) => condition,
        _ => return None,
    };
    Some(Condition::of(condition, &comprehension.iter_var))
}

impl Condition {
    fn of(node: &IdedExpr, variable: &str) -> Self {
        if let Some(path) = path(node, variable).filter(|path| !path.is_empty()) {
            return Self::IsTrue(path);
        }
        match &node.expr {
            Expr::Call(call) if call.target.is_none() => Self::of_call(call, variable),
            Expr::Comprehension(inner) => {
                let range = path(&inner.iter_range, variable);
                let exists = matches!(&inner.loop_step.expr, Expr::Call(step) if step.func_name == operators::LOGICAL_OR);
                match (range, of_loop(inner)) {
                    (Some(range), Some(condition)) if exists => {
                        Self::Any(range, Box::new(condition))
                    }
                    _ => Self::Unknown,
                }
            }
            _ => Self::Unknown,
        }
    }

    fn of_call(call: &CallExpr, variable: &str) -> Self {
        let part = |node: &IdedExpr| Self::of(node, variable);
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [one]) => Self::Not(Box::new(part(one))),
            (operators::LOGICAL_AND, parts) => Self::And(parts.iter().map(part).collect()),
            (operators::LOGICAL_OR, parts) => Self::Or(parts.iter().map(part).collect()),
            (operators::EQUALS, [a, b]) => Self::comparison(a, b, variable),
            (operators::NOT_EQUALS, [a, b]) => {
                Self::Not(Box::new(Self::comparison(a, b, variable)))
            }
            (operators::IN, [one, all]) => match (path(one, variable), literals(all)) {
                (Some(path), Some(literals)) => Self::IsOneOf(path, literals),
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }

    fn comparison(a: &IdedExpr, b: &IdedExpr, variable: &str) -> Self {
        for (one, other) in [(a, b), (b, a)] {
            if let (Some(path), Some(literal)) = (path(one, variable), literal(other)) {
                return Self::Is(path, literal);
            }
        }
        Self::Unknown
    }

    /// It can rule something out.
    fn tells(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::IsTrue(_) | Self::Is(..) | Self::IsOneOf(..) => true,
            Self::Any(_, inner) | Self::Not(inner) => inner.tells(),
            Self::And(parts) => parts.iter().any(Self::tells),
            Self::Or(parts) => parts.iter().all(Self::tells),
        }
    }

    /// Whether a value meets it; `None` when that is for the engine to say.
    fn decide(&self, value: &dyn Val) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::IsTrue(path) => truth(at(value, path)?),
            Self::Is(path, literal) => literal.equals(at(value, path)?),
            Self::IsOneOf(path, literals) => {
                let value = at(value, path)?;
                any(literals.iter().map(|literal| literal.equals(value)))
            }
            Self::Any(path, condition) => {
                let list = at(value, path)?.downcast_ref::<SharedList>()?;
                let elements = list.elements().iter();
                any(elements.map(|element| condition.decide(element.as_val())))
            }
            Self::Not(condition) => Some(!condition.decide(value)?),
            Self::And(parts) => {
                let refuted = any(parts
                    .iter()
                    .map(|part| part.decide(value).map(|holds| !holds)));
                Some(!refuted?)
            }
            Self::Or(parts) => any(parts.iter().map(|part| part.decide(value))),
        }
    }
}

/// One of them is true, whatever the unknown ones are; or none of them can be.
fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all_known = true;
    for answer in answers {
        match answer {
            Some(true) => return Some(true),
            Some(false) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(false)
}

fn truth(value: &dyn Val) -> Option<bool> {
    value.downcast_ref::<CelBool>().map(|value| *value.inner())
}

impl Literal {
    fn of(literal: &LiteralValue) -> Option<Self> {
        match literal {
            LiteralValue::Boolean(value) => Some(Self::Bool(*value.inner())),
            LiteralValue::Int(value) => Some(Self::Int(*value.inner())),
            LiteralValue::String(value) => Some(Self::Text(value.inner().to_owned())),
            _ => None,
        }
    }

    /// Whether a value of the same type equals it.
    fn equals(&self, value: &dyn Val) -> Option<bool> {
        match self {
            Self::Bool(literal) => truth(value).map(|value| value == *literal),
            Self::Int(literal) => {
                let value = value.downcast_ref::<CelInt>()?;
                Some(value.inner() == literal)
            }
            Self::Text(literal) => {
                let value = value.downcast_ref::<CelString<'_>>()?;
                Some(value.inner() == literal)
            }
        }
    }
}

/// The fields that lead from the variable to a value.
fn path(node: &IdedExpr, variable: &str) -> Option<Path> {
    match &uncharged(node).expr {
        Expr::Ident(name) if name == variable => Some(Path::new()),
        Expr::Select(select) if !select.test => {
            let mut path = path(&select.operand, variable)?;
            path.push(select.field.clone());
            Some(path)
        }
        _ => None,
    }
}

fn literal(node: &IdedExpr) -> Option<Literal> {
    match &node.expr {
        Expr::Literal(literal) => Literal::of(literal),
        _ => None,
    }
}

fn literals(node: &IdedExpr) -> Option<Vec<Literal>> {
    match &uncharged(node).expr {
        Expr::List(list) => list
            .elements
            .iter()
            .map(|element| literal(uncharged(element)))
            .collect(),
        _ => None,
    }
}

/// What stands within a charge.
fn uncharged(node: &IdedExpr) -> &IdedExpr {
    match &node.expr {
        Expr::Call(call) if call.func_name == CHARGE => call.args.first().map_or(node, uncharged),
        _ => node,
    }
}

fn at<'v>(value: &'v dyn Val, path: &[String]) -> Option<&'v dyn Val> {
    path.iter().try_fold(value, |value, name| {
        let map = value.downcast_ref::<SharedMap>()?;
        map.get(name).map(|slot| slot.as_val() as &dyn Val)
    })
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "the engine prescribes the signature of its functions"
)]
fn prefilter<'b, 'v>(mut args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let index = args
        .pop()
        .and_then(|index| usize::try_from(*index.downcast_ref::<CelInt>()?.inner()).ok());
    let list = args
        .pop()
        .ok_or_else(|| ExecutionError::function_error(PREFILTER, "it takes a list and a number"))?;
    let conditions = CONDITIONS.with_borrow(Arc::clone);
    let condition = index.and_then(|index| conditions.get(index));
    Ok(condition
        .and_then(|condition| without_ruled_out(list.as_ref(), condition))
        .unwrap_or(list))
}

/// The elements that the condition does not rule out; `None` for the list as it is.
fn without_ruled_out<'b, 'v>(
    list: &(dyn Val + 'v),
    condition: &Condition,
) -> Option<CowVal<'b, 'v>> {
    if let Some(list) = list.downcast_ref::<SharedList>() {
        let elements = list.elements();
        if elements.len() < MIN_ELEMENTS {
            return None;
        }
        let kept = elements
            .iter()
            .filter(|element| condition.decide(element.as_val()) != Some(false));
        return Some(CowVal::owned(SharedList::new(kept.cloned().collect())));
    }
    let list = list.downcast_ref::<CelList<'_>>()?.inner();
    if list.len() < MIN_ELEMENTS {
        return None;
    }
    let kept = list
        .iter()
        .filter(|element| condition.decide(element.as_ref()) != Some(false));
    let kept: Vec<Box<dyn Val + 'v>> = kept.map(|element| element.clone_as_boxed()).collect();
    Some(CowVal::owned(CelList::from(kept)))
}

#[cfg(test)]
mod tests {
    use crate::policy::cel::program::{Bindings, Value, parse_built_in, read_built_in};

    /// Facts of a few shapes, more of them than are left to the engine.
    fn facts() -> serde_json::Value {
        let kinds = ["final", "candidate", "other"];
        let fact = |number: i64| {
            serde_json::json!({
                "kind": kinds[usize::try_from(number % 3).unwrap()],
                "number": number,
                "open": number % 2 == 0,
                "parts": (0..number % 4).map(|part| serde_json::json!({ "n": part })).collect::<Vec<_>>(),
            })
        };
        serde_json::Value::from((0..24).map(fact).collect::<Vec<_>>())
    }

    /// What an expression gives with and without; an error in its words.
    #[track_caller]
    fn check(expression: &str, facts: &serde_json::Value, rules_out: bool) {
        let mut bindings = Bindings::default();
        bindings.set("facts", Value::of(facts).unwrap());
        let quick = parse_built_in(expression).unwrap();
        assert_eq!(!quick.conditions().is_empty(), rules_out, "{expression}");
        let answer = |program: crate::policy::cel::program::Program| {
            let value = program.evaluate(&bindings);
            value
                .map(|value| value.to_json())
                .map_err(|error| error.message)
        };
        let plain = answer(read_built_in(expression).unwrap());
        assert_eq!(answer(quick), plain, "{expression}");
    }

    #[test]
    fn the_answer_is_the_same() {
        let whole = facts();
        let mut odd = facts();
        let list = odd.as_array_mut().unwrap();
        list[3] = serde_json::json!({ "kind": 7, "number": "x" });
        list[5] = serde_json::json!("a text");
        list[7] = serde_json::json!({ "kind": null, "open": "yes", "parts": "none" });
        for (expression, rules_out) in [
            ("facts.filter(f, f.kind == 'final')", true),
            ("facts.filter(f, 'final' != f.kind)", true),
            ("facts.filter(f, f.open)", true),
            ("facts.filter(f, !f.open && f.number == 3)", true),
            ("facts.filter(f, f.number > 20 && f.kind == 'final')", true),
            ("facts.filter(f, f.number > 20 || f.kind == 'final')", false),
            (
                "facts.filter(f, f.open || f.kind in ['final', 'other'])",
                true,
            ),
            ("facts.filter(f, f.parts.exists(p, p.n == 2))", true),
            ("facts.filter(f, !f.parts.exists(p, p.n != 0))", true),
            ("facts.filter(f, f.parts.all(p, p.n == 0))", false),
            ("facts.filter(f, has(f.kind) && f.kind == 'final')", true),
            ("facts.filter(f, f.open ? f.kind == 'final' : true)", false),
            ("facts.exists(f, f.kind == 'none')", true),
            ("facts.exists(f, f.kind == 'final' && f.number == 21)", true),
            ("facts.exists_one(f, f.number == 4)", true),
            ("facts.map(f, f.kind == 'other', f.number)", true),
            ("facts.map(f, f.number)", false),
            ("facts.all(f, f.kind == 'final')", false),
            (
                "facts.filter(f, f.kind == 'final').filter(g, g.open).map(g, g.number)",
                true,
            ),
            ("(facts + facts).filter(f, f.kind == 'final')", true),
            ("facts.map(f, f.kind).filter(k, k == 'final')", true),
            ("facts.filter(f, f.missing == 'x')", true),
            (
                "facts.filter(f, f.kind == 'final' && f.missing == 'x')",
                true,
            ),
            (
                "facts.filter(f, f.kind == 'none' && f.missing == 'x')",
                true,
            ),
            (
                "facts.filter(f, facts.exists(g, g.number == 1 && f.number == 1))",
                true,
            ),
        ] {
            check(expression, &whole, rules_out);
            check(expression, &odd, rules_out);
        }
    }
}
