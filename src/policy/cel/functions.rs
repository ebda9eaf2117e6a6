//! Functions beside those of the engine: the `sets` extension, regular expressions with a cache, path patterns, and
//! replacements for the engine's functions that could grow without bounds.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "the engine prescribes the signature of its functions"
)]

use std::collections::BTreeSet;

use cel::common::types::{
    CelBool, CelInt, CelList, CelMap, CelString, DYN_TYPE, INT_TYPE, LIST_TYPE, STRING_TYPE,
};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

use super::budget::{self, charge};
use super::entries;
use super::regex;
use super::value::values_equal;

/// What the arguments of a call are charged as. The rewriter writes these numbers into expressions.
pub(super) mod charges {
    /// One step for each element: a loop, or a search.
    pub(in crate::policy::cel) const WALK: i64 = 0;
    /// What a copy costs: an element of a new list.
    pub(in crate::policy::cel) const COPY: i64 = 1;
    /// Each element a few times: sorting.
    pub(in crate::policy::cel) const SORT: i64 = 3;
    /// One step for each element; of a map that the expression made, the names in their order.
    pub(in crate::policy::cel) const LOOP: i64 = 5;
    /// What the arguments of `format` can become: a number takes up to 400 characters.
    pub(in crate::policy::cel) const FORMAT: i64 = 4;
}

/// The name of the function that charges for its first argument and hands it back. No policy can write an `@`.
pub(super) const CHARGE: &str = "@charge";
/// `+` that charges for what it makes.
pub(super) const ADD: &str = "@add";
/// `==` that compares lists and maps by what they hold.
pub(super) const EQUALS: &str = "@equals";
/// `lists.range` that charges for what it makes.
pub(super) const RANGE: &str = "@range";
/// Functions that are replaced under their own names with an `@`.
pub(super) const REPLACED: &[&str] = &["replace", "join", "indexOf", "lastIndexOf", "distinct"];

type Args<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// Declares the functions.
pub(super) fn extension(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload(CHARGE, "charge", vec![DYN_TYPE, INT_TYPE], charge_for)?;
    env.add_overload(ADD, "add", vec![DYN_TYPE, DYN_TYPE], add)?;
    env.add_overload(EQUALS, "equals", vec![DYN_TYPE, DYN_TYPE], equals)?;
    env.add_overload(RANGE, "range", vec![INT_TYPE], range)?;
    let lists = || vec![LIST_TYPE, LIST_TYPE];
    env.add_overload("sets.contains", "sets_contains", lists(), sets_contains)?;
    env.add_overload(
        "sets.intersects",
        "sets_intersects",
        lists(),
        sets_intersects,
    )?;
    env.add_overload(
        "sets.equivalent",
        "sets_equivalent",
        lists(),
        sets_equivalent,
    )?;
    let text = || vec![STRING_TYPE];
    let texts = || vec![STRING_TYPE, STRING_TYPE];
    env.add_overload("matches", "matches", texts(), matches)?;
    env.add_member_overload("matches", "text_matches", STRING_TYPE, text(), matches)?;
    env.add_member_overload("find", "text_find", STRING_TYPE, text(), find)?;
    env.add_member_overload("findAll", "text_find_all", STRING_TYPE, text(), find_all)?;
    env.add_member_overload(
        "matchesGlob",
        "text_glob",
        STRING_TYPE,
        text(),
        matches_glob,
    )?;
    env.add_member_overload("@replace", "replace", STRING_TYPE, texts(), replace)?;
    env.add_member_overload(
        "@replace",
        "replace_n",
        STRING_TYPE,
        vec![STRING_TYPE, STRING_TYPE, INT_TYPE],
        replace,
    )?;
    env.add_member_overload("@distinct", "distinct", LIST_TYPE, vec![], distinct)?;
    env.add_member_overload("@join", "join", LIST_TYPE, vec![], join)?;
    env.add_member_overload("@join", "join_with", LIST_TYPE, text(), join)?;
    env.add_member_overload("@indexOf", "index", STRING_TYPE, text(), index_of)?;
    env.add_member_overload(
        "@indexOf",
        "index_from",
        STRING_TYPE,
        vec![STRING_TYPE, INT_TYPE],
        index_of,
    )?;
    env.add_member_overload(
        "@lastIndexOf",
        "last_index",
        STRING_TYPE,
        text(),
        last_index_of,
    )?;
    env.add_member_overload(
        "@lastIndexOf",
        "last_index_from",
        STRING_TYPE,
        vec![STRING_TYPE, INT_TYPE],
        last_index_of,
    )
}

fn bool<'b, 'v>(value: bool) -> CowVal<'b, 'v> {
    CowVal::owned(CelBool::from(value))
}

