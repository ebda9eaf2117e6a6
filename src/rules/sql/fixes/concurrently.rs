//! Indexes that are built and dropped without a lock: `CONCURRENTLY`, outside of transactions.

use super::around::{down, is_alone, is_mentioned, own_statement};
use super::own_file::{Migration, add, opt_out, splits_autocommit, title};
use super::place::{Text, line_ending, lines, moved};
use crate::fix::Fix;
use crate::rules::sql::SqlInput;
use crate::source::{Location, Span};
use crate::syntax::migration::Runner;
use crate::syntax::sql::operation::{Action, Name, ObjectKind};
use crate::syntax::sql::{quoted, words};

/// Builds the index `CONCURRENTLY`: in place where its statement is alone, else in a migration of its own.
///
/// `IF NOT EXISTS` would keep an index that a failed build left behind invalid; it becomes a pair: what may be there is
/// dropped first.
pub(in crate::rules::sql) fn create_concurrently(
    input: &SqlInput<'_>,
    name: Option<&str>,
    if_not_exists: bool,
) -> Option<Fix> {
    let statement = own_statement(input)?;
    let text = input.file.text;
    let create = concurrently(text, statement.span, input)?;
    let end = line_ending(text);
    if !if_not_exists && is_alone(input) {
        let fix = opt_out(input)?;
        let at = keyword_end(text, statement.span, input)?;
        return Some(fix.and_replace(input.location(Span::new(at, at)), " CONCURRENTLY"));
    }
    let name = name?;
    let schema = match input.action() {
        Action::CreateIndex { table, .. } => table.schema.as_deref(),
        _ => None,
    };
    let index = schema.map_or_else(
        || quoted(name),
        |schema| format!("{}.{}", quoted(schema), quoted(name)),
    );
    let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {index};");
    if is_mentioned(input, statement.span, name) {
        return None;
    }
    let splits = splits_autocommit(input.file.runner);
    if is_alone(input) && (splits || input.file.runner == Runner::GolangMigrate) {
        // The file becomes the first half of the pair.
        let fix = opt_out(input)?;
        if splits {
            let both = format!("{drop}{end}{create}");
            return Some(fix.and_replace(input.location(statement.span), both));
        }
        let drop = drop.trim_end_matches(';');
        let fix = fix.and_replace(input.location(statement.span), drop);
        let fix = soften_down(fix, input, name)?;
        return in_own_file(
            fix,
            input,
            &title("create", name),
            &format!("{create};"),
            &format!("{drop};"),
        );
    }
    let place = lines(&Text::of(input), statement.span)?;
    let moved = moved(text, place, statement.span, &create);
    let up = match (if_not_exists, splits) {
        (false, _) => moved,
        (true, true) => format!("{drop}{end}{moved}"),
        // Runners that send one string need a file for each half; the next round makes the second one.
        (true, false) => return None,
    };
    let fix = Fix::replace(input.location(place), "");
    let fix = soften_down(fix, input, name)?;
    in_own_file(fix, input, &title("create", name), &up, &drop)
}

/// Drops the index `CONCURRENTLY`: in place where its statement is alone, else in a migration of its own.
pub(in crate::rules::sql) fn drop_concurrently(input: &SqlInput<'_>) -> Option<Fix> {
    let Action::Drop { names, cascade, .. } = input.action() else {
        return None;
    };
    let ([name], false) = (names.as_slice(), *cascade) else {
        return None;
    };
    let statement = own_statement(input)?;
    let text = input.file.text;
    let drop = concurrently(text, statement.span, input)?;
    if is_alone(input) {
        let fix = opt_out(input)?;
        let at = keyword_end(text, statement.span, input)?;
        return Some(fix.and_replace(input.location(Span::new(at, at)), " CONCURRENTLY"));
    }
    if is_mentioned(input, statement.span, &name.name) {
        return None;
    }
    let place = lines(&Text::of(input), statement.span)?;
    let up = moved(text, place, statement.span, &drop);
    let fix = Fix::replace(input.location(place), "");
    let Some((source, down_text, statements)) = down(input) else {
        return in_own_file(fix, input, &title("drop", &name.name), &up, "");
    };
    // The way back builds it again; that goes to the new file too.
    let back = statements.into_iter().find(|statement| {
        matches!(statement.operations.as_slice(), [only] if matches!(&only.action,
            Action::CreateIndex { name: Some(created), if_not_exists: false, concurrently: false, .. } if *created == name.name))
    })?;
    let built = concurrently(down_text, back.span, input)?;
    let place = lines(&Text::other(input, source), back.span)?;
    let fix = fix.and_replace(
        Location {
            source,
            span: place,
        },
        "",
    );
    in_own_file(
        fix,
        input,
        &title("drop", &name.name),
        &up,
        &format!("{built};"),
    )
}

/// Where the word `INDEX` ends.
fn keyword_end(text: &str, statement: Span, input: &SqlInput<'_>) -> Option<usize> {
    words(text, statement, input.file.dialect, 3)
        .into_iter()
        .find(|&word| is(text, word, "INDEX"))
        .map(|word| word.end as usize)
}

fn is(text: &str, word: Span, expected: &str) -> bool {
    text.get(word.range())
        .is_some_and(|word| word.eq_ignore_ascii_case(expected))
}

/// The statement with `CONCURRENTLY`, and without `IF NOT EXISTS`.
fn concurrently(text: &str, statement: Span, input: &SqlInput<'_>) -> Option<String> {
    let at = keyword_end(text, statement, input)?;
    let rest = Span::new(at, statement.end as usize);
    let next = words(text, rest, input.file.dialect, 3);
    let behind = match next.as_slice() {
        [one, two, three]
            if is(text, *one, "IF") && is(text, *two, "NOT") && is(text, *three, "EXISTS") =>
        {
            three.end as usize
        }
        _ => at,
    };
    Some(format!(
        "{} CONCURRENTLY{}",
        text.get(statement.start as usize..at)?,
        text.get(behind..statement.end as usize)?
    ))
}

/// The index goes with the new migration's way down, so the old one must not insist on it.
fn soften_down(mut fix: Fix, input: &SqlInput<'_>, name: &str) -> Option<Fix> {
    let Some((source, text, statements)) = down(input) else {
        return Some(fix);
    };
    for statement in statements {
        for operation in &statement.operations {
            let Action::Drop {
                kind: ObjectKind::Index,
                names,
                if_exists: false,
                ..
            } = &operation.action
            else {
                continue;
            };
            if names.iter().any(|dropped: &Name| dropped.name == name) {
                let words = words(text, statement.span, input.file.dialect, 3);
                let before = words
                    .into_iter()
                    .rfind(|&word| is(text, word, "INDEX") || is(text, word, "CONCURRENTLY"))?;
                let at = before.end as usize;
                let span = Span::new(at, at);
                fix = fix.and_replace(Location { source, span }, " IF EXISTS");
            }
        }
    }
    Some(fix)
}

fn in_own_file(fix: Fix, input: &SqlInput<'_>, title: &str, up: &str, down: &str) -> Option<Fix> {
    let migration = Migration {
        title,
        up,
        down,
        autocommit: true,
    };
    add(fix, input, &[migration])
}
