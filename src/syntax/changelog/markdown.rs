//! The Markdown of a changelog as a flat list of blocks, each with its text and a way back to the file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};

use crate::source::Span;
use crate::syntax::SyntaxError;

/// A Markdown file.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
    /// Its link definitions (`[1.2.3]: https://…`), by their labels in lower case.
    pub definitions: BTreeMap<String, Definition>,
    /// What hides the rest of the file.
    pub errors: Vec<SyntaxError>,
}

/// A block.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Where, without the line ending.
    pub span: Span,
    /// Its text; for an item without what is nested in it.
    pub text: Inline,
    /// The links in its text.
    pub links: Vec<BlockLink>,
    /// It holds something that has no text: code, an image.
    pub opaque: bool,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// A heading that stands in no list and no quotation.
    Heading(u8),
    /// A paragraph outside lists.
    Paragraph,
    /// An item of a list, which is nested this deep (0: not at all).
    Item(usize),
    /// Something to look at but not to read: code, or HTML.
    Opaque,
}

/// A link in a text.
#[derive(Debug, Clone)]
pub(super) struct BlockLink {
    /// The address.
    pub url: String,
    /// The link in the file.
    pub span: Span,
    /// The range of the text that is linked.
    pub range: Range<usize>,
    /// The label, when the address stands in a link definition.
    pub label: Option<String>,
}

/// A link definition.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    /// The address.
    pub url: String,
    /// The definition in the file.
    pub span: Span,
}

/// Text without markup, and where its pieces come from.
#[derive(Debug, Clone, Default)]
pub(super) struct Inline {
    /// The text; lines and paragraphs of an item are separated by line breaks.
    pub text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
struct Piece {
    /// Where it begins in the text.
    at: usize,
    /// Its place in the file.
    span: Span,
    /// The text and the place have the same bytes.
    verbatim: bool,
    code: bool,
    strong: bool,
}

impl Inline {
    /// The place of a range of the text.
    pub(super) fn span(&self, range: &Range<usize>) -> Option<Span> {
        let first = self.piece_at(range.start)?;
        let last = self.piece_at(range.end.max(range.start + 1) - 1)?;
        let place = |piece: &Piece, offset: usize| piece.span.range().start + offset - piece.at;
        let start = if first.verbatim {
            place(first, range.start)
        } else {
            first.span.range().start
        };
        let end = if last.verbatim {
            place(last, range.end).min(last.span.range().end)
        } else {
            last.span.range().end
        };
        Some(Span::new(start, end))
    }

    /// The text with code blanked out, of the same length.
    pub(super) fn prose(&self) -> Cow<'_, str> {
        if self.pieces.iter().all(|piece| !piece.code) {
            return Cow::Borrowed(&self.text);
        }
        let mut prose = String::with_capacity(self.text.len());
        for (index, piece) in self.pieces.iter().enumerate() {
            let text = self.text.get(piece.at..self.end_of(index)).unwrap_or("");
            if piece.code {
                // A letter would join the words beside it, so the blank is white space.
                prose.extend(std::iter::repeat_n(' ', text.len()));
            } else {
                prose.push_str(text);
            }
        }
        Cow::Owned(prose)
    }

    /// The run of bold text that begins at `offset`, white space aside.
    pub(super) fn strong_run_at(&self, offset: usize) -> Option<Range<usize>> {
        let index = self.piece_index(offset)?;
        let piece = self.pieces.get(index)?;
        let begins_here = self
            .text
            .get(piece.at..offset)
            .is_some_and(|before| !before.contains(char::is_alphanumeric));
        let continues = index > 0 && self.pieces[index - 1].strong;
        if !piece.strong || !begins_here || continues {
            return None;
        }
        let run = self.pieces[index..]
            .iter()
            .take_while(|piece| piece.strong)
            .count();
        Some(offset..self.end_of(index + run - 1))
    }

    /// All of the text is bold.
    pub(super) fn is_strong(&self) -> bool {
        !self.text.trim().is_empty()
            && self.pieces.iter().enumerate().all(|(index, piece)| {
                piece.strong
                    || self
                        .text
                        .get(piece.at..self.end_of(index))
                        .is_some_and(|text| text.trim_matches([':', ' ', '\n']).is_empty())
            })
    }

    fn end_of(&self, index: usize) -> usize {
        self.pieces
            .get(index + 1)
            .map_or(self.text.len(), |next| next.at)
    }

