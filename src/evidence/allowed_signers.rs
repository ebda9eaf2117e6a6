//! Who may sign, as OpenSSH's `allowed_signers` says (ssh-keygen(1), ALLOWED SIGNERS).
//!
//! The reading is strict: a line that `ssh-keygen -Y verify` would not take counts for nobody, and some that it takes are
//! refused too (certificate authorities, quotes within names, short names of key types). Times without a zone are UTC.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::ssh::Key;

/// The lines of a file of allowed signers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedSigners {
    /// Those that count, in the order of the file.
    pub signers: Vec<Signer>,
    /// Those that do not: the line's number, from 1, and why.
    pub problems: Vec<(usize, String)>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The line's number, from 1.
    pub line: usize,
    /// Whom the key belongs to: a list of patterns.
    pub principals: String,
    /// The key.
    pub key: Key,
    /// What the key may sign: a list of patterns; anything when absent.
    pub namespaces: Option<String>,
    /// The key does not count before this time.
    pub valid_after: Option<DateTime<Utc>>,
    /// The key does not count after this time.
    pub valid_before: Option<DateTime<Utc>>,
}

/// Why a key may not sign for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No line gives this key to this principal.
    Unknown,
    /// Its lines are for other namespaces.
    Namespace,
    /// It is not valid yet.
    NotYetValid(DateTime<Utc>),
    /// It is not valid any more.
    Expired(DateTime<Utc>),
}

impl AllowedSigners {
    /// Reads a file.
    pub fn read(text: &str) -> Self {
        let mut file = Self::default();
        for (number, line) in (1..).zip(text.split('\n')) {
            let line = line.strip_suffix('\r').unwrap_or(line);
            let line = line.trim_start_matches([' ', '\t']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match signer(number, line) {
                Ok(signer) => file.signers.push(signer),
                Err(why) => file.problems.push((number, why)),
            }
        }
        file
    }

    /// Whether a key may sign for a principal at a time. As with `ssh-keygen`, one line that allows it is enough.
    pub fn check(
        &self,
        key: &Key,
        principal: &str,
        namespace: &str,
        now: DateTime<Utc>,
    ) -> Result<&Signer, Refusal> {
        let mut refusal = Refusal::Unknown;
        let lines = self
            .signers
            .iter()
            .filter(|signer| signer.key == *key && matches_list(principal, &signer.principals));
        for signer in lines {
            match signer.allows(namespace, now) {
                Ok(()) => return Ok(signer),
                Err(why) => refusal = why,
            }
        }
        Err(refusal)
    }

    /// The line that lets a key sign in a namespace at a time, whoever it belongs to; else why none does, and to whom the last
    /// one gives it.
    pub fn signer_of(
        &self,
        key: &Key,
        namespace: &str,
        now: DateTime<Utc>,
    ) -> Result<&Signer, (Refusal, &str)> {
        let mut refusal = (Refusal::Unknown, "");
        for signer in self.signers.iter().filter(|signer| signer.key == *key) {
            match signer.allows(namespace, now) {
                Ok(()) => return Ok(signer),
                Err(why) => refusal = (why, signer.principals.as_str()),
            }
        }
        Err(refusal)
    }

    /// A line gives the key to this address, by name or by pattern; addresses compare without case.
    pub fn may_be(&self, key: &Key, address: &str) -> bool {
        let address = address.to_lowercase();
        self.signers
            .iter()
            .filter(|signer| signer.key == *key)
            .any(|signer| matches_list(&address, &signer.principals.to_lowercase()))
    }

    /// A line gives the key to a pattern of addresses.
    pub fn has_patterns(&self, key: &Key) -> bool {
        let mut lines = self.signers.iter().filter(|signer| signer.key == *key);
        lines.any(|signer| signer.principals.contains(['*', '?']))
    }

    /// The principals that a key's lines name, without patterns.
    pub fn principals_of<'s>(&'s self, key: &'s Key) -> impl Iterator<Item = &'s str> {
        self.signers
            .iter()
            .filter(move |signer| signer.key == *key)
            .flat_map(|signer| signer.principals.split(','))
            .filter(|name| !name.is_empty() && !name.contains(['*', '?', '!']))
    }

    /// All keys, each once.
    pub fn keys(&self) -> Vec<&Key> {
        let mut keys: Vec<&Key> = Vec::new();
        for signer in &self.signers {
            if !keys.contains(&&signer.key) {
                keys.push(&signer.key);
            }
        }
        keys
    }
}

impl Signer {
    fn allows(&self, namespace: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
        if let Some(namespaces) = &self.namespaces
            && !matches_list(namespace, namespaces)
        {
            return Err(Refusal::Namespace);
        }
        // OpenSSH counts whole seconds, and both ends belong to the time.
        let at = now.timestamp();
        if let Some(after) = self.valid_after.filter(|after| at < after.timestamp()) {
            return Err(Refusal::NotYetValid(after));
        }
        if let Some(before) = self.valid_before.filter(|before| at > before.timestamp()) {
            return Err(Refusal::Expired(before));
        }
        Ok(())
    }
}

fn signer(line_number: usize, line: &str) -> Result<Signer, String> {
    let (principals, rest) = principals(line)?;
    let (options, key) = match Key::read(rest) {
        Ok(key) => (Options::default(), key),
        Err(_) => {
            let end = end_of_options(rest)?;
            let (options, key) = rest.split_at_checked(end).ok_or("no key")?;
            let key = key.trim_start_matches([' ', '\t']);
            if key.is_empty() {
                return Err("no key".to_owned());
            }
            (Options::read(options)?, Key::read(key)?)
        }
    };
    if options.authority {
        return Err(
            "certificate authorities are not supported: list the keys themselves".to_owned(),
        );
    }
    Ok(Signer {
        line: line_number,
        principals: principals.to_owned(),
        key,
        namespaces: options.namespaces,
        valid_after: options.valid_after,
        valid_before: options.valid_before,
    })
}

/// The first word, which may stand in quotes, and what follows it.
fn principals(line: &str) -> Result<(&str, &str), String> {
    let (word, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or("a quote that does not end")?,
        None => line
            .split_once([' ', '\t'])
            .ok_or("no key behind the principals")?,
    };
    if word.contains('"') {
        return Err("a quote within the principals".to_owned());
    }
    if word.is_empty() {
        return Err("no principals".to_owned());
    }
    if line.starts_with('"') && !rest.starts_with([' ', '\t']) {
        return Err("no key behind the principals".to_owned());
    }
    Ok((word, rest.trim_start_matches([' ', '\t'])))
}

/// Where the options end: at the first blank that is not in quotes.
fn end_of_options(text: &str) -> Result<usize, String> {
    let mut quoted = false;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if bytes.peek().is_some_and(|&(_, next)| next == b'"') => {
                bytes.next();
            }
            b'"' => quoted = !quoted,
            b' ' | b'\t' if !quoted => return Ok(at),
            _ => {}
        }
    }
    Err(if quoted {
        "a quote that does not end"
    } else {
        "no key"
    }
    .to_owned())
}

