//! Which releases come before a point of the history.

use super::{Answer, History, ObjectId, Tag, Target};
use crate::version::{TagKind, Version};

/// Which finals are below a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// Those below a version by release order: what a tag names, or a release branch.
    Below(Version),
    /// Those below the first version of the line behind: what a branch for a whole line (`release/v1.3`) names.
    Line(Version),
    /// All of them: the next release has no number yet.
    Open,
}

impl Bound {
    /// The version is below the point.
    pub fn admits(&self, version: &Version) -> bool {
        match self {
            Self::Below(limit) => version.release_order(limit).is_lt(),
            Self::Line(line) => (version.major(), version.minor()) <= (line.major(), line.minor()),
            Self::Open => true,
        }
    }
}

/// A commit that is judged as a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The commit.
    pub commit: ObjectId,
    /// Which finals are below.
    pub bound: Bound,
    /// Which of them an upgrade starts from.
    pub start: Start,
}

/// Which of the finals below a point is the one that an upgrade starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// The newest: the ancestor release, or a higher one on a parallel line that was there already.
    Newest,
    /// The release of this version, which a hotfix mends.
    Fixed(Version),
    /// The ancestor release: a branch that mends an old release has nothing to do with newer ones.
    Ancestor,
}

/// What comes before a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lineage<'h> {
    /// The release that an upgrade starts from.
    pub previous: Option<&'h Tag>,
    /// The highest lower final among the ancestors.
    pub ancestor: Option<&'h Tag>,
}

impl Lineage<'_> {
    /// The two differ: there is a line of releases beside the point's own.
    pub fn is_parallel(&self) -> bool {
        self.previous.map(|tag| &tag.name.name) != self.ancestor.map(|tag| &tag.name.name)
    }
}

impl History {
    /// The ancestor release and the previous release of a point. The caller has made sure that the history below the point
    /// is complete.
    pub fn lineage(&self, point: &Point) -> Lineage<'_> {
        let ancestor = self.ancestor_release(point);
        let given = match &point.start {
            Start::Newest => None,
            Start::Fixed(version) => self.finals().find(|tag| tag.version() == Some(version)),
            Start::Ancestor => ancestor,
        };
        let previous = given.or_else(|| self.previous_release(point, ancestor));
        Lineage { previous, ancestor }
    }

    /// The highest final below the point whose commit is the point's or an ancestor of it.
    fn ancestor_release(&self, point: &Point) -> Option<&Tag> {
        let below = |tag: &&Tag| {
            tag.version()
                .is_some_and(|version| point.bound.admits(version))
        };
        // As a rule the highest final that the parents reach is below the point, and it is known for every commit.
        let of_parents = self
            .graph
            .parents(point.commit)
            .filter_map(|parent| self.highest.get(&parent).copied())
            .max()
            .and_then(|rank| self.nth_final(rank as usize));
        if of_parents.is_none_or(|tag| below(&tag)) {
            let own = self
                .finals_at
                .get(&point.commit)
                .into_iter()
                .flatten()
                .filter_map(|&rank| self.nth_final(rank as usize))
                .filter(below);
            return own.chain(of_parents).max_by(|a, b| compare_versions(a, b));
        }
        // Else a higher version was released from an older commit; only a search tells what else is down there.
        let ancestors = self.graph.ancestors([point.commit]);
        self.lower_finals(point).rev().find(|tag| {
            tag.commit
                .is_some_and(|commit| self.graph.is_among(commit, &ancestors) == Answer::Yes)
        })
    }

    /// The ancestor release, or a higher final below the point on another line that is no younger than the point. Without an
    /// ancestor release it is the highest final below the point, whenever it was made.
    fn previous_release<'h>(&'h self, point: &Point, ancestor: Option<&'h Tag>) -> Option<&'h Tag> {
        let now = self.graph.time(point.commit);
        for tag in self.lower_finals(point).rev() {
            let Some(ancestor) = ancestor else {
                return Some(tag);
            };
            if tag.name.name == ancestor.name.name {
                return Some(tag);
            }
            let made = tag.commit.and_then(|commit| self.graph.time(commit));
            if made.is_some() && made <= now {
                return Some(tag);
            }
        }
        ancestor
    }

    /// The finals below the point, in release order.
    fn lower_finals(&self, point: &Point) -> impl DoubleEndedIterator<Item = &Tag> {
        let count = self.finals.partition_point(|&index| {
            self.tags
                .get(index)
                .and_then(Tag::version)
                .is_some_and(|version| point.bound.admits(version))
        });
        self.finals().take(count)
    }

    /// A final that leads to nothing in this clone and that would be the previous release if it did.
    pub fn broken_release(&self, point: &Point) -> Option<&Tag> {
        let previous = self.lineage(point).previous;
        self.tags.iter().rev().find(|tag| {
            let above = |version: &Version| {
                previous
                    .and_then(Tag::version)
                    .is_none_or(|previous| previous.release_order(version).is_lt())
            };
            tag.kind() == TagKind::Final
                && tag.target == Target::Missing
                && tag
                    .version()
                    .is_some_and(|version| point.bound.admits(version) && above(version))
        })
    }

    fn nth_final(&self, rank: usize) -> Option<&Tag> {
        self.tags.get(*self.finals.get(rank)?)
    }
}

