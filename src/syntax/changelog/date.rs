//! Dates in headings: found in whatever form they are written, so that a wrong one can be called wrong.

use std::ops::Range;

use chrono::NaiveDate;

/// A date that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Where in the text.
    pub range: Range<usize>,
    /// The day, if it is one and only one.
    pub day: Option<NaiveDate>,
    /// `YYYY-MM-DD`.
    pub iso: bool,
    /// It stands in place of a date.
    pub placeholder: bool,
}

/// A run of digits or of letters.
#[derive(Debug, Clone, Copy)]
struct Token<'t> {
    start: usize,
    text: &'t str,
}

impl Token<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn number(&self) -> Option<u32> {
        self.text.parse().ok()
    }

    fn is_year(&self) -> bool {
        self.text.len() == 4 && self.number().is_some_and(|n| (1970..=2999).contains(&n))
    }

    /// A day of a month as a number, with or without `st`, `nd`, `rd`, `th`.
    fn day(&self) -> Option<u32> {
        let digits = self
            .text
            .trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let suffix = self.text.get(digits.len()..)?;
        let known = ["", "st", "nd", "rd", "th"]
            .iter()
            .any(|known| suffix.eq_ignore_ascii_case(known));
        (known && (1..=2).contains(&digits.len()))
            .then(|| digits.parse().ok())
            .flatten()
    }

    fn month(&self) -> Option<u32> {
        const MONTHS: [&str; 12] = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        let word = self.text.to_ascii_lowercase();
        let index = MONTHS.iter().position(|month| {
            *month == word
                || (word.len() == 3 && month.starts_with(&word))
                || word == "sept" && *month == "september"
        })?;
        u32::try_from(index + 1).ok()
    }
}

/// The first date in `text`, else the first word that stands in place of one.
pub(super) fn find(text: &str) -> Option<Found> {
    let tokens = tokens(text);
    (0..tokens.len())
        .find_map(|at| numeric(text, &tokens[at..]).or_else(|| named(text, &tokens[at..])))
        .or_else(|| placeholder(&tokens))
}

/// Runs of ASCII letters and digits; a number keeps the letters behind it (`30th`), and a word the digits (`T10`).
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte.is_ascii_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                tokens.extend(text.get(from..at).map(|text| Token { start: from, text }));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        tokens.extend(text.get(from..).map(|text| Token { start: from, text }));
    }
    tokens
}

/// The text between two neighbouring tokens.
fn between<'t>(text: &'t str, left: &Token<'_>, right: &Token<'_>) -> &'t str {
    text.get(left.end()..right.start).unwrap_or("")
}

fn is_date_separator(text: &str) -> bool {
    matches!(text, "-" | "/" | "." | "_")
}

fn found(range: Range<usize>, day: Option<NaiveDate>, iso: bool) -> Option<Found> {
    Some(Found {
        range,
        day,
        iso,
        placeholder: false,
    })
}

/// `2026-01-31`, `2026/1/31`, `31.01.2026`, `20260131`, `2026-01`, `2026-01-XX`.
fn numeric(text: &str, tokens: &[Token<'_>]) -> Option<Found> {
    let first = tokens.first()?;
    if first.text.len() == 8 && first.text.bytes().all(|b| b.is_ascii_digit()) {
        let day = ymd(
            first.text.get(..4)?,
            first.text.get(4..6)?,
            first.text.get(6..)?,
        )?;
        return found(first.start..first.end(), Some(day), false);
    }
    let second = tokens.get(1)?;
    let separator = between(text, first, second);
    if !is_date_separator(separator) {
        return None;
    }
    let third = tokens
        .get(2)
        .filter(|third| is_date_separator(between(text, second, third)));
    if first.is_year() {
        let Some(third) = third else {
            return (separator == "-" && second.text.len() == 2 && second.number().is_some())
                .then(|| found(first.start..second.end(), None, false))
                .flatten();
        };
        // A time may follow without a gap: `2026-01-31T10:00:00Z`.
        let day_text = third.text.split(['T', 't']).next().unwrap_or(third.text);
        let range = first.start..third.start + day_text.len();
        if is_unknown(second.text) || is_unknown(day_text) {
            return Some(Found {
                range,
                day: None,
                iso: false,
                placeholder: true,
            });
        }
        if let (Some(_), Some(day)) = (second.month(), third.day()) {
            let day = NaiveDate::from_ymd_opt(first.text.parse().ok()?, second.month()?, day);
            return found(range, day, false);
        }
        if second.number().is_none()
            || day_text.parse::<u32>().is_err()
            || second.text.len() > 2
            || day_text.len() > 2
        {
            return None;
        }
        let day = ymd(first.text, second.text, day_text);
        let iso = separator == "-"
            && between(text, second, third) == "-"
            && second.text.len() == 2
            && day_text.len() == 2
            && day.is_some();
        return found(range, day, iso);
    }
    let third = third?;
    let is_short = |token: &Token<'_>| token.text.len() <= 2;
    if is_short(first) && first.number().is_some() && third.is_year() {
        let range = first.start..third.end();
        if let Some(month) = second.month() {
            let day = NaiveDate::from_ymd_opt(third.text.parse().ok()?, month, first.number()?);
            return found(range, day, false);
        }
        if is_short(second) && second.number().is_some() {
            return found(
                range,
                day_and_month(third.text, first.text, second.text),
                false,
            );
        }
    }
    None
}

fn is_unknown(text: &str) -> bool {
    (1..=2).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'x' | b'X' | b'?'))
}

