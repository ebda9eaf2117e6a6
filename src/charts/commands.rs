//! The keys that documents tell people to `--set`.

use std::collections::{BTreeMap, BTreeSet};

use crate::discover::{Reader, Snapshot, is_foreign_document};
use crate::source::{Location, SourceId, Span};
use crate::syntax::yaml::KeyPath;

/// A key of a `helm` command in a document.
#[derive(Debug, Clone)]
pub struct SetKey {
    /// The key.
    pub key: KeyPath,
    /// Its place.
    pub location: Location,
    /// The values of the previous release had it.
    pub was_known: bool,
}

/// The options of `helm` whose value begins with a key.
const OPTIONS: [&str; 5] = [
    "--set",
    "--set-string",
    "--set-json",
    "--set-file",
    "--set-literal",
];

/// The documents that may hold commands: Markdown and workflows, sorted.
pub(super) fn documents(snapshot: &Snapshot, reader: &mut Reader<'_>) -> Vec<SourceId> {
    let is_document = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let is_history = name.starts_with("changelog") || name.starts_with("upgrad");
        let is_workflow = path.starts_with(".github/workflows/");
        (name.ends_with(".md") || is_workflow) && !is_history && !is_foreign_document(path)
    };
    let paths: Vec<String> = snapshot
        .entries
        .keys()
        .filter(|path| is_document(path))
        .cloned()
        .collect();
    paths
        .iter()
        .filter_map(|path| reader.read(snapshot, path))
        .collect()
}

/// The `helm` commands of documents, by the chart that they name.
#[derive(Debug, Default)]
pub(super) struct Commands {
    keys: Vec<Vec<SetKey>>,
    /// Indices into `keys`, in the order of the text.
    by_chart: BTreeMap<String, Vec<usize>>,
}

impl Commands {
    /// Reads the commands of a text.
    pub(super) fn add(&mut self, text: &str, source: SourceId) {
        for command in commands(text) {
            let words = words(text, command);
            let keys = set_keys(text, source, &words);
            if keys.is_empty() {
                continue;
            }
            for chart in charts(text, &words) {
                let of_chart = self.by_chart.entry(chart.to_owned()).or_default();
                of_chart.push(self.keys.len());
            }
            self.keys.push(keys);
        }
    }

    /// The keys that the commands set in a chart.
    pub(super) fn keys_of(&self, chart: &str) -> Vec<SetKey> {
        let indices = self.by_chart.get(chart).into_iter().flatten();
        indices
            .filter_map(|&index| self.keys.get(index))
            .flatten()
            .cloned()
            .collect()
    }
}

/// The keys that a command sets.
fn set_keys(text: &str, source: SourceId, words: &[Span]) -> Vec<SetKey> {
    let mut found = Vec::new();
    let mut after_option = false;
    for &span in words {
        let word = text.get(span.range()).unwrap_or("");
        let option = word.split_once('=').map_or(word, |(option, _)| option);
        if OPTIONS.contains(&option) {
            after_option = !word.contains('=');
            if let Some(at) = word.find('=') {
                let value = Span::new(span.start as usize + at + 1, span.end as usize);
                keys(text, value, source, &mut found);
            }
        } else if std::mem::take(&mut after_option) {
            keys(text, span, source, &mut found);
        }
    }
    found
}

/// What the chart that a command installs may be called: the last part of its path or address; where it has neither, any word.
fn charts<'t>(text: &'t str, words: &[Span]) -> BTreeSet<&'t str> {
    let plain = || {
        words
            .iter()
            .map(|span| text.get(span.range()).unwrap_or("").trim_end_matches('/'))
            .filter(|word| !word.starts_with('-') && !word.contains('='))
    };
    let is_file = |word: &str| {
        [".yaml", ".yml", ".json"]
            .iter()
            .any(|end| word.ends_with(end))
    };
    let addresses: BTreeSet<&str> = plain()
        .filter(|word| word.contains('/') && !is_file(word))
        .filter_map(|word| word.rsplit('/').next())
        .collect();
    if addresses.is_empty() {
        plain().collect()
    } else {
        addresses
    }
}

/// The spans of `helm install …`, `helm upgrade …`, `helm template …` with their continued lines.
fn commands(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut open: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let code = line.trim_end();
        if open.is_none() {
            let helm = code.find("helm ").filter(|&helm| {
                let before = code
                    .get(..helm)
                    .and_then(|before| before.chars().next_back());
                let verb = code
                    .get(helm + 5..)
                    .and_then(|rest| rest.split_whitespace().next());
                !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.'))
                    && matches!(verb, Some("install" | "upgrade" | "template"))
            });
            open = helm.map(|helm| start + helm);
        }
        if let Some(from) = open
            && !code.ends_with('\\')
        {
            // In prose, a command ends with its back quote.
            let line_end = start + code.len();
            let end = text
                .get(from..line_end)
                .and_then(|rest| rest.find('`'))
                .map_or(line_end, |quote| from + quote);
            found.push(Span::new(from, end));
            open = None;
        }
    }
    found
}

