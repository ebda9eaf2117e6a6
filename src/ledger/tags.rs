//! What a ledger knows about tags: which there were, and where. Git alone forgets a tag that was moved or deleted.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::{MovedTag, TagsSeen};
use crate::git::{Answer, History, ObjectId, Tag};
use crate::version::{TagKind, Version, split_version};

/// Which way a tag went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// To a higher release, or to a descendant.
    Forwards,
    /// To a lower release, or to an ancestor.
    Backwards,
    /// To another line of the history.
    Sideways,
    /// The clone does not hold what would tell.
    Unknown,
}

impl Direction {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forwards => "forwards",
            Self::Backwards => "backwards",
            Self::Sideways => "sideways",
            Self::Unknown => "unknown",
        }
    }
}

impl MovedTag {
    /// Nobody should have done this: a release tag never moves, and a floating one not backwards.
    pub fn is_wrong(&self) -> bool {
        self.kind != TagKind::Unrelated.as_str() || self.direction == Direction::Backwards
    }
}

impl TagsSeen {
    /// Nothing is new.
    pub fn is_empty(&self) -> bool {
        self.appeared.is_empty() && self.moved.is_empty() && self.vanished.is_empty()
    }
}

/// The tags of a repository at one time, and what is needed to tell which way one went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagState {
    /// Tag to commit, empty when it leads to none.
    tags: BTreeMap<String, (TagKind, String)>,
    /// The highest final release at a commit, for each prefix: components have versions of their own.
    releases: BTreeMap<String, BTreeMap<String, Version>>,
    /// For a pair of commits that somebody asked about before: the way between them.
    ways: BTreeMap<(String, String), Direction>,
}

impl TagState {
    /// The tags of a history. `known` is what the ledger last knew, so that the ways between commits can be looked up while
    /// the history is at hand.
    pub fn of(history: &History, known: &BTreeMap<String, String>) -> Self {
        let mut state = Self::default();
        for tag in &history.tags {
            let commit = tag.commit.map_or_else(String::new, |id| id.to_string());
            let kind = kind(tag);
            if let (TagKind::Final, Some((prefix, version))) = (kind, split_version(&tag.name.name))
            {
                let best = state
                    .releases
                    .entry(commit.clone())
                    .or_default()
                    .entry(prefix.to_owned())
                    .or_insert_with(|| version.clone());
                if best.release_order(&version).is_lt() {
                    *best = version;
                }
            }
            state.tags.insert(tag.name.name.clone(), (kind, commit));
        }
        for (name, (_, to)) in &state.tags {
            if let Some(from) = known.get(name).filter(|from| *from != to) {
                let way = state.way(history, from, to);
                state.ways.insert((from.clone(), to.clone()), way);
            }
        }
        state
    }

    fn way(&self, history: &History, from: &str, to: &str) -> Direction {
        if let (Some(before), Some(now)) = (self.releases.get(from), self.releases.get(to)) {
            let of_both = before
                .iter()
                .filter_map(|(prefix, before)| Some(now.get(prefix)?.release_order(before)));
            // Where components went different ways, one that went back is what people have to know.
            match of_both.min() {
                Some(Ordering::Less) => return Direction::Backwards,
                Some(Ordering::Equal) => return Direction::Sideways,
                Some(Ordering::Greater) => return Direction::Forwards,
                None => {}
            }
        }
        let (Some(from), Some(to)) = (ObjectId::parse(from), ObjectId::parse(to)) else {
            return Direction::Unknown;
        };
        match (
            history.graph.is_ancestor(from, to),
            history.graph.is_ancestor(to, from),
        ) {
            (Answer::Yes, _) => Direction::Forwards,
            (_, Answer::Yes) => Direction::Backwards,
            (Answer::No, Answer::No) => Direction::Sideways,
            _ => Direction::Unknown,
        }
    }

    /// What is new compared with what a chain knows.
    pub(super) fn since(&self, known: &Known) -> TagsSeen {
        let mut seen = TagsSeen {
            total: self.tags.len(),
            ..TagsSeen::default()
        };
        for (name, (kind, commit)) in &self.tags {
            match known.0.get(name) {
                Some(before) if before.commit == *commit => {
                    if !before.present {
                        seen.appeared.insert(name.clone(), commit.clone());
                    }
                }
                Some(before) => seen.moved.push(MovedTag {
                    tag: name.clone(),
                    kind: kind.as_str().to_owned(),
                    from: before.commit.clone(),
                    to: commit.clone(),
                    direction: self
                        .ways
                        .get(&(before.commit.clone(), commit.clone()))
                        .copied()
                        .unwrap_or(Direction::Unknown),
                }),
                None => {
                    seen.appeared.insert(name.clone(), commit.clone());
                }
            }
        }
        for (name, before) in &known.0 {
            if before.present && !self.tags.contains_key(name) {
                seen.vanished.insert(name.clone(), before.commit.clone());
            }
        }
        seen
    }
}

/// What a tag is whichever component was asked for: with a version behind any prefix it is a release.
fn kind(tag: &Tag) -> TagKind {
    match (tag.kind(), split_version(&tag.name.name)) {
        (TagKind::Unrelated, Some((_, version))) if version.is_plain() => TagKind::Final,
        (TagKind::Unrelated, Some(_)) => TagKind::Prerelease,
        (kind, _) => kind,
    }
}

/// The tags that a chain knows, also those that are gone.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(BTreeMap<String, KnownTag>);

#[derive(Debug, Clone)]
struct KnownTag {
    commit: String,
    present: bool,
}

impl Known {
    /// Takes in a later observation.
    pub(super) fn learn(&mut self, seen: &TagsSeen) {
        let moved = seen.moved.iter().map(|moved| (&moved.tag, &moved.to));
        for (name, commit) in seen.appeared.iter().chain(moved) {
            let known = KnownTag {
                commit: commit.clone(),
                present: true,
            };
            self.0.insert(name.clone(), known);
        }
        for name in seen.vanished.keys() {
            if let Some(known) = self.0.get_mut(name) {
                known.present = false;
            }
        }
    }

    /// Tag to commit, those that are gone too.
    pub(super) fn commits(&self) -> BTreeMap<String, String> {
        self.0
            .iter()
            .map(|(name, known)| (name.clone(), known.commit.clone()))
            .collect()
    }
}