fn ymd(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The day of `31/01` or `01/31`; none when either reading gives a different day.
fn day_and_month(year: &str, first: &str, second: &str) -> Option<NaiveDate> {
    match (ymd(year, second, first), ymd(year, first, second)) {
        (Some(one), Some(other)) => (one == other).then_some(one),
        (one, other) => one.or(other),
    }
}

/// `Jan 2, 2026`, `2 January 2026`, `May 30th, 2024`, `2nd of May 2026`, `January 2026`.
fn named(text: &str, tokens: &[Token<'_>]) -> Option<Found> {
    let close = |at: usize| {
        at == 0
            || tokens
                .get(at - 1)
                .zip(tokens.get(at))
                .is_some_and(|(left, right)| {
                    between(text, left, right)
                        .chars()
                        .all(|c| matches!(c, ' ' | ',' | '.' | '-' | '/' | '\u{a0}'))
                })
    };
    let at = |index: usize| tokens.get(index).filter(|_| close(index));
    let first = tokens.first()?;
    let of = usize::from(at(1).is_some_and(|token| token.text.eq_ignore_ascii_case("of")));
    let year_number = |token: &Token<'_>| token.text.parse::<i32>().ok();
    // The day first: 2 January 2026.
    if let Some(day) = first.day()
        && let Some(month) = at(1 + of).and_then(Token::month)
    {
        let year = at(2 + of).filter(|token| token.is_year())?;
        let date = NaiveDate::from_ymd_opt(year_number(year)?, month, day);
        return found(first.start..year.end(), date, false);
    }
    // The year first: 2026 January 2.
    if first.is_year()
        && let Some(month) = at(1).and_then(Token::month)
        && let Some(last) = at(2)
        && let Some(day) = last.day()
    {
        let date = NaiveDate::from_ymd_opt(year_number(first)?, month, day);
        return found(first.start..last.end(), date, false);
    }
    let month = first.month()?;
    if let Some(year) = at(1).filter(|token| token.is_year()) {
        return found(first.start..year.end(), None, false);
    }
    let day = at(1)?.day()?;
    let year = at(2).filter(|token| token.is_year())?;
    let date = NaiveDate::from_ymd_opt(year_number(year)?, month, day);
    found(first.start..year.end(), date, false)
}

/// `TBD`, `Unreleased`, `YYYY-MM-DD` and the like.
fn placeholder(tokens: &[Token<'_>]) -> Option<Found> {
    const WORDS: [&str; 9] = [
        "unreleased",
        "tbd",
        "tba",
        "todo",
        "pending",
        "upcoming",
        "soon",
        "wip",
        "yyyymmdd",
    ];
    let found = |range| {
        Some(Found {
            range,
            day: None,
            iso: false,
            placeholder: true,
        })
    };
    for (at, token) in tokens.iter().enumerate() {
        let is = |index: usize, word: &str| {
            tokens
                .get(index)
                .is_some_and(|token| token.text.eq_ignore_ascii_case(word))
        };
        let until = |index: usize| tokens.get(index).map_or(token.end(), Token::end);
        if WORDS
            .iter()
            .any(|word| token.text.eq_ignore_ascii_case(word))
        {
            return found(token.start..token.end());
        }
        if is(at, "yyyy") && is(at + 1, "mm") && is(at + 2, "dd")
            || is(at, "xxxx") && is(at + 1, "xx") && is(at + 2, "xx")
            || is(at, "not") && is(at + 1, "yet") && is(at + 2, "released")
            || is(at, "to") && is(at + 1, "be") && is(at + 2, "released")
        {
            return found(token.start..until(at + 2));
        }
        if is(at, "in") && (is(at + 1, "development") || is(at + 1, "progress"))
            || is(at, "not") && is(at + 1, "released")
        {
            return found(token.start..until(at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests;
