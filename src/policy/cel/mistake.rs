//! What is wrong with an expression, in plain words.

use std::ops::Range;

use cel::ParseErrors;

/// Something wrong with an expression, found before it is evaluated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistake {
    /// One sentence without a full stop.
    pub message: String,
    /// A few words for under the caret.
    pub label: String,
    /// What to do.
    pub help: String,
    /// The bytes of the expression that it is about.
    pub range: Range<usize>,
    /// The names that there are, where another one was written.
    pub names: Vec<String>,
}

impl Mistake {
    pub(super) fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self {
            message: message.into(),
            label: String::new(),
            help: String::new(),
            range,
            names: Vec::new(),
        }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn names<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Self {
        self.names = names.into_iter().map(str::to_owned).collect();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

pub(super) fn unreadable(source: &str) -> Mistake {
    Mistake::new("this expression cannot be read", 0..source.len())
}

pub(super) fn too_deep(source: &str) -> Mistake {
    Mistake::new("the expression nests too deep", 0..source.len()).help("split it into variables")
}

/// The engine's messages are those of its parser generator. The first one says where reading stopped; what stands there
/// usually says why.
pub(super) fn from_parse_errors(source: &str, errors: &ParseErrors) -> Vec<Mistake> {
    let is_limit = |text: &str| text.contains("Recursion limit");
    if errors.errors.iter().any(|error| {
        is_limit(&error.msg)
            || error
                .source
                .as_ref()
                .is_some_and(|source| is_limit(&source.to_string()))
    }) {
        return vec![too_deep(source)];
    }
    // What is said behind a syntax error is about the pieces that it left.
    let syntax = errors
        .errors
        .iter()
        .find(|error| error.msg.starts_with("Syntax error"));
    let Some(first) = syntax.or(errors.errors.first()) else {
        return vec![unreadable(source)];
    };
    let at = offset(source, first.pos);
    vec![single_equals(source, at).unwrap_or_else(|| by_message(source, at, &first.msg))]
}

/// The byte at a line and a column, which count from 1 and, the column, in characters.
fn offset(source: &str, (line, column): (isize, isize)) -> usize {
    let start = match usize::try_from(line).unwrap_or(1).saturating_sub(2) {
        _ if line <= 1 => 0,
        breaks => source
            .match_indices('\n')
            .nth(breaks)
            .map_or(source.len(), |(at, _)| at + 1),
    };
    let column = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    source
        .get(start..)
        .and_then(|rest| rest.char_indices().nth(column))
        .map_or(source.len(), |(at, _)| start + at)
}

/// `=` where `==` was meant: the parser stops at it, or right behind it.
fn single_equals(source: &str, at: usize) -> Option<Mistake> {
    let bytes = source.as_bytes();
    let is_single = |index: usize| {
        bytes.get(index) == Some(&b'=')
            && bytes.get(index + 1) != Some(&b'=')
            && index
                .checked_sub(1)
                .is_none_or(|before| !matches!(bytes[before], b'=' | b'!' | b'<' | b'>'))
    };
    let before = (0..at.min(bytes.len()))
        .rev()
        .find(|&index| !bytes[index].is_ascii_whitespace());
    let index = [Some(at), before]
        .into_iter()
        .flatten()
        .find(|&index| is_single(index))?;
    if bytes.get(index + 1) == Some(&b'>') {
        let mistake = Mistake::new("`=>` is not an operator", index..index + 2);
        return Some(
            mistake.help("a loop names its variable first: list.filter(x, x.kind == 'a')"),
        );
    }
    Some(Mistake::new("`=` is not an operator", index..index + 1).label("did you mean `==`?"))
}

/// A `\` in a text that stands for nothing, as in `'v\d'`: which one, where a text begins at `at` and has its end.
fn wrong_escape(source: &str, at: usize) -> Option<Mistake> {
    let rest = source.get(at..)?;
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut characters = rest.char_indices().skip(1);
    let mut wrong = None;
    while let Some((start, c)) = characters.next() {
        if c == quote {
            let (start, escaped) = wrong?;
            let mistake = Mistake::new(
                format!("`\\{escaped}` stands for nothing in a text"),
                start..start + '\\'.len_utf8() + char::len_utf8(escaped),
            );
            return Some(mistake.help(format!(
                "an r before the text keeps it as it is: r{quote}\\{escaped}{quote}"
            )));
        }
        if c == '\\' {
            let (_, escaped) = characters.next()?;
            if !"abfnrtv\\?\"'`xXuU01234567".contains(escaped) {
                wrong.get_or_insert((at + start, escaped));
            }
        }
    }
    None
}

fn by_message(source: &str, at: usize, message: &str) -> Mistake {
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let (word, range) = word_at(source, at);
    if let Some(rest) = message.strip_prefix("token recognition error at: ") {
        let text = rest.trim_matches('\'');
        if text.starts_with(['\'', '"']) || rest.starts_with("''") || rest.starts_with("'\"") {
            return wrong_escape(source, at).unwrap_or_else(|| {
                Mistake::new("this text has no closing quote", at..source.len())
            });
        }
        if matches!(word, "&" | "|") {
            return Mistake::new(format!("`{word}` is not an operator"), range)
                .label(format!("did you mean `{word}{word}`?"));
        }
        return Mistake::new(format!("`{word}` does not belong in an expression"), range);
    }
    if at >= source.len() {
        return Mistake::new("the expression ends too early", end_of(source))
            .label("something is missing here");
    }
    // `not x` is read as a name, behind which nothing may stand.
    let before = source.get(..at).unwrap_or("").trim_end();
    if before
        .strip_suffix("not")
        .is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
    {
        let range = before.len() - "not".len()..before.len();
        return Mistake::new("`not` is not an operator", range).label("did you mean `!`?");
    }
    if let Some(operator) = other_language(word) {
        return Mistake::new(format!("`{word}` is not an operator"), range)
            .label(format!("did you mean `{operator}`?"));
    }
    let generator = [
        "extraneous input",
        "mismatched input",
        "no viable alternative",
        "missing ",
    ];
    if generator.iter().any(|words| message.starts_with(words)) {
        return Mistake::new(format!("`{word}` is not expected here"), range);
    }
    Mistake::new(message.to_owned(), range)
}

/// Operators of other languages.
fn other_language(word: &str) -> Option<&'static str> {
    Some(match word {
        "and" | "&" => "&&",
        "or" | "|" => "||",
        "not" => "!",
        "<>" => "!=",
        _ => return None,
    })
}

fn end_of(source: &str) -> Range<usize> {
    let start = source.char_indices().next_back().map_or(0, |(at, _)| at);
    start..source.len()
}

/// The word, or the one character, at a byte.
fn word_at(source: &str, at: usize) -> (&str, Range<usize>) {
    let rest = source.get(at..).unwrap_or("");
    let word = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    let length = if word > 0 {
        word
    } else {
        rest.chars().next().map_or(0, char::len_utf8)
    };
    (rest.get(..length).unwrap_or(""), at..at + length)
}
