//! Every key of a document, where it stands.

use crate::charts::YamlFile;
use crate::syntax::yaml::{KeyPath, Node, PathPart};

/// A key and its value, in the map that holds them.
#[derive(Clone, Copy)]
pub(super) struct Site<'d, 'p> {
    /// The key.
    pub(super) key: Node<'d>,
    /// The value.
    pub(super) value: Node<'d>,
    /// The path to the value; the last part is the key as it is written.
    pub(super) path: &'p KeyPath,
}

/// Tells of every key of the file's first document in the order of the text, duplicates included. What aliases name is
/// told of once, where it is written.
pub(super) fn each_key<'d>(file: &'d YamlFile, tell: &mut dyn FnMut(Site<'d, '_>)) {
    if let Some(document) = file.documents.first() {
        keys_below(document.root(), &mut KeyPath::default(), tell);
    }
}

/// Tells of every map of the file's first document, with the path to it.
pub(super) fn each_map<'d>(file: &'d YamlFile, tell: &mut dyn FnMut(Node<'d>, &KeyPath)) {
    let Some(root) = file.documents.first().map(|document| document.root()) else {
        return;
    };
    if root.is_map() {
        tell(root, &KeyPath::default());
    }
    keys_and_items(root, &mut KeyPath::default(), &mut |value, path| {
        if value.is_map() && !value.is_alias() {
            tell(value, path);
        }
    });
}

fn keys_below<'d>(node: Node<'d>, path: &mut KeyPath, tell: &mut dyn FnMut(Site<'d, '_>)) {
    if node.is_alias() {
        return;
    }
    for (key, value) in node.entries() {
        path.push(PathPart::Key(key.text().unwrap_or_default().to_owned()));
        tell(Site { key, value, path });
        keys_below(value, path, tell);
        path.pop();
    }
    for (index, item) in node.items().enumerate() {
        path.push(PathPart::Index(index));
        keys_below(item, path, tell);
        path.pop();
    }
}

fn keys_and_items<'d>(
    node: Node<'d>,
    path: &mut KeyPath,
    tell: &mut dyn FnMut(Node<'d>, &KeyPath),
) {
    if node.is_alias() {
        return;
    }
    for (key, value) in node.entries() {
        path.push(PathPart::Key(key.text().unwrap_or_default().to_owned()));
        tell(value, path);
        keys_and_items(value, path, tell);
        path.pop();
    }
    for (index, item) in node.items().enumerate() {
        path.push(PathPart::Index(index));
        tell(item, path);
        keys_and_items(item, path, tell);
        path.pop();
    }
}