fn text<'a>(args: &'a Args<'_, '_>, index: usize) -> Result<&'a str, ExecutionError> {
    args.get(index)
        .and_then(|arg| arg.downcast_ref::<CelString<'_>>())
        .map(CelString::inner)
        .ok_or_else(|| unexpected("string"))
}

fn int(args: &Args<'_, '_>, index: usize) -> Option<i64> {
    Some(*args.get(index)?.downcast_ref::<CelInt>()?.inner())
}

fn unexpected(want: &str) -> ExecutionError {
    ExecutionError::UnexpectedType {
        got: "another type".to_owned(),
        want: want.to_owned(),
    }
}

fn elements<'a, 'b, 'v>(
    args: &'a Args<'b, 'v>,
    index: usize,
) -> Result<Vec<&'a (dyn Val + 'v)>, ExecutionError> {
    let list = args
        .get(index)
        .and_then(|arg| arg.as_iterable())
        .ok_or_else(|| unexpected("list"))?;
    let mut found = Vec::new();
    let mut iterator = list.iter();
    while let Some(element) = iterator.next() {
        found.push(element);
    }
    Ok(found)
}

fn charge_for<'b, 'v>(mut args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let how = int(&args, 1).unwrap_or(charges::WALK);
    args.truncate(1);
    let Some(value) = args.pop() else {
        return Err(unexpected("a value"));
    };
    charge(match how {
        charges::COPY => budget::copy_steps(value.as_ref()),
        charges::FORMAT => {
            let count = value.as_sizer().map_or(0, |sizer| *sizer.size().inner());
            let steps = budget::copy_steps(value.as_ref())
                .saturating_add(budget::walk_steps(value.as_ref()));
            steps.saturating_add(u64::try_from(count).unwrap_or(0).saturating_mul(8))
        }
        charges::SORT => budget::walk_steps(value.as_ref()).saturating_mul(16),
        _ => budget::walk_steps(value.as_ref()),
    })?;
    if how == charges::LOOP && value.downcast_ref::<CelMap<'_>>().is_some() {
        let names = entries::sorted_names(value.as_ref());
        return Ok(CowVal::owned(CelList::from(names)));
    }
    Ok(value)
}

fn add<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let [a, b] = args.as_slice() else {
        return Err(unexpected("two values"));
    };
    charge(budget::walk_steps(a.as_ref()).saturating_add(budget::walk_steps(b.as_ref())))?;
    let Some(adder) = a.as_adder() else {
        let names = [a, b].map(|value| value.get_type().name().to_owned());
        return Err(ExecutionError::no_such_overload("_+_", names.into()));
    };
    adder
        .add(b.as_ref())
        .map(|sum| CowVal::Owned(sum.into_owned()))
}

fn equals<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let [a, b] = args.as_slice() else {
        return Err(unexpected("two values"));
    };
    charge(budget::walk_steps(a.as_ref()).saturating_add(budget::walk_steps(b.as_ref())))?;
    Ok(bool(values_equal(a.as_ref(), b.as_ref())))
}

fn range<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let count = int(&args, 0).unwrap_or(0).max(0);
    charge(count.unsigned_abs())?;
    let numbers = (0..count).map(|n| Box::new(CelInt::from(n)) as Box<dyn Val>);
    Ok(CowVal::owned(CelList::from(numbers.collect::<Vec<_>>())))
}

/// `sets.contains(a, b)`: every element of `b` is in `a`.
fn sets_contains<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    subset(&args, 1, 0).map(bool)
}

fn sets_equivalent<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    Ok(bool(subset(&args, 0, 1)? && subset(&args, 1, 0)?))
}

fn subset(args: &Args<'_, '_>, small: usize, large: usize) -> Result<bool, ExecutionError> {
    let (small, large) = (elements(args, small)?, elements(args, large)?);
    charge(pairs(small.len(), large.len()))?;
    Ok(small
        .iter()
        .all(|a| large.iter().any(|b| values_equal(*a, *b))))
}

fn sets_intersects<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (a, b) = (elements(&args, 0)?, elements(&args, 1)?);
    charge(pairs(a.len(), b.len()))?;
    Ok(bool(
        a.iter().any(|a| b.iter().any(|b| values_equal(*a, *b))),
    ))
}

/// The steps of comparing each with each: comparing is cheaper than a turn of a loop.
fn pairs(a: usize, b: usize) -> u64 {
    (a as u64).saturating_mul(b as u64) / 8 + a as u64 + b as u64
}

fn matches<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (haystack, pattern) = (text(&args, 0)?, text(&args, 1)?);
    charge(regex::steps(haystack))?;
    regex::with(pattern, |regex| bool(regex.is_match(haystack)))
}

fn find<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (haystack, pattern) = (text(&args, 0)?, text(&args, 1)?);
    charge(regex::steps(haystack))?;
    regex::with(pattern, |regex| {
        let found = regex.find(haystack).map_or("", |found| found.as_str());
        CowVal::owned(CelString::from(found.to_owned()))
    })
}

