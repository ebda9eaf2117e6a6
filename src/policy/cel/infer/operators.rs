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
}