fn compare_versions(a: &Tag, b: &Tag) -> std::cmp::Ordering {
    match (a.version(), b.version()) {
        (Some(a), Some(b)) => a.release_order(b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::git::Branch;
    use crate::git::graph::tests::{id, made};
    use crate::version::TagScheme;

    /// A tag at a made-up commit; a `-` leads nowhere.
    pub(crate) fn tag(name: &str, commit: &str) -> Tag {
        let commit = (commit != "-").then(|| id(commit));
        Tag {
            name: TagScheme::default().parse(name),
            target: if commit.is_some() {
                Target::Commit
            } else {
                Target::Missing
            },
            commit,
            annotated: false,
            date: None,
        }
    }

    /// A history from lines of commits and from `tag@commit` words; `main` stands at its word's commit.
    pub(crate) fn history(commits: &str, tags: &str, main: &str) -> History {
        let tags = tags
            .split_whitespace()
            .filter_map(|word| word.split_once('@'))
            .map(|(name, commit)| tag(name, commit))
            .collect();
        let branches = main
            .split_whitespace()
            .map(|tip| Branch {
                name: "main".to_owned(),
                tips: vec![id(tip)],
            })
            .collect();
        History::new(made(commits), tags, branches, "main")
    }

    fn name(tag: Option<&Tag>) -> &str {
        tag.map_or("-", |tag| tag.name.name.as_str())
    }

    /// Previous and ancestor of a tag.
    fn of_tag(history: &History, tag: &str) -> String {
        let tag = history.tag(tag).unwrap();
        let version = tag.version().unwrap().clone();
        let start = match tag.kind() {
            TagKind::Hotfix => Start::Fixed(version.base()),
            _ => Start::Newest,
        };
        let lineage = history.lineage(&Point {
            commit: tag.commit.unwrap(),
            bound: Bound::Below(version),
            start,
        });
        format!("{} {}", name(lineage.previous), name(lineage.ancestor))
    }

    fn of_head(history: &History, commit: &str, bound: Bound) -> String {
        let lineage = history.lineage(&Point {
            commit: id(commit),
            bound,
            start: Start::Newest,
        });
        format!("{} {}", name(lineage.previous), name(lineage.ancestor))
    }

    #[test]
    fn one_line() {
        let history = history(
            "a\n b: a\n c: b\n d: c",
            "v1.0.0@a v1.0.1-rc1@b v1.0.1@b v1.1.0-rc2@c v1.1.0-rc10@d v1.1.0@d stable@d",
            "d",
        );
        assert_eq!(of_tag(&history, "v1.0.0"), "- -");
        assert_eq!(of_tag(&history, "v1.0.1-rc1"), "v1.0.0 v1.0.0");
        assert_eq!(of_tag(&history, "v1.0.1"), "v1.0.0 v1.0.0");
        assert_eq!(of_tag(&history, "v1.1.0-rc10"), "v1.0.1 v1.0.1");
        assert_eq!(of_tag(&history, "v1.1.0"), "v1.0.1 v1.0.1");
        assert_eq!(of_head(&history, "d", Bound::Open), "v1.1.0 v1.1.0");
        assert_eq!(of_head(&history, "c", Bound::Open), "v1.0.1 v1.0.1");
    }

    #[test]
    fn a_parallel_line_that_was_there_is_the_previous_release() {
        // v1.0.1 is made on a branch; v1.1.0 on main comes after it.
        let history = history(
            "a\n b: a\n fix: a\n c: b",
            "v1.0.0@a v1.0.1@fix v1.1.0@c",
            "c",
        );
        assert_eq!(of_tag(&history, "v1.1.0"), "v1.0.1 v1.0.0");
        assert_eq!(of_head(&history, "c", Bound::Open), "v1.1.0 v1.1.0");
        assert_eq!(of_head(&history, "b", Bound::Open), "v1.0.0 v1.0.0");
    }

    #[test]
    fn a_parallel_line_that_came_later_is_not() {
        let history = history(
            "a @1\n c: a @2\n fix: a @3",
            "v1.0.0@a v1.0.1@fix v1.1.0@c",
            "c",
        );
        assert_eq!(of_tag(&history, "v1.1.0"), "v1.0.0 v1.0.0");
    }

    #[test]
    fn the_same_second_counts_as_no_later() {
        let history = history(
            "a @1\n c: a @2\n fix: a @2",
            "v1.0.0@a v1.0.1@fix v1.1.0@c",
            "c",
        );
        assert_eq!(of_tag(&history, "v1.1.0"), "v1.0.1 v1.0.0");
    }

    #[test]
    fn an_old_line_has_its_own_previous_release() {
        let history = history(
            "a\n b: a\n two: b\n fix: b",
            "v1.0.0@a v1.1.0@b v2.0.0@two v1.1.1@fix",
            "two",
        );
        assert_eq!(of_tag(&history, "v1.1.1"), "v1.1.0 v1.1.0");
        assert_eq!(of_tag(&history, "v2.0.0"), "v1.1.0 v1.1.0");
        let line = Bound::Line(Version::new(1, 1, 0));
        assert_eq!(of_head(&history, "fix", line), "v1.1.1 v1.1.1");
        let meant = Bound::Below(Version::new(1, 1, 1));
        assert_eq!(of_head(&history, "fix", meant), "v1.1.0 v1.1.0");
    }

    #[test]
    fn without_a_final_among_the_ancestors_the_highest_of_any_date_counts() {
        let history = history("a @5\n z @1", "v1.0.0@a v1.1.0@z", "z");
        assert_eq!(of_tag(&history, "v1.1.0"), "v1.0.0 -");
    }

    #[test]
    fn a_higher_version_on_an_older_commit_is_no_ancestor_release() {
        let history = history("a\n b: a\n c: b", "v1.0.0@a v2.0.0@b v1.0.1@c", "c");
        assert_eq!(of_tag(&history, "v1.0.1"), "v1.0.0 v1.0.0");
    }

    #[test]
    fn finals_on_one_commit() {
        let history = history("a\n b: a", "v1.0.0@a v1.0.1@b v1.0.2@b", "b");
        assert_eq!(of_tag(&history, "v1.0.2"), "v1.0.1 v1.0.1");
        assert_eq!(of_tag(&history, "v1.0.1"), "v1.0.0 v1.0.0");
        assert_eq!(of_head(&history, "b", Bound::Open), "v1.0.2 v1.0.2");
    }

    #[test]
    fn hotfixes_follow_the_release_they_fix() {
        let history = history(
            "a\n b: a\n fix: a\n fix2: fix\n c: b",
            "v1.2.3@a v1.3.0@b v1.2.3-hotfix1@fix v1.2.3-hotfix2@fix2 v1.2.4@fix2 v9.9.9-hotfix1@c",
            "c",
        );
        assert_eq!(of_tag(&history, "v1.2.3-hotfix1"), "v1.2.3 v1.2.3");
        assert_eq!(of_tag(&history, "v1.2.3-hotfix2"), "v1.2.3 v1.2.3");
        assert_eq!(of_tag(&history, "v1.2.4"), "v1.2.3 v1.2.3");
        assert_eq!(of_tag(&history, "v1.3.0"), "v1.2.3 v1.2.3");
        assert_eq!(of_tag(&history, "v9.9.9-hotfix1"), "v1.3.0 v1.3.0");
    }

    #[test]
    fn tags_that_lead_nowhere_are_no_previous_release() {
        let history = history("a\n b: a", "v1.0.0@a v1.0.1@- v1.1.0@b", "b");
        assert_eq!(of_tag(&history, "v1.1.0"), "v1.0.0 v1.0.0");
        let broken = |limit| {
            let point = Point {
                commit: id("b"),
                bound: Bound::Below(limit),
                start: Start::Newest,
            };
            history
                .broken_release(&point)
                .map(|tag| tag.name.name.as_str())
        };
        assert_eq!(broken(Version::new(1, 1, 0)), Some("v1.0.1"));
        assert_eq!(broken(Version::new(1, 0, 1)), None);
        assert_eq!(broken(Version::new(1, 2, 0)), None);
    }

    #[test]
    fn tags_stand_in_release_order() {
        let history = history(
            "a",
            "v1.2.3@a v1.2.3-rc10@a v1.2.3-rc2@a v1.2.3-hotfix1@a nightly@a 1.2.3@a",
            "a",
        );
        let names: Vec<&str> = history
            .tags
            .iter()
            .map(|tag| tag.name.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "v1.2.3-rc2",
                "v1.2.3-rc10",
                "v1.2.3",
                "v1.2.3-hotfix1",
                "1.2.3",
                "nightly"
            ]
        );
    }

    #[test]
    fn branches_answer_with_yes_no_or_unknown() {
        let history = history("a\n b: a\n x: a", "v1.0.0@a", "b");
        assert_eq!(history.on_main(id("a")), Answer::Yes);
        assert_eq!(history.on_main(id("x")), Answer::No);
        assert_eq!(history.on_branch(id("x"), "main"), Answer::No);
        assert_eq!(history.on_branch(id("x"), "gone"), Answer::Unknown);
        let headless = tests::history("a", "v1.0.0@a", "");
        assert_eq!(headless.on_main(id("a")), Answer::Unknown);
    }
}
