//! The tree of one document.

use crate::source::Span;

use super::path::{KeyPath, PathPart};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In `'single'` quotes.
    SingleQuoted,
    /// In `"double"` quotes.
    DoubleQuoted,
    /// A `|` block.
    Literal,
    /// A `>` block.
    Folded,
}

/// One document of a YAML text.
///
/// A file of values has millions of nodes: texts and children stand in two pools, so that a node is a few bytes and nothing of
/// it is allocated by itself.
#[derive(Debug, Clone)]
pub struct Document {
    pub(super) nodes: Vec<NodeData>,
    /// The texts of all scalars, one after another.
    pub(super) texts: String,
    /// The children of all containers: items, or keys and values in turn.
    pub(super) children: Vec<NodeId>,
    pub(super) root: NodeId,
    pub(super) span: Span,
    pub(super) version: Option<(u32, u32)>,
    pub(super) tags: Vec<(NodeId, Tag)>,
    pub(super) anchors: Vec<(NodeId, Span)>,
}

/// A tag as it was written and as it resolves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// The resolved name: `tag:yaml.org,2002:int`, `!local`, or `!`.
    pub(super) name: Box<str>,
    pub(super) span: Span,
}

/// Names a node of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) u32);

#[derive(Debug, Clone)]
pub(super) struct NodeData {
    pub(super) span: Span,
    pub(super) kind: KindData,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum KindData {
    /// The text's bytes in [`Document::texts`].
    Scalar(Span, Style),
    /// Begin and number of the items in [`Document::children`].
    List(u32, u32),
    /// Begin and number of the keys and values.
    Map(u32, u32),
    Alias(NodeId),
}

impl Document {
    /// The document's one node.
    pub fn root(&self) -> Node<'_> {
        self.node(self.root)
    }

    /// The bytes of the document's content.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The version that a `%YAML` directive asks for.
    pub fn version_directive(&self) -> Option<(u32, u32)> {
        self.version
    }

    /// Nothing stands in it, as behind a last `---`.
    pub fn is_empty(&self) -> bool {
        self.root().is_absent()
    }

    /// How many nodes it has; an alias counts as one.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The node at a path of keys and indices. Of duplicate keys the last one counts.
    pub fn at(&self, path: &KeyPath) -> Option<Node<'_>> {
        self.root().at(path)
    }

    pub(super) fn node(&self, id: NodeId) -> Node<'_> {
        Node { document: self, id }
    }

    /// The nodes of a container.
    fn children(&self, start: u32, count: u32) -> &[NodeId] {
        let start = start as usize;
        self.children
            .get(start..start.saturating_add(count as usize))
            .unwrap_or(&[])
    }

    pub(super) fn tag(&self, id: NodeId) -> Option<&Tag> {
        let index = self
            .tags
            .binary_search_by_key(&id, |&(node, _)| node)
            .ok()?;
        self.tags.get(index).map(|(_, tag)| tag)
    }
}

/// A value of a document, at the place where it stands. An alias is followed by everything but [`Node::span`].
#[derive(Debug, Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document,
    id: NodeId,
}

impl<'d> Node<'d> {
    /// Where it stands: the bytes of the value, or of the alias (`*name`).
    ///
    /// A block scalar's span starts at its content, behind the line of its `|` or `>`. A value that is not written
    /// (`key:`) has an empty span.
    pub fn span(self) -> Span {
        self.data().span
    }

    /// Where the value is written, also when it is reached by an alias.
    pub fn definition_span(self) -> Span {
        self.target().data().span
    }

    /// The bytes of the `&name` that the value is anchored by.
    pub fn anchor_span(self) -> Option<Span> {
        let id = self.target().id;
        let anchors = &self.document.anchors;
        let index = anchors.binary_search_by_key(&id, |&(node, _)| node).ok()?;
        anchors.get(index).map(|&(_, span)| span)
    }

    /// It is an alias.
    pub fn is_alias(self) -> bool {
        matches!(self.data().kind, KindData::Alias(_))
    }

    /// The resolved tag: `tag:yaml.org,2002:int`, `!local`, `!`.
    pub fn tag(self) -> Option<&'d str> {
        self.document.tag(self.target().id).map(|tag| &*tag.name)
    }

    /// The bytes of the tag.
    pub fn tag_span(self) -> Option<Span> {
        self.document.tag(self.target().id).map(|tag| tag.span)
    }

    /// The text and style of a scalar. The text is what YAML reads: without quotes, escapes and folds.
    pub fn scalar(self) -> Option<(&'d str, Style)> {
        match self.target().data().kind {
            KindData::Scalar(text, style) => {
                let text = self.document.texts.get(text.range()).unwrap_or("");
                Some((text, style))
            }
            _ => None,
        }
    }

    /// The text of a scalar.
    pub fn text(self) -> Option<&'d str> {
        self.scalar().map(|(text, _)| text)
    }

    /// Nothing is written here: YAML reads null.
    pub fn is_absent(self) -> bool {
        let data = self.target().data();
        matches!(data.kind, KindData::Scalar(text, Style::Plain) if text.start == text.end)
    }

    /// It is a map.
    pub fn is_map(self) -> bool {
        matches!(self.target().data().kind, KindData::Map(..))
    }

    /// It is a list.
    pub fn is_list(self) -> bool {
        matches!(self.target().data().kind, KindData::List(..))
    }

    /// The keys and values of a map in the order of the text, duplicates and merge keys included; nothing for others.
    pub fn entries(
        self,
    ) -> impl DoubleEndedIterator<Item = (Node<'d>, Node<'d>)> + ExactSizeIterator {
        let document = self.document;
        let entries: &'d [NodeId] = match self.target().data().kind {
            KindData::Map(start, count) => document.children(start, count),
            _ => &[],
        };
        entries
            .chunks_exact(2)
            .map(move |pair| (document.node(pair[0]), document.node(pair[1])))
    }

    /// The items of a list; nothing for others.
    pub fn items(self) -> impl DoubleEndedIterator<Item = Node<'d>> + ExactSizeIterator {
        let document = self.document;
        let items: &'d [NodeId] = match self.target().data().kind {
            KindData::List(start, count) => document.children(start, count),
            _ => &[],
        };
        items.iter().map(move |&item| document.node(item))
    }

    /// The value of the last entry with this key, by the key's text.
    pub fn get(self, key: &str) -> Option<Node<'d>> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The last entry with this key, by the key's text.
    pub fn entry(self, key: &str) -> Option<(Node<'d>, Node<'d>)> {
        self.entries()
            .rev()
            .find(|(candidate, _)| candidate.text() == Some(key))
    }

    /// The node at a path that starts here. Merge keys are not followed: a schema's resolution does that.
    pub fn at(self, path: &KeyPath) -> Option<Node<'d>> {
        path.parts().iter().try_fold(self, |node, part| match part {
            PathPart::Key(key) => node.get(key),
            PathPart::Index(index) => node.items().nth(*index),
        })
    }

    /// The same value at the place where it is written.
    pub(super) fn target(self) -> Self {
        match self.data().kind {
            KindData::Alias(id) => self.document.node(id),
            _ => self,
        }
    }

    pub(super) fn id(self) -> NodeId {
        self.id
    }

    fn data(self) -> &'d NodeData {
        &self.document.nodes[self.id.0 as usize]
    }
}
