//! A map that is cheap to clone and cheap to change afterwards: it is cut into shards, and clones share all shards that
//! neither of them has written to since.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Key, RelationId};

/// A key that knows its shard.
pub(super) trait Sharded: Ord + Clone {
    /// The number of the shard.
    fn shard(&self) -> u32;
}

impl Sharded for RelationId {
    /// Neighbours in time are in one shard, so that the order of all is the order of the shards.
    fn shard(&self) -> u32 {
        self.0 >> 6
    }
}

impl Sharded for Key {
    /// By a digest of the name (FNV-1a): the order of names does not matter.
    fn shard(&self) -> u32 {
        let digest = self.name.bytes().fold(0x811c_9dc5_u32, |digest, byte| {
            (digest ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        digest >> 24
    }
}

/// The map.
#[derive(Debug, Clone)]
pub(super) struct Shared<K, V> {
    shards: Arc<BTreeMap<u32, Arc<BTreeMap<K, V>>>>,
    /// Keys that were taken out.
    gone: Arc<BTreeSet<K>>,
}

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self {
            shards: Arc::default(),
            gone: Arc::default(),
        }
    }
}

impl<K: Sharded, V: Clone> Shared<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.shards.get(&key.shard())?.get(key)
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// The value, to be written to; nothing is copied when there is none.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if !self.contains_key(key) {
            return None;
        }
        let shard = Arc::make_mut(&mut self.shards).get_mut(&key.shard())?;
        Arc::make_mut(shard).get_mut(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let shard = Arc::make_mut(&mut self.shards)
            .entry(key.shard())
            .or_default();
        Arc::make_mut(shard).insert(key, value)
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        if !self.contains_key(key) {
            return None;
        }
        Arc::make_mut(&mut self.gone).insert(key.clone());
        let shard = Arc::make_mut(&mut self.shards).get_mut(&key.shard())?;
        Arc::make_mut(shard).remove(key)
    }

    /// The key is there, or was once.
    pub(super) fn has_held(&self, key: &K) -> bool {
        self.contains_key(key) || self.gone.contains(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.shards.values().flat_map(|shard| shard.iter())
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The last entry in the order of shards and keys.
    pub(super) fn last_key(&self) -> Option<&K> {
        self.shards
            .values()
            .rev()
            .find_map(|shard| shard.last_key_value())
            .map(|(key, _)| key)
    }

    /// Keeps the entries of which `keep` is true.
    pub(super) fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        let gone: Vec<K> = self
            .iter()
            .map(|(key, _)| key)
            .filter(|key| !keep(key))
            .cloned()
            .collect();
        for key in gone {
            self.remove(&key);
        }
    }

    /// The entries that two maps do not share: of a clone, in time that grows with what was changed since.
    pub(super) fn not_shared<'m>(&'m self, other: &'m Self) -> Vec<Pair<'m, K, V>> {
        let mut found = Vec::new();
        if Arc::ptr_eq(&self.shards, &other.shards) {
            return found;
        }
        let numbers: BTreeSet<u32> = self
            .shards
            .keys()
            .chain(other.shards.keys())
            .copied()
            .collect();
        for number in numbers {
            let (left, right) = (self.shards.get(&number), other.shards.get(&number));
            if let (Some(left), Some(right)) = (left, right)
                && Arc::ptr_eq(left, right)
            {
                continue;
            }
            for (key, value) in left.into_iter().flat_map(|shard| shard.iter()) {
                found.push((key, Some(value), right.and_then(|shard| shard.get(key))));
            }
            for (key, value) in right.into_iter().flat_map(|shard| shard.iter()) {
                if left.is_none_or(|shard| !shard.contains_key(key)) {
                    found.push((key, None, Some(value)));
                }
            }
        }
        found
    }
}

/// A key with its value in either map.
pub(super) type Pair<'m, K, V> = (&'m K, Option<&'m V>, Option<&'m V>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_what_neither_changed() {
        let mut map: Shared<RelationId, &str> = Shared::default();
        for number in 0..1000 {
            map.insert(RelationId(number), "a");
        }
        let before = map.clone();
        assert!(map.not_shared(&before).is_empty());
        map.insert(RelationId(5), "b");
        map.remove(&RelationId(6));
        map.insert(RelationId(2000), "c");
        let changed: Vec<u32> = before
            .not_shared(&map)
            .into_iter()
            .filter(|(_, left, right)| left != right)
            .map(|(key, _, _)| key.0)
            .collect();
        assert_eq!(changed, [5, 6, 2000]);
        assert_eq!(map.last_key(), Some(&RelationId(2000)));
        assert_eq!(before.get(&RelationId(5)), Some(&"a"));
        assert_eq!(map.iter().count(), 1000);
    }
}
