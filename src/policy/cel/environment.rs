//! The functions and macros that policies may use.

use std::sync::{Arc, LazyLock};

use cel::common::ast::{ComprehensionExpr, Expr, ListExpr, LiteralValue};
use cel::parser::Macro;
use cel::{DeclarationError, Env, extensions};

use super::{functions, semver};

/// The environment that every expression is read and evaluated in.
pub(super) fn environment() -> &'static Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
        let mut env = Env::stdlib();
        // A declaration fails only if two extensions declare the same function, which a test rules out; a function that
        // is missing for it would be an evaluation error, never a pass.
        let _: Result<(), DeclarationError> = declare(&mut env);
        Arc::new(env)
    });
    &ENVIRONMENT
}

fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_extension(extensions::strings)?;
    env.add_extension(extensions::lists)?;
    env.add_extension(extensions::math)?;
    env.add_extension(semver::extension)?;
    env.add_extension(functions::extension)?;
    env.add_macro(bind())
}

/// `cel.bind(name, value, body)`: a loop over nothing, whose accumulator is the name.
fn bind() -> Macro {
    Macro::receiver("bind", 3, |helper, target, args| {
        let is_cel = matches!(target.as_ref().map(|target| &target.expr), Some(Expr::Ident(name)) if name == "cel");
        let Some(Expr::Ident(name)) = args.first().map(|arg| arg.expr.clone()) else {
            let id = args.first().map_or(0, |arg| arg.id);
            return if is_cel {
                Err(helper.new_error(id, "cel.bind needs a name as its first argument"))
            } else {
                Ok(None)
            };
        };
        if !is_cel {
            return Ok(None);
        }
        let (Some(body), Some(value)) = (args.pop(), args.pop()) else {
            return Ok(None);
        };
        let iter_range = helper.next_expr(Expr::List(ListExpr::new(Vec::new())));
        let loop_cond = helper.next_expr(Expr::Literal(LiteralValue::Boolean(false.into())));
        let loop_step = helper.next_expr(Expr::Ident(name.clone()));
        Ok(Some(helper.next_expr(Expr::Comprehension(Box::new(
            ComprehensionExpr {
                iter_range,
                iter_var: UNUSED.to_owned(),
                iter_var2: None,
                accu_var: name,
                accu_init: value,
                loop_cond,
                loop_step,
                result: body,
            },
        )))))
    })
}

/// The loop variable of a `cel.bind`, which no policy can name.
pub(super) const UNUSED: &str = "@unused";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_declared_twice() {
        assert_eq!(declare(&mut Env::stdlib()), Ok(()));
    }
}
