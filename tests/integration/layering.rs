use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::root;

/// Which modules a top-level module may name. What is absent here may name nothing of the crate.
///
/// `source ← syntax ← {facts, rules}`, `facts ← policy ← decision ← report ← cli`. Rules see one document and never
/// facts or policies; the evaluation of policies never sees text.
const MAY_IMPORT: &[(&str, &str)] = &[
    ("source", ""),
    ("files", ""),
    ("glob", ""),
    ("version", ""),
    ("fix", "source"),
    ("finding", "fix source"),
    ("gate", "version"),
    ("git", "cache discover source version"),
    ("discover", "git source"),
    ("syntax", "source"),
    ("suppress", "finding glob source syntax"),
    ("subject", "gate git version"),
    ("history", "git source syntax"),
    ("config", "source syntax"),
    ("schema", "source syntax"),
    ("effects", "schema source syntax version"),
    ("cache", ""),
    (
        "migrations",
        "cache config discover effects git schema source syntax version",
    ),
    ("charts", "discover source syntax"),
    (
        "facts",
        "cache charts config discover effects finding gate git migrations schema source subject syntax version",
    ),
    (
        "rules",
        "charts discover effects finding fix migrations schema source syntax version",
    ),
    (
        "policy",
        "facts finding gate glob source suppress syntax version",
    ),
    ("simulate", "config facts syntax version"),
    ("decision", "finding gate policy version"),
    ("evidence", "facts gate policy syntax"),
    (
        "project",
        "catalogue config discover evidence files policy syntax",
    ),
    (
        "rehearse",
        "discover effects finding migrations rules schema source syntax",
    ),
    ("catalogue", "finding gate policy rehearse rules"),
    (
        "report",
        "catalogue decision discover effects facts finding gate policy rehearse rules simulate source version",
    ),
    (
        "ledger",
        "decision discover facts finding gate git report version",
    ),
];

/// Modules that are one layer, and so may name each other: what a repository is made of.
const ONE_LAYER: &[&str] = &["discover", "git"];

/// Modules that compose the others, and the modules that they may not name all the same.
const COMPOSERS: &[(&str, &str)] = &[("judge", "cli"), ("cli", ""), ("lib", ""), ("main", "")];

/// Files below a module that may name less than the module as a whole.
const MUST_NOT_IMPORT: &[(&str, &str)] = &[
    ("policy/evaluate", "syntax discover git"),
    ("policy/cel", "syntax discover git"),
];

/// Crates that we may have to replace, the parts of the standard library that reach outside, and the files or
/// directories that alone may name them.
const OWNERS: &[(&str, &str)] = &[
    ("git2", "git"),
    ("squawk_syntax", "syntax/sql"),
    ("squawk_parser", "syntax/sql"),
    ("squawk_lexer", "syntax/sql"),
    ("rowan", "syntax/sql"),
    ("sqlparser", "syntax/sql"),
    ("granit_parser", "syntax/yaml"),
    ("serde_saphyr", "syntax/yaml"),
    ("pulldown_cmark", "syntax/changelog"),
    ("cel", "policy/cel"),
    ("quick_junit", "report/junit"),
    ("clap", "cli main"),
    ("clap_complete", "cli"),
    ("clap_mangen", "cli/setup"),
    ("indicatif", "cli"),
    ("mimalloc", "main"),
    ("postcard", "cache"),
    ("postgres", "ledger/postgres rehearse/connection"),
    ("rustix", "files charts/render/program"),
    ("rusqlite", "ledger/sqlite ledger/tests"),
    ("serde_json_canonicalizer", "ledger/record"),
    ("ssh_key", "evidence/ssh"),
    ("signature", "evidence/ssh"),
    ("quick_xml", "evidence/record/junit"),
    ("similar", "fix"),
    ("askama", "report/html report/audit/html"),
    ("walkdir", "git"),
    ("std::env", "cli main"),
    // A rehearsal is a fact only if the real server, pg_dump and psql did the work, and what a chart makes if Helm did.
    // And gpgv alone can verify OpenPGP, when somebody names a keyring.
    (
        "std::process::Command",
        "rehearse/server evidence/gpg charts/render/program",
    ),
    ("std::time::SystemTime", "cli"),
];

/// Lines of code that a file may have outside its tests; comments and blank lines are free.
const MAX_LINES: usize = 500;

/// Files that may be longer, and why.
const LONGER: &[(&str, &str)] = &[
    (
        "syntax/changelog/markdown",
        "one walk over the events of a Markdown parser",
    ),
    ("policy/read", "one document, field by field"),
    ("policy/cel/infer", "one match over the grammar of CEL"),
    (
        "syntax/sql/generic/other",
        "one match over the statements of a parser",
    ),
];

/// A source file, as the checks see it.
struct File {
    /// The path below `src` without `.rs`, e.g. `policy/cel`.
    name: String,
    /// The text without comments, literals and tests.
    code: String,
}

impl File {
    /// The top-level module it belongs to.
    fn module(&self) -> &str {
        self.name.split('/').next().unwrap()
    }