    fn piece_index(&self, offset: usize) -> Option<usize> {
        self.pieces
            .partition_point(|piece| piece.at <= offset)
            .checked_sub(1)
    }

    fn piece_at(&self, offset: usize) -> Option<&Piece> {
        self.pieces.get(self.piece_index(offset)?)
    }

    fn push(&mut self, source: &str, text: &str, range: Range<usize>, style: Style) {
        let slice = source.get(range.clone()).unwrap_or("");
        // Code has back quotes around it; an entity or an escape is another text than what it stands for.
        let start = if style.code {
            slice.find(text).unwrap_or(0)
        } else {
            0
        };
        let verbatim = slice
            .get(start..)
            .is_some_and(|slice| slice.starts_with(text));
        let span = if verbatim {
            Span::new(range.start + start, range.start + start + text.len())
        } else {
            Span::new(range.start, range.end)
        };
        if text.is_empty() {
            return;
        }
        self.pieces.push(Piece {
            at: self.text.len(),
            span,
            verbatim,
            code: style.code,
            strong: style.strong,
        });
        self.text.push_str(text);
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Style {
    code: bool,
    strong: bool,
}

/// Reads a file. Everything but its structure and text is left out.
pub(super) fn read(text: &str) -> Document {
    let masked = mask(text);
    let parser = Parser::new_ext(
        &masked,
        Options::ENABLE_HEADING_ATTRIBUTES | Options::ENABLE_STRIKETHROUGH,
    );
    let definitions = parser
        .reference_definitions()
        .iter()
        .map(|(label, definition)| {
            let definition = Definition {
                url: definition.dest.to_string(),
                span: trimmed(&masked, definition.span.clone()),
            };
            (label.to_lowercase(), definition)
        })
        .collect();
    let mut walk = Walk {
        source: &masked,
        blocks: Vec::new(),
        errors: Vec::new(),
        open: Vec::new(),
        lists: 0,
        quotes: 0,
        strong: 0,
        skip: 0,
        html: None,
        links: Vec::new(),
    };
    for (event, range) in parser.into_offset_iter() {
        walk.event(event, range);
    }
    Document {
        blocks: walk.blocks,
        definitions,
        errors: walk.errors,
    }
}

/// The text with the same length and lines, where what hides headings is blank: a byte-order mark, front matter, and
/// lines with nothing but an anchor (`<a name="1.2.3"></a>`), which some forms of turn the next line into HTML.
fn mask(text: &str) -> Cow<'_, str> {
    let mut blanks: Vec<Range<usize>> = Vec::new();
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut offset = text.len() - body.len();
    if offset > 0 {
        blanks.push(0..offset);
    }
    blanks.extend(front_matter(body).map(|length| offset..offset + length));
    for line in body.split_inclusive('\n') {
        let trimmed = line.trim();
        if ["<a name=", "<a id=", "<a href=\"#"]
            .iter()
            .any(|tag| trimmed.starts_with(tag))
            && trimmed.ends_with('>')
            && trimmed.matches('<').count() <= 2
            && trimmed
                .strip_suffix("</a>")
                .unwrap_or(trimmed)
                .ends_with('>')
        {
            blanks.push(offset..offset + line.trim_end().len());
        }
        offset += line.len();
    }
    if blanks.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    for blank in blanks {
        if blank.start < masked.len() {
            continue;
        }
        masked.push_str(text.get(masked.len()..blank.start).unwrap_or(""));
        for c in text.get(blank).unwrap_or("").chars() {
            match c {
                '\n' | '\r' => masked.push(c),
                _ => masked.extend(std::iter::repeat_n(' ', c.len_utf8())),
            }
        }
    }
    masked.push_str(text.get(masked.len()..).unwrap_or(""));
    Cow::Owned(masked)
}

/// The length of YAML front matter: `key: value` lines between two lines of `---`, the first being the file's first.
fn front_matter(body: &str) -> Option<usize> {
    let mut lines = body.split_inclusive('\n');
    let mut length = lines.next().filter(|line| line.trim_end() == "---")?.len();
    let mut keys = 0;
    for line in lines {
        length += line.len();
        let text = line.trim_end();
        if text == "---" {
            return (keys > 0).then_some(length);
        }
        let is_key = text.split_once(':').is_some_and(|(key, _)| {
            !key.is_empty()
                && key
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '))
        });
        if !(is_key || text.starts_with([' ', '-', '#'])) || text.is_empty() {
            return None;
        }
        keys += usize::from(is_key);
    }
    None
}

/// A range of the file without white space at its end.
fn trimmed(source: &str, range: Range<usize>) -> Span {
    let length = source
        .get(range.clone())
        .map_or(0, |text| text.trim_end().len());
    Span::new(range.start, range.start + length)
}

struct Walk<'s> {
    source: &'s str,
    blocks: Vec<Block>,
    errors: Vec<SyntaxError>,
    /// The blocks that take text, outermost first.
    open: Vec<usize>,
    lists: usize,
    quotes: usize,
    strong: usize,
    /// How many enclosing elements are not read.
    skip: usize,
    /// The HTML block that is being collected.
    html: Option<Range<usize>>,
    /// Links that are open: block, index into its links.
    links: Vec<Option<(usize, usize)>>,
}

