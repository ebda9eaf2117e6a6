//! The Markdown of a changelog as a flat list of blocks, each with its text and a way back to the file.

mod html;
mod inline;
mod mask;

use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};

pub(super) use inline::Inline;

use inline::Style;

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

impl Document {
    /// Whether anything in it is a heading.
    pub(super) fn has_headings(&self) -> bool {
        self.blocks
            .iter()
            .any(|block| matches!(block.kind, BlockKind::Heading(_)))
    }
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

/// Reads a file. Everything but its structure and text is left out.
pub(super) fn read(text: &str) -> Document {
    let masked = mask::mask(text);
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
            Event::SoftBreak => self.text("\n", range, false),
            Event::HardBreak => self.text("\n\n", range, false),
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
            text.push(self.source, "\n\n", at..at, Style::default());
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
        // A comment in a list or a quotation ends with it.
        let reaches_end = self
            .source
            .get(range.end..)
            .is_none_or(|rest| rest.trim_start().is_empty());
        if reaches_end && html.trim_start().starts_with("<!--") && !html.contains("-->") {
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
        let visible = html::without_comments(html);
        let mut offset = range.start;
        let mut has_content = false;
        for line in visible.split_inclusive('\n') {
            let trimmed = line.trim();
            let start = offset + (line.len() - line.trim_start().len());
            match html::heading(trimmed) {
                Some(level) => self.html_heading(level, start, trimmed),
                None => has_content |= html::has_text(trimmed),
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
