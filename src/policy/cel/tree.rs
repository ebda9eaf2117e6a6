//! Walking syntax trees, and the text that a node was written as.

use std::ops::Range;

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, SourceInfo, operators};

use super::macros::UNUSED;

/// Calls `visit` with each direct part of an expression.
pub(super) fn each_part<'e>(expr: &'e Expr, mut visit: impl FnMut(&'e IdedExpr)) {
    match expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Call(call) => {
            if let Some(target) = &call.target {
                visit(target);
            }
            call.args.iter().for_each(visit);
        }
        Expr::Comprehension(comprehension) => {
            let parts = [
                &comprehension.iter_range,
                &comprehension.accu_init,
                &comprehension.loop_cond,
                &comprehension.loop_step,
                &comprehension.result,
            ];
            parts.into_iter().for_each(visit);
        }
        Expr::List(list) => list.elements.iter().for_each(visit),
        Expr::Select(select) => visit(&select.operand),
        Expr::Map(map) => map
            .entries
            .iter()
            .for_each(|entry| visit_entry(&entry.expr, &mut visit)),
        Expr::Struct(literal) => literal
            .entries
            .iter()
            .for_each(|entry| visit_entry(&entry.expr, &mut visit)),
    }
}

fn visit_entry<'e>(entry: &'e EntryExpr, visit: &mut impl FnMut(&'e IdedExpr)) {
    match entry {
        EntryExpr::MapEntry(entry) => {
            visit(&entry.key);
            visit(&entry.value);
        }
        EntryExpr::StructField(field) => visit(&field.value),
    }
}

/// A `cel.bind`, or what a macro of the engine made like it: a loop over nothing, whose variable no policy can name.
pub(super) fn is_bind(comprehension: &ComprehensionExpr) -> bool {
    [UNUSED, "#unused"].contains(&comprehension.iter_var.as_str())
}

/// How deep a tree is, and how deep its loops nest.
pub(super) fn depths(expr: &IdedExpr) -> (usize, usize) {
    if let Expr::Comprehension(comprehension) = &expr.expr {
        let inner = [&comprehension.loop_cond, &comprehension.loop_step].map(depths);
        let outer = [
            &comprehension.iter_range,
            &comprehension.accu_init,
            &comprehension.result,
        ]
        .map(depths);
        let depth = inner
            .iter()
            .chain(&outer)
            .map(|part| part.0)
            .max()
            .unwrap_or(0);
        let inner_loops = inner.iter().map(|part| part.1).max().unwrap_or(0);
        let outer_loops = outer.iter().map(|part| part.1).max().unwrap_or(0);
        let own = usize::from(!is_bind(comprehension));
        return (depth + 1, outer_loops.max(inner_loops + own));
    }
    let (mut depth, mut loops) = (0, 0);
    each_part(&expr.expr, |part| {
        let (part_depth, part_loops) = depths(part);
        depth = depth.max(part_depth);
        loops = loops.max(part_loops);
    });
    (depth + 1, loops)
}

/// The bytes of the source that an expression was written as.
pub(super) fn extent(source: &str, info: &SourceInfo, expr: &IdedExpr) -> Range<usize> {
    let mut range = source.len()..0;
    cover(source, info, expr, &mut range);
    if range.start >= range.end {
        return 0..source.len();
    }
    balance(source, range)
}

/// The bytes of a node's own token: of a field, its name.
pub(super) fn token(source: &str, info: &SourceInfo, expr: &IdedExpr) -> Range<usize> {
    let Some((start, stop)) = info.offset_for(expr.id) else {
        return 0..source.len();
    };
    let (start, end) = (start as usize, stop as usize + 1);
    match &expr.expr {
        // `has(a.b)` points at its parenthesis: the field stands behind the dot that follows its operand.
        Expr::Select(select) if select.test => {
            let operand = extent(source, info, &select.operand);
            let dot = source.get(operand.end..).and_then(|rest| rest.find('.'));
            dot.and_then(|dot| word_after(source, operand.end + dot + 1))
                .unwrap_or(start..end)
        }
        // The engine points at the dot of a field, and at the parenthesis of a call.
        Expr::Select(_) => word_after(source, end).unwrap_or(start..end),
        Expr::Call(call) if !is_operator(&call.func_name) => {
            word_before(source, start).unwrap_or(start..end)
        }
        _ => start..end.min(source.len()),
    }
}

fn is_operator(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_alphabetic())
        || [operators::CONDITIONAL, operators::INDEX].contains(&name)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn word_after(source: &str, from: usize) -> Option<Range<usize>> {
    let bytes = source.as_bytes();
    let start =
        (from..bytes.len()).find(|&at| !bytes[at].is_ascii_whitespace() && bytes[at] != b'?')?;
    let end = (start..bytes.len())
        .find(|&at| !is_word(bytes[at]))
        .unwrap_or(bytes.len());
    (end > start).then_some(start..end)
}

fn word_before(source: &str, to: usize) -> Option<Range<usize>> {
    let bytes = source.as_bytes();
    // A global call may point at its name already.
    if bytes.get(to).copied().is_some_and(is_word) {
        return word_after(source, to);
    }
    let end = (0..to.min(bytes.len()))
        .rev()
        .find(|&at| !bytes[at].is_ascii_whitespace())?
        + 1;
    let start = (0..end)
        .rev()
        .find(|&at| !is_word(bytes[at]))
        .map_or(0, |at| at + 1);
    (end > start).then_some(start..end)
}

fn cover(source: &str, info: &SourceInfo, expr: &IdedExpr, range: &mut Range<usize>) {
    if info.offset_for(expr.id).is_some() {
        let own = token(source, info, expr);
        range.start = range.start.min(own.start);
        range.end = range.end.max(own.end);
        if let Some((_, stop)) = info.offset_for(expr.id) {
            range.end = range.end.max(stop as usize + 1);
        }
    }
    each_part(&expr.expr, |part| cover(source, info, part, range));
}

/// The range, widened until its brackets match.
fn balance(source: &str, range: Range<usize>) -> Range<usize> {
    let Some(text) = source.get(range.clone()) else {
        return 0..source.len();
    };
    let (missing, open) = brackets(text);
    let mut start = range.start;
    for _ in 0..missing {
        match source
            .get(..start)
            .and_then(|before| before.rfind(['(', '[', '{']))
        {
            Some(at) => start = at,
            None => break,
        }
    }
    let mut end = range.end;
    let mut left = open;
    let mut quoted = None;
    for (at, c) in source.get(range.end..).unwrap_or("").char_indices() {
        if left == 0 {
            break;
        }
        step(
            c,
            &mut quoted,
            |opens| if opens { left += 1 } else { left -= 1 },
        );
        end = range.end + at + c.len_utf8();
    }
    start..end
}

/// Closing brackets without their opening one, and opening ones without their closing one.
fn brackets(text: &str) -> (usize, usize) {
    let (mut missing, mut open) = (0_usize, 0_usize);
    let mut quoted = None;
    for c in text.chars() {
        step(c, &mut quoted, |opens| {
            if opens {
                open += 1;
            } else if open > 0 {
                open -= 1;
            } else {
                missing += 1;
            }
        });
    }
    (missing, open)
}

fn step(c: char, quoted: &mut Option<char>, mut bracket: impl FnMut(bool)) {
    match (*quoted, c) {
        (Some(quote), c) if quote == c => *quoted = None,
        (None, '\'' | '"') => *quoted = Some(c),
        (None, '(' | '[' | '{') => bracket(true),
        (None, ')' | ']' | '}') => bracket(false),
        _ => {}
    }
}
