//! Events to trees, within limits: a hostile text ends in an error, not in a full memory or a full stack.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle, options};

use crate::source::Span;
use crate::syntax::{Parsed, SyntaxError};

use super::node::{Document, KindData, NodeData, NodeId, Style, Tag};
use super::tabs::misplaced_tab;

/// Longer texts are not read.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// More documents in one text are not read.
pub const MAX_DOCUMENTS: usize = 10_000;
/// How deep containers may nest, those behind aliases included; what walks a tree may recurse.
pub const MAX_DEPTH: u32 = 256;
/// More nodes in one text are not read.
pub const MAX_NODES: usize = 3_000_000;
/// What a node takes of a dense text, with its indentation and colon.
const BYTES_OF_NODE: usize = 6;
/// Documents of so many nodes are large.
const LARGE_NODES: usize = 100_000;
/// How many nodes the aliases of a document may stand for.
pub const MAX_ALIAS_NODES: u64 = 1_000_000;

/// Reads every document of a text by YAML 1.2. After the first error nothing more is read: the documents before it are
/// whole, and the one that it is in is left out.
pub fn parse(text: &str) -> Parsed<Vec<Document>> {
    compose(text, text, Reader::Yaml12)
}

/// The same for a file that Helm reads: what Helm's parser takes for a line break is one, and what it refuses is an error.
pub fn parse_helm(original: &str) -> Parsed<Vec<Document>> {
    // YAML 1.1 knows three more line breaks. Replacing them by as many bytes keeps every offset.
    if original.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        let text = original
            .replace('\u{85}', " \n")
            .replace(['\u{2028}', '\u{2029}'], "  \n");
        return compose(&text, original, Reader::Helm);
    }
    compose(original, original, Reader::Helm)
}

/// Who reads the text, where that makes a difference to what is well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Yaml12,
    Helm,
}

/// Reads `text`. The spans are put on the characters of `original`, whose line breaks may be written otherwise, in as
/// many bytes.
fn compose(text: &str, original: &str, reader: Reader) -> Parsed<Vec<Document>> {
    let mut composer = Composer {
        text,
        original,
        reader,
        documents: Vec::new(),
        nodes_before: 0,
        current: Current::default(),
    };
    let mut errors: Vec<SyntaxError> = composer.run().err().into_iter().collect();
    if errors.is_empty() && reader == Reader::Helm {
        let tab = misplaced_tab(text, &composer.documents);
        errors.extend(tab.map(|span| {
            error(
                span,
                "Helm refuses a tab here; YAML indents with spaces".to_owned(),
            )
        }));
    }
    for error in &mut errors {
        error.span = on_characters(original, error.span.range());
    }
    Parsed {
        value: composer.documents,
        errors,
    }
}

/// Composes the documents of one text.
struct Composer<'t> {
    text: &'t str,
    /// What the user wrote; differs from `text` in the characters of some line breaks.
    original: &'t str,
    reader: Reader,
    documents: Vec<Document>,
    /// Nodes of the finished documents.
    nodes_before: usize,
    current: Current,
}

/// The document that is being read.
#[derive(Default)]
struct Current {
    nodes: Vec<NodeData>,
    texts: String,
    children: Vec<NodeId>,
    open: Vec<Open>,
    /// The children of the open containers, those of the outer ones first.
    pending: Vec<(NodeId, Size)>,
    root: Option<NodeId>,
    version: Option<(u32, u32)>,
    /// Of each anchor id, in the order of the ids: its node, or the container that is still open.
    anchors: Vec<(usize, NodeId)>,
    /// Of each container that has an anchor and is closed.
    anchored_sizes: BTreeMap<NodeId, Size>,
    anchor_spans: Vec<(NodeId, Span)>,
    tags: Vec<(NodeId, Tag)>,
    alias_nodes: u64,
}

/// How many nodes a node stands for, and how deep it is.
#[derive(Clone, Copy)]
struct Size {
    nodes: u32,
    depth: u32,
}

/// A container whose end has not been read.
struct Open {
    id: NodeId,
    /// Where its children begin among those that are pending.
    first: usize,
    is_map: bool,
    is_flow: bool,
    has_anchor: bool,
}

impl Size {
    const SCALAR: Self = Self { nodes: 1, depth: 0 };
}

impl Current {
    /// Makes room for what a text of this length may hold, most texts of which are one document: moving what grows would
    /// take its memory twice. Room that is not used takes none.
    fn reserve(&mut self, bytes: usize) {
        let nodes = bytes / BYTES_OF_NODE;
        self.nodes.reserve(nodes);
        self.children.reserve(nodes);
        self.texts.reserve(bytes / 2);
    }
}

