//! What a command names, and whether it is there.
//!
//! What a shell expands or people fill in is passed over, and so is what the document itself makes: a branch, a tag, a dump.
//! A name with a version stands for the names of all versions; of it, only the form is looked at.

use std::collections::BTreeSet;

use super::Around;
use crate::discover::join;
use crate::source::Span;
use crate::syntax::shell::{Command, Word};
use crate::version::TagKind;

/// Something that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Defect {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) message: String,
    pub(super) way_back: bool,
    pub(super) span: Span,
}

/// The options of `helm` that have a value.
const HELM_VALUES: &[&str] = &[
    "-n",
    "--namespace",
    "-f",
    "--values",
    "--set",
    "--set-string",
    "--set-file",
    "--set-json",
    "--set-literal",
    "--version",
    "--timeout",
    "--kube-context",
    "--kubeconfig",
    "-o",
    "--output",
    "--post-renderer",
    "--history-max",
    "--description",
    "--repo",
    "--username",
    "--password",
    "-d",
    "--destination",
    "--app-version",
];

/// The options of `git`'s commands that have a value.
const GIT_VALUES: &[&str] = &[
    "-m",
    "--message",
    "-F",
    "--file",
    "-u",
    "--local-user",
    "-C",
    "-c",
    "--sort",
    "--format",
    "--cleanup",
    "-X",
    "--strategy",
];

/// Names that every project's main branch may have.
const MAIN: [&str; 4] = ["main", "master", "trunk", "develop"];

/// What the commands of a document name and what is not there.
pub(super) fn defects(
    path: &str,
    text: &str,
    commands: &[Command],
    around: &Around<'_>,
) -> Vec<Defect> {
    let mut check = Check {
        around,
        directory: path.rsplit_once('/').map_or("", |(directory, _)| directory),
        made: made(commands),
        at: Some(String::new()),
        defects: Vec::new(),
    };
    let mut block = None;
    for command in commands {
        // Every code block begins at the top of the repository.
        if block != Some(command.block) {
            block = Some(command.block);
            check.at = Some(String::new());
        }
        check.command(command);
    }
    check.workflows_in(text);
    check.defects
}

/// What the commands of a document make: files, branches, tags, the names of chart repositories.
fn made(commands: &[Command]) -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    for command in commands {
        made.extend(command.writes.iter().map(|word| clean(&word.text)));
        let options = ["-o", "--output", "-b", "-B", "--create", "--orphan", "-w"];
        let named = command.values(&options).map(|word| clean(&word.text));
        made.extend(named);
        let operands: Vec<&Word> = command.operands(GIT_VALUES).collect();
        let verb = operands.first().map_or("", |word| word.text.as_str());
        let name = match (command.program(), verb) {
            ("git", "branch" | "tag") => operands.get(1),
            // With `switch`, `-c` makes a branch.
            ("git", "switch") => {
                made.extend(command.values(&["-c", "-C"]).map(|word| word.text));
                None
            }
            ("git", "worktree") => operands.get(2),
            ("git", "clone") => operands.get(1),
            ("helm", "repo") => operands.get(2),
            ("cp" | "mv" | "touch" | "mkdir", _) => operands.last(),
            _ => None,
        };
        made.extend(name.map(|word| clean(&word.text)));
    }
    made
}

/// A path or name without what does not change it.
fn clean(text: &str) -> String {
    text.trim_start_matches("./")
        .trim_end_matches('/')
        .to_owned()
}

struct Check<'a> {
    around: &'a Around<'a>,
    /// The document's directory.
    directory: &'a str,
    made: BTreeSet<String>,
    /// The directory that commands run in; unknown once one was entered that is not there.
    at: Option<String>,
    defects: Vec<Defect>,
}