/// The words of a command, without their quotes. A backslash at the end of a line joins it to the next one.
fn words(text: &str, command: Span) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start: Option<usize> = None;
    let mut quote: Option<char> = None;
    let base = command.start as usize;
    let body = text.get(command.range()).unwrap_or("");
    let mut push = |from: usize, to: usize| {
        let word = text.get(from..to).unwrap_or("");
        let inner = word.trim_matches(['\'', '"']);
        let lead = word.len() - word.trim_start_matches(['\'', '"']).len();
        if !inner.is_empty() && inner != "\\" {
            found.push(Span::new(from + lead, from + lead + inner.len()));
        }
    };
    for (at, c) in body.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"') => {
                quote = Some(c);
                start.get_or_insert(base + at);
            }
            None if c.is_whitespace() => {
                if let Some(from) = start.take() {
                    push(from, base + at);
                }
            }
            None => {
                start.get_or_insert(base + at);
            }
        }
    }
    if let Some(from) = start {
        push(from, command.end as usize);
    }
    found
}

/// The keys of `a.b=1,c[0].d=2`, where `\` takes the next character as it is and `{…}` is a list.
fn keys(text: &str, span: Span, source: SourceId, found: &mut Vec<SetKey>) {
    let body = text.get(span.range()).unwrap_or("");
    let base = span.start as usize;
    let mut start = 0;
    let mut in_key = true;
    let mut depth = 0_u32;
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '=' if in_key => {
                let key = body
                    .get(start..at)
                    .unwrap_or("")
                    .trim_start_matches(['\'', '"']);
                if let Some(path) = key_path(key) {
                    let from = base + at - key.len();
                    found.push(SetKey {
                        key: path,
                        location: Location {
                            source,
                            span: Span::new(from, base + at),
                        },
                        was_known: false,
                    });
                }
                in_key = false;
            }
            '{' if !in_key => depth += 1,
            '}' if !in_key => depth = depth.saturating_sub(1),
            ',' if !in_key && depth == 0 => {
                start = at + 1;
                in_key = true;
            }
            _ => {}
        }
    }
}

/// `a.b[0]."c\.d"` as a path; `None` for what holds a variable of a shell or a place to fill in.
fn key_path(key: &str) -> Option<KeyPath> {
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '[' | ']' | '\\');
    if key.is_empty() || !key.chars().all(is_plain) {
        return None;
    }
    let mut path = KeyPath::default();
    let mut part = String::new();
    let mut characters = key.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => part.extend(characters.next()),
            '.' => {
                if !part.is_empty() {
                    path = path.key(&std::mem::take(&mut part));
                }
            }
            '[' => {
                if !part.is_empty() {
                    path = path.key(&std::mem::take(&mut part));
                }
                let index: String = characters.by_ref().take_while(|&c| c != ']').collect();
                path = path.index(index.parse().ok()?);
            }
            c => part.push(c),
        }
    }
    if !part.is_empty() {
        path = path.key(&part);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn check(text: &str, expected: &[&str]) {
        let mut sources = Sources::default();
        let source = sources.add("a.md", "", text);
        let mut commands = Commands::default();
        commands.add(text, source);
        let found: Vec<String> = commands
            .keys_of("cellar")
            .into_iter()
            .map(|found| format!("{} at {}", found.key, sources.text(found.location)))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn commands_tell_the_keys_that_they_set() {
        check(
            "helm upgrade x ./charts/cellar --set a.b=1",
            &["a.b at a.b"],
        );
        check(
            "    helm upgrade x repo/cellar \\\n  --set a=1,b.c=2 \\\n  --set-string=d=x\n--set e=1",
            &["a at a", "b.c at b.c", "d at d"],
        );
        check(
            "run `helm install cellar oci://r/cellar --set 'a[0].b=1'` now, a=1",
            &["a[0].b at a[0].b"],
        );
        check(
            "helm template cellar --set a\\.b.c={x,y},d=1",
            &["\"a.b\".c at a\\.b.c", "d at d"],
        );
        check("helm upgrade x ./press --set a=1", &[]);
        check(
            "helm upgrade cellar r/cellar-stack -f x/values.yaml --set a=1",
            &[],
        );
        check(
            "helm upgrade cellar . -f x/values.yaml --set a=1",
            &["a at a"],
        );
        check(
            "helm upgrade x ./cellar --set $KEY=1 --set <key>=1 --set image.tag=$TAG",
            &["image.tag at image.tag"],
        );
        check(
            "kubectl set image cellar a=1\nhelm repo add cellar --set a=1",
            &[],
        );
    }
}
