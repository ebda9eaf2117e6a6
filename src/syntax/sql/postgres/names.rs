//! Names as PostgreSQL keeps them: unquoted letters folded, and cut to 63 bytes.

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::syntax::sql::operation::Name;

/// `NAMEDATALEN - 1`.
const MAX_BYTES: usize = 63;

/// The name that a node holds, if it is one.
pub(super) fn ident(node: &impl AstNode) -> Option<String> {
    ident_of(node.syntax())
}

fn ident_of(node: &SyntaxNode) -> Option<String> {
    let first = node.first_token()?;
    let is_name = |c: char| c.is_alphabetic() || matches!(c, '"' | '_' | '$') || !c.is_ascii();
    if !first.text().starts_with(is_name) {
        return None;
    }
    let name = truncated(ast::normalize_name_node(node));
    (!name.is_empty()).then_some(name)
}

/// Cut at a character, as the server cuts.
pub(super) fn truncated(mut name: String) -> String {
    if name.len() > MAX_BYTES {
        name.truncate(name.floor_char_boundary(MAX_BYTES));
    }
    name
}

/// The parts of the dotted name in or below a node, in order.
pub(super) fn parts(node: &impl AstNode) -> Option<Vec<String>> {
    parts_of(node.syntax())
}

fn parts_of(node: &SyntaxNode) -> Option<Vec<String>> {
    let is_path = |n: &SyntaxNode| matches!(n.kind(), SyntaxKind::PATH | SyntaxKind::PATH_REF);
    let path = if is_path(node) {
        node.clone()
    } else {
        match node.children().find(is_path) {
            Some(path) => path,
            None => return Some(vec![ident_of(node)?]),
        }
    };
    path.descendants()
        .filter(|n| {
            matches!(
                n.kind(),
                SyntaxKind::PATH_SEGMENT | SyntaxKind::PATH_SEGMENT_REF
            )
        })
        .map(|n| ident_of(&n))
        .collect()
}

/// The perhaps qualified name in a node. A database before the schema is left out: it can only be the current one.
pub(super) fn name(node: &impl AstNode) -> Option<Name> {
    name_of(node.syntax())
}

/// The same for a node without a type.
pub(super) fn name_of(node: &SyntaxNode) -> Option<Name> {
    let mut parts = parts_of(node)?;
    let name = parts.pop()?;
    Some(Name {
        schema: parts.pop(),
        name,
    })
}

/// The table and the column that a dotted name stands for.
pub(super) fn column(node: &impl AstNode) -> Option<(Name, String)> {
    let mut parts = parts(node)?;
    let column = parts.pop()?;
    let name = parts.pop()?;
    Some((
        Name {
            schema: parts.pop(),
            name,
        },
        column,
    ))
}

/// All names, or none if one of them is not there.
pub(super) fn names<N: AstNode>(nodes: impl Iterator<Item = N>) -> Option<Vec<Name>> {
    let names: Option<Vec<_>> = nodes.map(|n| name(&n)).collect();
    names.filter(|names| !names.is_empty())
}

/// The plain names of a list.
pub(super) fn idents<N: AstNode>(nodes: impl Iterator<Item = N>) -> Option<Vec<String>> {
    nodes.map(|n| ident(&n)).collect()
}