    /// It is `owner`, or below it.
    fn is_within(&self, owner: &str) -> bool {
        !owner.is_empty()
            && self
                .name
                .strip_prefix(owner)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

#[test]
fn modules_import_along_the_arrows() {
    let mut wrong = BTreeSet::new();
    for file in files() {
        let module = file.module();
        for import in crate_imports(&file.code) {
            let composed = COMPOSERS
                .iter()
                .any(|(name, refused)| *name == module && !has_word(refused, &import));
            let allowed = composed
                || MAY_IMPORT
                    .iter()
                    .any(|(name, imports)| *name == module && has_word(imports, &import));
            let refused = MUST_NOT_IMPORT
                .iter()
                .any(|(part, imports)| file.is_within(part) && has_word(imports, &import));
            if import != module && (refused || !allowed) {
                wrong.insert(format!("{} imports {import}", file.name));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "against the direction of dependency:\n{}",
        join(wrong)
    );
}

#[test]
fn the_arrows_have_no_circle() {
    let mut left: BTreeMap<&str, BTreeSet<&str>> = MAY_IMPORT
        .iter()
        .map(|&(module, imports)| {
            let layer = if ONE_LAYER.contains(&module) {
                ONE_LAYER
            } else {
                &[]
            };
            let below = imports.split(' ').filter(|import| !layer.contains(import));
            (module, below.collect())
        })
        .collect();
    while let Some(free) = left
        .iter()
        .find(|(_, imports)| imports.iter().all(|import| !left.contains_key(import)))
        .map(|(module, _)| *module)
    {
        left.remove(free);
    }
    assert!(
        left.is_empty(),
        "these import each other: {:?}",
        left.keys()
    );
}

#[test]
fn every_module_stands_in_the_table() {
    let known: BTreeSet<&str> = MAY_IMPORT.iter().map(|(module, _)| *module).collect();
    let files = files();
    let modules: BTreeSet<&str> = files
        .iter()
        .map(File::module)
        .filter(|module| COMPOSERS.iter().all(|(name, _)| name != module))
        .collect();
    assert_eq!(modules, known);
}

#[test]
fn crates_are_named_by_their_owners_alone() {
    let mut wrong = BTreeSet::new();
    for file in files() {
        for (name, owners) in OWNERS {
            if names(&file.code, name) && !owners.split(' ').any(|owner| file.is_within(owner)) {
                wrong.insert(format!("{} names {name}", file.name));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "only one owner per crate:\n{}",
        join(wrong)
    );
}

#[test]
fn files_stay_readable_at_one_sitting() {
    let mut wrong = BTreeSet::new();
    for file in files() {
        let lines = file
            .code
            .split('\n')
            .filter(|line| !line.trim().is_empty())
            .count();
        let excused = LONGER.iter().any(|(name, _reason)| file.name == *name);
        if lines > MAX_LINES && !excused {
            wrong.insert(format!("{}.rs has {lines} lines", file.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "more than {MAX_LINES} lines outside tests:\n{}",
        join(wrong)
    );
}

#[test]
fn no_test_is_ignored() {
    let wrong: BTreeSet<String> = ["src", "tests/integration"]
        .iter()
        .flat_map(|directory| rust_files(&root().join(directory)))
        .filter(|(_, text)| without_literals(text).contains("#[ignore"))
        .map(|(name, _)| name)
        .collect();
    assert!(wrong.is_empty(), "ignored tests:\n{}", join(wrong));
}

/// A page or a policy that nothing names would never be seen by anybody.
/// A newcomer finds every module on the one page, and every crate in the README's table.
#[test]
fn the_documents_know_every_module_and_every_crate() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    let names = |text: &str| -> BTreeSet<String> {
        text.lines()
            .filter(|line| line.starts_with('|'))
            .flat_map(|line| {
                line.split('`')
                    .skip(1)
                    .step_by(2)
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    let map = names(&read("ARCHITECTURE.md"));
    let files = files();
    let unmapped: BTreeSet<String> = files
        .iter()
        .map(|file| file.module().to_owned())
        .filter(|module| !["lib", "main"].contains(&module.as_str()) && !map.contains(module))
        .collect();
    assert!(
        unmapped.is_empty(),
        "not in ARCHITECTURE.md:\n{}",
        join(unmapped)
    );

    let table = names(&read("README.md"));
    let manifest = read("Cargo.toml");
    let dependencies = manifest
        .split("[dependencies]")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next())
        .unwrap();
    let unnamed: BTreeSet<String> = dependencies
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.to_owned())
        .filter(|name| !table.contains(name))
        .collect();
    assert!(
        unnamed.is_empty(),
        "not in the README's table:\n{}",
        join(unnamed)
    );
}

#[test]
fn every_page_belongs_to_a_rule() {
    let wrong: BTreeSet<String> = paths_below(&root().join("src/rules"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(path.with_extension("rs")).unwrap_or_default();
            !text.contains(&format!("include_str!(\"{stem}.md\")"))
        })
        .map(|path| path.display().to_string())
        .collect();
    assert!(
        wrong.is_empty(),
        "pages without a rule that includes them:\n{}",
        join(wrong)
    );
}

/// The scanner that the tests above stand on sees what it should.
#[test]
fn the_scanner_sees_imports() {
    let text = r#"
// crate::comment
use crate::{git::{self, write}, policy, facts::Facts};
use crate::source::Span;
fn f() { let x = "crate::literal"; crate::report::write(); }
#[cfg(test)]
mod tests { use crate::cli; }
"#;
    let found: Vec<String> = crate_imports(&without_tests(&without_literals(text)))
        .into_iter()
        .collect();
    assert_eq!(found, ["facts", "git", "policy", "report", "source"]);
    assert!(names("use git2::Oid;", "git2") && !names("legit2::x my::git2x", "git2"));
    assert!(names("use cel::Value;", "cel") && !names("use super::cel; cel::parse()", "cel"));
    assert!(names("use cel::Value;", "cel") && !names("use super::cel; cel::parse()", "cel"));
    assert!(names("use std::{env, fs};", "std::env") && !names("std::environment", "std::env"));
}

fn files() -> Vec<File> {
    rust_files(&root().join("src"))
        .into_iter()
        .map(|(name, text)| File {
            name: name.trim_end_matches(".rs").to_owned(),
            code: without_tests(&without_literals(&text)),
        })
        .collect()
}

/// The Rust files below a directory, with paths relative to it.
fn rust_files(directory: &Path) -> Vec<(String, String)> {
    paths_below(directory)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let name = path
                .strip_prefix(directory)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

fn paths_below(directory: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths.extend(paths_below(&path));
        } else {
            paths.push(path);
        }
    }
    paths.sort();
    paths
}

/// The text with comments and the contents of literals blanked; lines stay where they are.
fn without_literals(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let blank = |out: &mut String, part: &str| {
        out.extend(part.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
    };
    while let Some(first) = rest.chars().next() {
        let after_word = out.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let end = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if first == 'r' && !after_word && rest[1..].trim_start_matches('#').starts_with('"')
        {
            let hashes = rest[1..].len() - rest[1..].trim_start_matches('#').len();
            let close = format!("\"{}", "#".repeat(hashes));
            let from = hashes + 2;
            rest[from..]
                .find(&close)
                .map_or(rest.len(), |at| from + at + close.len())
        } else if first == '"' {
            end_of_string(rest)
        } else if first == '\'' {
            end_of_character(rest)
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        blank(&mut out, &rest[..end]);
        rest = &rest[end..];
    }
    out
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The end of a character literal, or of the quote alone when it begins a lifetime.
fn end_of_character(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), _) => text[2..].find('\'').map_or(1, |at| {
            // The quote right behind the backslash is the escaped one.
            if at == 0 { 4 } else { at + 3 }
        }),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

/// The text without the items under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        let item = &rest[at..];
        let end = match (item.find('{'), item.find(';')) {
            (Some(brace), semicolon) if semicolon.is_none_or(|semicolon| brace < semicolon) => {
                end_of_block(item, brace)
            }
            (_, Some(semicolon)) => semicolon + 1,
            _ => item.len(),
        };
        rest = &item[end..];
    }
    out + rest
}

fn end_of_block(text: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The modules that `crate::` paths begin with, those in braces too.
fn crate_imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = &group[..end_of_block(rest, 0).saturating_sub(2)];
            found.extend(split_top_level(group).map(first_word));
        } else {
            found.insert(first_word(rest));
        }
    }
    found.remove("");
    found
}

fn split_top_level(group: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    group.split(move |c| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
}

fn first_word(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The code names a crate or a path such as `std::env`, the latter also as `std::{env, ...}`. A module of ours with a
/// crate's name is not the crate.
fn names(code: &str, path: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let ours = [
        format!("mod {path};"),
        format!("::{path};"),
        format!("::{path}::"),
    ];
    if ours.iter().any(|ours| code.contains(ours.as_str())) {
        return false;
    }
    let plain = code.match_indices(path).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + path.len()..].trim_start();
        let starts_path = !before.is_some_and(|c| is_word(c) || c == ':' || c == '.');
        let complete = !code[at + path.len()..].starts_with(is_word);
        let used = path.contains("::") || after.starts_with("::") || after.starts_with(';');
        starts_path && complete && used
    });
    let Some((parent, last)) = path.rsplit_once("::") else {
        return plain;
    };
    let open = format!("{parent}::{{");
    plain
        || code.match_indices(&open).any(|(at, _)| {
            let brace = at + open.len() - 1;
            let group = &code[brace + 1..end_of_block(code, brace).saturating_sub(1)];
            split_top_level(group).any(|item| first_word(item) == last)
        })
}

fn has_word(words: &str, word: &str) -> bool {
    words.split(' ').any(|candidate| candidate == word)
}

fn join(lines: BTreeSet<String>) -> String {
    lines.into_iter().collect::<Vec<_>>().join("\n")
}
