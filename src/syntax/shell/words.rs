//! A line of shell as commands and words (POSIX.1-2024, Shell Command Language, 2.3).

use super::Command;
use crate::source::Span;

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its text without quotes.
    pub text: String,
    /// Its place, with quotes.
    pub span: Span,
    /// It holds what a shell expands, or what the reader has to fill in: its text is not what is meant.
    pub is_open: bool,
}

impl Word {
    /// The part of the word behind its first `offset` bytes.
    pub(super) fn behind(&self, offset: usize, text: &str) -> Self {
        let start = (self.span.start as usize)
            .saturating_add(offset)
            .min(self.span.end as usize);
        Self {
            text: text.to_owned(),
            span: Span::new(start, self.span.end as usize),
            is_open: self.is_open,
        }
    }
}

/// What a line is made of.
enum Token {
    Word(Word),
    /// `;`, `&&`, `||`, `|`, `&`: the next command begins.
    Next,
    /// `<`: the next word is read.
    Read,
    /// `>` and `>>`: the next word is written.
    Write,
    /// `<<`: the next word ends a text.
    Here,
}

/// Reads the commands of a line, and gives the word that ends a text that follows it.
pub(super) fn read(
    text: &str,
    line: Span,
    block: usize,
    way_back: bool,
    found: &mut Vec<Command>,
) -> Option<String> {
    let nothing = || Command {
        words: Vec::new(),
        reads: Vec::new(),
        writes: Vec::new(),
        block,
        way_back,
    };
    let mut here = None;
    let mut command = nothing();
    let mut before: Option<Token> = None;
    for token in tokens(text, line) {
        match (before.take(), token) {
            (Some(Token::Read), Token::Word(word)) => command.reads.push(word),
            (Some(Token::Write), Token::Word(word)) => command.writes.push(word),
            (Some(Token::Here), Token::Word(word)) => here = Some(word.text),
            (_, Token::Word(word)) => command.words.push(word),
            (_, Token::Next) => finish(std::mem::replace(&mut command, nothing()), found),
            (_, redirection) => before = Some(redirection),
        }
    }
    finish(command, found);
    here
}

/// Keeps a command, without what stands before its program.
fn finish(mut command: Command, found: &mut Vec<Command>) {
    let is_before = |word: &Word| {
        let name = word.text.split_once('=').map_or("", |(name, _)| name);
        let sets = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        sets || matches!(
            word.text.as_str(),
            "sudo" | "$" | "time" | "exec" | "if" | "then" | "do"
        )
    };
    let before = command
        .words
        .iter()
        .take_while(|word| is_before(word))
        .count();
    command.words.drain(..before);
    let writes_too: Vec<Word> = if command.program() == "tee" {
        command.operands(&[]).cloned().collect()
    } else {
        Vec::new()
    };
    command.writes.extend(writes_too);
    if !command.words.is_empty() {
        found.push(command);
    }
}

fn tokens(text: &str, line: Span) -> Vec<Token> {
    let mut found = Vec::new();
    let base = line.start as usize;
    let body = text.get(line.range()).unwrap_or_default();
    let mut word: Option<Word> = None;
    let mut quote: Option<char> = None;
    let mut characters = body.char_indices().peekable();
    let mut is_first = true;
    let mut in_brackets = false;
    while let Some((at, c)) = characters.next() {
        let at = base + at;
        let next = characters.peek().map(|&(_, next)| next);
        if quote.is_none() {
            let ends = c.is_whitespace() || matches!(c, ';' | '&' | '|' | '<' | '>');
            // `<name>` is a place to fill in, whatever stands in it.
            if c == '<' && closes(body, at - base) {
                in_brackets = true;
            }
            if ends && !in_brackets {
                let descriptor = word
                    .as_ref()
                    .is_some_and(|word| matches!(c, '<' | '>') && is_number(&word.text));
                match word.take() {
                    Some(whole) if !descriptor => found.push(Token::Word(whole)),
                    _ => {}
                }
                match (c, next) {
                    ('<', Some('<')) => {
                        characters.next();
                        characters.next_if(|&(_, c)| matches!(c, '-' | '<'));
                        found.push(Token::Here);
                    }
                    ('<', _) => found.push(Token::Read),
                    ('>', _) => {
                        characters.next_if(|&(_, c)| matches!(c, '>' | '|'));
                        // `2>&1` writes no file.
                        if characters.next_if(|&(_, c)| c == '&').is_some() {
                            while characters.next_if(|&(_, c)| c.is_ascii_digit()).is_some() {}
                        } else if descriptor {
                            while characters.next_if(|&(_, c)| c == ' ').is_some() {}
                            while characters.next_if(|&(_, c)| !c.is_whitespace()).is_some() {}
                        } else {
                            found.push(Token::Write);
                        }
                    }
                    (';' | '&' | '|', _) => {
                        characters.next_if(|&(_, other)| other == c);
                        found.push(Token::Next);
                    }
                    _ => {}
                }
                continue;
            }
            if c == '#' && word.is_none() {
                // `# git fetch` is what root types; anything else behind it is a remark.
                if is_first && next == Some(' ') && looks_typed(body, at - base) {
                    is_first = false;
                    continue;
                }
                break;
            }
        }
        // A backslash at the end of a line joins it to the next one.
        if c == '\\' && quote != Some('\'') && matches!(next, Some('\n' | '\r')) {
            characters.next();
            characters.next_if(|&(_, c)| c == '\n');
            continue;
        }
        is_first = false;
        let open = word.get_or_insert_with(|| Word {
            text: String::new(),
            span: Span::new(at, at),
            is_open: false,
        });
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None | Some('"'), '\\') => {
                open.text
                    .extend(characters.next().map(|(_, escaped)| escaped));
            }
            (_, c) => {
                open.is_open |= matches!(c, '$' | '`' | '{' | '}' | '…' | '*' | '<' | '>');
                open.text.push(c);
            }
        }
        in_brackets &= c != '>';
        let end = characters
            .peek()
            .map_or(line.end as usize, |&(next, _)| base + next);
        open.span = Span::new(open.span.start as usize, end);
        open.is_open |= open.text.contains("...");
        if open.text.is_empty() && quote.is_none() && open.span.range().len() < 2 {
            word = None;
        }
    }
    found.extend(word.map(Token::Word));
    found
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What begins with `<` here is a name in angle brackets.
fn closes(body: &str, at: usize) -> bool {
    let rest = body.get(at + 1..).unwrap_or_default();
    let end = rest.find('>').and_then(|end| rest.get(..end));
    end.is_some_and(|name| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' '))
            && !name.starts_with(' ')
            && !name.ends_with(' ')
    })
}

/// Behind the prompt of root stands a program that release documents speak of.
fn looks_typed(body: &str, at: usize) -> bool {
    let rest = body.get(at + 1..).unwrap_or_default();
    let program = rest.split_whitespace().next().unwrap_or_default();
    ["git", "helm", "kubectl", "psql", "gh"].contains(&program)
}
