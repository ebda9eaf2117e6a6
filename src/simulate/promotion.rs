//! The regular expressions of promotion scripts: POSIX extended ones, as bash's `[[ $TAG =~ ... ]]` takes them.

use regex::{Captures, Regex, RegexBuilder};

/// What a script makes of a tag; `None` when its pattern does not match. The error says why the pattern is none, or why it
/// cannot be told what the script would make.
///
/// POSIX takes the longest of the matches that begin first, and this crate's expressions the one that their alternatives
/// prefer: so the longest is looked for. Where its groups depend on the order of alternatives, nothing is said.
pub fn makes(pattern: &str, makes: Option<&str>, tag: &str) -> Result<Option<String>, String> {
    let Translated {
        preferred,
        reversed,
        groups,
    } = translate(pattern)?;
    let compile = |text: &str| {
        RegexBuilder::new(text)
            .size_limit(1 << 20)
            .build()
            .map_err(|_| format!("`{pattern}` is no regular expression that relgate can read"))
    };
    let Some(first) = compile(&preferred)?.find(tag) else {
        return Ok(None);
    };
    // In their place, what stands around the match counts for `^` and `$`.
    let whole = |inner: &str, end: usize| -> Result<Regex, String> {
        let count = |part: Option<&str>| part.unwrap_or_default().chars().count();
        let (before, after) = (count(tag.get(..first.start())), count(tag.get(end..)));
        compile(&format!(
            "\\A(?s:.{{{before}}})(?P<whole>{inner})(?s:.{{{after}}})\\z"
        ))
    };
    let ends = tag
        .char_indices()
        .map(|(at, _)| at)
        .chain([tag.len()])
        .filter(|end| *end >= first.end());
    for end in ends.collect::<Vec<_>>().into_iter().rev() {
        let Some(found) = whole(&preferred, end)?.captures(tag) else {
            continue;
        };
        let made = expand(&found, makes, groups)?;
        let other = whole(&reversed, end)?;
        let other = other.captures(tag);
        let is_certain = match &other {
            Some(other) => expand(other, makes, groups)? == made,
            None => false,
        };
        return if is_certain {
            Ok(Some(made))
        } else {
            Err(format!(
                "`{pattern}` matches in more than one way, and which of them bash takes cannot be told"
            ))
        };
    }
    Ok(None)
}

/// The text of a match: that of a template with `$1` or `${1}` for a group and `$$` for a dollar sign, else the first
/// group, else all of it.
fn expand(found: &Captures<'_>, template: Option<&str>, groups: usize) -> Result<String, String> {
    let group = |number: usize| found.name(&name(number)).map(|part| part.as_str());
    let Some(template) = template else {
        let whole = || found.name("whole").map(|part| part.as_str());
        return Ok(group(1).or_else(whole).unwrap_or_default().to_owned());
    };
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let braced = after
            .strip_prefix('{')
            .and_then(|after| after.split_once('}'));
        let end = after
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(after.len());
        let (number, behind) = braced.unwrap_or_else(|| after.split_at(end));
        if let Some(behind) = after.strip_prefix('$') {
            out.push('$');
            rest = behind;
        } else if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            out.push('$');
            rest = after;
        } else {
            match number.parse() {
                Ok(0) => out.push_str(found.name("whole").map_or("", |part| part.as_str())),
                Ok(number) if number <= groups => out.push_str(group(number).unwrap_or_default()),
                _ => return Err(format!("there is no group for `${number}`")),
            }
            rest = behind;
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// What a group is called in a translated pattern.
fn name(number: usize) -> String {
    format!("g{number}")
}

/// A pattern in this crate's dialect, with names for its groups.
struct Translated {
    /// Its alternatives in their order.
    preferred: String,
    /// Its alternatives in the other order.
    reversed: String,
    groups: usize,
}

/// Alternatives, each in both orders of what it holds.
#[derive(Default)]
struct Alternatives {
    done: Vec<(String, String)>,
    current: (String, String),
}

impl Alternatives {
    fn push(&mut self, text: &str) {
        self.current.0.push_str(text);
        self.current.1.push_str(text);
    }

    fn next(&mut self) {
        self.done.push(std::mem::take(&mut self.current));
    }

    fn join(mut self) -> (String, String) {
        self.next();
        let preferred: Vec<&str> = self.done.iter().map(|(text, _)| text.as_str()).collect();
        let reversed: Vec<&str> = self
            .done
            .iter()
            .rev()
            .map(|(_, text)| text.as_str())
            .collect();
        (preferred.join("|"), reversed.join("|"))
    }
}

/// From POSIX to this crate's dialect: what the one has as an escape and the other takes for a letter is refused, because
/// the script would not match what its author thinks; so is what means something else in either.
fn translate(pattern: &str) -> Result<Translated, String> {
    let mut open = vec![Alternatives::default()];
    let mut groups = 0;
    let mut characters = pattern.chars().peekable();
    let mut behind_repetition = false;
    while let Some(c) = characters.next() {
        let mut text = String::new();
        let is_repetition = matches!(c, '*' | '+' | '?' | '}');
        if behind_repetition && c == '?' {
            return Err(format!("a repetition of a repetition in `{pattern}`"));
        }
        behind_repetition = is_repetition;
        match c {
            '\\' => match characters.next() {
                Some(c) if c.is_ascii_alphanumeric() => {
                    return Err(format!(
                        "`\\{c}` means nothing in bash's regular expressions"
                    ));
                }
                Some(c) => text.push_str(&regex::escape(&c.to_string())),
                None => return Err("it ends with a backslash".to_owned()),
            },
            '[' => set(&mut characters, &mut text)?,
            // `(?` begins nothing in POSIX.
            '(' if characters.peek() == Some(&'?') => {
                return Err("`(?` means nothing in bash's regular expressions".to_owned());
            }
            '(' => {
                groups += 1;
                if let Some(outer) = open.last_mut() {
                    outer.push(&format!("(?P<{}>", name(groups)));
                }
                open.push(Alternatives::default());
                continue;
            }
            ')' => {
                let (inner, outer) = (open.pop(), open.last_mut());
                let (Some(inner), Some(outer)) = (inner, outer) else {
                    return Err("a parenthesis that closes nothing".to_owned());
                };
                let (preferred, reversed) = inner.join();
                outer.current.0.push_str(&preferred);
                outer.current.1.push_str(&reversed);
                text.push(')');
            }
            '|' => {
                if let Some(here) = open.last_mut() {
                    here.next();
                }
                continue;
            }
            c => text.push(c),
        }
        if let Some(here) = open.last_mut() {
            here.push(&text);
        }
    }
    let whole = open.pop().unwrap_or_default();
    if !open.is_empty() {
        return Err("a group that does not end".to_owned());
    }
    let (preferred, reversed) = whole.join();
    Ok(Translated {
        preferred,
        reversed,
        groups,
    })
}

/// A set, in which a backslash stands for itself.
fn set(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    out: &mut String,
) -> Result<(), String> {
    let open = || "a set that does not end".to_owned();
    out.push('[');
    if characters.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut is_empty = true;
    loop {
        let c = characters.next().ok_or_else(open)?;
        match c {
            ']' if !is_empty => break,
            '[' if characters.peek() == Some(&':') => {
                out.push('[');
                // `[:digit:]` is the same in both.
                for c in characters.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '-' if !is_empty && characters.peek() != Some(&']') => out.push('-'),
            c if c.is_alphanumeric() => out.push(c),
            c => {
                out.push('\\');
                out.push(c);
            }
        }
        is_empty = false;
    }
    out.push(']');
    Ok(())
}
