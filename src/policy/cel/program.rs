//! Expressions: read within limits, then evaluated within a budget.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::Context;
use cel::common::ast::{Expr, IdedExpr, SourceInfo};
use cel::common::types::{CelBool, CelInt, CelList, CelString, CelTimestamp, Kind};
use cel::common::value::Val;
use cel::parser::PrattParser;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::environment::environment;
use super::mistake::{self, Mistake};
use super::prefilter::{self, Condition};
use super::{blame, budget, convert, rewrite, tree};

/// Longer expressions are refused.
pub const MAX_SOURCE: usize = 4096;
/// Deeper trees are refused.
pub const MAX_DEPTH: usize = 200;
/// Loops may not nest deeper.
pub const MAX_LOOPS: usize = 5;

/// An expression as it was read, before it is made ready for evaluation.
#[derive(Debug)]
pub(in crate::policy) struct Syntax {
    pub(super) source: String,
    pub(super) tree: IdedExpr,
    pub(super) info: SourceInfo,
}

/// Reads an expression of a built-in policy: the same tree as [`parse`], twenty times as fast, and without the places that
/// messages need. The project's tests compare the two for every built-in expression; users' are read by [`parse`] alone,
/// which the engine's own conformance tests cover. Its loops pass over what their conditions rule out.
pub(in crate::policy) fn parse_built_in(source: &str) -> Option<Program> {
    let mut program = read_built_in(source)?;
    program.conditions = prefilter::install(&mut program.tree).into();
    Some(program)
}

/// The same with its loops as they are written.
pub(in crate::policy) fn read_built_in(source: &str) -> Option<Program> {
    // The quick parser knows the standard macros only.
    if source.contains("cel.bind") {
        return None;
    }
    let parser = PrattParser::new()
        .enable_optional_syntax(true)
        .enable_ident_escape_syntax(true);
    let tree = catch_unwind(AssertUnwindSafe(|| parser.parse(source)))
        .ok()?
        .ok()?;
    Some(Program::of(source.to_owned(), tree, None))
}

/// Reads an expression. It must be called with room on the stack (see [`super::with_room`]): what the engine needs grows
/// with the expression, before anything is known about its depth.
pub(in crate::policy) fn parse(source: &str) -> Result<Syntax, Vec<Mistake>> {
    if source.len() > MAX_SOURCE {
        return Err(vec![Mistake {
            message: format!(
                "an expression may have {MAX_SOURCE} bytes; this one has {}",
                source.len()
            ),
            label: String::new(),
            help: "split it into variables".to_owned(),
            range: 0..source.len(),
            names: Vec::new(),
        }]);
    }
    let parser = environment().parser().enable_ident_escape_syntax(true);
    let parsed = catch_unwind(AssertUnwindSafe(|| parser.parse_with_source_info(source)));
    let (tree, info) = match parsed {
        Ok(Ok(parsed)) => parsed,
        Ok(Err(errors)) => return Err(mistake::from_parse_errors(source, &errors)),
        Err(_) => return Err(vec![mistake::unreadable(source)]),
    };
    let (depth, loops) = tree::depths(&tree);
    if depth > MAX_DEPTH {
        return Err(vec![mistake::too_deep(source)]);
    }
    if loops > MAX_LOOPS {
        return Err(vec![Mistake {
            message: format!("loops may nest {MAX_LOOPS} deep; these nest {loops} deep"),
            label: String::new(),
            help: "every level multiplies the work; compute the inner list once, as a variable"
                .to_owned(),
            range: 0..source.len(),
            names: Vec::new(),
        }]);
    }
    Ok(Syntax {
        source: source.to_owned(),
        tree,
        info,
    })
}

/// An expression that can be evaluated.
#[derive(Debug)]
pub struct Program {
    pub(super) source: String,
    pub(super) tree: IdedExpr,
    /// Where the parts stand; `None` when the expression was read without.
    pub(super) info: Option<SourceInfo>,
    names: Vec<String>,
    /// What loops may pass over.
    conditions: Arc<[Condition]>,
}

impl Program {
    /// Makes an expression ready.
    pub(in crate::policy) fn new(syntax: Syntax) -> Self {
        let Syntax { source, tree, info } = syntax;
        Self::of(source, tree, Some(info))
    }

    fn of(source: String, mut tree: IdedExpr, info: Option<SourceInfo>) -> Self {
        let mut names = Vec::new();
        outer_names(&tree, &mut names);
        names.sort();
        names.dedup();
        rewrite::rewrite(&mut tree);
        Self {
            source,
            tree,
            info,
            names,
            conditions: Arc::new([]),
        }
    }

    /// The names that must be bound: top-level facts, and each variable as `variables.<name>`. It may hold names that an
    /// inner loop binds; it never lacks one.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Evaluates the expression.
    pub fn evaluate(&self, bindings: &Bindings) -> Result<Value, Failure> {
        let work = || {
            cel::Value::resolve_val(&self.tree, &bindings.0).map(|value| Value(value.into_owned()))
        };
        let (result, exhausted) = budget::with_budget(budget::STEPS, || {
            prefilter::with_conditions(&self.conditions, || catch_unwind(AssertUnwindSafe(work)))
        });
        if exhausted {
            return Err(self.failure(budget::EXCEEDED.to_owned(), 0..self.source.len()));
        }
        match result {
            Ok(Ok(value)) => Ok(value),
            // What fails is read again, by the parser that says where its parts stand.
            Ok(Err(_)) if self.info.is_none() => match parse(&self.source) {
                Ok(syntax) => Self::new(syntax).evaluate(bindings),
                Err(_) => Err(self.failure("it cannot be read".to_owned(), 0..self.source.len())),
            },
            Ok(Err(error)) => {
                let (message, range) = blame::explain(self, &bindings.0, &error);
                Err(self.failure(message, range))
            }
            Err(_) => Err(self.failure(
                "the engine failed on it; please report this expression".to_owned(),
                0..self.source.len(),
            )),
        }
    }

