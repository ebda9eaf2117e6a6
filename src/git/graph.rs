//! The commits that were loaded, and who descends from whom.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use super::ObjectId;

/// A yes-or-no answer where the clone may not hold what is needed to give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// The clone cannot tell.
    Unknown,
}

impl Answer {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// A commit as the graph needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: ObjectId,
    /// Its parents, first parent first.
    pub parents: Vec<ObjectId>,
    /// The committer's clock, in seconds since 1970.
    pub time: i64,
}

/// Names a commit of a [`Graph`].
type Index = u32;

/// A commit graph.
///
/// A generation number (one more than the highest of the parents) bounds every search: what has a higher number cannot be
/// an ancestor, so that clocks that were set wrong mislead nobody.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    ids: Vec<ObjectId>,
    times: Vec<i64>,
    parents: Vec<Vec<Index>>,
    generations: Vec<u32>,
    /// Something that should be among the commit's ancestors is not in the clone.
    cut: Vec<bool>,
    /// The parents that are not in the clone, by the commits that name them.
    missing: HashMap<Index, ObjectId>,
    indices: HashMap<ObjectId, Index>,
}

impl Graph {
    /// A graph of commits in any order; a parent that is not among them is one that the clone lacks. At `shallow` commits the
    /// clone was cut on purpose: what is behind them does not count, even if some of it happens to be there.
    pub fn new(nodes: Vec<Node>, shallow: &HashSet<ObjectId>) -> Self {
        let mut graph = Self::default();
        let mut named = Vec::with_capacity(nodes.len());
        for node in nodes {
            let index = to_index(graph.ids.len());
            if graph.indices.contains_key(&node.id) {
                continue;
            }
            graph.indices.insert(node.id, index);
            graph.ids.push(node.id);
            graph.times.push(node.time);
            named.push((node.parents, shallow.contains(&node.id)));
        }
        for (parents, cut) in named {
            let known: Vec<Index> = parents
                .iter()
                .filter(|_| !cut)
                .filter_map(|id| graph.indices.get(id).copied())
                .collect();
            let missing = parents
                .iter()
                .find(|id| cut || !graph.indices.contains_key(id))
                .copied();
            graph.cut.push(missing.is_some());
            if let Some(missing) = missing {
                graph.missing.insert(to_index(graph.parents.len()), missing);
            }
            graph.parents.push(known);
        }
        graph.number();
        graph
    }

    /// Gives every commit its generation, parents first, and passes on what is cut.
    fn number(&mut self) {
        let mut children: Vec<Vec<Index>> = vec![Vec::new(); self.ids.len()];
        let mut waiting: Vec<usize> = Vec::with_capacity(self.ids.len());
        for (child, parents) in self.parents.iter().enumerate() {
            waiting.push(parents.len());
            for &parent in parents {
                children[parent as usize].push(to_index(child));
            }
        }
        self.generations = vec![0; self.ids.len()];
        let mut ready: Vec<usize> = (0..self.ids.len()).filter(|&i| waiting[i] == 0).collect();
        while let Some(parent) = ready.pop() {
            for &child in &children[parent] {
                let child = child as usize;
                self.generations[child] =
                    self.generations[child].max(self.generations[parent].saturating_add(1));
                self.cut[child] |= self.cut[parent];
                waiting[child] -= 1;
                if waiting[child] == 0 {
                    ready.push(child);
                }
            }
        }
    }