fn find_all<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (haystack, pattern) = (text(&args, 0)?, text(&args, 1)?);
    charge(regex::steps(haystack).saturating_add(haystack.len() as u64))?;
    regex::with(pattern, |regex| {
        let found = regex
            .find_iter(haystack)
            .map(|found| Box::new(CelString::from(found.as_str().to_owned())) as Box<dyn Val>);
        CowVal::owned(CelList::from(found.collect::<Vec<_>>()))
    })
}

fn matches_glob<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (path, pattern) = (text(&args, 0)?, text(&args, 1)?);
    charge(budget::text_steps(path.len().saturating_mul(pattern.len())))?;
    Ok(bool(crate::glob::matches(pattern, path)))
}

fn replace<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (haystack, from, to) = (text(&args, 0)?, text(&args, 1)?, text(&args, 2)?);
    let limit = int(&args, 3)
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usize::MAX);
    charge(budget::text_steps(haystack.len()))?;
    let times = haystack.matches(from).take(limit).count();
    let length = haystack
        .len()
        .saturating_add(times.saturating_mul(to.len()));
    charge(budget::text_steps(length))?;
    Ok(CowVal::owned(CelString::from(
        haystack.replacen(from, to, times),
    )))
}

fn join<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let separator = if args.len() > 1 { text(&args, 1)? } else { "" };
    let parts = elements(&args, 0)?
        .into_iter()
        .map(|part| {
            part.downcast_ref::<CelString<'_>>()
                .map(CelString::inner)
                .ok_or_else(|| unexpected("a list of strings"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let length = parts.iter().fold(0, |sum: usize, part| {
        sum.saturating_add(part.len())
            .saturating_add(separator.len())
    });
    charge(budget::text_steps(length).saturating_add(parts.len() as u64))?;
    Ok(CowVal::owned(CelString::from(parts.join(separator))))
}

/// The elements of a list, each once. Texts are looked up; anything else is compared with each other, as the engine does.
fn distinct<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let mut texts: BTreeSet<&str> = BTreeSet::new();
    let mut others: Vec<&(dyn Val + 'v)> = Vec::new();
    let mut kept: Vec<Box<dyn Val + 'v>> = Vec::new();
    for element in elements(&args, 0)? {
        charge(budget::copy_steps(element).saturating_add(1))?;
        let is_new = if let Some(text) = element.downcast_ref::<CelString<'_>>() {
            texts.insert(text.inner())
        } else {
            charge(others.len() as u64 / 8)?;
            let is_new = !others.iter().any(|other| values_equal(*other, element));
            if is_new {
                others.push(element);
            }
            is_new
        };
        if is_new {
            kept.push(element.clone_as_boxed());
        }
    }
    Ok(CowVal::owned(CelList::from(kept)))
}

/// The position in characters of the first `needle` at or behind a position in characters; -1 when there is none.
fn index_of<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (haystack, needle) = (text(&args, 0)?, text(&args, 1)?);
    charge(budget::text_steps(haystack.len()).saturating_add(1))?;
    let from = int(&args, 2).unwrap_or(0);
    let Some(start) = byte_of(haystack, from) else {
        return Err(out_of_range("indexOf", from));
    };
    let found = haystack
        .get(start..)
        .and_then(|rest| rest.find(needle))
        .map(|at| at + start);
    Ok(character_of(haystack, found))
}

/// The position in characters of the last `needle` at or before a position in characters; -1 when there is none.
fn last_index_of<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let (haystack, needle) = (text(&args, 0)?, text(&args, 1)?);
    charge(budget::text_steps(haystack.len()).saturating_add(1))?;
    let end = match int(&args, 2) {
        None => haystack.len(),
        Some(from) => {
            let start = byte_of(haystack, from).ok_or_else(|| out_of_range("lastIndexOf", from))?;
            start.saturating_add(needle.len()).min(haystack.len())
        }
    };
    // A cut inside a character can only shorten what the needle could match there.
    let end = haystack.floor_char_boundary(end);
    let found = haystack.get(..end).and_then(|rest| rest.rfind(needle));
    Ok(character_of(haystack, found))
}

fn byte_of(text: &str, character: i64) -> Option<usize> {
    let character = usize::try_from(character).ok()?;
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .nth(character)
}

fn character_of<'b, 'v>(text: &str, byte: Option<usize>) -> CowVal<'b, 'v> {
    let position = byte
        .and_then(|byte| text.get(..byte))
        .and_then(|before| i64::try_from(before.chars().count()).ok())
        .unwrap_or(-1);
    CowVal::owned(CelInt::from(position))
}

fn out_of_range(function: &str, index: i64) -> ExecutionError {
    ExecutionError::function_error(function, format!("index out of range: {index}"))
}