    fn failure(&self, message: String, range: Range<usize>) -> Failure {
        let part = self
            .source
            .get(range.clone())
            .unwrap_or(&self.source)
            .to_owned();
        Failure {
            message,
            part,
            range,
        }
    }
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub message: String,
    /// The smallest part of the expression that fails.
    pub part: String,
    /// Where that part stands in the expression.
    pub range: Range<usize>,
}

fn outer_names(node: &IdedExpr, names: &mut Vec<String>) {
    match &node.expr {
        // A leading dot asks for the name outside of all loops.
        Expr::Ident(name) => names.push(name.trim_start_matches('.').to_owned()),
        Expr::Select(select) => {
            if let Expr::Ident(root) = &select.operand.expr
                && root == "variables"
            {
                names.push(format!("variables.{}", select.field));
                return;
            }
            outer_names(&select.operand, names);
        }
        other => tree::each_part(other, |part| outer_names(part, names)),
    }
}

/// What names stand for during an evaluation.
pub struct Bindings(Context<'static, 'static>);

impl std::fmt::Debug for Bindings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bindings")
    }
}

impl Default for Bindings {
    fn default() -> Self {
        Self(Context::with_env(environment().clone()))
    }
}

impl Bindings {
    pub(super) fn context(&self) -> &Context<'static, 'static> {
        &self.0
    }

    /// Binds a name, which may hold a dot: `variables.added`.
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.add_variable_as_val(name, value.0);
    }
}

/// A value of the policy language. Cloning one that came from facts costs nothing.
#[derive(Debug, Clone)]
pub struct Value(Box<dyn Val>);

impl Value {
    /// The value of anything that serde can write: whole numbers are `int`, fields are those of the written form.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, String> {
        convert::to_slot(value)
            .map(|slot| Self(slot.as_val().clone_as_boxed()))
            .map_err(|error| error.to_string())
    }

    /// A list of values.
    pub fn list(values: Vec<Self>) -> Self {
        let values: Vec<Box<dyn Val>> = values.into_iter().map(|value| value.0).collect();
        Self(Box::new(CelList::from(values)))
    }

    /// A point in time.
    pub fn time(time: DateTime<Utc>) -> Self {
        Self(Box::new(CelTimestamp::from(time.fixed_offset())))
    }

    /// The value of a condition.
    pub fn as_bool(&self) -> Option<bool> {
        self.0.downcast_ref::<CelBool>().map(|value| *value.inner())
    }

    /// The value of a message.
    pub fn as_text(&self) -> Option<&str> {
        self.0.downcast_ref::<CelString<'_>>().map(CelString::inner)
    }

    /// A whole number.
    pub fn as_int(&self) -> Option<i64> {
        self.0.downcast_ref::<CelInt>().map(|value| *value.inner())
    }

    /// The elements of a list; `None` for anything else.
    pub fn elements(&self) -> Option<Vec<Self>> {
        if self.0.get_type().kind() != Kind::List {
            return None;
        }
        let mut elements = Vec::new();
        let mut iterator = self.0.as_iterable()?.iter();
        while let Some(element) = iterator.next() {
            elements.push(Self(element.clone_as_boxed()));
        }
        Some(elements)
    }

    /// A field of a map; `None` when it is no map or has no such field.
    pub fn field(&self, name: &str) -> Option<Self> {
        if self.0.get_type().kind() != Kind::Map {
            return None;
        }
        let value = self.0.as_indexer()?.get(&CelString::from(name)).ok()?;
        Some(Self(value.into_owned()))
    }

    pub(super) fn from_val(value: Box<dyn Val>) -> Self {
        Self(value)
    }

    #[cfg(test)]
    pub(super) fn as_val(&self) -> &dyn Val {
        self.0.as_ref()
    }

    pub(super) fn kind(&self) -> Kind {
        self.0.get_type().kind()
    }

    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        super::json::json(self.0.as_ref())
    }

    /// The name of its type.
    pub fn type_name(&self) -> &str {
        self.0.get_type().name()
    }

    /// The same value, so that a copy of it costs nothing; `None` when it cannot be shared.
    pub(in crate::policy) fn shared(&self) -> Option<Self> {
        let slot = super::value::share(self.0.as_ref())?;
        Some(Self(slot.as_val().clone_as_boxed()))
    }

    /// The steps that a copy of it costs.
    pub(in crate::policy) fn copy_steps(&self) -> u64 {
        budget::copy_steps(self.0.as_ref())
    }
}

#[cfg(test)]
impl Program {
    pub(super) fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The tree as text, without the numbers of its parts, which are the parser's own.
    pub(in crate::policy) fn shape(&self) -> String {
        regex::Regex::new(r"\bid: \d+")
            .unwrap()
            .replace_all(&format!("{:?}", self.tree), "id")
            .into_owned()
    }
}