    /// How many commits it has.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// It has none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    fn index(&self, id: ObjectId) -> Option<usize> {
        self.indices.get(&id).map(|&index| index as usize)
    }

    /// The graph holds this commit.
    pub fn contains(&self, id: ObjectId) -> bool {
        self.indices.contains_key(&id)
    }

    /// The committer's clock at a commit.
    pub fn time(&self, id: ObjectId) -> Option<i64> {
        self.times.get(self.index(id)?).copied()
    }

    /// A commit that should be among the ancestors of `id`, or is `id`, and is not in the clone; `None` when all are there.
    pub fn first_missing(&self, id: ObjectId) -> Option<ObjectId> {
        let Some(mut at) = self.index(id) else {
            return Some(id);
        };
        // Whoever is cut has a parent that is cut, or lacks a parent.
        while self.cut[at] {
            if let Some(&missing) = self.missing.get(&to_index(at)) {
                return Some(missing);
            }
            let mut parents = self.parents[at].iter().map(|&parent| parent as usize);
            at = parents.find(|&parent| self.cut[parent])?;
        }
        None
    }

    /// `ancestor` can be reached from `descendant`; a commit is its own ancestor.
    pub fn is_ancestor(&self, ancestor: ObjectId, descendant: ObjectId) -> Answer {
        if ancestor == descendant {
            return Answer::Yes;
        }
        let Some(from) = self.index(descendant) else {
            return Answer::Unknown;
        };
        let no = if self.cut[from] {
            Answer::Unknown
        } else {
            Answer::No
        };
        let Some(target) = self.index(ancestor) else {
            return no;
        };
        let lowest = self.generations[target];
        let mut seen = HashSet::new();
        let mut stack = vec![from];
        while let Some(at) = stack.pop() {
            if at == target {
                return Answer::Yes;
            }
            for &parent in &self.parents[at] {
                if self.generations[parent as usize] >= lowest && seen.insert(parent) {
                    stack.push(parent as usize);
                }
            }
        }
        no
    }

    /// Everything that can be reached from any of `tips`, the tips among it.
    pub fn ancestors(&self, tips: impl IntoIterator<Item = ObjectId>) -> Ancestors {
        let mut reached = vec![false; self.ids.len()];
        let mut complete = true;
        let mut stack = Vec::new();
        for tip in tips {
            match self.index(tip) {
                Some(index) => {
                    complete &= !self.cut[index];
                    if !std::mem::replace(&mut reached[index], true) {
                        stack.push(index);
                    }
                }
                None => complete = false,
            }
        }
        while let Some(at) = stack.pop() {
            for &parent in &self.parents[at] {
                if !std::mem::replace(&mut reached[parent as usize], true) {
                    stack.push(parent as usize);
                }
            }
        }
        Ancestors { reached, complete }
    }

    /// Whether a commit is among ancestors that were collected before.
    pub fn is_among(&self, id: ObjectId, ancestors: &Ancestors) -> Answer {
        let reached = self
            .index(id)
            .is_some_and(|index| ancestors.reached.get(index) == Some(&true));
        match (reached, ancestors.complete) {
            (true, _) => Answer::Yes,
            (false, true) => Answer::No,
            (false, false) => Answer::Unknown,
        }
    }

    /// The commits that can be reached from `head` and from none of `bases`: children before their parents, otherwise
    /// newest first.
    pub fn range(&self, bases: &[ObjectId], head: ObjectId) -> Vec<ObjectId> {
        let Some(head) = self.index(head) else {
            return Vec::new();
        };
        let bases: Vec<usize> = bases.iter().filter_map(|&id| self.index(id)).collect();
        let mut inside = self.difference(&bases, head);
        // Of what is inside, a commit may be listed as soon as all its children are.
        let mut children: HashMap<usize, usize> = HashMap::new();
        for &at in &inside {
            for &parent in &self.parents[at] {
                *children.entry(parent as usize).or_default() += 1;
            }
        }
        let members: HashSet<usize> = inside.iter().copied().collect();
        inside.retain(|at| !children.contains_key(at));
        let mut ready: BinaryHeap<(i64, Reverse<ObjectId>, usize)> = inside
            .into_iter()
            .map(|at| (self.times[at], Reverse(self.ids[at]), at))
            .collect();
        let mut listed = Vec::with_capacity(members.len());
        while let Some((_, Reverse(id), at)) = ready.pop() {
            listed.push(id);
            for &parent in &self.parents[at] {
                let parent = parent as usize;
                if !members.contains(&parent) {
                    continue;
                }
                if let Some(left) = children.get_mut(&parent) {
                    *left -= 1;
                    if *left == 0 {
                        ready.push((self.times[parent], Reverse(self.ids[parent]), parent));
                    }
                }
            }
        }
        listed
    }

    /// What `head` reaches and `bases` do not. Walks both sides from the highest generation down, and stops where
    /// nothing is left that only `head` reaches.
    fn difference(&self, bases: &[usize], head: usize) -> Vec<usize> {
        let mut hidden: HashMap<usize, bool> = HashMap::new();
        let mut queue = BinaryHeap::new();
        let mut open = 0_usize;
        for (at, hide) in bases.iter().map(|&at| (at, true)).chain([(head, false)]) {
            // A base that is the head itself hides it.
            if let std::collections::hash_map::Entry::Vacant(entry) = hidden.entry(at) {
                entry.insert(hide);
                open += usize::from(!hide);
                queue.push((self.generations[at], at));
            }
        }
        let mut inside = Vec::new();
        while open > 0 {
            let Some((_, at)) = queue.pop() else { break };
            let hide = hidden.get(&at).copied().unwrap_or(true);
            if !hide {
                open -= 1;
                inside.push(at);
            }
            for &parent in &self.parents[at] {
                let parent = parent as usize;
                match hidden.get_mut(&parent) {
                    None => {
                        hidden.insert(parent, hide);
                        open += usize::from(!hide);
                        queue.push((self.generations[parent], parent));
                    }
                    Some(known) if hide && !*known => {
                        *known = true;
                        open -= 1;
                    }
                    Some(_) => {}
                }
            }
        }
        inside
    }

    /// The newest commit that both sides descend from; `None` when there is none.
    pub fn merge_base(&self, a: ObjectId, b: ObjectId) -> Option<ObjectId> {
        let of_a = self.ancestors([a]);
        let mut seen = HashSet::new();
        let start = self.index(b)?;
        seen.insert(start);
        let mut queue = BinaryHeap::from([(self.generations[start], self.times[start], start)]);
        while let Some((_, _, at)) = queue.pop() {
            if of_a.reached.get(at) == Some(&true) {
                return self.ids.get(at).copied();
            }
            for &parent in &self.parents[at] {
                let parent = parent as usize;
                if seen.insert(parent) {
                    queue.push((self.generations[parent], self.times[parent], parent));
                }
            }
        }
        None
    }

    /// For every commit the highest of the ranks that its ancestors (itself among them) have.
    pub(super) fn highest(&self, ranks: &HashMap<ObjectId, Vec<u32>>) -> HashMap<ObjectId, u32> {
        let mut order: Vec<usize> = (0..self.ids.len()).collect();
        order.sort_by_key(|&at| self.generations[at]);
        let mut best: Vec<Option<u32>> = vec![None; self.ids.len()];
        for at in order {
            let own = ranks.get(&self.ids[at]).into_iter().flatten().copied();
            best[at] = self.parents[at]
                .iter()
                .filter_map(|&parent| best[parent as usize])
                .chain(own)
                .max();
        }
        self.ids
            .iter()
            .zip(best)
            .filter_map(|(&id, rank)| Some((id, rank?)))
            .collect()
    }

    /// The parents of a commit, as far as the clone has them.
    pub fn parents(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> + '_ {
        self.index(id)
            .map(|index| self.parents[index].as_slice())
            .unwrap_or_default()
            .iter()
            .map(|&parent| self.ids[parent as usize])
    }
}