impl Walk<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text, range, false),
            Event::Code(text) => self.text(&text, range, true),
            Event::SoftBreak | Event::HardBreak => self.text("\n", range, false),
            Event::Html(_) => {
                if let Some(html) = &mut self.html {
                    html.end = html.end.max(range.end);
                }
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Heading { level, .. } if self.open.is_empty() && self.quotes == 0 => {
                self.open_block(BlockKind::Heading(level_number(level)), range);
            }
            Tag::Heading { .. } | Tag::Paragraph => match self.open.last() {
                Some(&index) => self.separate(index, range.start),
                None => self.open_block(BlockKind::Paragraph, range),
            },
            Tag::List(_) => self.lists += 1,
            Tag::BlockQuote(_) => self.quotes += 1,
            Tag::Item => {
                let depth = self.lists.saturating_sub(1);
                self.open_block(BlockKind::Item(depth), range);
            }
            Tag::CodeBlock(kind) => {
                self.skip += 1;
                if matches!(kind, CodeBlockKind::Fenced(_)) {
                    self.check_fence(&range);
                }
                self.opaque(range);
            }
            Tag::HtmlBlock => self.html = Some(range),
            Tag::Strong => self.strong += 1,
            Tag::Image { .. } => self.opaque(range),
            Tag::Link {
                link_type,
                dest_url,
                id,
                ..
            } => {
                let is_reference = matches!(
                    link_type,
                    LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut
                );
                let opened = self.open.last().map(|&index| {
                    let block = &mut self.blocks[index];
                    let at = block.text.text.len();
                    block.links.push(BlockLink {
                        url: dest_url.to_string(),
                        span: Span::new(range.start, range.end),
                        range: at..at,
                        label: is_reference.then(|| id.to_string()),
                    });
                    (index, block.links.len() - 1)
                });
                self.links.push(opened);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Item => {
                self.open.pop();
            }
            TagEnd::Heading(_) | TagEnd::Paragraph => {
                // In an item they are part of it, and the item stays open.
                let is_item = self
                    .open
                    .last()
                    .is_some_and(|&index| matches!(self.blocks[index].kind, BlockKind::Item(_)));
                if !is_item {
                    self.open.pop();
                }
            }
            TagEnd::BlockQuote(_) => self.quotes = self.quotes.saturating_sub(1),
            TagEnd::List(_) => self.lists = self.lists.saturating_sub(1),
            TagEnd::CodeBlock => self.skip = self.skip.saturating_sub(1),
            TagEnd::HtmlBlock => self.close_html(),
            TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Link => {
                if let Some(Some((block, link))) = self.links.pop() {
                    let end = self.blocks[block].text.text.len();
                    self.blocks[block].links[link].range.end = end;
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, range: Range<usize>, code: bool) {
        if self.skip > 0 || self.html.is_some() {
            return;
        }
        if let Some(&index) = self.open.last() {
            let style = Style {
                code,
                strong: self.strong > 0,
            };
            self.blocks[index]
                .text
                .push(self.source, text, range, style);
        }
    }

    fn open_block(&mut self, kind: BlockKind, range: Range<usize>) {
        self.open.push(self.blocks.len());
        self.blocks.push(Block {
            kind,
            span: trimmed(self.source, range),
            text: Inline::default(),
            links: Vec::new(),
            opaque: kind == BlockKind::Opaque,
        });
    }

    /// Something that is there but not read: its own block, or a mark in the text of the item that holds it.
    fn opaque(&mut self, range: Range<usize>) {
        match self.open.last() {
            Some(&index) => {
                self.separate(index, range.start);
                self.blocks[index].opaque = true;
            }
            None => {
                self.open_block(BlockKind::Opaque, range);
                self.open.pop();
            }
        }
    }

    /// Begins a new line in a block that has text already.
    fn separate(&mut self, index: usize, at: usize) {
        let text = &mut self.blocks[index].text;
        if !text.text.is_empty() && !text.text.ends_with('\n') {
            text.push(self.source, "\n", at..at, Style::default());
        }
    }

    /// A fence without an end makes everything below it code, older releases too.
    fn check_fence(&mut self, range: &Range<usize>) {
        let code = self.source.get(range.clone()).unwrap_or("").trim_end();
        let reaches_end = self
            .source
            .get(range.end..)
            .is_none_or(|rest| rest.trim_start().is_empty());
        let mut lines = code.split('\n');
        let opening = lines.next().unwrap_or("");
        let closed = lines.next_back().is_some_and(|last| {
            let last = last.trim().trim_start_matches(['>', ' ']);
            last.len() >= 3 && (last.bytes().all(|b| b == b'`') || last.bytes().all(|b| b == b'~'))
        });
        if reaches_end && !closed {
            self.errors.push(SyntaxError {
                span: Span::new(range.start, range.start + opening.trim_end().len()),
                message:
                    "a code block begins here and never ends, so that everything below it is code"
                        .to_owned(),
            });
        }
    }

    fn close_html(&mut self) {
        let Some(range) = self.html.take() else {
            return;
        };
        let html = self.source.get(range.clone()).unwrap_or("");
        if html.trim_start().starts_with("<!--") && !html.contains("-->") {
            let length = html.trim_end().find('\n').unwrap_or(html.trim_end().len());
            self.errors.push(SyntaxError {
                span: Span::new(range.start, range.start + length),
                message:
                    "a comment begins here and never ends, so that everything below it is hidden"
                        .to_owned(),
            });
        }
        if !self.open.is_empty() {
            return;
        }
        let visible = without_comments(html);
        let mut offset = range.start;
        let mut has_content = false;
        for line in visible.split_inclusive('\n') {
            let trimmed = line.trim();
            let start = offset + (line.len() - line.trim_start().len());
            match html_heading(trimmed) {
                Some(level) => self.html_heading(level, start, trimmed),
                None => has_content |= has_text(trimmed),
            }
            offset += line.len();
        }
        if has_content {
            self.opaque(range);
        }
    }

    fn html_heading(&mut self, level: u8, start: usize, line: &str) {
        self.open_block(BlockKind::Heading(level), start..start + line.len());
        let mut offset = start;
        let mut in_tag = false;
        for piece in line.split_inclusive(['<', '>']) {
            let text = piece.trim_end_matches(['<', '>']);
            if !in_tag {
                self.text(text, offset..offset + text.len(), false);
            }
            in_tag = piece.ends_with('<');
            offset += piece.len();
        }
        self.open.pop();
    }
}

fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// The level of a heading that is written as one line of HTML.
fn html_heading(line: &str) -> Option<u8> {
    let rest = line
        .strip_prefix("<h")
        .or_else(|| line.strip_prefix("<H"))?;
    let level = rest.bytes().next()?.checked_sub(b'0')?;
    let opens = rest.get(1..)?.starts_with(['>', ' ']);
    let closes = line.contains("</h") || line.contains("</H");
    ((1..=6).contains(&level) && opens && closes).then_some(level)
}

/// HTML of the same length with its comments blank.
fn without_comments(html: &str) -> Cow<'_, str> {
    if !html.contains("<!--") {
        return Cow::Borrowed(html);
    }
    let mut visible = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find("<!--") {
        visible.push_str(&rest[..start]);
        let comment = &rest[start..];
        let length = comment.find("-->").map_or(comment.len(), |end| end + 3);
        for c in comment[..length].chars() {
            match c {
                '\n' => visible.push('\n'),
                _ => visible.extend(std::iter::repeat_n(' ', c.len_utf8())),
            }
        }
        rest = &comment[length..];
    }
    visible.push_str(rest);
    Cow::Owned(visible)
}

/// Whether a line of HTML shows something: text, or an image.
fn has_text(line: &str) -> bool {
    let mut in_tag = false;
    line.contains("<img")
        || line.chars().any(|c| {
            match c {
                '<' => in_tag = true,
                '>' => in_tag = false,
                _ => return !in_tag && c.is_alphanumeric(),
            }
            false
        })
}
