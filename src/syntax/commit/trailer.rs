//! The last lines: `Token: value`.

/// One trailer, which Conventional Commits calls a footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    /// The token as it is written (`Refs`, `BREAKING CHANGE`).
    pub token: String,
    /// The value, which may go over several lines.
    pub value: String,
}

/// A person as a trailer names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// The name; may be empty.
    pub name: String,
    /// The address, in lower case.
    pub email: String,
}

impl Person {
    /// The GitHub account behind the address that GitHub gives to people who hide theirs
    /// (`1234+login@users.noreply.github.com`, or without the number for old accounts).
    pub fn github_login(&self) -> Option<&str> {
        let account = self.email.strip_suffix("@users.noreply.github.com")?;
        let login = match account.split_once('+') {
            Some((number, login)) if number.bytes().all(|b| b.is_ascii_digit()) => login,
            Some(_) => return None,
            None => account,
        };
        (!login.is_empty()).then_some(login)
    }
}

/// The trailers of a message without its first line: the last paragraphs that begin with one.
pub(super) fn parse(body: &[&str]) -> Vec<Trailer> {
    let mut trailers: Vec<Trailer> = Vec::new();
    for line in &body[start_of_trailers(body)..] {
        match split(line) {
            Some((token, value)) => trailers.push(Trailer {
                token: token.to_owned(),
                value: value.to_owned(),
            }),
            None => {
                if let Some(last) = trailers.last_mut() {
                    last.value.push('\n');
                    last.value.push_str(line.trim());
                }
            }
        }
    }
    for trailer in &mut trailers {
        trailer.value.truncate(trailer.value.trim_end().len());
    }
    trailers
}

/// Whether a line begins a trailer.
pub(super) fn starts(line: &str) -> bool {
    split(line).is_some()
}

/// Everybody named by a `Co-authored-by` (or the kernel's `Co-developed-by`), sorted and without repetition.
///
/// Any line counts, not only the last paragraph: a host that squashes puts them above other text, and somebody who
/// helped must not be overlooked when approvals are counted.
pub(super) fn co_authors(lines: &[&str]) -> Vec<Person> {
    let mut people: Vec<Person> = lines
        .iter()
        .filter_map(|line| split(line.trim().trim_start_matches(['*', '-', ' '])))
        .filter(|(token, _)| {
            ["co-authored-by", "co-developed-by"]
                .iter()
                .any(|known| token.eq_ignore_ascii_case(known))
        })
        .filter_map(|(_, value)| person(value))
        .collect();
    people.sort();
    people.dedup();
    people
}

fn person(value: &str) -> Option<Person> {
    let (name, email) = match value.split_once('<') {
        Some((name, rest)) => (name.trim(), rest.split('>').next().unwrap_or(rest).trim()),
        None if value.contains('@') && !value.contains(char::is_whitespace) => ("", value),
        None => (value, ""),
    };
    let name = name.trim_matches(['"', ' ']);
    (!(name.is_empty() && email.is_empty())).then(|| Person {
        name: name.to_owned(),
        email: email.to_lowercase(),
    })
}

/// The first line of the last run of paragraphs that all begin with a trailer.
fn start_of_trailers(body: &[&str]) -> usize {
    let mut start = body.len();
    for (at, line) in body.iter().enumerate().rev() {
        let begins_paragraph = at == 0 || body[at - 1].trim().is_empty();
        if line.trim().is_empty() || !begins_paragraph {
            continue;
        }
        if !starts(line) {
            break;
        }
        start = at;
    }
    start
}

/// The token and the value of a trailer line: `Token: value`, `Token #value`, `BREAKING CHANGE: value`.
fn split(line: &str) -> Option<(&str, &str)> {
    if let Some((token, value)) = line.split_once(':')
        && (is_token(token) || token == "BREAKING CHANGE")
        && (value.is_empty() || value.starts_with([' ', '\t']))
    {
        return Some((token, value.trim()));
    }
    let (token, number) = line.split_once(" #")?;
    (is_token(token) && number.starts_with(|c: char| c.is_ascii_alphanumeric()))
        .then(|| (token, number.trim()))
}

fn is_token(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<&str> {
        text.split('\n').collect()
    }

    #[test]
    fn reads_trailers() {
        let check = |body: &str, expected: &[(&str, &str)]| {
            let found = parse(&lines(body));
            let found: Vec<_> = found
                .iter()
                .map(|trailer| (trailer.token.as_str(), trailer.value.as_str()))
                .collect();
            assert_eq!(found, expected, "{body}");
        };
        check(
            "\nRefs: #1\nReviewed-by: Ada",
            &[("Refs", "#1"), ("Reviewed-by", "Ada")],
        );
        check("\nprose\n\nFixes #12", &[("Fixes", "12")]);
        check(
            "\nNote: this is prose\n\nmore prose\n\nRefs: 1",
            &[("Refs", "1")],
        );
        check("\nA: 1\n\nB: 2\n", &[("A", "1"), ("B", "2")]);
        check(
            "\nBREAKING CHANGE: labels\n  are mandatory\nRefs: 1",
            &[("BREAKING CHANGE", "labels\nare mandatory"), ("Refs", "1")],
        );
        check("\nprose\nRefs: 1", &[]);
        check("\nhttps://example.org", &[]);
        check("", &[]);
    }

    #[test]
    fn names_co_authors() {
        let check = |text: &str, expected: &[(&str, &str)]| {
            let found = co_authors(&lines(text));
            let found: Vec<_> = found
                .iter()
                .map(|person| (person.name.as_str(), person.email.as_str()))
                .collect();
            assert_eq!(found, expected, "{text}");
        };
        check(
            "Co-authored-by: Ada <Ada@Example.org>",
            &[("Ada", "ada@example.org")],
        );
        check(
            "co-AUTHORED-by: Ada <ada@example.org",
            &[("Ada", "ada@example.org")],
        );
        check(
            "Co-authored-by: B <b@x.org>\n\nprose\n\nCo-authored-by: A <a@x.org>\nCo-authored-by: B <B@x.org>",
            &[("A", "a@x.org"), ("B", "b@x.org")],
        );
        check(
            "Co-authored-by: ada@example.org",
            &[("", "ada@example.org")],
        );
        check("Co-authored-by: Ada", &[("Ada", "")]);
        check("Co-authored-by:", &[]);
        check("Co-authored-by: <>", &[]);
        check("Signed-off-by: Ada <ada@example.org>", &[]);
    }

    #[test]
    fn knows_hidden_addresses() {
        let check = |email: &str, expected: Option<&str>| {
            let person = Person {
                name: String::new(),
                email: email.to_owned(),
            };
            assert_eq!(person.github_login(), expected, "{email}");
        };
        check("1234+ada@users.noreply.github.com", Some("ada"));
        check("ada@users.noreply.github.com", Some("ada"));
        check(
            "49699333+dependabot[bot]@users.noreply.github.com",
            Some("dependabot[bot]"),
        );
        check("x+ada@users.noreply.github.com", None);
        check("1234+@users.noreply.github.com", None);
        check("ada@example.org", None);
    }
}
