//! What operators take and give.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::Checker;
use crate::policy::cel::blame::operator;
use crate::policy::cel::mistake::Mistake;
use crate::policy::cel::types::Type;

impl Checker<'_> {
    /// The type of an operator's result; `None` when the call is none.
    pub(super) fn operator(&mut self, node: &IdedExpr, call: &CallExpr) -> Option<Type> {
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
                self.equality(node, a, b);
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
                } else if is_version(a) || is_version(b) {
                    let range = self.extent(node);
                    let message = "versions are compared as texts here: '1.10.0' is before '1.9.0'";
                    let mistake = Mistake::new(message, range);
                    self.mistakes
                        .push(mistake.help("semver(a) < semver(b) compares versions"));
                }
                Some(Type::Bool)
            }
            (operators::IN, [element, container]) => {
                let (element, container) = (self.infer(element), self.infer(container));
                let fits = match &container {
                    Type::Any | Type::Map(_) => true,
                    Type::List(of) => of.is_comparable(&element),
                    Type::Record(_) => Type::Text.is_comparable(&element),
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

    fn equality(&mut self, node: &IdedExpr, a: &IdedExpr, b: &IdedExpr) {
        // A text that lacks its quotes looks like a name.
        for (name, other) in [(a, b), (b, a)] {
            if let Expr::Ident(word) = &name.expr
                && !self.is_known(word)
                && !matches!(other.expr, Expr::Ident(_))
                && self.infer(other) == Type::Text
            {
                let mistake = Mistake::new(format!("unknown name `{word}`"), self.token(name));
                self.mistakes
                    .push(mistake.label(format!("a text stands in quotes: '{word}'")));
                return;
            }
        }
        let (a_type, b_type) = (self.infer(a), self.infer(b));
        let is_fact = |found: &Type| matches!(found, Type::Record(_));
        let (message, help) = if (is_fact(&a_type) && b_type == Type::Null)
            || (is_fact(&b_type) && a_type == Type::Null)
        {
            let fact = if is_fact(&a_type) { &a_type } else { &b_type };
            (
                format!("{fact} is never null"),
                "facts are always there; ask for one of their fields, as in release.previous.tag == ''".to_owned(),
            )
        } else if a_type.is_comparable(&b_type) {
            return;
        } else {
            let help = without_quotes(a, &b_type)
                .or_else(|| without_quotes(b, &a_type))
                .unwrap_or_default();
            (format!("{a_type} is never equal to {b_type}"), help)
        };
        let mistake = Mistake::new(message, self.extent(node));
        self.mistakes.push(mistake.help(help));
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
                let mistake =
                    Mistake::new(format!("`[]` does not take {other}"), self.extent(node));
                let help = match other {
                    Type::Text => "x.charAt(0) is a character, x.substring(0, 2) a part of a text",
                    _ => "",
                };
                self.mistakes.push(mistake.help(help));
                Type::Any
            }
        }
    }
}

/// What to write where a number or a truth value stands in quotes, or a text without.
fn without_quotes(written: &IdedExpr, other: &Type) -> Option<String> {
    match (&written.expr, other) {
        (Expr::Literal(LiteralValue::String(text)), Type::Bool)
            if ["true", "false"].contains(&text.inner()) =>
        {
            Some(format!("write {} without quotes", text.inner()))
        }
        (Expr::Literal(LiteralValue::String(text)), found)
            if found.is_number() && text.inner().parse::<f64>().is_ok() =>
        {
            Some(format!("write {} without quotes", text.inner()))
        }
        (Expr::Literal(LiteralValue::Boolean(_)), Type::Text) => Some(
            "it is a text; relgate facts shows which, often 'yes', 'no' or 'unknown'".to_owned(),
        ),
        (Expr::Literal(LiteralValue::Int(number)), Type::Text) => {
            Some(format!("it is a text: write '{}'", number.inner()))
        }
        _ => None,
    }
}

/// A text that is a whole version.
fn is_version(node: &IdedExpr) -> bool {
    let Expr::Literal(LiteralValue::String(text)) = &node.expr else {
        return false;
    };
    let text = text.inner();
    let text = text.strip_prefix('v').unwrap_or(text);
    text.split('.').count() == 3
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .split('.')
            .take(2)
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}
