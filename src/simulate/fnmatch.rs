//! The patterns of GitHub's rulesets: Ruby's `File.fnmatch` with `FNM_PATHNAME`
//! (<https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/creating-rulesets-for-a-repository>).

/// A tag matches a pattern: `*` is any text without `/` (and does not begin with a dot), `**/` any directories, `?` one
/// character, `[...]` one of a set, `\` takes the next as it is. `+`, `.` and braces stand for themselves. `~ALL` is every tag,
/// and `refs/tags/` may stand in front.
pub fn matches(pattern: &str, tag: &str) -> bool {
    if pattern == "~ALL" {
        return true;
    }
    let pattern = pattern.strip_prefix("refs/tags/").unwrap_or(pattern);
    translate(pattern).is_some_and(|regex| regex.is_match(tag))
}

/// As a regular expression, which is matched in linear time; `None` for a pattern that can match nothing.
fn translate(pattern: &str) -> Option<regex::Regex> {
    let mut expression = String::from("^(?s:");
    let mut characters = pattern.chars().peekable();
    let mut at_start = true;
    while let Some(c) = characters.next() {
        let starts = std::mem::replace(&mut at_start, c == '/');
        match c {
            '*' => {
                let mut stars = 1;
                while characters.peek() == Some(&'*') {
                    characters.next();
                    stars += 1;
                }
                if stars == 2 && starts && characters.peek() == Some(&'/') {
                    characters.next();
                    // Hidden directories are left out.
                    expression.push_str("(?:[^/.][^/]*/)*");
                    at_start = true;
                } else {
                    expression.push_str(if starts { "(?:[^/.][^/]*)?" } else { "[^/]*" });
                }
            }
            '?' => expression.push_str(if starts { "[^/.]" } else { "[^/]" }),
            '[' => {
                let set = set(&mut characters)?;
                expression.push_str(&set);
            }
            '\\' => expression.push_str(&regex::escape(&characters.next()?.to_string())),
            c => expression.push_str(&regex::escape(&c.to_string())),
        }
    }
    expression.push_str(")$");
    regex::RegexBuilder::new(&expression)
        .size_limit(1 << 20)
        .build()
        .ok()
}

fn set(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let mut set = String::from("[");
    if characters.next_if(|&c| c == '!' || c == '^').is_some() {
        set.push('^');
    }
    let mut is_empty = true;
    loop {
        match characters.next()? {
            ']' if !is_empty => break,
            '\\' => push(&mut set, characters.next()?),
            '-' if !is_empty && characters.peek() != Some(&']') => set.push('-'),
            c => push(&mut set, c),
        }
        is_empty = false;
    }
    // No set takes a slash.
    set.push_str("&&[^/]]");
    Some(set)
}

fn push(set: &mut String, c: char) {
    if !c.is_alphanumeric() {
        set.push('\\');
    }
    set.push(c);
}