impl Check<'_> {
    fn command(&mut self, command: &Command) {
        for word in &command.reads {
            self.file(word, command, "to be read");
        }
        match command.program() {
            "cd" | "pushd" => self.enter(command),
            "helm" => self.helm(command),
            "git" => self.git(command),
            "kubectl" => self.kubectl(command),
            "psql" => {
                for word in command.values(&["-f", "--file"]) {
                    self.file(&word, command, "of SQL");
                }
            }
            "gh" => self.gh(command),
            _ => {}
        }
    }

    fn enter(&mut self, command: &Command) {
        let Some(word) = command.operands(&[]).next() else {
            self.at = None;
            return;
        };
        self.at = match self.find(word) {
            Found::Yes(path) => Some(path),
            Found::No | Found::Unknown => None,
        };
    }

    fn helm(&mut self, command: &Command) {
        for word in command.values(&["-f", "--values"]) {
            for part in parts(&word, ',') {
                self.file(&part, command, "of values");
            }
        }
        let operands: Vec<&Word> = command.operands(HELM_VALUES).collect();
        let verb = operands.first().map_or("", |word| word.text.as_str());
        let chart = match (verb, operands.len()) {
            ("upgrade", 3..) => operands.get(2),
            ("install" | "template", 2..) => operands.last(),
            ("lint" | "package" | "test", 2..) => operands.get(1),
            ("dependency" | "dep", 3..) => operands.get(2),
            _ => None,
        };
        let is_remote = command.values(&["--repo"]).next().is_some();
        if let Some(chart) = chart.filter(|_| !is_remote && verb != "test") {
            self.chart(chart, command);
        }
    }

    /// A chart is a directory here, or comes from a repository of charts, or from a registry.
    fn chart(&mut self, word: &Word, command: &Command) {
        let text = word.text.as_str();
        let first = text.split('/').next().unwrap_or_default();
        let says_path = text.starts_with('.')
            || text.matches('/').count() > 1
            || ["chart", "charts", "helm", "deploy"].contains(&first)
            || self.around.snapshot.below(first).next().is_some();
        let is_archive = text.contains(".tgz");
        if !text.contains('/') && !text.starts_with('.')
            || text.contains("://")
            || self.made.contains(first)
            || !says_path
            // Without any chart here, the charts are in another repository, and its paths are not known.
            || (self.around.charts.charts.is_empty() && !text.starts_with('.'))
            || is_archive
        {
            return;
        }
        let there = match self.find(word) {
            Found::Unknown => return,
            Found::Yes(path) => self
                .around
                .snapshot
                .get(&join(&path, "Chart.yaml"))
                .is_some(),
            Found::No => false,
        };
        if !there {
            self.tell(
                "chart",
                word,
                command,
                format!("there is no chart in `{text}`"),
            );
        }
    }

    fn kubectl(&mut self, command: &Command) {
        let words: Vec<&str> = command
            .words
            .iter()
            .map(|word| word.text.as_str())
            .collect();
        // Behind `--`, it is a command in a container, with files of its own.
        if words.contains(&"--") {
            return;
        }
        let verb = command.operands(&["-n", "--namespace"]).next();
        let verb = verb.map_or("", |word| word.text.as_str());
        let takes_files = [
            "apply", "create", "delete", "replace", "diff", "patch", "get", "wait", "scale",
        ];
        if takes_files.contains(&verb) {
            for word in command.values(&["-f", "--filename", "-k", "--kustomize"]) {
                for part in parts(&word, ',') {
                    self.file(&part, command, "of manifests");
                }
            }
        }
    }

    fn gh(&mut self, command: &Command) {
        let operands: Vec<&Word> = command
            .operands(&[
                "-f",
                "--field",
                "-F",
                "--raw-field",
                "-r",
                "--ref",
                "-R",
                "--repo",
            ])
            .collect();
        let [noun, verb, name, ..] = operands.as_slice() else {
            return;
        };
        let elsewhere = command.values(&["-R", "--repo"]).next().is_some();
        let verbs = ["run", "view", "enable", "disable"];
        if noun.text != "workflow" || !verbs.contains(&verb.text.as_str()) || elsewhere {
            return;
        }
        if command.values(&["-r", "--ref"]).next().is_some() {
            for word in command.values(&["-r", "--ref"]) {
                self.reference(&word, command);
            }
        }
        let text = name.text.as_str();
        let path = format!(
            ".github/workflows/{}",
            text.trim_start_matches(".github/workflows/")
        );
        let known = self.around.snapshot.get(&path).is_some()
            || self.around.workflows.iter().any(|known| known == text)
            || text.bytes().all(|byte| byte.is_ascii_digit());
        if !known && !is_open(name) {
            self.tell(
                "workflow",
                name,
                command,
                format!("there is no workflow `{text}`"),
            );
        }
    }

    fn git(&mut self, command: &Command) {
        let operands: Vec<&Word> = command.operands(GIT_VALUES).collect();
        let Some((verb, rest)) = operands.split_first() else {
            return;
        };
        let has = |option: &str| command.words.iter().any(|word| word.text == option);
        match verb.text.as_str() {
            // Behind `--` stand files.
            "checkout" | "switch" if !has("--") => {
                let creates = ["-b", "-B", "-c", "-C", "--create", "--orphan"];
                // The name behind `-c` is taken for its value, the one behind `-b` is an operand.
                let made = usize::from(
                    ["-b", "-B", "--create", "--orphan"]
                        .iter()
                        .any(|it| has(it)),
                );
                if creates.iter().any(|it| has(it)) {
                    for word in command.values(&creates) {
                        self.name(&word, command);
                    }
                }
                if let Some(word) = rest.get(made) {
                    self.reference(word, command);
                }
            }
            "tag" if !has("-l") && !has("--list") => {
                if let Some(word) = rest.first() {
                    self.name(word, command);
                }
                if let Some(word) = rest.get(1).filter(|_| !has("-d") && !has("--delete")) {
                    self.reference(word, command);
                }
            }
            "branch" if rest.len() > 1 => self.reference(rest[1], command),
            "merge" | "rebase" => {
                for word in rest {
                    self.reference(word, command);
                }
            }
            "push" | "pull" => {
                for word in rest.iter().skip(1) {
                    self.reference(word, command);
                }
            }
            _ => {}
        }
    }

    /// A name that a command makes: if it is meant as a release, it has to be one.
    fn name(&mut self, word: &Word, command: &Command) {
        if is_open(word) {
            return;
        }
        let tag = self.around.tags.parse(&word.text);
        if tag.kind == TagKind::Malformed {
            let meant = tag.suggestion.map_or(String::new(), |meant| {
                format!("; `{meant}` was probably meant")
            });
            let message = format!("`{}` is no release tag of this project{meant}", word.text);
            self.tell("tag", word, command, message);
        }
    }

    /// A branch, a tag or a commit.
    fn reference(&mut self, word: &Word, command: &Command) {
        let name = word.text.trim_start_matches('+');
        let name = name.strip_prefix("origin/").unwrap_or(name);
        let name = name
            .trim_start_matches("refs/heads/")
            .trim_start_matches("refs/tags/");
        let is_commit = name.len() >= 7 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_open(word)
            || is_commit
            || name.is_empty()
            || name.starts_with(['-', '.'])
            || name.contains([':', '~', '^', '@'])
            || name.starts_with("HEAD")
            || self.made.contains(name)
            || self.around.references.contains(name)
            || self.around.snapshot.get(name).is_some()
        {
            return;
        }
        let tag = self.around.tags.parse(name);
        if tag.kind == TagKind::Malformed {
            return self.name(word, command);
        }
        // Release and hotfix branches are deleted after use, and so they are examples here.
        if tag.is_release()
            || self.around.branches.is_hotfix(name)
            || self.around.branches.release_version(name).is_some()
        {
            return;
        }
        let is_main = MAIN.contains(&name);
        let has_other_main = is_main
            && MAIN
                .iter()
                .any(|main| self.around.references.contains(*main));
        if has_other_main || self.around.knows_branches {
            let message = format!("there is no branch or tag `{name}`");
            self.tell("branch", word, command, message);
        }
    }

    /// A file or directory that a command reads.
    fn file(&mut self, word: &Word, command: &Command, what: &str) {
        if self.made.contains(&clean(&word.text)) {
            return;
        }
        if let Found::No = self.find(word) {
            let message = format!("there is no file {what} `{}`", word.text);
            self.tell("file", word, command, message);
        }
    }

    /// Where a path leads: from the directory that commands run in, from the top, or from the document.
    fn find(&self, word: &Word) -> Found {
        let text = word.text.as_str();
        let foreign = text.starts_with(['/', '~', '-']) || text.contains("://") || text.is_empty();
        if foreign || is_open(word) {
            return Found::Unknown;
        }
        let Some(at) = &self.at else {
            return Found::Unknown;
        };
        for base in [at.as_str(), "", self.directory] {
            let Some(path) = resolve(base, text) else {
                continue;
            };
            let snapshot = self.around.snapshot;
            if path.is_empty()
                || snapshot.get(&path).is_some()
                || snapshot.below(&path).next().is_some()
            {
                return Found::Yes(path);
            }
        }
        // What lies outside of the repository cannot be seen from here.
        if resolve(at, text).is_none() && resolve(self.directory, text).is_none() {
            return Found::Unknown;
        }
        Found::No
    }

    /// The paths of workflows that the document names anywhere.
    fn workflows_in(&mut self, text: &str) {
        const DIRECTORY: &str = ".github/workflows/";
        for (start, _) in text.match_indices(DIRECTORY) {
            let rest = text.get(start..).unwrap_or_default();
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_')))
                .unwrap_or(rest.len());
            let path = rest.get(..end).unwrap_or_default().trim_end_matches('.');
            // Of another repository, in an address.
            let before = text.get(..start).and_then(|text| text.chars().next_back());
            let is_path = path.ends_with(".yml") || path.ends_with(".yaml");
            if !is_path || before == Some('/') || self.around.snapshot.get(path).is_some() {
                continue;
            }
            self.defects.push(Defect {
                kind: "workflow",
                name: path.to_owned(),
                message: format!("there is no workflow `{path}`"),
                way_back: false,
                span: Span::new(start, start + path.len()),
            });
        }
    }

    fn tell(&mut self, kind: &'static str, word: &Word, command: &Command, message: String) {
        self.defects.push(Defect {
            kind,
            name: word.text.clone(),
            message,
            way_back: command.way_back,
            span: word.span,
        });
    }
}

