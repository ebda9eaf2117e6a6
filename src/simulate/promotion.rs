//! The regular expressions of promotion scripts: POSIX extended ones, as bash's `[[ $TAG =~ ... ]]` takes them.

/// What a script makes of a tag; `None` when its pattern does not match. The error says why the pattern is none.
pub fn makes(pattern: &str, makes: Option<&str>, tag: &str) -> Result<Option<String>, String> {
    let regex = regex::RegexBuilder::new(&translate(pattern)?)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| format!("`{pattern}` is no regular expression that relgate can read"))?;
    let Some(found) = regex.captures(tag) else {
        return Ok(None);
    };
    let made = match makes {
        Some(template) => {
            let mut text = String::new();
            found.expand(template, &mut text);
            text
        }
        None => found
            .get(1)
            .or_else(|| found.get(0))
            .map(|part| part.as_str().to_owned())
            .unwrap_or_default(),
    };
    Ok(Some(made))
}

/// From POSIX to this crate's dialect: what the one has as an escape and the other takes for a letter is refused, because
/// the script would not match what its author thinks.
fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut characters = pattern.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some(c) if c.is_ascii_alphanumeric() => {
                    return Err(format!(
                        "`\\{c}` means nothing in bash's regular expressions"
                    ));
                }
                Some(c) => out.push_str(&regex::escape(&c.to_string())),
                None => return Err("it ends with a backslash".to_owned()),
            },
            '[' => set(&mut characters, &mut out)?,
            // `(?` begins nothing in POSIX.
            '(' if characters.peek() == Some(&'?') => {
                return Err("`(?` means nothing in bash's regular expressions".to_owned());
            }
            c => out.push(c),
        }
    }
    Ok(out)
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