impl<'t> Composer<'t> {
    fn run(&mut self) -> Result<(), SyntaxError> {
        if self.text.len() > MAX_BYTES {
            return Err(error(
                Span::default(),
                format!("the text has more than {MAX_BYTES} bytes"),
            ));
        }
        if let Some((at, c)) = forbidden(self.text) {
            return Err(error(
                Span::new(at, at + c.len_utf8()),
                format!(
                    "the control character U+{:04X} is not allowed in YAML",
                    u32::from(c)
                ),
            ));
        }
        // Helm's parser adds no line break behind a block scalar that ends with the file.
        let options = options! {
            emit_comments: false,
            emit_anchor_events: true,
            block_scalar_eof_without_line_feed: self.reader == Reader::Helm,
            bom_inside_document_as_content: self.reader == Reader::Helm,
        };
        let mut parser = Parser::new_from_str_with_options(self.text, options);
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| self.scan_error(&error))?;
            let tag_span = span.tag_span().and_then(|span| span.byte_range());
            let range = span.byte_range().unwrap_or(0..0);
            let span = on_characters(self.original, range);
            let tag_span = tag_span.map_or(span, |range| on_characters(self.original, range));
            self.event(event, span, tag_span)?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'t>, span: Span, tag_span: Span) -> Result<(), SyntaxError> {
        match event {
            Event::DocumentStart(_, version) => {
                if self.documents.len() >= MAX_DOCUMENTS {
                    return Err(error(span, format!("more than {MAX_DOCUMENTS} documents")));
                }
                self.current = Current {
                    version: version.map(|version| (version.major, version.minor)),
                    ..Current::default()
                };
                if self.documents.is_empty() {
                    self.current.reserve(self.text.len());
                }
            }
            Event::DocumentEnd => self.finish_document(),
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                if self.reader == Reader::Helm && style == Style::DoubleQuoted {
                    self.check_escapes(span)?;
                }
                // A value that is not written arrives as `~`.
                let absent = style == Style::Plain && span.start == span.end;
                let start = self.current.texts.len();
                if !absent {
                    self.current.texts.push_str(&text);
                }
                let text = Span::new(start, self.current.texts.len());
                let id = self.add(span, KindData::Scalar(text, style))?;
                self.decorate(id, anchor, tag.as_deref(), tag_span);
                self.place(id, Size::SCALAR);
            }
            Event::SequenceStart(style, anchor, tag) => {
                let id = self.open(span, false, style)?;
                self.decorate(id, anchor, tag.as_deref(), tag_span);
            }
            Event::MappingStart(style, anchor, tag) => {
                let id = self.open(span, true, style)?;
                self.decorate(id, anchor, tag.as_deref(), tag_span);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Alias(anchor) => self.alias(anchor, span)?,
            Event::Anchor(_, _) => {
                if let Some(&(_, id)) = self.current.anchors.last() {
                    self.current.anchor_spans.push((id, span));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Escapes that YAML 1.2 took over from JSON; Helm's parser knows YAML 1.1.
    fn check_escapes(&self, span: Span) -> Result<(), SyntaxError> {
        let raw = self.text.get(span.range()).unwrap_or("");
        let mut characters = raw.char_indices();
        while let Some((at, c)) = characters.next() {
            if c != '\\' {
                continue;
            }
            let Some((kind_at, kind)) = characters.next() else {
                break;
            };
            let is_surrogate = || {
                raw.get(kind_at + 1..kind_at + 3)
                    .is_some_and(is_surrogate_start)
            };
            let length = match kind {
                '/' => 2,
                'u' if is_surrogate() => 6,
                _ => continue,
            };
            let span = Span::new(at, at + length).shifted(span.start as usize);
            let escape = raw.get(at..at + length).unwrap_or("\\u");
            return Err(error(span, format!("Helm refuses the escape {escape}")));
        }
        Ok(())
    }

    fn add(&mut self, span: Span, kind: KindData) -> Result<NodeId, SyntaxError> {
        let count = self.current.nodes.len();
        if self.nodes_before + count >= MAX_NODES {
            return Err(error(span, format!("more than {MAX_NODES} values")));
        }
        let id = NodeId(u32::try_from(count).unwrap_or(u32::MAX));
        self.current.nodes.push(NodeData { span, kind });
        Ok(id)
    }

    /// Notes a node's anchor and tag.
    fn decorate(
        &mut self,
        id: NodeId,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
        tag_span: Span,
    ) {
        if anchor != 0 {
            self.current.anchors.push((anchor, id));
            if let Some(container) = self.current.open.last_mut() {
                container.has_anchor |= container.id == id;
            }
        }
        if let Some(tag) = tag {
            let name = format!("{}{}", tag.handle(), tag.suffix()).into();
            self.current.tags.push((
                id,
                Tag {
                    name,
                    span: tag_span,
                },
            ));
        }
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, id: NodeId, size: Size) {
        match self.current.open.last() {
            Some(_) => self.current.pending.push((id, size)),
            None => self.current.root = Some(id),
        }
    }

    fn open(
        &mut self,
        span: Span,
        is_map: bool,
        style: StructureStyle,
    ) -> Result<NodeId, SyntaxError> {
        if self.current.open.len() >= MAX_DEPTH as usize {
            return Err(too_deep(span));
        }
        let id = self.add(span, KindData::List(0, 0))?;
        self.current.open.push(Open {
            id,
            first: self.current.pending.len(),
            is_map,
            is_flow: style == StructureStyle::Flow,
            has_anchor: false,
        });
        Ok(id)
    }

    fn close(&mut self, end: Span) -> Result<(), SyntaxError> {
        let Some(container) = self.current.open.pop() else {
            return Ok(());
        };
        let current = &mut self.current;
        let mut size = Size { nodes: 1, depth: 1 };
        let mut last = 0;
        let own = current.pending.drain(container.first..);
        let start = u32::try_from(current.children.len()).unwrap_or(u32::MAX);
        for (NodeId(child), of_child) in own {
            size.nodes = size.nodes.saturating_add(of_child.nodes);
            size.depth = size.depth.max(of_child.depth + 1);
            last = last.max(current.nodes[child as usize].span.end);
            current.children.push(NodeId(child));
        }
        let end_of_children = u32::try_from(current.children.len()).unwrap_or(u32::MAX);
        let count = end_of_children - start;
        let node = &mut current.nodes[container.id.0 as usize];
        // The event that ends a block container stands at whatever follows it, so its last child tells the end.
        let end = if container.is_flow { end.end } else { last };
        node.span.end = node.span.start.max(end);
        if size.depth > MAX_DEPTH {
            return Err(too_deep(node.span));
        }
        node.kind = if container.is_map {
            KindData::Map(start, count)
        } else {
            KindData::List(start, count)
        };
        if container.has_anchor {
            current.anchored_sizes.insert(container.id, size);
        }
        self.place(container.id, size);
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), SyntaxError> {
        let anchors = &self.current.anchors;
        let target = anchors
            .binary_search_by_key(&anchor, |&(id, _)| id)
            .ok()
            .and_then(|index| anchors.get(index))
            .map(|&(_, node)| node)
            .ok_or_else(|| error(span, "the alias names no anchor before it".to_owned()))?;
        if self
            .current
            .open
            .iter()
            .any(|container| container.id == target)
        {
            return Err(error(
                span,
                "the alias stands inside of what it names".to_owned(),
            ));
        }
        let known = self.current.anchored_sizes.get(&target);
        let size = known.copied().unwrap_or(Size::SCALAR);
        self.current.alias_nodes = self
            .current
            .alias_nodes
            .saturating_add(u64::from(size.nodes));
        if self.current.alias_nodes > MAX_ALIAS_NODES {
            return Err(error(
                span,
                format!(
                    "the aliases of this document stand for more than {MAX_ALIAS_NODES} values"
                ),
            ));
        }
        let id = self.add(span, KindData::Alias(target))?;
        self.place(id, size);
        Ok(())
    }

    fn finish_document(&mut self) {
        let mut current = std::mem::take(&mut self.current);
        let Some(root) = current.root else {
            return;
        };
        // Nodes are numbered in the order of the text, but a container's anchor is told after its start.
        current.anchor_spans.sort_unstable_by_key(|&(id, _)| id);
        current.tags.sort_unstable_by_key(|&(id, _)| id);
        self.nodes_before += current.nodes.len();
        // Of a large one, what was never used is not there; to shrink it would copy the rest.
        if current.nodes.len() < LARGE_NODES {
            current.nodes.shrink_to_fit();
            current.texts.shrink_to_fit();
            current.children.shrink_to_fit();
        }
        let span = current.nodes[root.0 as usize].span;
        self.documents.push(Document {
            nodes: current.nodes,
            texts: current.texts,
            children: current.children,
            root,
            span,
            version: current.version,
            tags: current.tags,
            anchors: current.anchor_spans,
        });
    }

    fn scan_error(&self, error: &ScanError) -> SyntaxError {
        let start = error
            .marker()
            .byte_offset()
            .unwrap_or(0)
            .min(self.text.len());
        let length = self
            .text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .filter(|&c| c != '\n' && c != '\r')
            .map_or(0, char::len_utf8);
        SyntaxError {
            span: Span::new(start, start + length),
            message: error.info(),
        }
    }
}

/// YAML's character set leaves out control characters, and so does every reader of it.
/// The first character that YAML does not allow. Most texts are plain ASCII, which is told from its bytes.
fn forbidden(text: &str) -> Option<(usize, char)> {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    if text.bytes().all(is_plain) {
        return None;
    }
    text.char_indices().find(|&(_, c)| is_forbidden(c))
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// The first two digits of `\ud83c` and its like, half a character.
fn is_surrogate_start(digits: &str) -> bool {
    let mut digits = digits.chars();
    matches!(digits.next(), Some('d' | 'D'))
        && matches!(digits.next(), Some('8' | '9' | 'a'..='f' | 'A'..='F'))
}

/// A range of whole characters: a line break that Helm's reader puts for a wider character may begin inside of it.
pub(super) fn on_characters(text: &str, range: std::ops::Range<usize>) -> Span {
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    Span::new(start, end)
}

fn error(span: Span, message: String) -> SyntaxError {
    SyntaxError { span, message }
}

fn too_deep(span: Span) -> SyntaxError {
    error(span, format!("containers nest deeper than {MAX_DEPTH}"))
}
