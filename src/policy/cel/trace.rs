//! Which part of an expression gave what. The parts are evaluated one by one, the way the engine would, on the values that
//! the whole was evaluated on.

use cel::Context;
use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, operators};
use cel::common::types::{CelString, Kind};

use super::blame::words;
use super::entries::VALUE;
use super::macros::ENTRY;
use super::program::{Bindings, Program, Value};
use super::{budget, functions, rewrite, tree};

/// Elements of a loop that are shown.
const SHOWN: usize = 5;
/// Elements of a loop that are looked at.
const LOOKED_AT: usize = 10_000;

/// How the value of a part follows from its own parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kindred {
    /// All parts must hold.
    All,
    /// One part must hold.
    Any,
    /// The part must not hold.
    Not,
    /// A condition, and the branch that it chose.
    Choice,
    /// Every element of a loop must hold; the parts are those that do not.
    Every,
    /// The parts are the elements of a loop that hold.
    Some,
    /// The parts are what it was computed from.
    Value,
}

/// A part of an expression with its value.
#[derive(Debug)]
pub struct Step {
    /// The part as it is written.
    pub text: String,
    /// Its value, or why it has none.
    pub value: Result<Value, String>,
    /// How the value follows from the parts.
    pub kind: Kindred,
    /// Its parts, as far as they say something.
    pub parts: Vec<Step>,
    /// The element that it is about, within a loop.
    pub element: Option<Value>,
    /// Elements of the loop that are like those shown.
    pub more: usize,
}

impl Program {
    /// Evaluates the expression and its parts. The program must have been made by [`Program::new`], which knows where its
    /// parts stand.
    pub(in crate::policy) fn trace(&self, bindings: &Bindings) -> Step {
        let tracer = Tracer { program: self };
        let (step, _) = budget::with_budget(budget::STEPS, || {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                tracer.step(&self.tree, bindings.context())
            }))
        });
        step.unwrap_or_else(|_| Step {
            text: self.source.clone(),
            value: Err("it cannot be taken apart".to_owned()),
            kind: Kindred::Value,
            parts: Vec::new(),
            element: None,
            more: 0,
        })
    }
}

struct Tracer<'p> {
    program: &'p Program,
}

/// What the engine evaluates below a charge of ours.
fn bare(node: &IdedExpr) -> &IdedExpr {
    match &node.expr {
        Expr::Call(call) if call.func_name == functions::CHARGE => {
            call.args.first().map_or(node, bare)
        }
        _ => node,
    }
}

fn truth(value: &Result<Value, String>) -> Option<bool> {
    value.as_ref().ok().and_then(Value::as_bool)
}

