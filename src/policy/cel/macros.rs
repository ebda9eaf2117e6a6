//! Macros beside those of the engine: `cel.bind`, and the macros over two variables of the CEL specification. The engine
//! reads loops with two variables and runs them with one, so these loop over *entries*: what a list or a map holds, each
//! with its place.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, SelectExpr, operators,
};
use cel::parser::{Macro, MacroExprHelper, ParseError};

use super::entries::{KEY, VALUE};

/// The loop variable of a `cel.bind`, which no policy can name.
pub(super) const UNUSED: &str = "@unused";
/// The loop variable of a loop over two variables.
pub(super) const ENTRY: &str = "@entry";
/// The function that makes entries of a list or a map.
pub(super) const ENTRIES: &str = "@entries";
/// The function that makes a map of a list of names with their values.
pub(super) const MAP_OF: &str = "@mapOf";
/// The function that makes one map of several.
pub(super) const MERGE: &str = "@merge";
/// What the engine calls the result so far of a loop.
pub(super) const ACCUMULATOR: &str = "@result";

/// The macros over two variables, as messages name them. The first four also exist over one.
pub(super) const OVER_TWO: &[&str] = &[
    "all",
    "exists",
    "existsOne",
    "exists_one",
    "transformList",
    "transformMap",
    "transformMapEntry",
];

/// All macros.
pub(super) fn all() -> Vec<Macro> {
    let mut macros = vec![Macro::receiver("bind", 3, |helper, target, args| {
        let is_cel = matches!(target.as_ref().map(|target| &target.expr), Some(Expr::Ident(name)) if name == "cel");
        if !is_cel {
            return Ok(None);
        }
        let (Some(body), Some(value), Some(name)) = (args.pop(), args.pop(), args.pop()) else {
            return Ok(None);
        };
        let name = name_of(helper, name, "cel.bind needs a name as its first argument")?;
        Ok(Some(bind(helper, name, value, body)))
    })];
    macros.extend(OVER_TWO.iter().flat_map(|name| {
        let with_filter = name.starts_with("transform").then_some(4);
        [Some(3), with_filter]
            .into_iter()
            .flatten()
            .map(move |count| {
                Macro::receiver(*name, count, move |helper, target, args| {
                    over_two(helper, name, target, args)
                })
            })
    }));
    macros
}

fn name_of(
    helper: &mut MacroExprHelper<'_>,
    node: IdedExpr,
    otherwise: &str,
) -> Result<String, ParseError> {
    match node.expr {
        Expr::Ident(name) => Ok(name),
        _ => Err(helper.new_error(node.id, otherwise)),
    }
}

/// `cel.bind(name, value, body)`: a loop over nothing, whose accumulator is the name.
fn bind(
    helper: &mut MacroExprHelper<'_>,
    name: String,
    value: IdedExpr,
    body: IdedExpr,
) -> IdedExpr {
    let iter_range = list(helper, Vec::new());
    let loop_cond = literal(helper, LiteralValue::Boolean(false.into()));
    let loop_step = ident(helper, &name);
    helper.next_expr(Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range,
        iter_var: UNUSED.to_owned(),
        iter_var2: None,
        accu_var: name,
        accu_init: value,
        loop_cond,
        loop_step,
        result: body,
    })))
}

fn over_two(
    helper: &mut MacroExprHelper<'_>,
    function: &str,
    target: &mut Option<IdedExpr>,
    args: &mut Vec<IdedExpr>,
) -> Result<Option<IdedExpr>, ParseError> {
    let mut rest = std::mem::take(args).into_iter();
    let (Some(target), Some(key), Some(value)) = (target.take(), rest.next(), rest.next()) else {
        return Ok(None);
    };
    let value_id = value.id;
    let key = name_of(helper, key, "argument must be a simple name")?;
    let value = name_of(helper, value, "argument must be a simple name")?;
    if key == value {
        return Err(helper.new_error(value_id, "the two names of a loop must differ"));
    }
    let entries = call(helper, ENTRIES, vec![target]);
    let within = |helper: &mut MacroExprHelper<'_>, body: IdedExpr| {
        let part = of_entry(helper, VALUE);
        let inner = bind(helper, value.clone(), part, body);
        let part = of_entry(helper, KEY);
        bind(helper, key.clone(), part, inner)
    };
    let (first, second) = (rest.next(), rest.next());
    let Some(first) = first else {
        return Ok(None);
    };
    let (filter, body) = match second {
        Some(body) => (Some(within(helper, first)), within(helper, body)),
        None => (None, within(helper, first)),
    };
    Ok(Some(match function {
        "all" => all_of(helper, entries, body),
        "exists" => some_of(helper, entries, body),
        "transformMap" => {
            let key = of_entry(helper, KEY);
            let pair = list(helper, vec![key, body]);
            let pairs = collect(helper, entries, filter, pair);
            call(helper, MAP_OF, vec![pairs])
        }
        "transformMapEntry" => {
            let maps = collect(helper, entries, filter, body);
            call(helper, MERGE, vec![maps])
        }
        "transformList" => collect(helper, entries, filter, body),
        _ => one_of(helper, entries, body),
    }))
}

