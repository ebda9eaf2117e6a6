//! Whether a text is Markdown at all.

use super::heading;

/// How a changelog is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Markdown, the only one that is read.
    #[default]
    Markdown,
    /// reStructuredText.
    ReStructuredText,
    /// `AsciiDoc`, or `RDoc`, which has the same headings.
    AsciiDoc,
    /// Another one, or plain text without headings.
    Other,
}

impl Format {
    /// The name for messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "Markdown",
            Self::ReStructuredText => "reStructuredText",
            Self::AsciiDoc => "AsciiDoc or RDoc",
            Self::Other => "text without Markdown headings",
        }
    }

    /// What the file's name promises; `None` when it promises nothing (`NEWS`, `changes.txt`).
    pub fn of_path(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "md" | "markdown" | "mdown" | "mkd" | "mdx" => Some(Self::Markdown),
            "rst" | "rest" => Some(Self::ReStructuredText),
            "adoc" | "asciidoc" | "asc" => Some(Self::AsciiDoc),
            "org" | "rdoc" | "textile" | "html" | "htm" | "xml" | "json" | "yaml" | "yml"
            | "toml" => Some(Self::Other),
            _ => None,
        }
    }
}

/// How many lines of the text begin with a version, as headings of plain text do.
pub(super) fn version_lines(text: &str) -> usize {
    let lines = text.split('\n');
    lines
        .filter(|line| heading::starts_with_version(line))
        .count()
}

/// What the text looks like. A Markdown heading that begins with `#` settles it, because the others hardly ever have one.
pub(super) fn of_text(text: &str) -> Format {
    let mut restructured = false;
    let mut asciidoc = false;
    let mut previous = "";
    for line in text.split('\n') {
        let line = line.trim_end();
        if is_atx_heading(line) {
            return Format::Markdown;
        }
        let is_rule = is_run_of_one_character(line);
        restructured |= line.starts_with(".. ")
            && (line.contains("::") || line.starts_with(".. _"))
            || line.starts_with(".. towncrier")
            || is_rule
                && line.starts_with(['~', '^'])
                && !previous.is_empty()
                && !line.starts_with("~~~");
        asciidoc |= is_asciidoc_heading(line);
        previous = line;
    }
    if restructured {
        Format::ReStructuredText
    } else if asciidoc {
        Format::AsciiDoc
    } else {
        Format::Markdown
    }
}

fn is_atx_heading(line: &str) -> bool {
    let rest = line
        .trim_start_matches(['\u{feff}', ' '])
        .trim_start_matches('#');
    let hashes = line.trim_start_matches(['\u{feff}', ' ']).len() - rest.len();
    (1..=6).contains(&hashes) && (rest.is_empty() || rest.starts_with([' ', '\t']))
}

fn is_asciidoc_heading(line: &str) -> bool {
    let rest = line.trim_start_matches('\u{feff}').trim_start_matches('=');
    let signs = line.trim_start_matches('\u{feff}').len() - rest.len();
    (1..=6).contains(&signs) && rest.starts_with(' ') && !rest.trim().is_empty()
}

fn is_run_of_one_character(line: &str) -> bool {
    let mut characters = line.chars();
    characters
        .next()
        .is_some_and(|first| line.len() >= 3 && characters.all(|c| c == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_markdown_from_others() {
        let check = |text: &str, expected: Format| assert_eq!(of_text(text), expected, "{text}");
        check("# Changelog\n\n## 1.2.3\n", Format::Markdown);
        check("\u{feff}# Changelog\n", Format::Markdown);
        check(
            "1.2.3 / 2026-01-31\n==================\n\n * x\n",
            Format::Markdown,
        );
        check("**1.2.3**\n\n- x\n", Format::Markdown);
        check("Nothing yet.\n", Format::Markdown);
        check("", Format::Markdown);
        check(
            "Changes\n=======\n\n.. towncrier release notes start\n\n1.2.3\n-----\n",
            Format::ReStructuredText,
        );
        check(
            "1.2.3\n=====\n\nBugs\n^^^^\n\n- x\n",
            Format::ReStructuredText,
        );
        check("= Changelog\n\n== 1.2.3\n\n* x\n", Format::AsciiDoc);
        check("~~~\n# a comment in code\n", Format::Markdown);
    }

    #[test]
    fn reads_names() {
        let check = |path: &str, expected: Option<Format>| {
            assert_eq!(Format::of_path(path), expected, "{path}");
        };
        check("CHANGELOG.md", Some(Format::Markdown));
        check("docs/Changes.RST", Some(Format::ReStructuredText));
        check("a.b/NEWS", None);
        check("CHANGELOG.adoc", Some(Format::AsciiDoc));
        check("CHANGELOG.txt", None);
    }
}
