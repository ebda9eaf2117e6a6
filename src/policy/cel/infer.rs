//! The check of an expression before it runs: names, fields and functions that do not exist, and types that cannot fit.
//! What the schema does not tell is left to the evaluation.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators,
};

use crate::policy::suggest::did_you_mean;

use super::blame::operator;
use super::mistake::Mistake;
use super::program::Syntax;
use super::regex;
use super::rewrite::NAMESPACES;
use super::signatures::{Kind, MACROS, SIGNATURES, Signature, TWO_VARIABLES};
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
        if let Some((_, found)) = self.scope.iter().rev().find(|(known, _)| known == name) {
            return found.clone();
        }
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
        let mistake = Mistake::new(format!("unknown name `{name}`"), self.token(node));
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
        self.mistakes
            .push(Mistake::new(format!("unknown variable `{name}`"), range).label(label));
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
                );
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
                self.mistakes.push(Mistake::new(message, self.token(node)));
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

    /// The type of an operator's result; `None` when the call is none.
    fn operator(&mut self, node: &IdedExpr, call: &CallExpr) -> Option<Type> {
        let name = call.func_name.as_str();
        match (name, call.args.as_slice()) {
            (operators::CONDITIONAL, [condition, yes, no]) => {
                self.want_bool(condition, "a condition");
                let (yes, no) = (self.infer(yes), self.infer(no));
                Some(yes.join(no))
            }
            (operators::LOGICAL_AND | operators::LOGICAL_OR, args) => {
                for arg in args {
                    self.want_bool(arg, &format!("what `{}` takes", operator(name)));
                }
                Some(Type::Bool)
            }
            (operators::LOGICAL_NOT, [arg]) => {
                self.want_bool(arg, "what `!` takes");
                Some(Type::Bool)
            }
            (operators::NOT_STRICTLY_FALSE, [arg]) => {
                self.infer(arg);
                Some(Type::Bool)
            }
            (operators::EQUALS | operators::NOT_EQUALS, [a, b]) => {
                let (a_type, b_type) = (self.infer(a), self.infer(b));
                if !a_type.is_comparable(&b_type) {
                    self.report_extent(node, format!("{a_type} is never equal to {b_type}"));
                }
                Some(Type::Bool)
            }
            (
                operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS,
                [a, b],
            ) => {
                let (a_type, b_type) = (self.infer(a), self.infer(b));
                let ordered = |t: &Type| {
                    t.is_number()
                        || matches!(
                            t,
                            Type::Any
                                | Type::Text
                                | Type::Time
                                | Type::Duration
                                | Type::SemVer
                                | Type::Bool
                                | Type::Bytes
                        )
                };
                let null = a_type == Type::Null || b_type == Type::Null;
                if null || !ordered(&a_type) || !ordered(&b_type) || !a_type.is_comparable(&b_type)
                {
                    let message =
                        format!("`{}` does not take {a_type} and {b_type}", operator(name));
                    self.report_extent(node, message);
                }
                Some(Type::Bool)
            }
            (operators::IN, [element, container]) => {
                let (element, container) = (self.infer(element), self.infer(container));
                let fits = match &container {
                    Type::Any => true,
                    Type::List(of) => of.is_comparable(&element),
                    Type::Map(_) | Type::Record(_) => Type::Text.is_comparable(&element),
                    _ => false,
                };
                if !fits {
                    self.report_extent(node, format!("{element} is never in {container}"));
                }
                Some(Type::Bool)
            }
            (
                operators::ADD
                | operators::SUBSTRACT
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO,
                [a, b],
            ) => Some(self.arithmetic(node, name, a, b)),
            (operators::NEGATE, [arg]) => {
                let found = self.infer(arg);
                if !(found.is_any() || matches!(found, Type::Int | Type::Double)) {
                    self.report_extent(node, format!("`-` does not take {found}"));
                }
                Some(found)
            }
            (operators::INDEX | operators::OPT_INDEX, [container, index]) => {
                let found = self.index(node, container, index);
                Some(if name == operators::OPT_INDEX {
                    Type::optional(found)
                } else {
                    found
                })
            }
            (operators::OPT_SELECT, [operand, field]) => {
                let operand = self.infer(operand);
                let Expr::Literal(LiteralValue::String(field_name)) = &field.expr else {
                    return Some(Type::optional(Type::Any));
                };
                let found = self.field(field, &operand, field_name.inner());
                Some(Type::optional(found))
            }
            _ => None,
        }
    }

    fn arithmetic(&mut self, node: &IdedExpr, name: &str, a: &IdedExpr, b: &IdedExpr) -> Type {
        let (a, b) = (self.infer(a), self.infer(b));
        let result = match (name, &a, &b) {
            (_, Type::Any, _) | (_, _, Type::Any) => Some(match (&a, &b) {
                (Type::List(_), _) | (_, Type::List(_)) => Type::list(Type::Any),
                (Type::Text, _) | (_, Type::Text) => Type::Text,
                _ => Type::Any,
            }),
            (operators::MODULO, Type::Double, Type::Double) => None,
            (_, a, b) if a.is_number() && a == b => Some(a.clone()),
            (operators::ADD, Type::Text, Type::Text) => Some(Type::Text),
            (operators::ADD, Type::Bytes, Type::Bytes) => Some(Type::Bytes),
            (operators::ADD, Type::List(_), Type::List(_)) => Some(a.clone().join(b.clone())),
            (operators::ADD | operators::SUBSTRACT, Type::Time, Type::Duration)
            | (operators::ADD, Type::Duration, Type::Time) => Some(Type::Time),
            (operators::ADD | operators::SUBSTRACT, Type::Duration, Type::Duration)
            | (operators::SUBSTRACT, Type::Time, Type::Time) => Some(Type::Duration),
            _ => None,
        };
        result.unwrap_or_else(|| {
            let mistake = Mistake::new(
                format!("`{}` does not take {a} and {b}", operator(name)),
                self.extent(node),
            );
            let help = match (&a, &b) {
                (Type::Text, other) | (other, Type::Text) if other.is_number() => {
                    "string(n) makes a text of a number"
                }
                (a, b) if a.is_number() && b.is_number() => {
                    "int(x) and double(x) make one kind of number of the other"
                }
                _ => "",
            };
            self.mistakes.push(mistake.help(help));
            Type::Any
        })
    }

    fn index(&mut self, node: &IdedExpr, container: &IdedExpr, index: &IdedExpr) -> Type {
        let (found, by) = (self.infer(container), self.infer(index));
        let found = match found {
            Type::Optional(of) => (*of).clone(),
            found => found,
        };
        match found {
            Type::List(of) => {
                if !(by.is_any() || by.is_number()) {
                    self.report_extent(node, format!("the index of a list is an int, not {by}"));
                }
                (*of).clone()
            }
            Type::Map(of) => (*of).clone(),
            Type::Record(_) => match &index.expr {
                Expr::Literal(LiteralValue::String(name)) => {
                    self.field(index, &found, name.inner())
                }
                _ => Type::Any,
            },
            Type::Any => Type::Any,
            other => {
                self.report_extent(node, format!("`[]` does not take {other}"));
                Type::Any
            }
        }
    }

    fn function(&mut self, node: &IdedExpr, call: &CallExpr) -> Type {
        let mut name = call.func_name.clone();
        let mut target = None;
        match call.target.as_deref() {
            Some(IdedExpr {
                expr: Expr::Ident(space),
                ..
            }) if NAMESPACES.contains(&space.as_str())
                && !self.scope.iter().any(|(known, _)| known == space) =>
            {
                name = format!("{space}.{name}");
            }
            Some(expression) => target = Some(self.infer(expression)),
            None => {}
        }
        if MACROS.contains(&name.as_str())
            && !SIGNATURES.iter().any(|signature| signature.name == name)
            && call.args.len() < 3
        {
            let mistake = Mistake::new(
                format!("`{name}` does not take {} arguments", call.args.len()),
                self.token(node),
            );
            self.mistakes
                .push(mistake.help("as in list.all(x, x > 0), list.map(x, x + 1), has(a.b)"));
            return Type::Any;
        }
        let arguments: Vec<Type> = if is_two_variables(&name, call) {
            self.mistakes.push(
                Mistake::new(
                    format!("`{name}` over two variables is not supported"),
                    self.token(node),
                )
                .help("loop over one: over a list its elements, over a map its names"),
            );
            return Type::Any;
        } else {
            call.args.iter().map(|arg| self.infer(arg)).collect()
        };
        if name.contains('@') {
            // What a macro made: `sortBy` gives its own list back.
            return if name == "@sortByAssociatedKeys" {
                target.unwrap_or(Type::Any)
            } else {
                Type::Any
            };
        }
        if name.ends_with("matches") || name.starts_with("find") {
            self.check_pattern(call);
        }
        self.signature(node, &name, target.as_ref(), &arguments)
    }

    fn check_pattern(&mut self, call: &CallExpr) {
        let Some(pattern) = call.args.last() else {
            return;
        };
        if let Expr::Literal(LiteralValue::String(text)) = &pattern.expr
            && let Err(why) = regex::compile(text.inner())
        {
            self.report_extent(pattern, why);
        }
    }

    fn signature(
        &mut self,
        node: &IdedExpr,
        name: &str,
        target: Option<&Type>,
        arguments: &[Type],
    ) -> Type {
        let same_name: Vec<&Signature> = SIGNATURES
            .iter()
            .filter(|signature| signature.name == name)
            .collect();
        if same_name.is_empty() {
            let known = SIGNATURES
                .iter()
                .map(|signature| signature.name)
                .chain(MACROS.iter().copied());
            let mistake = Mistake::new(format!("unknown function `{name}`"), self.token(node));
            self.mistakes.push(mistake.label(did_you_mean(name, known)));
            return Type::Any;
        }
        let same_style = same_name
            .iter()
            .filter(|signature| signature.target.is_some() == target.is_some());
        let same_style: Vec<&&Signature> = same_style.collect();
        let Some(first) = same_style.first() else {
            let how = if target.is_some() {
                format!("{name}(x)")
            } else {
                format!("x.{name}(...)")
            };
            self.mistakes.push(
                Mistake::new(format!("`{name}` is not called this way"), self.token(node))
                    .label(format!("write {how}")),
            );
            return Type::Any;
        };
        let fits = same_style.iter().find(|signature| {
            signature.arguments.len() == arguments.len()
                && signature
                    .target
                    .zip(target)
                    .is_none_or(|(kind, found)| kind.takes(found))
                && signature
                    .arguments
                    .iter()
                    .zip(arguments)
                    .all(|(kind, found)| kind.takes(found))
        });
        if let Some(signature) = fits {
            return signature.result.result(target.or(arguments.first()));
        }
        let message = match target {
            Some(target)
                if same_style
                    .iter()
                    .all(|signature| !signature.target.is_some_and(|kind| kind.takes(target))) =>
            {
                let mut takes: Vec<&str> = same_style
                    .iter()
                    .filter_map(|signature| signature.target)
                    .map(Kind::called)
                    .collect();
                takes.dedup();
                format!(
                    "`{name}` is a function of {}, not of {target}",
                    takes.join(", ")
                )
            }
            _ => {
                let found: Vec<String> = arguments.iter().map(ToString::to_string).collect();
                let mut takes: Vec<String> = same_style
                    .iter()
                    .map(|signature| {
                        let kinds: Vec<&str> = signature
                            .arguments
                            .iter()
                            .map(|kind| kind.called())
                            .collect();
                        format!("({})", kinds.join(", "))
                    })
                    .collect();
                takes.dedup();
                format!(
                    "`{name}` takes {}, not ({})",
                    takes.join(" or "),
                    found.join(", ")
                )
            }
        };
        self.report(node, message);
        first.result.result(None)
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
            Type::Map(_) | Type::Record(_) => Type::Text,
            Type::Any => Type::Any,
            other => {
                self.report_extent(
                    &comprehension.iter_range,
                    format!("a loop goes over a list or a map, not over {other}"),
                );
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

/// `all`, `exists` and the like with one argument more than the macro takes; the macro did not match then.
fn is_two_variables(name: &str, call: &CallExpr) -> bool {
    let takes_two = ["all", "exists", "exists_one", "existsOne", "filter"];
    call.target.is_some()
        && (TWO_VARIABLES.contains(&name) || (call.args.len() == 3 && takes_two.contains(&name)))
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
    "semver",
];