fn all_of(helper: &mut MacroExprHelper<'_>, entries: IdedExpr, body: IdedExpr) -> IdedExpr {
    let start = literal(helper, LiteralValue::Boolean(true.into()));
    let so_far = ident(helper, ACCUMULATOR);
    let goes_on = call(helper, operators::NOT_STRICTLY_FALSE, vec![so_far]);
    let so_far = ident(helper, ACCUMULATOR);
    let step = call(helper, operators::LOGICAL_AND, vec![so_far, body]);
    let result = ident(helper, ACCUMULATOR);
    fold(helper, entries, start, goes_on, step, result)
}

fn some_of(helper: &mut MacroExprHelper<'_>, entries: IdedExpr, body: IdedExpr) -> IdedExpr {
    let start = literal(helper, LiteralValue::Boolean(false.into()));
    let so_far = ident(helper, ACCUMULATOR);
    let none_yet = call(helper, operators::LOGICAL_NOT, vec![so_far]);
    let goes_on = call(helper, operators::NOT_STRICTLY_FALSE, vec![none_yet]);
    let so_far = ident(helper, ACCUMULATOR);
    let step = call(helper, operators::LOGICAL_OR, vec![so_far, body]);
    let result = ident(helper, ACCUMULATOR);
    fold(helper, entries, start, goes_on, step, result)
}

fn one_of(helper: &mut MacroExprHelper<'_>, entries: IdedExpr, body: IdedExpr) -> IdedExpr {
    let start = literal(helper, LiteralValue::Int(0.into()));
    let goes_on = literal(helper, LiteralValue::Boolean(true.into()));
    let (so_far, one) = (
        ident(helper, ACCUMULATOR),
        literal(helper, LiteralValue::Int(1.into())),
    );
    let more = call(helper, operators::ADD, vec![so_far, one]);
    let so_far = ident(helper, ACCUMULATOR);
    let step = call(helper, operators::CONDITIONAL, vec![body, more, so_far]);
    let (so_far, one) = (
        ident(helper, ACCUMULATOR),
        literal(helper, LiteralValue::Int(1.into())),
    );
    let result = call(helper, operators::EQUALS, vec![so_far, one]);
    fold(helper, entries, start, goes_on, step, result)
}

/// The list of what `body` is for each entry. The engine knows this shape, and appends in place.
fn collect(
    helper: &mut MacroExprHelper<'_>,
    entries: IdedExpr,
    filter: Option<IdedExpr>,
    body: IdedExpr,
) -> IdedExpr {
    let start = list(helper, Vec::new());
    let goes_on = literal(helper, LiteralValue::Boolean(true.into()));
    let (so_far, next) = (ident(helper, ACCUMULATOR), list(helper, vec![body]));
    let mut step = call(helper, operators::ADD, vec![so_far, next]);
    if let Some(filter) = filter {
        let so_far = ident(helper, ACCUMULATOR);
        step = call(helper, operators::CONDITIONAL, vec![filter, step, so_far]);
    }
    let result = ident(helper, ACCUMULATOR);
    fold(helper, entries, start, goes_on, step, result)
}

fn fold(
    helper: &mut MacroExprHelper<'_>,
    iter_range: IdedExpr,
    accu_init: IdedExpr,
    loop_cond: IdedExpr,
    loop_step: IdedExpr,
    result: IdedExpr,
) -> IdedExpr {
    helper.next_expr(Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range,
        iter_var: ENTRY.to_owned(),
        iter_var2: None,
        accu_var: ACCUMULATOR.to_owned(),
        accu_init,
        loop_cond,
        loop_step,
        result,
    })))
}

fn of_entry(helper: &mut MacroExprHelper<'_>, field: &str) -> IdedExpr {
    let operand = Box::new(ident(helper, ENTRY));
    helper.next_expr(Expr::Select(SelectExpr {
        operand,
        field: field.to_owned(),
        test: false,
    }))
}

fn ident(helper: &mut MacroExprHelper<'_>, name: &str) -> IdedExpr {
    helper.next_expr(Expr::Ident(name.to_owned()))
}

fn literal(helper: &mut MacroExprHelper<'_>, value: LiteralValue) -> IdedExpr {
    helper.next_expr(Expr::Literal(value))
}

fn list(helper: &mut MacroExprHelper<'_>, elements: Vec<IdedExpr>) -> IdedExpr {
    helper.next_expr(Expr::List(ListExpr::new(elements)))
}

fn call(helper: &mut MacroExprHelper<'_>, function: &str, args: Vec<IdedExpr>) -> IdedExpr {
    helper.next_expr(Expr::Call(CallExpr {
        func_name: function.to_owned(),
        target: None,
        args,
    }))
}
