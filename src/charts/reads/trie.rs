//! The keys that are read, as a tree.

use std::collections::BTreeMap;

use super::Part;

/// A set of paths, some of which stand for everything below them.
#[derive(Debug, Clone, Default)]
pub(super) struct Trie {
    nodes: Vec<TrieNode>,
}

#[derive(Debug, Clone, Default)]
struct TrieNode {
    children: BTreeMap<Part, usize>,
    /// The path itself is read.
    is_read: bool,
    /// And everything below it.
    is_whole: bool,
}

impl Trie {
    /// Adds a path; with `whole`, everything below it is read too.
    pub(super) fn add(&mut self, path: &[Part], whole: bool) {
        if self.nodes.is_empty() {
            self.nodes.push(TrieNode::default());
        }
        let mut at = 0;
        for part in path {
            at = match self.nodes[at].children.get(part) {
                Some(&next) => next,
                None => {
                    let next = self.nodes.len();
                    self.nodes.push(TrieNode::default());
                    self.nodes[at].children.insert(part.clone(), next);
                    next
                }
            };
        }
        self.nodes[at].is_read = true;
        self.nodes[at].is_whole |= whole;
    }

    /// The path, something below it, or all of something above it is read.
    pub(super) fn reads(&self, path: &[Part]) -> bool {
        if self.nodes.is_empty() {
            return false;
        }
        let mut at = vec![0];
        for part in path {
            if at.iter().any(|&node| self.nodes[node].is_whole) {
                return true;
            }
            at = at
                .iter()
                .flat_map(|&node| {
                    let children = &self.nodes[node].children;
                    [children.get(part), children.get(&Part::Any)]
                })
                .flatten()
                .copied()
                .collect();
        }
        // A node is there because it, or one below it, is read.
        !at.is_empty()
    }
}