#[derive(Default)]
struct Options {
    authority: bool,
    namespaces: Option<String>,
    valid_after: Option<DateTime<Utc>>,
    valid_before: Option<DateTime<Utc>>,
}

impl Options {
    /// Reads `name` and `name="value"`, separated by commas; names in any case.
    fn read(text: &str) -> Result<Self, String> {
        let mut options = Self::default();
        let mut rest = text;
        loop {
            let end = rest
                .find(|c: char| !c.is_ascii_alphabetic() && c != '-')
                .unwrap_or(rest.len());
            let (name, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
            rest = match name.to_ascii_lowercase().as_str() {
                "cert-authority" => {
                    options.authority = true;
                    tail
                }
                "namespaces" => {
                    let (value, tail) = quoted(tail)?;
                    once(&mut options.namespaces, value, name)?;
                    tail
                }
                "valid-after" => {
                    let (value, tail) = quoted(tail)?;
                    once(&mut options.valid_after, time(&value)?, name)?;
                    tail
                }
                "valid-before" => {
                    let (value, tail) = quoted(tail)?;
                    once(&mut options.valid_before, time(&value)?, name)?;
                    tail
                }
                _ => return Err(format!("an unknown option `{name}`")),
            };
            if rest.is_empty() {
                break;
            }
            rest = rest
                .strip_prefix(',')
                .ok_or_else(|| format!("an unknown option behind `{name}`"))?;
            if rest.is_empty() {
                return Err("a comma without an option behind it".to_owned());
            }
        }
        if let (Some(after), Some(before)) = (options.valid_after, options.valid_before)
            && before <= after
        {
            return Err("valid-before is not behind valid-after".to_owned());
        }
        Ok(options)
    }
}

fn once<T>(place: &mut Option<T>, value: T, name: &str) -> Result<(), String> {
    if place.replace(value).is_some() {
        return Err(format!("`{name}` stands twice"));
    }
    Ok(())
}

/// `="value"`, in which `\"` is a quote.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let text = text
        .strip_prefix("=\"")
        .ok_or("an option without a value in quotes")?;
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            '\\' if characters.peek().is_some_and(|&(_, next)| next == '"') => {
                value.push('"');
                characters.next();
            }
            _ => value.push(c),
        }
    }
    Err("a quote that does not end".to_owned())
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with or without `Z`.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let wrong =
        || format!("a time that cannot be read: `{text}` (write YYYYMMDD or YYYYMMDDHHMMSSZ)");
    let upper = text.to_ascii_uppercase();
    let digits = upper
        .strip_suffix("UTC")
        .or_else(|| upper.strip_suffix('Z'))
        .unwrap_or(&upper);
    let full = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        14 => digits.to_owned(),
        _ => return Err(wrong()),
    };
    if !full.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let time = NaiveDateTime::parse_from_str(&full, "%Y%m%d%H%M%S").map_err(|_| wrong())?;
    let time = time.and_utc();
    // For OpenSSH, the beginning of 1970 is no time at all, and nothing lies before it.
    if time.timestamp() <= 0 {
        return Err(wrong());
    }
    Ok(time)
}

/// OpenSSH's lists of patterns: one that matches is enough, unless one with `!` matches too.
fn matches_list(text: &str, patterns: &str) -> bool {
    let mut found = false;
    for pattern in patterns.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(text.as_bytes(), pattern.as_bytes()) => return false,
            Some(_) => {}
            None => found |= matches(text.as_bytes(), pattern.as_bytes()),
        }
    }
    found
}

/// `*` stands for anything, `?` for one byte.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut in_pattern) = (0, 0);
    // Where the last star stood, and how far the text was then: the one place to come back to.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = text.get(at) {
        match pattern.get(in_pattern) {
            Some(b'*') => {
                star = Some((in_pattern, at));
                in_pattern += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == byte => {
                at += 1;
                in_pattern += 1;
            }
            _ => match star {
                Some((of_pattern, of_text)) => {
                    star = Some((of_pattern, of_text + 1));
                    in_pattern = of_pattern + 1;
                    at = of_text + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(in_pattern..)
        .is_some_and(|rest| rest.iter().all(|&byte| byte == b'*'))
}

#[cfg(test)]
mod tests;