impl Tracer<'_> {
    fn value(node: &IdedExpr, context: &Context<'_, 'static>) -> Result<Value, String> {
        cel::Value::resolve_val(node, context)
            .map(|value| Value::from_val(value.into_owned().clone_as_boxed()))
            .map_err(|error| words(&error))
    }

    fn text(&self, node: &IdedExpr) -> String {
        let source = &self.program.source;
        let range = self
            .program
            .info
            .as_ref()
            .map_or(0..source.len(), |info| tree::extent(source, info, node));
        let text = source.get(range).unwrap_or(source);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn step(&self, node: &IdedExpr, context: &Context<'_, 'static>) -> Step {
        let node = bare(node);
        let mut step = Step {
            text: self.text(node),
            value: Self::value(node, context),
            kind: Kindred::Value,
            parts: Vec::new(),
            element: None,
            more: 0,
        };
        match &node.expr {
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                (name @ (operators::LOGICAL_AND | operators::LOGICAL_OR), _) => {
                    step.kind = if name == operators::LOGICAL_AND {
                        Kindred::All
                    } else {
                        Kindred::Any
                    };
                    let mut operands = Vec::new();
                    flatten(node, name, &mut operands);
                    step.parts = operands
                        .into_iter()
                        .map(|operand| self.step(operand, context))
                        .collect();
                }
                (operators::LOGICAL_NOT, [operand]) => {
                    step.kind = Kindred::Not;
                    step.parts = vec![self.step(operand, context)];
                }
                (operators::CONDITIONAL, [condition, yes, no]) => {
                    step.kind = Kindred::Choice;
                    let condition = self.step(condition, context);
                    let chosen = match truth(&condition.value) {
                        Some(true) => Some(yes),
                        Some(false) => Some(no),
                        None => None,
                    };
                    step.parts.push(condition);
                    step.parts
                        .extend(chosen.map(|chosen| self.step(chosen, context)));
                }
                _ => {
                    let target = call.target.as_deref().filter(|target| {
                        !matches!(&target.expr, Expr::Ident(name) if rewrite::NAMESPACES.contains(&name.as_str()))
                    });
                    for operand in target.into_iter().chain(&call.args) {
                        self.operand(operand, context, &mut step.parts);
                    }
                }
            },
            Expr::Comprehension(comprehension) => {
                self.in_loop(comprehension, context, &mut step);
            }
            Expr::Select(select)
                if !matches!(bare(&select.operand).expr, Expr::Ident(_) | Expr::Select(_)) =>
            {
                self.operand(&select.operand, context, &mut step.parts);
            }
            _ => {}
        }
        step
    }

    /// An operand, unless it says what is written anyway.
    fn operand(&self, node: &IdedExpr, context: &Context<'_, 'static>, parts: &mut Vec<Step>) {
        let node = bare(node);
        match &node.expr {
            Expr::Literal(_) | Expr::List(_) | Expr::Map(_) | Expr::Struct(_) => {}
            Expr::Ident(_) => {
                let step = self.step(node, context);
                // The element of a loop as a whole is named by its place already.
                if !step.value.as_ref().is_ok_and(Value::is_map) {
                    parts.push(step);
                }
            }
            _ => parts.push(self.step(node, context)),
        }
    }

    fn in_loop(&self, loops: &ComprehensionExpr, context: &Context<'_, 'static>, step: &mut Step) {
        if tree::is_bind(loops) {
            let mut scope = context.new_inner_scope();
            if let Ok(value) = cel::Value::resolve_val(&loops.accu_init, context) {
                scope.add_variable_as_val(loops.accu_var.as_str(), value.into_owned());
                step.parts.push(self.step(&loops.result, &scope));
            }
            return;
        }
        let range = bare(&loops.iter_range);
        if !matches!(range.expr, Expr::Ident(_)) {
            self.operand(range, context, &mut step.parts);
        }
        let Some((kind, predicate)) = predicate(loops) else {
            return;
        };
        step.kind = kind;
        let Ok(values) = cel::Value::resolve_val(range, context) else {
            return;
        };
        let Some(iterable) = values.as_iterable() else {
            return;
        };
        let range_parts = step.parts.len();
        let mut others: Vec<Step> = Vec::new();
        let mut elements = iterable.iter();
        let mut scope = context.new_inner_scope();
        for _ in 0..LOOKED_AT {
            let Some(element) = elements.next() else {
                break;
            };
            scope.add_variable_as_val(loops.iter_var.as_str(), element.clone_as_boxed());
            let entry = (loops.iter_var == ENTRY).then(|| element.as_indexer());
            let predicate = match entry {
                Some(_) => bound(predicate, &mut scope),
                None => predicate,
            };
            let value = entry
                .flatten()
                .and_then(|entry| entry.get(&CelString::from(VALUE)).ok())
                .map_or_else(|| element.clone_as_boxed(), |value| value.clone_as_boxed());
            let holds = truth(&Self::value(predicate, &scope));
            let matters = holds != Some(kind == Kindred::Every);
            let list = if matters {
                &mut step.parts
            } else {
                &mut others
            };
            let known = if matters {
                list.len() - range_parts
            } else {
                list.len()
            };
            if known >= SHOWN {
                step.more += usize::from(matters);
                continue;
            }
            let mut part = self.step(predicate, &scope);
            part.element = Some(Value::from_val(value));
            list.push(part);
        }
        // Where no element decided, those that did not say why.
        if step.parts.len() == range_parts && kind == Kindred::Some {
            others.truncate(3);
            step.parts.append(&mut others);
        }
    }
}

/// What stands within the two names of a loop over entries; the names are bound.
fn bound<'e>(node: &'e IdedExpr, scope: &mut Context<'_, 'static>) -> &'e IdedExpr {
    let mut node = node;
    for _ in 0..2 {
        let Expr::Comprehension(bind) = &node.expr else {
            break;
        };
        let value = cel::Value::resolve_val(&bind.accu_init, scope)
            .map(|value| value.into_owned().clone_as_boxed());
        if let Ok(value) = value {
            scope.add_variable_as_val(bind.accu_var.as_str(), value);
        }
        node = bare(&bind.result);
    }
    node
}

fn flatten<'e>(node: &'e IdedExpr, name: &str, operands: &mut Vec<&'e IdedExpr>) {
    match &bare(node).expr {
        Expr::Call(call) if call.func_name == name => {
            for arg in &call.args {
                flatten(arg, name, operands);
            }
        }
        _ => operands.push(node),
    }
}

/// What a macro asks of each element: `all` wants it of every one, `exists` and `filter` look for those that have it.
fn predicate(loops: &ComprehensionExpr) -> Option<(Kindred, &IdedExpr)> {
    let Expr::Call(call) = &bare(&loops.loop_step).expr else {
        return None;
    };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::LOGICAL_AND, [_, predicate]) => Some((Kindred::Every, bare(predicate))),
        (operators::LOGICAL_OR, [_, predicate]) => Some((Kindred::Some, bare(predicate))),
        (operators::CONDITIONAL, [predicate, _, _]) => Some((Kindred::Some, bare(predicate))),
        _ => None,
    }
}

impl Value {
    /// It is a map, such as a fact.
    pub(in crate::policy) fn is_map(&self) -> bool {
        self.kind() == Kind::Map
    }
}
