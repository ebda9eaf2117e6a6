use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use relgate::catalogue;
use relgate::report::FORMATS;

use crate::support::root;

/// The pages of all ids, their index and the table of formats are written by `UPDATE=1`.
#[test]
fn generated_pages_are_up_to_date() {
    let mut pages: BTreeMap<PathBuf, String> = BTreeMap::new();
    let directory = root().join("docs/ids");
    for entry in catalogue::entries() {
        let page = catalogue::page(&entry.id).unwrap();
        pages.insert(directory.join(format!("{}.md", entry.id)), page);
    }
    pages.insert(directory.join("README.md"), index());
    pages.insert(root().join("docs/formats.md"), formats());
    if std::env::var_os("UPDATE").is_some() {
        // Other tests read them meanwhile: what is right stays where it is.
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if !pages.contains_key(&path) {
                std::fs::remove_file(path).unwrap();
            }
        }
        for (path, text) in &pages {
            if std::fs::read_to_string(path).ok().as_ref() != Some(text) {
                std::fs::write(path, text).unwrap();
            }
        }
    }
    for (path, text) in &pages {
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == *text,
            "{} is old; make update writes it",
            path.display()
        );
    }
    let found = std::fs::read_dir(&directory).unwrap().count();
    assert_eq!(
        found,
        pages.len() - 1,
        "docs/ids has pages of ids that are gone"
    );
}

fn index() -> String {
    let mut text =
        "# Rules, gates and policies\n\nWhat `relgate explain ID` prints, on a page each.\n"
            .to_owned();
    let kinds = [
        ("rule", "Rules", "Checks of one document, compiled in."),
        ("gate", "Gates", "What has to be closed before a stage."),
        (
            "validation",
            "Validations",
            "Findings of policies, which compare with the previous release or across documents.",
        ),
        (
            "demand",
            "Demands",
            "What makes a release at least a minor or a major.",
        ),
        (
            "policy",
            "Policies",
            "The documents that the others stand in.",
        ),
    ];
    for (kind, title, words) in kinds {
        text.push_str(&format!("\n## {title}\n\n{words}\n\n| id | |\n|---|---|\n"));
        for entry in catalogue::entries()
            .iter()
            .filter(|entry| entry.kind == kind)
        {
            let summary = entry.summary.replace('|', "\\|");
            text.push_str(&format!(
                "| [`{id}`]({id}.md) | {summary} |\n",
                id = entry.id
            ));
        }
    }
    text
}

fn formats() -> String {
    let mut text = "# Report formats\n\n`relgate check --format FORMAT` writes to standard output, `--output FORMAT=PATH` to a file, whole or not at all, and may be\nrepeated. The exit status is the same in every format. Each format is read in the tests by a program that is not ours.\n\n| format | |\n|---|---|\n".to_owned();
    for format in FORMATS {
        text.push_str(&format!("| `{}` | {} |\n", format.name, format.summary));
    }
    text.push_str(include_str!("../data/formats.md"));
    text
}

/// Every section that makes a page a page.
#[test]
fn every_page_says_what_why_and_what_to_do() {
    let mut wrong = BTreeSet::new();
    for entry in catalogue::entries() {
        let page = catalogue::page(&entry.id).unwrap();
        // What a rehearsal found is told in its own words: there is no text that would be bad or good by itself.
        let rehearsed = relgate::rehearse::findings::RULES
            .iter()
            .any(|info| info.id == entry.id);
        let needed: &[&str] = match entry.kind {
            "rule" if rehearsed => &["## How to except"],
            "rule" => &["## What it detects", "## Why it matters", "## How to fix"],
            "gate" => &["A gate of stage", "## How to except"],
            "validation" | "demand" => &["## How to except"],
            _ => &[],
        };
        for words in needed {
            if !page.contains(words) {
                wrong.insert(format!("{} lacks {words}", entry.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The waivers that pages show are waivers.
#[test]
fn the_waivers_on_the_pages_can_be_read() {
    for entry in catalogue::entries() {
        let page = catalogue::page(&entry.id).unwrap();
        let Some(at) = page.find("```yaml .relgate/waivers.yaml\n") else {
            continue;
        };
        let text = page[at..].lines().skip(1).take_while(|line| *line != "```");
        let text: String = text.map(|line| format!("{line}\n")).collect();
        let mut sources = relgate::source::Sources::default();
        let id = sources.add(".relgate/waivers.yaml", "", text.as_str());
        let read = relgate::policy::exceptions::read(&sources, id);
        assert!(
            read.findings.is_empty(),
            "{}: {:?}",
            entry.id,
            read.findings
        );
        assert_eq!(read.waivers.len(), 1, "{}", entry.id);
    }
}

/// Every relative link of a page leads to a file, and every anchor of the same page to a heading.
#[test]
fn links_lead_somewhere() {
    let mut wrong = BTreeSet::new();
    let mut files = vec![
        root().join("README.md"),
        root().join("ARCHITECTURE.md"),
        root().join("CONTRIBUTING.md"),
    ];
    collect(&root().join("docs"), &mut files);
    collect(&root().join("examples"), &mut files);
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|it| it == "md"))
    {
        let text = without_code(&std::fs::read_to_string(file).unwrap());
        for link in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") || link.starts_with('#') {
                continue;
            }
            let path = link.split('#').next().unwrap_or_default();
            if !file.parent().unwrap().join(path).exists() {
                wrong.insert(format!("{}: {link}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "links to nothing:\n{wrong:#?}");
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// The text without fenced blocks and code spans, in which brackets are no links.
fn without_code(text: &str) -> String {
    let mut fenced = false;
    let mut out = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            // A link whose words are code has its target outside of the span.
            let parts = line
                .split('`')
                .enumerate()
                .filter(|(index, _)| index % 2 == 0);
            out.extend(parts.map(|(_, part)| part));
            out.push('\n');
        }
    }
    out
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("](").filter_map(|(at, _)| {
        let rest = &text[at + 2..];
        rest.split(')').next()
    })
}
