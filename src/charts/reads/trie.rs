//! The keys that are read, as a tree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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

    /// The keys right below a path; `None` where all of it is read, or any key.
    pub(super) fn keys_below(&self, path: &[Part]) -> Option<BTreeSet<Arc<str>>> {
        let mut at = if self.nodes.is_empty() {
            vec![]
        } else {
            vec![0]
        };
        let is_whole = |at: &[usize]| at.iter().any(|&node| self.nodes[node].is_whole);
        for part in path {
            if is_whole(&at) {
                return None;
            }
            at = self.below(&at, part);
        }
        let mut keys = BTreeSet::new();
        for &node in &at {
            for part in self.nodes[node].children.keys() {
                keys.insert(Arc::from(part.key()?));
            }
        }
        (!is_whole(&at)).then_some(keys)
    }

    /// Where a step leads from some nodes: to the key, and to any.
    fn below(&self, at: &[usize], part: &Part) -> Vec<usize> {
        at.iter()
            .flat_map(|&node| {
                let children = &self.nodes[node].children;
                [children.get(part), children.get(&Part::Any)]
            })
            .flatten()
            .copied()
            .collect()
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
            at = self.below(&at, part);
        }
        // A node is there because it, or one below it, is read.
        !at.is_empty()
    }
}