/// A set of commits, made by [`Graph::ancestors`].
#[derive(Debug, Clone, Default)]
pub struct Ancestors {
    reached: Vec<bool>,
    complete: bool,
}

fn to_index(n: usize) -> Index {
    Index::try_from(n).unwrap_or(Index::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A made-up commit id for a word.
    pub(crate) fn id(word: &str) -> ObjectId {
        ObjectId::of_content(word.as_bytes())
    }

    /// A graph from lines `commit: parents @time`; a line without a time is one second younger than the one before it.
    pub(crate) fn nodes(lines: &str) -> Vec<Node> {
        let mut time = 0;
        lines
            .split('\n')
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (line, at) = line.split_once('@').unwrap_or((line, ""));
                time = at.trim().parse().unwrap_or(time + 1);
                let (name, parents) = line.split_once(':').unwrap_or((line, ""));
                Node {
                    id: id(name.trim()),
                    parents: parents.split_whitespace().map(id).collect(),
                    time,
                }
            })
            .collect()
    }

    /// The graph of such lines.
    pub(crate) fn made(lines: &str) -> Graph {
        Graph::new(nodes(lines), &HashSet::new())
    }

    fn graph() -> Graph {
        // a ── b ── c ── m ── d
        //       └── x ── y ┘
        made("a\n b: a\n c: b\n x: b\n y: x\n m: c y\n d: m")
    }

    #[test]
    fn ancestry() {
        let graph = graph();
        let check = |a: &str, b: &str, expected| {
            assert_eq!(graph.is_ancestor(id(a), id(b)), expected, "{a} {b}");
            let ancestors = graph.ancestors([id(b)]);
            assert_eq!(graph.is_among(id(a), &ancestors), expected, "{a} {b}");
        };
        check("a", "d", Answer::Yes);
        check("x", "d", Answer::Yes);
        check("d", "d", Answer::Yes);
        check("d", "a", Answer::No);
        check("c", "y", Answer::No);
        check("nowhere", "d", Answer::No);
    }

    #[test]
    fn what_the_clone_lacks_is_unknown() {
        let graph = made("b: a\n c: b\n z");
        assert_eq!(graph.is_ancestor(id("b"), id("c")), Answer::Yes);
        assert_eq!(graph.is_ancestor(id("a"), id("c")), Answer::Unknown);
        assert_eq!(graph.is_ancestor(id("z"), id("c")), Answer::Unknown);
        assert_eq!(graph.is_ancestor(id("c"), id("z")), Answer::No);
        assert_eq!(graph.is_ancestor(id("z"), id("nowhere")), Answer::Unknown);
        assert_eq!(graph.first_missing(id("c")), Some(id("a")));
        assert_eq!(graph.first_missing(id("z")), None);
        assert_eq!(graph.first_missing(id("nowhere")), Some(id("nowhere")));
    }

    #[test]
    fn a_shallow_commit_is_cut_although_its_parent_is_there() {
        let graph = Graph::new(nodes("a\n b: a\n c: b"), &HashSet::from([id("b"), id("a")]));
        assert_eq!(graph.is_ancestor(id("b"), id("c")), Answer::Yes);
        assert_eq!(graph.is_ancestor(id("a"), id("c")), Answer::Unknown);
        assert_eq!(graph.first_missing(id("c")), Some(id("a")));
        assert_eq!(
            graph.first_missing(id("a")),
            None,
            "a first commit lacks nothing"
        );
    }

    #[test]
    fn ranges_are_newest_first_and_children_before_parents() {
        let graph = graph();
        let check = |bases: &[&str], head: &str, expected: &str| {
            let bases: Vec<ObjectId> = bases.iter().map(|base| id(base)).collect();
            let expected: Vec<ObjectId> = expected.split_whitespace().map(id).collect();
            assert_eq!(graph.range(&bases, id(head)), expected);
        };
        check(&[], "d", "d m y x c b a");
        check(&["c"], "d", "d m y x");
        check(&["c", "y"], "d", "d m");
        check(&["d"], "d", "");
        check(&["d"], "c", "");
        check(&["x"], "c", "c");
    }

    #[test]
    fn a_wrong_clock_changes_no_range() {
        let graph = made("a @9\n b: a @1\n c: b @8\n x: a @7\n d: c x @2");
        assert_eq!(
            graph.range(&[id("b")], id("d")),
            [id("d"), id("c"), id("x")]
        );
        assert_eq!(graph.is_ancestor(id("a"), id("b")), Answer::Yes);
    }

    #[test]
    fn merge_bases() {
        let graph = graph();
        assert_eq!(graph.merge_base(id("c"), id("y")), Some(id("b")));
        assert_eq!(graph.merge_base(id("d"), id("y")), Some(id("y")));
        let apart = made("a\n b");
        assert_eq!(apart.merge_base(id("a"), id("b")), None);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_is_no_recursion() {
        let mut lines = String::from("0\n");
        for i in 1..100_000 {
            lines = lines + &i.to_string() + ": " + &(i - 1).to_string() + "\n";
        }
        let graph = made(&lines);
        assert_eq!(graph.is_ancestor(id("0"), id("99999")), Answer::Yes);
        assert_eq!(graph.range(&[id("99989")], id("99999")).len(), 10);
    }

    proptest! {
        /// The pruned walks agree with plain reachability on graphs with any clocks.
        #[test]
        fn walks_agree_with_reachability(
            commits in proptest::collection::vec((proptest::collection::vec(0_usize..12, 0..3), 0_i64..5), 1..12),
            base in 0_usize..12,
            head in 0_usize..12,
        ) {
            let name = |i: usize| id(&i.to_string());
            let graph = Graph::new(commits.iter().enumerate().map(|(i, (parents, time))| Node {
                id: name(i),
                parents: parents.iter().filter(|&&p| p < i).map(|&p| name(p)).collect(),
                time: *time,
            }).collect(), &HashSet::new());
            let (base, head) = (name(base % commits.len()), name(head % commits.len()));
            let of_base = graph.ancestors([base]);
            let of_head = graph.ancestors([head]);
            let mut expected: Vec<ObjectId> = (0..commits.len()).map(name).filter(|&c| {
                graph.is_among(c, &of_head) == Answer::Yes && graph.is_among(c, &of_base) == Answer::No
            }).collect();
            let mut range = graph.range(&[base], head);
            range.sort();
            expected.sort();
            prop_assert_eq!(range, expected);
            prop_assert_eq!(graph.is_ancestor(base, head), graph.is_among(base, &of_head));
        }
    }
}
