//! The history of a repository as values: commits, tags and branches, and which release came before which.
//!
//! Nothing here reads a repository; [`super::load`] does, and fills a [`History`].

use std::collections::{BTreeSet, HashMap};

use super::{Ancestors, Answer, Graph, ObjectId};
use crate::version::{TagKind, TagName, Version};

/// What a tag leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A commit.
    Commit,
    /// A tree.
    Tree,
    /// A file's content.
    Blob,
    /// Something that is not in this clone, or a reference that cannot be read.
    Missing,
}

impl Target {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Missing => "missing",
        }
    }
}

/// A tag of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// What its name says.
    pub name: TagName,
    /// What it leads to when every tag object is peeled off.
    pub target: Target,
    /// The commit that it leads to.
    pub commit: Option<ObjectId>,
    /// It is an annotated tag.
    pub annotated: bool,
    /// The tagger's clock, in seconds since 1970; only annotated tags have one.
    pub date: Option<i64>,
}

impl Tag {
    /// The version that its name has.
    pub fn version(&self) -> Option<&Version> {
        self.name.version.as_ref()
    }

    /// Its kind.
    pub fn kind(&self) -> TagKind {
        self.name.kind
    }
}

/// A branch, by its name without `refs/heads/` or a remote's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The name.
    pub name: String,
    /// Where it stands: here, and as this clone last saw it on its remote. Both may be there, and differ.
    pub tips: Vec<ObjectId>,
}

/// The commits, tags and branches of a repository.
#[derive(Debug, Default)]
pub struct History {
    /// The commits that were loaded.
    pub graph: Graph,
    /// The tags: those with a version in release order, then the others by name.
    pub tags: Vec<Tag>,
    /// The branches, by name.
    pub branches: Vec<Branch>,
    /// The main branch's name; empty when this clone does not say which it is.
    pub main: String,
    /// Finals that lead to a commit, as indices of `tags`, in release order.
    pub(super) finals: Vec<usize>,
    /// The finals that lead to a commit, as indices of `finals`.
    pub(super) finals_at: HashMap<ObjectId, Vec<u32>>,
    /// Finals and hotfixes that lead to a commit, as indices of `tags`.
    releases_at: HashMap<ObjectId, Vec<usize>>,
    /// The tags by their names, as indices of `tags`.
    by_name: HashMap<String, usize>,
    /// Hotfixes that lead to a commit, by its time: what a release owes was made around it.
    hotfixes: Vec<(Option<i64>, usize)>,
    /// For a commit the highest final among its ancestors and itself, as an index of `finals`.
    pub(super) highest: HashMap<ObjectId, u32>,
    on_main: Option<Ancestors>,
}

impl History {
    /// A history of what was loaded.
    pub fn new(
        graph: Graph,
        mut tags: Vec<Tag>,
        mut branches: Vec<Branch>,
        main: impl Into<String>,
    ) -> Self {
        sort_tags(&mut tags);
        branches.sort_by(|a, b| a.name.cmp(&b.name));
        let main = main.into();
        let finals: Vec<usize> = tags
            .iter()
            .enumerate()
            .filter(|(_, tag)| tag.kind() == TagKind::Final && tag.commit.is_some())
            .map(|(index, _)| index)
            .collect();
        let mut finals_at: HashMap<ObjectId, Vec<u32>> = HashMap::new();
        for (rank, &index) in (0..).zip(&finals) {
            if let Some(commit) = tags[index].commit {
                finals_at.entry(commit).or_default().push(rank);
            }
        }
        let mut releases_at: HashMap<ObjectId, Vec<usize>> = HashMap::new();
        for (index, tag) in tags.iter().enumerate() {
            if let (Some(commit), TagKind::Final | TagKind::Hotfix) = (tag.commit, tag.kind()) {
                releases_at.entry(commit).or_default().push(index);
            }
        }
        let mut by_name = HashMap::with_capacity(tags.len());
        for (index, tag) in tags.iter().enumerate() {
            by_name.entry(tag.name.name.clone()).or_insert(index);
        }
        let mut hotfixes: Vec<(Option<i64>, usize)> = tags
            .iter()
            .enumerate()
            .filter(|(_, tag)| tag.kind() == TagKind::Hotfix)
            .filter_map(|(index, tag)| Some((graph.time(tag.commit?), index)))
            .collect();
        hotfixes.sort_unstable();
        let highest = graph.highest(&finals_at);
        let on_main = branches
            .iter()
            .find(|branch| branch.name == main && !branch.tips.is_empty())
            .map(|branch| graph.ancestors(branch.tips.iter().copied()));
        Self {
            graph,
            tags,
            branches,
            main,
            finals,
            finals_at,
            releases_at,
            by_name,
            hotfixes,
            highest,
            on_main,
        }
    }

