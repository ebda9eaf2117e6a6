//! Lines of files as reports may show them: Helm values hold passwords, so their keys are shown and their values are not.

use std::borrow::Cow;

/// Stands for what is not shown.
const HIDDEN: &str = "…";

/// Words in a key that say that the value is a secret, whatever it looks like.
const SECRET_WORDS: [&str; 12] = [
    "auth",
    "cert",
    "credential",
    "dsn",
    "key",
    "passphrase",
    "passwd",
    "password",
    "private",
    "pwd",
    "secret",
    "token",
];

/// Keys whose values name an artefact or a mode. They are what findings are about, and never secret.
const PLAIN_KEYS: [&str; 10] = [
    "apiVersion",
    "appVersion",
    "image",
    "kind",
    "pullPolicy",
    "registry",
    "repository",
    "tag",
    "type",
    "version",
];

/// The line without what may be a secret.
pub(super) fn line<'t>(path: &str, text: &'t str) -> Cow<'t, str> {
    if is_values_file(path) {
        values_line(text)
    } else if is_sql(path) {
        sql_line(text)
    } else {
        Cow::Borrowed(text)
    }
}

/// A runner may send a file to the database whatever its name ends with: `0002_x.up.psql`.
fn is_sql(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    [".sql", ".up.", ".down."]
        .iter()
        .any(|mark| name.contains(mark))
}

/// YAML that is not known to be something else: charts name their values files as they like.
fn is_values_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    let known = matches!(name, "Chart.yaml" | "relgate.yaml" | ".relgate.yaml")
        || path.starts_with(".github/")
        || path.starts_with(".relgate/")
        || path.starts_with("policies/")
        || name.starts_with(".goreleaser");
    yaml && !known
}

fn values_line(text: &str) -> Cow<'_, str> {
    let body = text.trim_start();
    let indent = &text[..text.len() - body.len()];
    if body.is_empty() || body.starts_with("---") {
        return Cow::Borrowed(text);
    }
    if let Some(comment) = body.strip_prefix('#') {
        return if has_secret_word(comment) {
            Cow::Owned(format!("{indent}# {HIDDEN}"))
        } else {
            Cow::Borrowed(text)
        };
    }
    let item = body.trim_start_matches("- ");
    let dashes = &body[..body.len() - item.len()];
    let Some((key, value)) = split_key(item) else {
        return Cow::Owned(format!("{indent}{dashes}{HIDDEN}"));
    };
    let value = value.trim();
    let shown = value.is_empty()
        || (!has_secret_word(key) && (is_plain(value) || PLAIN_KEYS.contains(&key.trim())));
    if shown {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{indent}{dashes}{key}: {HIDDEN}"))
    }
}

/// `key: value`; a key in quotes may hold a colon.
fn split_key(item: &str) -> Option<(&str, &str)> {
    let quote = item.chars().next().filter(|c| *c == '"' || *c == '\'');
    let from = match quote {
        Some(quote) => item.get(1..)?.find(quote)? + 2,
        None => 0,
    };
    let rest = item.get(from..)?;
    if rest.ends_with(':') && !rest.contains(": ") {
        return Some((item.strip_suffix(':')?, ""));
    }
    let colon = from + rest.find(": ")?;
    Some((item.get(..colon)?, item.get(colon + 2..)?))
}

/// Switches and small numbers.
fn is_plain(value: &str) -> bool {
    let value = value.split(" #").next().unwrap_or(value).trim();
    matches!(
        value,
        "true"
            | "false"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "null"
            | "~"
            | "{}"
            | "[]"
            | "\"\""
            | "''"
            | "|"
            | ">"
            | "|-"
            | ">-"
    ) || (value.len() <= 5 && value.chars().all(|c| c.is_ascii_digit()))
}

fn has_secret_word(text: &str) -> bool {
    let text = text.to_lowercase();
    SECRET_WORDS.iter().any(|word| text.contains(word))
}

/// `CREATE ROLE x PASSWORD '...'` and its relatives.
fn sql_line(text: &str) -> Cow<'_, str> {
    let lower = text.to_ascii_lowercase();
    let words = ["password", "identified", "secret"];
    let Some(from) = words.iter().filter_map(|word| lower.find(word)).min() else {
        return Cow::Borrowed(text);
    };
    match text.get(from..).and_then(|rest| rest.find('\'')) {
        Some(quote) => Cow::Owned(format!("{}'{HIDDEN}'", &text[..from + quote])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_hidden_and_keys_are_not() {
        for (text, expected) in [
            ("password: hunter2", "password: …"),
            ("  cacheSize: 20Gi", "  cacheSize: …"),
            ("  replicas: 3", "  replicas: 3"),
            ("  apiKey: 12345", "  apiKey: …"),
            ("  tag: v1.2.3 # x", "  tag: v1.2.3 # x"),
            ("  - name: DB", "  - name: …"),
            ("  - hunter2", "  - …"),
            ("  hunter2", "  …"),
            ("query:", "query:"),
            ("\"a: b\": c", "\"a: b\": …"),
            ("\"a: b", "…"),
            ("# the password is hunter2", "# …"),
            ("# replicas per zone", "# replicas per zone"),
            ("x: {password: hunter2}", "x: …"),
            ("", ""),
        ] {
            assert_eq!(line("charts/cellar/values.yaml", text), expected, "{text}");
        }
        assert_eq!(line("charts/cellar/Chart.yaml", "name: x"), "name: x");
    }

    #[test]
    fn passwords_of_roles_are_hidden() {
        for (text, expected) in [
            (
                "CREATE ROLE x LOGIN PASSWORD 'hunter2';",
                "CREATE ROLE x LOGIN PASSWORD '…'",
            ),
            (
                "ALTER TABLE x ADD password_hash text;",
                "ALTER TABLE x ADD password_hash text;",
            ),
        ] {
            assert_eq!(line("db/1.up.sql", text), expected, "{text}");
        }
    }
}
