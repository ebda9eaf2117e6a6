//! What functions take and give.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};

use super::{Checker, not_a_range};
use crate::policy::cel::entries::{KEY, VALUE};
use crate::policy::cel::environment::environment;
use crate::policy::cel::macros::{ENTRIES, MAP_OF, MERGE};
use crate::policy::cel::mistake::Mistake;
use crate::policy::cel::regex;
use crate::policy::cel::rewrite::NAMESPACES;
use crate::policy::cel::signatures::{Kind, MACROS, SIGNATURES, Signature};
use crate::policy::cel::types::{Record, Type};
use crate::policy::suggest::did_you_mean;

impl Checker<'_> {
    pub(super) fn function(&mut self, node: &IdedExpr, call: &CallExpr) -> Type {
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
        {
            let mistake = Mistake::new(
                format!("`{name}` does not take {} arguments", call.args.len()),
                self.token(node),
            );
            self.mistakes
                .push(mistake.help("as in list.all(x, x > 0), list.map(x, x + 1), has(a.b)"));
            return Type::Any;
        }
        let told = self.mistakes.len();
        let arguments: Vec<Type> = call.args.iter().map(|arg| self.infer(arg)).collect();
        // What would be the variable of a loop is not unknown by itself: the function is.
        if !SIGNATURES.iter().any(|signature| signature.name == name)
            && matches!(call.args.first().map(|arg| &arg.expr), Some(Expr::Ident(word)) if !self.is_known(word))
        {
            self.mistakes.truncate(told);
        }
        if name.contains('@') {
            return match (name.as_str(), call.args.first(), arguments.first()) {
                (ENTRIES, Some(range), Some(found)) => self.entries(range, found),
                (MAP_OF, ..) => Type::any_record(),
                (MERGE, Some(_), Some(Type::List(of))) => (**of).clone(),
                // `sortBy` gives its own list back.
                _ if name == "@sortByAssociatedKeys" => target.unwrap_or(Type::Any),
                _ => Type::Any,
            };
        }
        if name.ends_with("matches") || name.starts_with("find") {
            self.check_pattern(call);
        }
        if target.is_none() && ["duration", "timestamp", "semver"].contains(&name.as_str()) {
            self.check_literal(&name, call);
        }
        self.signature(node, &name, target.as_ref(), &arguments)
    }

    /// What a loop over two variables goes over.
    fn entries(&mut self, range: &IdedExpr, found: &Type) -> Type {
        let (key, value) = match found {
            Type::List(of) => (Type::Int, (**of).clone()),
            Type::Map(of) => (Type::Any, (**of).clone()),
            Type::Record(_) => (Type::Text, Type::Any),
            Type::Any => (Type::Any, Type::Any),
            other => {
                self.report_extent(range, not_a_range(other));
                (Type::Any, Type::Any)
            }
        };
        Type::list(Type::Record(Arc::new(Record {
            called: "an entry".to_owned(),
            fields: BTreeMap::from([(KEY.to_owned(), key), (VALUE.to_owned(), value)]),
        })))
    }

    /// A time, a duration or a version that is written out can be read now.
    fn check_literal(&mut self, name: &str, call: &CallExpr) {
        let [argument] = call.args.as_slice() else {
            return;
        };
        let Expr::Literal(LiteralValue::String(text)) = &argument.expr else {
            return;
        };
        let call = IdedExpr {
            id: argument.id,
            expr: Expr::Call(call.clone()),
        };
        let context = cel::Context::with_env(environment().clone());
        if cel::Value::resolve_val(&call, &context).is_ok() {
            return;
        }
        let (what, help) = match name {
            "duration" => (
                "a duration",
                "write hours, minutes and seconds: '168h' is a week, '1h30m'",
            ),
            "timestamp" => (
                "a time",
                "write it as RFC 3339 does, with its zone: '2026-01-31T00:00:00Z'",
            ),
            _ => (
                "a version",
                "semver(text, true) reads what is nearly one, as 'v1.2'",
            ),
        };
        let message = format!("'{}' is not {what}", text.inner());
        let range = self.extent(argument);
        self.mistakes.push(Mistake::new(message, range).help(help));
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
            let label = match elsewhere(name) {
                Some(ours) => format!("did you mean `{ours}`?"),
                None if self.is_known(name) => format!("`{name}` is a name: write it without ()"),
                None => did_you_mean(name, known),
            };
            self.mistakes.push(mistake.label(label));
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
                if name == "contains" && matches!(target, Type::List(_) | Type::Map(_)) {
                    let range = self.token(node);
                    let message = format!("`contains` is a function of string, not of {target}");
                    let help = "`x in list` asks whether a list or a map holds it";
                    self.mistakes.push(Mistake::new(message, range).help(help));
                    return Type::Bool;
                }
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
}

/// What a function of other languages is called here.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "len" | "length" | "count" => "size",
        "any" | "some" => "exists",
        "every" => "all",
        "lower" | "toLowerCase" | "tolower" => "lowerAscii",
        "upper" | "toUpperCase" | "toupper" => "upperAscii",
        "match" | "test" | "regex" => "matches",
        "includes" => "contains",
        "unique" => "distinct",
        "str" | "toString" => "string",
        "strip" => "trim",
        _ => return None,
    })
}
