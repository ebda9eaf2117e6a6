//! Places in the values, as templates carry them around.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::syntax::yaml::PathPart;

/// A step of a path in the values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::charts) enum Part {
    /// A key.
    Key(Arc<str>),
    /// Any key, or any item of a list.
    Any,
}

impl Part {
    /// The key, if it is one.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Any => None,
        }
    }
}

impl From<&PathPart> for Part {
    fn from(part: &PathPart) -> Self {
        match part {
            PathPart::Key(key) => Self::Key(key.as_str().into()),
            PathPart::Index(_) => Self::Any,
        }
    }
}

impl From<&str> for Part {
    fn from(key: &str) -> Self {
        Self::Key(key.into())
    }
}

/// What a template's expression stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Nothing of the values.
    Elsewhere,
    /// A text that stands in the template.
    Text(Arc<str>),
    /// The data of a chart whose values stand at this path.
    Chart(Arc<[Part]>),
    /// A place in the values.
    Values(Arc<[Part]>),
    /// `dict`.
    Map(Arc<BTreeMap<Arc<str>, Place>>),
    /// `list`.
    List(Arc<[Place]>),
    /// One of these.
    OneOf(Arc<[Place]>),
}

/// Longer paths come from templates that call themselves.
const MAX_PATH: usize = 12;

/// More than these are told apart by nobody.
const MAX_CHOICES: usize = 8;

impl Place {
    /// The place of a field of it.
    pub(super) fn field(&self, name: &str) -> Self {
        match self {
            Self::Chart(prefix) if name == "Values" => Self::Values(prefix.clone()),
            Self::Values(path) if name == "global" && path.len() == 1 => {
                Self::Values([Part::from("global")].into())
            }
            Self::Values(path) => Self::below(path, Part::from(name)),
            Self::Map(map) => map.get(name).cloned().unwrap_or(Self::Elsewhere),
            Self::OneOf(places) => {
                Self::one_of(places.iter().map(|place| place.field(name)).collect())
            }
            Self::Elsewhere | Self::Text(_) | Self::Chart(_) | Self::List(_) => Self::Elsewhere,
        }
    }

    /// The place of one of its items, or of its values.
    pub(super) fn item(&self) -> Self {
        match self {
            Self::Values(path) => Self::below(path, Part::Any),
            Self::List(items) => Self::one_of(items.to_vec()),
            Self::Map(map) => Self::one_of(map.values().cloned().collect()),
            Self::OneOf(places) => Self::one_of(places.iter().map(Self::item).collect()),
            Self::Elsewhere | Self::Text(_) | Self::Chart(_) => Self::Elsewhere,
        }
    }

    /// The item at an index that stands in the template.
    pub(super) fn item_at(&self, index: usize) -> Self {
        match self {
            Self::List(items) => items.get(index).cloned().unwrap_or(Self::Elsewhere),
            Self::OneOf(places) => {
                Self::one_of(places.iter().map(|place| place.item_at(index)).collect())
            }
            _ => self.item(),
        }
    }

    /// One of several places.
    pub(super) fn one_of(mut places: Vec<Self>) -> Self {
        places = places
            .into_iter()
            .flat_map(|place| match place {
                Self::OneOf(inner) => inner.to_vec(),
                place => vec![place],
            })
            .filter(|place| !matches!(place, Self::Elsewhere | Self::Text(_)))
            .collect();
        places.sort();
        places.dedup();
        places.truncate(MAX_CHOICES);
        match places.len() {
            0 => Self::Elsewhere,
            1 => places.remove(0),
            _ => Self::OneOf(places.into()),
        }
    }

    /// How deep maps and lists stand in each other.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Map(map) => 1 + map.values().map(Self::depth).max().unwrap_or(0),
            Self::List(items) | Self::OneOf(items) => {
                1 + items.iter().map(Self::depth).max().unwrap_or(0)
            }
            _ => 0,
        }
    }

    fn below(path: &Arc<[Part]>, part: Part) -> Self {
        if path.len() >= MAX_PATH {
            return Self::Values(path.clone());
        }
        Self::Values(path.iter().cloned().chain([part]).collect())
    }
}