enum Found {
    Yes(String),
    No,
    Unknown,
}

/// The word has to be filled in: `TAG`, `YOUR-VALUES.yaml`, `vX.Y.Z`.
fn is_open(word: &Word) -> bool {
    let is_placeholder = |part: &str| {
        let letters = part.bytes().filter(u8::is_ascii_alphabetic).count();
        let upper = part.bytes().filter(u8::is_ascii_uppercase).count();
        letters > 0 && upper == letters && part != "HEAD"
    };
    let parts = || word.text.split(['/', '.', '-', '_', '@', ':']);
    // `README.md` and `CHANGELOG.md` are names of their own.
    let is_name = word.text.to_ascii_lowercase().ends_with(".md");
    word.is_open
        || word.text.contains("X.Y")
        || word.text.contains("x.y")
        || (!is_name && parts().any(|part| part.len() > 1 && is_placeholder(part)))
}

/// The parts of a word that a character separates.
fn parts(word: &Word, separator: char) -> Vec<Word> {
    if !word.text.contains(separator) {
        return vec![word.clone()];
    }
    word.text
        .split(separator)
        .map(|part| Word {
            text: part.to_owned(),
            ..word.clone()
        })
        .collect()
}

/// A path from a directory, with `.` and `..` taken out; `None` when it leads out of the repository.
fn resolve(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
