//! Finding and reading the changelog's file.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::discover::{EntryKind, Reader, Snapshot, join};
use crate::source::SourceId;
use crate::syntax::Parsed;
use crate::syntax::changelog::{self, Changelog, Format};

/// A changelog at one state of the repository.
#[derive(Debug, Clone)]
pub struct ChangelogFile {
    /// Its path.
    pub path: String,
    /// The file; `None` when it could not be read.
    pub source: Option<SourceId>,
    /// What it says.
    pub parsed: Rc<Parsed<Changelog>>,
}

/// A text and what it says.
type Read = (Arc<str>, Rc<Parsed<Changelog>>);

/// How many texts are remembered: of a release and the one before it, and of another line.
const MOST_TEXTS: usize = 4;

/// Changelogs that were read before: the one of a release is read again as that of the release before the next.
#[derive(Debug, Default)]
pub struct Memory {
    /// The latest last.
    texts: RefCell<Vec<Read>>,
}

impl Memory {
    fn parse(&self, text: &Arc<str>) -> Rc<Parsed<Changelog>> {
        let mut texts = self.texts.borrow_mut();
        let known = texts.iter().position(|(known, _)| known == text);
        let (text, parsed) = match known {
            Some(at) => texts.remove(at),
            None => (Arc::clone(text), Rc::new(changelog::parse(text))),
        };
        if texts.len() >= MOST_TEXTS {
            texts.remove(0);
        }
        texts.push((text, Rc::clone(&parsed)));
        parsed
    }
}

/// The path of the changelog: the configured one if it is there, else the best of the names that people use, the root
/// before `docs/`. Names are compared without regard to case, because both spellings occur in one history.
pub fn find(snapshot: &Snapshot, configured: Option<&str>) -> Option<String> {
    if let Some(path) = configured {
        let path = path.trim_start_matches("./");
        return snapshot.get(path).map(|_| path.to_owned()).or_else(|| {
            let mut paths = snapshot.entries.keys();
            paths
                .find(|other| other.eq_ignore_ascii_case(path))
                .cloned()
        });
    }
    ["", "docs", "doc", ".github"]
        .iter()
        .find_map(|directory| find_in(snapshot, directory))
}

fn find_in(snapshot: &Snapshot, directory: &str) -> Option<String> {
    snapshot
        .inside(directory)
        .filter_map(|(name, entry)| {
            let rank = name_rank(name)?;
            let kind = match entry.kind {
                EntryKind::File => 0,
                EntryKind::Symlink => 1,
                EntryKind::Submodule => return None,
            };
            Some((kind, rank, name))
        })
        .min()
        .map(|(_, _, name)| join(directory, name))
}

/// How likely a file of this name is the changelog: the lower, the likelier. `None` when it is not.
fn name_rank(name: &str) -> Option<(usize, usize)> {
    const STEMS: [&str; 9] = [
        "changelog",
        "change_log",
        "changes",
        "history",
        "news",
        "releases",
        "release_notes",
        "releasenotes",
        "relnotes",
    ];
    const EXTENSIONS: [&str; 9] = [
        "md", "markdown", "mdx", "", "txt", "rst", "adoc", "asciidoc", "org",
    ];
    let name = name.to_ascii_lowercase().replace('-', "_");
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
    let stem = STEMS.iter().position(|known| *known == stem)?;
    let extension = EXTENSIONS.iter().position(|known| *known == extension)?;
    // A list of releases is as often a document about releasing, so it has to be Markdown at least.
    (stem < 5 || extension < 3).then_some((stem, extension))
}

/// Reads the changelog of a snapshot. What cannot be read, or is not Markdown, is noted as not examined.
pub fn read(
    reader: &mut Reader<'_>,
    snapshot: &Snapshot,
    configured: Option<&str>,
    memory: &Memory,
) -> Option<ChangelogFile> {
    let path = find(snapshot, configured)?;
    let Some(source) = reader.read(snapshot, &path) else {
        return Some(unreadable(path));
    };
    if let Some(format) = Format::of_path(&path).filter(|format| *format != Format::Markdown) {
        reader.coverage.skip(&path, not_markdown(format));
        return Some(unreadable(path));
    }
    let file = reader.sources.get(source);
    let parsed = memory.parse(&file.text);
    if parsed.value.format != Format::Markdown {
        reader
            .coverage
            .skip(&path, not_markdown(parsed.value.format));
        return Some(unreadable(path));
    }
    let gaps: Vec<String> = parsed
        .errors
        .iter()
        .map(|error| {
            let position = file.lines().position(&file.text, error.span.start);
            format!("from line {}: {}", position.line, error.message)
        })
        .collect();
    for gap in gaps {
        reader.coverage.skip(&path, gap);
    }
    Some(ChangelogFile {
        path,
        source: Some(source),
        parsed,
    })
}

fn not_markdown(format: Format) -> String {
    format!(
        "a changelog in {}; relgate reads changelogs in Markdown",
        format.as_str()
    )
}

fn unreadable(path: String) -> ChangelogFile {
    ChangelogFile {
        path,
        source: None,
        parsed: Rc::new(Parsed {
            value: Changelog::default(),
            errors: Vec::new(),
        }),
    }
}
