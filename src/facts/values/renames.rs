//! Which removed key lives on as an added one: by value and by place, and only where there is one candidate.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::syntax::yaml::{Data, KeyPath, PathPart, Value};

use super::compare::{Lone, is_free_form};

/// Pairs of indices into `removed` and `added`, in the order of `removed`.
pub(super) fn find(removed: &[Lone], added: &[Lone]) -> Vec<(usize, usize)> {
    let mut pairs = Pairs {
        removed,
        added,
        is_paired: (vec![false; removed.len()], vec![false; added.len()]),
        found: Vec::new(),
    };
    // From the surest sign to the weakest: what is paired is no candidate for what follows.
    pairs.pair(|lone| {
        says_something(&lone.value).then(|| sign(parent(&lone.path), &value_hash(&lone.value)))
    });
    pairs.pair(|lone| {
        let place = (parent(&lone.path), &lone.neighbours);
        Some(sign(place, &value_hash(&lone.value)))
    });
    pairs.pair(|lone| {
        says_something(&lone.value)
            .then(|| sign(lone.path.parts().last(), &value_hash(&lone.value)))
    });
    pairs.pair(|lone| {
        let has_shape = matches!(&lone.value.data, Data::Map(map) if map.entries().len() > 1);
        has_shape.then(|| sign(parent(&lone.path), &shape_hash(&lone.value)))
    });
    pairs.found.sort_unstable();
    pairs.found
}

struct Pairs<'l> {
    removed: &'l [Lone],
    added: &'l [Lone],
    is_paired: (Vec<bool>, Vec<bool>),
    found: Vec<(usize, usize)>,
}

impl Pairs<'_> {
    /// Pairs those whose sign one removed and one added key have, and no other.
    fn pair(&mut self, sign: impl Fn(&Lone) -> Option<u64>) {
        let index = |lone: &[Lone], is_paired: &[bool]| {
            let mut by_sign: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
            for (index, lone) in lone.iter().enumerate() {
                if !is_paired[index]
                    && let Some(sign) = sign(lone)
                {
                    by_sign.entry(sign).or_default().push(index);
                }
            }
            by_sign
        };
        let from = index(self.removed, &self.is_paired.0);
        let to = index(self.added, &self.is_paired.1);
        for (sign, indices) in from {
            if let (&[from], Some(&[to])) = (indices.as_slice(), to.get(&sign).map(Vec::as_slice)) {
                self.is_paired.0[from] = true;
                self.is_paired.1[to] = true;
                self.found.push((from, to));
            }
        }
    }
}

/// The value is unlikely to stand at two keys by chance.
fn says_something(value: &Value) -> bool {
    match &value.data {
        Data::String(text) => text.len() > 1,
        Data::Number(number) => number.as_f64().abs() > 1.0,
        Data::Bool(_) => false,
        data => !is_free_form(data),
    }
}

fn parent(path: &KeyPath) -> &[PathPart] {
    path.parts().split_last().map_or(&[], |(_, parent)| parent)
}

fn sign(place: impl Hash, value: &u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    place.hash(&mut hasher);
    value.hash(&mut hasher);
    hasher.finish()
}

/// Equal for values that are the same.
fn value_hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash(value, true, &mut hasher);
    hasher.finish()
}

/// Equal for maps of the same keys with values of the same types.
fn shape_hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash(value, false, &mut hasher);
    hasher.finish()
}

fn hash(value: &Value, scalars: bool, hasher: &mut DefaultHasher) {
    value.data.kind().hash(hasher);
    match &value.data {
        Data::Map(map) => {
            map.entries().len().hash(hasher);
            for entry in map.sorted() {
                entry.key.hash(hasher);
                hash(&entry.value, scalars, hasher);
            }
        }
        Data::List(items) if scalars => {
            items.len().hash(hasher);
            for item in items.iter() {
                hash(item, scalars, hasher);
            }
        }
        Data::String(text) if scalars => text.hash(hasher),
        Data::Bool(value) if scalars => value.hash(hasher),
        Data::Number(number) if scalars => number.as_f64().to_bits().hash(hasher),
        _ => {}
    }
}
