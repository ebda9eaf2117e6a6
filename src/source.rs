//! Where things are: files at a revision, byte spans in them, and the lines and columns that people count.
//!
//! This module imports nothing of the crate; everything else may import it.

use std::sync::{Arc, OnceLock};

/// A half-open range of byte offsets into one file.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte; never below `start`.
    pub end: u32,
}

impl Span {
    /// The span of `start..end`; offsets beyond `u32::MAX` are clamped, which no file that relgate reads reaches.
    pub fn new(start: usize, end: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX).max(start);
        Self { start, end }
    }

    /// The same span as a range that slices `str`.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// This span moved by `offset` bytes, for a text that was cut out of a larger one.
    #[must_use]
    pub fn shifted(self, offset: usize) -> Self {
        Self::new(self.start as usize + offset, self.end as usize + offset)
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// Names a file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u32);

/// A span in a file: what a finding points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// The file.
    pub source: SourceId,
    /// The bytes in it.
    pub span: Span,
}

/// A line and a column as people count them: both start at 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// 1-based line.
    pub line: u32,
    /// 1-based column in Unicode scalar values.
    pub column: u32,
}

/// The offsets at which the lines of a text begin. A line ends at `\n`; a `\r` before it belongs to the line.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Finds the lines of `text`.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(
            text.bytes()
                .enumerate()
                .filter(|&(_, b)| b == b'\n')
                .map(|(i, _)| Span::new(i + 1, i + 1).start),
        );
        Self { starts }
    }

    /// The position of the byte at `offset`, which is moved back to a character boundary and into the text.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self
            .starts
            .partition_point(|&start| start as usize <= offset)
            .max(1)
            - 1;
        let start = self.starts[line] as usize;
        let column = text[start..offset].chars().count();
        Position {
            line: to_u32(line) + 1,
            column: to_u32(column) + 1,
        }
    }

    /// The text of the 1-based `line` without its line ending; empty when there is no such line.
    pub fn line_text<'t>(&self, text: &'t str, line: u32) -> &'t str {
        let index = line.saturating_sub(1) as usize;
        let Some(&start) = self.starts.get(index) else {
            return "";
        };
        let end = self
            .starts
            .get(index + 1)
            .map_or(text.len(), |&next| next as usize - 1);
        let slice = text.get(start as usize..end).unwrap_or("");
        slice.strip_suffix('\r').unwrap_or(slice)
    }
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A text file at a revision.
#[derive(Debug)]
pub struct SourceFile {
    /// Path from the root of the repository, with `/`.
    pub path: String,
    /// What the reader calls the state it was read from: a tag, an abbreviated commit, `index`, or empty for the work tree.
    pub revision: String,
    /// The content.
    pub text: Arc<str>,
    lines: OnceLock<LineIndex>,
}

impl SourceFile {
    /// The line index, made on first use.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }
}

/// All files that were read, so that a [`Location`] can stay two numbers.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Keeps a file and names it.
    pub fn add(
        &mut self,
        path: impl Into<String>,
        revision: impl Into<String>,
        text: impl Into<Arc<str>>,
    ) -> SourceId {
        let id = SourceId(to_u32(self.files.len()));
        self.files.push(SourceFile {
            path: path.into(),
            revision: revision.into(),
            text: text.into(),
            lines: OnceLock::new(),
        });
        id
    }

    /// The file behind an id.
    pub fn get(&self, id: SourceId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files, in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }

    /// The ids of all files, in the order in which they were read.
    pub fn ids(&self) -> impl Iterator<Item = SourceId> + use<> {
        (0..to_u32(self.files.len())).map(SourceId)
    }

    /// First and last position of a location.
    pub fn positions(&self, location: Location) -> (Position, Position) {
        let file = self.get(location.source);
        let lines = file.lines();
        (
            lines.position(&file.text, location.span.start),
            lines.position(&file.text, location.span.end),
        )
    }

    /// The text that a location covers.
    pub fn text(&self, location: Location) -> &str {
        self.get(location.source)
            .text
            .get(location.span.range())
            .unwrap_or("")
    }
}
