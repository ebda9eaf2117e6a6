//! What the functions of Go's templates, sprig and Helm do with places. A function that is not here prints its arguments.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::source::Location;

use super::abstraction::{Part, Place};

/// What a function does with a place.
pub(super) enum Use {
    /// It may look at all of it.
    Printed(Place, Option<Location>),
    /// It looks whether it is there, or what it is.
    Tested(Place),
    /// It sets it.
    Assigned(Place),
}

type Argument = (Place, Option<Location>);

/// The place that a function returns, and what it does with its arguments.
pub(super) fn apply(name: &str, arguments: &[Argument]) -> (Place, Vec<Use>) {
    let places = || arguments.iter().map(|(place, _)| place.clone());
    let place = |index: usize| {
        arguments
            .get(index)
            .map_or(Place::Elsewhere, |(place, _)| place.clone())
    };
    let last = || place(arguments.len().saturating_sub(1));
    let tested = || places().map(Use::Tested).collect::<Vec<_>>();
    match name {
        "dict" => (dict(arguments), Vec::new()),
        "list" | "tuple" => (Place::List(places().collect()), Vec::new()),
        "index" => (index(arguments), Vec::new()),
        "get" => {
            let of = by_key(&place(0), &place(1));
            (of.clone(), vec![Use::Tested(of)])
        }
        "hasKey" => {
            let of = by_key(&place(0), &place(1));
            (Place::Elsewhere, vec![Use::Tested(of)])
        }
        "dig" => dig(arguments),
        "pluck" => {
            let found = places().skip(1).map(|of| by_key(&of, &place(0))).collect();
            let found = Place::one_of(found);
            (
                Place::List([found.clone()].into()),
                vec![Use::Tested(found)],
            )
        }
        "default" => {
            let uses = arguments
                .iter()
                .skip(1)
                .map(|(place, _)| Use::Tested(place.clone()));
            (Place::one_of(places().collect()), uses.collect())
        }
        "or" | "and" | "coalesce" => (Place::one_of(places().collect()), tested()),
        "ternary" => (
            Place::one_of(vec![place(0), place(1)]),
            vec![Use::Tested(place(2))],
        ),
        "required" => (place(1), vec![Use::Tested(place(1))]),
        "not" | "empty" | "len" | "kindOf" | "typeOf" | "eq" | "ne" | "lt" | "le" | "gt" | "ge"
        | "keys" => (Place::Elsewhere, tested()),
        "kindIs" | "typeIs" | "typeIsLike" => (Place::Elsewhere, vec![Use::Tested(place(1))]),
        "deepCopy" | "mustDeepCopy" | "rest" | "mustRest" | "initial" | "mustInitial" | "uniq"
        | "mustUniq" | "compact" | "mustCompact" | "reverse" | "mustReverse" | "sortAlpha" => {
            (last(), Vec::new())
        }
        "omit" | "pick" | "unset" | "without" | "mustWithout" => (place(0), Vec::new()),
        "first" | "mustFirst" | "last" | "mustLast" | "values" => {
            (place(0).item(), vec![Use::Tested(place(0))])
        }
        "concat" | "append" | "mustAppend" | "prepend" | "mustPrepend" => {
            (Place::one_of(places().collect()), Vec::new())
        }
        "merge" | "mustMerge" | "mergeOverwrite" | "mustMergeOverwrite" => {
            let target = match place(0) {
                Place::Values(path) => vec![Use::Assigned(Place::Values(
                    path.iter().cloned().chain([Part::Any]).collect(),
                ))],
                _ => Vec::new(),
            };
            (Place::one_of(places().collect()), target)
        }
        "set" => set(arguments),
        _ => {
            let uses = arguments
                .iter()
                .map(|(place, location)| Use::Printed(place.clone(), *location));
            (Place::Elsewhere, uses.collect())
        }
    }
}

fn dict(arguments: &[Argument]) -> Place {
    let mut map: BTreeMap<Arc<str>, Place> = BTreeMap::new();
    for pair in arguments.chunks_exact(2) {
        if let [(Place::Text(key), _), (value, _)] = pair {
            map.insert(key.clone(), value.clone());
        }
    }
    Place::Map(Arc::new(map))
}

fn by_key(of: &Place, key: &Place) -> Place {
    match key {
        Place::Text(key) => match key.parse() {
            Ok(index) => of.item_at(index),
            Err(_) => of.field(key),
        },
        _ => of.item(),
    }
}

fn index(arguments: &[Argument]) -> Place {
    let Some(((of, _), keys)) = arguments.split_first() else {
        return Place::Elsewhere;
    };
    keys.iter()
        .fold(of.clone(), |of, (key, _)| by_key(&of, key))
}

/// `dig "a" "b" default map`.
fn dig(arguments: &[Argument]) -> (Place, Vec<Use>) {
    let [keys @ .., (default, _), (of, _)] = arguments else {
        return (Place::Elsewhere, Vec::new());
    };
    let mut uses = Vec::new();
    let mut found = of.clone();
    for (key, _) in keys {
        found = by_key(&found, key);
        uses.push(Use::Tested(found.clone()));
    }
    (Place::one_of(vec![found, default.clone()]), uses)
}

/// `set map key value` changes the map for everybody; what it puts there may be read anywhere.
fn set(arguments: &[Argument]) -> (Place, Vec<Use>) {
    let place = |index: usize| {
        arguments
            .get(index)
            .map_or(Place::Elsewhere, |(place, _)| place.clone())
    };
    let (of, key, value) = (place(0), place(1), place(2));
    let mut uses = vec![Use::Printed(value.clone(), None)];
    if matches!(of, Place::Values(_)) {
        uses.push(Use::Assigned(by_key(&of, &key)));
    }
    let result = match (&of, &key) {
        (Place::Map(map), Place::Text(key)) => {
            let mut map = BTreeMap::clone(map);
            map.insert(key.clone(), value);
            Place::Map(Arc::new(map))
        }
        _ => of,
    };
    (result, uses)
}