    /// The same history with some of its tags only.
    #[must_use]
    pub fn with_tags(self, keep: impl Fn(&Tag) -> bool) -> Self {
        let tags = self.tags.into_iter().filter(|tag| keep(tag)).collect();
        Self::new(self.graph, tags, self.branches, self.main)
    }

    /// The tag of this name.
    pub fn tag(&self, name: &str) -> Option<&Tag> {
        self.by_name
            .get(name)
            .and_then(|&index| self.tags.get(index))
    }

    /// The hotfixes of a version, and those whose commits were made after one time and up to another; in release order.
    pub fn hotfixes(
        &self,
        of: &Version,
        after: Option<i64>,
        until: Option<i64>,
    ) -> impl Iterator<Item = &Tag> {
        let from = self.hotfixes.partition_point(|(time, _)| *time <= after);
        let between = self.hotfixes.iter().skip(from);
        let between = between
            .take_while(|(time, _)| *time <= until)
            .map(|&(_, index)| index);
        let own = self
            .same_base(of, TagKind::Hotfix)
            .filter_map(|tag| self.by_name.get(&tag.name.name).copied());
        let all: BTreeSet<usize> = own.chain(between).collect();
        all.into_iter().filter_map(|index| self.tags.get(index))
    }

    /// The finals that lead to a commit, in release order.
    pub fn finals(&self) -> impl DoubleEndedIterator<Item = &Tag> + ExactSizeIterator {
        self.finals.iter().map(|&index| &self.tags[index])
    }

    /// The finals and hotfixes on a commit, in release order.
    pub fn releases_at(&self, commit: ObjectId) -> impl Iterator<Item = &Tag> {
        let indices = self.releases_at.get(&commit);
        indices
            .into_iter()
            .flatten()
            .map(|&index| &self.tags[index])
    }

    /// The tags of one kind that have the same three numbers as `version`, in release order.
    pub fn same_base(&self, version: &Version, kind: TagKind) -> impl Iterator<Item = &Tag> {
        // Tags with a version stand first and sorted, so those of one base stand together.
        let base = version.numbers();
        let from = self.tags.partition_point(|tag| {
            tag.version()
                .is_some_and(|version| version.numbers() < base)
        });
        self.tags
            .iter()
            .skip(from)
            .take_while(move |tag| {
                tag.version()
                    .is_some_and(|version| version.numbers() == base)
            })
            .filter(move |tag| tag.kind() == kind)
    }

    /// Some tag has a version.
    pub fn has_releases(&self) -> bool {
        self.tags.iter().any(|tag| tag.name.is_release())
    }

    /// The branch of this name.
    pub fn branch(&self, name: &str) -> Option<&Branch> {
        self.branches
            .binary_search_by(|branch| branch.name.as_str().cmp(name))
            .ok()
            .map(|index| &self.branches[index])
    }

    /// The commit is on the main branch.
    pub fn on_main(&self, commit: ObjectId) -> Answer {
        self.on_main.as_ref().map_or(Answer::Unknown, |ancestors| {
            self.graph.is_among(commit, ancestors)
        })
    }

    /// The commit is on the branch of this name; unknown where this clone has no such branch.
    pub fn on_branch(&self, commit: ObjectId, name: &str) -> Answer {
        let Some(branch) = self.branch(name) else {
            return Answer::Unknown;
        };
        let mut answer = Answer::No;
        for &tip in &branch.tips {
            match self.graph.is_ancestor(commit, tip) {
                Answer::Yes => return Answer::Yes,
                Answer::Unknown => answer = Answer::Unknown,
                Answer::No => {}
            }
        }
        answer
    }
}

/// Sorts tags with a version in release order, then the others by name.
pub(super) fn sort_tags(tags: &mut [Tag]) {
    tags.sort_by(|a, b| match (a.version(), b.version()) {
        (Some(x), Some(y)) => x.release_order(y),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => a.name.name.cmp(&b.name.name),
    });
}
