//! Policies that extend others: each is read over its base, which it takes the place of.

use std::collections::BTreeMap;

use crate::policy::builtin;
use crate::policy::document::Policy;
use crate::policy::error::PolicyError;
use crate::policy::read::{Head, Opened};
use crate::policy::suggest::did_you_mean;

/// A policy may extend one that extends one, and so on, this often.
const MAX_CHAIN: usize = 16;

/// A policy of a file.
pub(super) struct Read {
    /// The file's index among those that were handed in.
    pub(super) file: usize,
    /// The policy.
    pub(super) policy: Policy,
}

struct Library<'f> {
    files: &'f [Opened],
    /// Packs that are not in force, of which single policies are extended.
    more: Vec<Opened>,
    /// File and head of every policy; those in force come first.
    items: Vec<(usize, usize)>,
    in_force: usize,
}

/// Reads the policies of opened files in their order. A policy that another one extends is left out.
pub(super) fn read_all(
    files: &[Opened],
    open_pack: impl Fn(&str) -> Vec<Opened>,
) -> (Vec<Read>, Vec<PolicyError>) {
    let library = Library::new(files, open_pack);
    let mut errors = Vec::new();
    let bases: Vec<Option<usize>> = (0..library.items.len())
        .map(|item| library.base(item, &mut errors))
        .collect();
    let mut policies: Vec<Option<Policy>> = vec![None; library.items.len()];
    let mut was_read = vec![false; library.items.len()];
    for item in 0..library.in_force {
        let Some(chain) = library.chain(item, &bases, &mut errors) else {
            continue;
        };
        for item in chain.into_iter().rev() {
            if std::mem::replace(&mut was_read[item], true) {
                continue;
            }
            let base = match bases[item] {
                Some(base) => match &policies[base] {
                    Some(base) => Some(base),
                    // Its own mistakes are told already; over nothing, everything would be missing.
                    None => continue,
                },
                None if library.head(item).extends.is_some() => continue,
                None => None,
            };
            let (policy, mut mistakes) = library.file(item).policy(library.head(item), base);
            errors.append(&mut mistakes);
            policies[item] = policy;
        }
    }
    let replaced = library.replaced(&bases, &mut errors);
    let read = (0..library.in_force)
        .filter(|item| !replaced.contains_key(item))
        .filter_map(|item| {
            Some(Read {
                file: library.items[item].0,
                policy: policies[item].take()?,
            })
        });
    (read.collect(), errors)
}

impl<'f> Library<'f> {
    fn new(files: &'f [Opened], open_pack: impl Fn(&str) -> Vec<Opened>) -> Self {
        let heads = |files: &[Opened], offset: usize| -> Vec<(usize, usize)> {
            let items = files.iter().enumerate().flat_map(|(file, opened)| {
                (0..opened.policies.len()).map(move |head| (file + offset, head))
            });
            items.collect()
        };
        let mut items = heads(files, 0);
        let in_force = items.len();
        let mut more = Vec::new();
        let is_loaded = |pack: &str| {
            let prefix = format!("builtin:{pack}/");
            files.iter().any(|file| file.path().starts_with(&prefix))
        };
        let mut packs: Vec<&str> = Vec::new();
        for head in files.iter().flat_map(|file| &file.policies) {
            if let Some((pack, _)) = head.extends.as_ref().and_then(|(name, _)| built_in(name))
                && !is_loaded(pack)
                && !packs.contains(&pack)
            {
                packs.push(pack);
                more.extend(open_pack(pack));
            }
        }
        items.extend(heads(&more, files.len()));
        Self {
            files,
            more,
            items,
            in_force,
        }
    }

    fn file(&self, item: usize) -> &Opened {
        let index = self.items[item].0;
        self.files
            .get(index)
            .unwrap_or_else(|| &self.more[index - self.files.len()])
    }

    fn head(&self, item: usize) -> &Head {
        &self.file(item).policies[self.items[item].1]
    }

    /// The policy that one extends.
    fn base(&self, item: usize, errors: &mut Vec<PolicyError>) -> Option<usize> {
        let (name, span) = self.head(item).extends.as_ref()?;
        let mut known: Vec<String> = Vec::new();
        let found = match built_in(name) {
            Some((pack, policy)) => {
                let prefix = format!("builtin:{pack}/");
                (0..self.items.len()).find(|&other| {
                    let of_pack = self.file(other).path().starts_with(&prefix);
                    if of_pack {
                        known.push(format!("{prefix}{}", self.head(other).name));
                    }
                    of_pack && self.head(other).name == policy
                })
            }
            None => (0..self.in_force).find(|&other| {
                if other != item {
                    known.push(self.head(other).name.clone());
                }
                self.head(other).name == *name && (other != item || self.is_alone(name))
            }),
        };
        if found.is_none() {
            if known.is_empty() {
                let packs = builtin::PACKS.iter().map(|pack| pack.name);
                known.extend(packs.map(|pack| format!("builtin:{pack}/...")));
            }
            let mut error = self.file(item).error(
                *span,
                format!("there is no policy `{name}` to extend"),
                did_you_mean(name, known.iter().map(String::as_str)),
            );
            if error.label.is_empty() && known.len() <= 20 {
                error.advise(&format!("there are {}", known.join(", ")));
            }
            errors.push(error);
        }
        found
    }

    fn is_alone(&self, name: &str) -> bool {
        let named = (0..self.in_force).filter(|&item| self.head(item).name == name);
        named.count() == 1
    }

    /// A policy, the one that it extends, and so on; `None` when that never ends.
    fn chain(
        &self,
        item: usize,
        bases: &[Option<usize>],
        errors: &mut Vec<PolicyError>,
    ) -> Option<Vec<usize>> {
        let mut chain = vec![item];
        let mut last = item;
        while let Some(base) = bases[last] {
            let repeats = chain.contains(&base);
            if repeats || chain.len() > MAX_CHAIN {
                let span = self.head(item).extends.as_ref().map(|(_, span)| *span)?;
                let message = if repeats {
                    let names: Vec<&str> = chain
                        .iter()
                        .chain([&base])
                        .map(|&item| self.head(item).name.as_str())
                        .collect();
                    format!("`extends` goes in a circle: {}", names.join(" → "))
                } else {
                    format!("policies may extend each other {MAX_CHAIN} deep")
                };
                errors.push(self.file(item).error(span, message, String::new()));
                return None;
            }
            chain.push(base);
            last = base;
        }
        Some(chain)
    }

    /// The policies that others take the place of.
    fn replaced(
        &self,
        bases: &[Option<usize>],
        errors: &mut Vec<PolicyError>,
    ) -> BTreeMap<usize, usize> {
        let mut replaced: BTreeMap<usize, usize> = BTreeMap::new();
        for (item, base) in bases.iter().enumerate().take(self.in_force) {
            let Some(base) = *base else { continue };
            if let Some(&other) = replaced.get(&base) {
                let span = self
                    .head(item)
                    .extends
                    .as_ref()
                    .map_or_else(Default::default, |(_, span)| *span);
                let message = format!("policy `{}` is extended twice", self.head(base).name);
                let mut error = self.file(item).error(span, message, String::new());
                error.advise(&format!(
                    "the other one is `{}` in {}; extend that one instead",
                    self.head(other).name,
                    self.file(other).path()
                ));
                errors.push(error);
            }
            replaced.insert(base, item);
        }
        replaced
    }
}

/// `builtin:<pack>/<policy>`.
fn built_in(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("builtin:")?.split_once('/')
}
