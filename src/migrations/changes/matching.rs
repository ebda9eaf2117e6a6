//! Which of the files that are gone live on under another path.

use std::collections::BTreeMap;

use super::print::Prints;
use super::{Member, Pair};
use crate::syntax::sql::operation::Dialect;

/// Pairs files that are gone with files that are new. First those that keep their name in another directory, then those
/// that keep their SQL under another name; the rest stays alone.
pub(super) fn pair(gone: Vec<Member>, fresh: Vec<Member>, prints: &Prints) -> Vec<Pair> {
    let mut matcher = Matcher {
        fresh: fresh.into_iter().map(Some).collect(),
        prints,
    };
    let mut pairs = Vec::new();
    let gone = matcher.pass(gone, &mut pairs, Matcher::by_name);
    let gone = matcher.pass(gone, &mut pairs, Matcher::by_blob);
    let gone = matcher.pass(gone, &mut pairs, Matcher::by_content);
    pairs.extend(gone.into_iter().map(|member| Pair {
        before: Some(member),
        after: None,
    }));
    pairs.extend(matcher.fresh.into_iter().flatten().map(|member| Pair {
        before: None,
        after: Some(member),
    }));
    pairs
}

/// How many files with a common trait are weighed against each other; beyond that the first ones are taken.
const MOST_COMPARED: usize = 64;

struct Matcher<'m> {
    fresh: Vec<Option<Member>>,
    prints: &'m Prints,
}

/// What both sides of a match have in common.
type Trait = (String, bool);

impl Matcher<'_> {
    /// Pairs by one trait and returns what it leaves.
    fn pass(
        &mut self,
        gone: Vec<Member>,
        pairs: &mut Vec<Pair>,
        by: fn(&Self, &Member) -> Option<Trait>,
    ) -> Vec<Member> {
        let mut old: BTreeMap<Trait, Vec<Member>> = BTreeMap::new();
        let mut left = Vec::new();
        for member in gone {
            match by(self, &member) {
                Some(key) => old.entry(key).or_default().push(member),
                None => left.push(member),
            }
        }
        let mut new: BTreeMap<Trait, Vec<usize>> = BTreeMap::new();
        for (index, member) in self.fresh.iter().enumerate() {
            if let Some(key) = member.as_ref().and_then(|member| by(self, member))
                && old.contains_key(&key)
            {
                new.entry(key).or_default().push(index);
            }
        }
        for (key, members) in old {
            let mut candidates = new.remove(&key).unwrap_or_default();
            for before in members {
                let best = candidates
                    .iter()
                    .enumerate()
                    .take(MOST_COMPARED)
                    .filter_map(|(at, &index)| {
                        let likeness = self.likeness(&before, self.fresh.get(index)?.as_ref()?)?;
                        Some((likeness, at))
                    })
                    // Of equally good ones the first, so that files in order stay in order.
                    .max_by_key(|&(likeness, at)| (likeness, std::cmp::Reverse(at)));
                let after = best
                    .map(|(_, at)| candidates.remove(at))
                    .and_then(|index| self.fresh.get_mut(index)?.take());
                match after {
                    Some(after) => pairs.push(Pair {
                        before: Some(before),
                        after: Some(after),
                    }),
                    None => left.push(before),
                }
            }
        }
        left
    }

    /// The name that a file keeps when its directory moves.
    #[allow(clippy::unused_self, reason = "the passes share one signature")]
    fn by_name(&self, member: &Member) -> Option<Trait> {
        let mut parts = member.file.path.rsplit('/');
        let file = parts.next()?;
        // Of `2024_casks/up.sql` the directory is the name.
        let name = match file {
            "up.sql" | "down.sql" | "migration.sql" => format!("{}/{file}", parts.next()?),
            _ => file.to_owned(),
        };
        Some((name, member.file.name.role.goes_up()))
    }

    /// The bytes that a file keeps when it gets another number or title; nothing, when they say nothing.
    fn by_blob(&self, member: &Member) -> Option<Trait> {
        self.prints.of(member).filter(|print| !print.is_empty)?;
        Some((member.file.oid.to_string(), member.file.name.role.goes_up()))
    }

    /// The SQL that a file keeps when it gets another number or title; nothing, when there is none in it.
    fn by_content(&self, member: &Member) -> Option<Trait> {
        let print = self.prints.of(member).filter(|print| !print.is_empty)?;
        let hex = |digest: [u8; 32]| {
            digest
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        Some((
            hex(print.up) + &hex(print.down),
            member.file.name.role.goes_up(),
        ))
    }

    /// How much two files with a common trait have in common beside it; `None` when they are for different databases.
    fn likeness(&self, before: &Member, after: &Member) -> Option<u32> {
        let same_bytes = before.file.oid == after.file.oid;
        let same_sql = match (self.prints.of(before), self.prints.of(after)) {
            (Some(before), Some(after)) => before == after,
            _ => false,
        };
        let is_told = |member: &Member| member.dialect != Dialect::Generic;
        if before.dialect != after.dialect && is_told(before) && is_told(after) && !same_bytes {
            return None;
        }
        let parent = |member: &Member| {
            let mut parts = member.file.path.rsplit('/');
            parts.nth(1).map(ToOwned::to_owned)
        };
        let same_parent = parent(before) == parent(after);
        let same_title = before.file.name.title == after.file.name.title;
        let same_version = before.file.name.identity == after.file.name.identity;
        Some(
            u32::from(same_bytes) * 16
                + u32::from(same_sql) * 8
                + u32::from(same_version) * 4
                + u32::from(same_title) * 2
                + u32::from(same_parent),
        )
    }
}
