//! The functions and macros that policies may use.

use std::sync::{Arc, LazyLock};

use cel::{DeclarationError, Env, extensions};

use super::{entries, functions, macros, prefilter, semver};

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
    env.add_extension(entries::extension)?;
    env.add_extension(prefilter::extension)?;
    macros::all()
        .into_iter()
        .try_for_each(|it| env.add_macro(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_declared_twice() {
        assert_eq!(declare(&mut Env::stdlib()), Ok(()));
    }
}
