//! What a list or a map holds, each with its place: loops over two variables go over these.

#![allow(
    clippy::needless_pass_by_value,
    reason = "the engine prescribes the signature of its functions"
)]

use std::collections::HashMap;
use std::sync::Arc;

use cel::common::traits::{Container, Indexer};
use cel::common::types::{
    CelInt, CelList, CelMap, CelMapKey, CelString, DYN_TYPE, Kind, LIST_TYPE, MAP_TYPE, Type,
};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

use super::budget::{self, charge};
use super::macros::{ENTRIES, MAP_OF, MERGE};

/// The field of an entry that holds its position in a list, or its name in a map.
pub(super) const KEY: &str = "key";
/// The field of an entry that holds the value.
pub(super) const VALUE: &str = "value";

type Args<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// Declares the functions, which no policy can name.
pub(super) fn extension(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload(ENTRIES, "entries", vec![DYN_TYPE], entries)?;
    env.add_overload(MAP_OF, "map_of", vec![LIST_TYPE], map_of)?;
    env.add_overload(MERGE, "merge", vec![LIST_TYPE], merge)
}

/// The names of a map in their order. The engine's own maps hand them out in an order that changes from run to run.
pub(super) fn sorted_names<'v>(map: &(dyn Val + 'v)) -> Vec<Box<dyn Val + 'v>> {
    let mut names = copied(map);
    names.sort_by(|a, b| match (rank(a.as_ref()), rank(b.as_ref())) {
        (a, b) if a != b => a.cmp(&b),
        _ => a
            .as_comparer()
            .and_then(|comparer| comparer.compare(b.as_ref()).ok())
            .unwrap_or(std::cmp::Ordering::Equal),
    });
    names
}

/// Names of different types cannot be compared; numbers can with each other.
fn rank(name: &dyn Val) -> u8 {
    match name.get_type().kind() {
        Kind::Boolean => 0,
        Kind::String => 2,
        _ => 1,
    }
}

fn copied<'v>(values: &(dyn Val + 'v)) -> Vec<Box<dyn Val + 'v>> {
    let mut found = Vec::new();
    if let Some(iterable) = values.as_iterable() {
        let mut elements = iterable.iter();
        while let Some(element) = elements.next() {
            found.push(element.clone_as_boxed());
        }
    }
    found
}

/// A value with its place. The engine asks it for its two fields, as it asks a map.
#[derive(Debug)]
struct Entry<'v>(Arc<(Box<dyn Val + 'v>, Box<dyn Val + 'v>)>);

impl Val for Entry<'_> {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_container(&self) -> Option<&dyn Container> {
        None
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(Self(Arc::clone(&self.0)))
    }
}

impl Indexer for Entry<'_> {
    fn get<'b, 'w>(&'b self, field: &dyn Val) -> Answer<'b, 'w>
    where
        Self: 'w,
    {
        let name = field.downcast_ref::<CelString<'_>>().map(CelString::inner);
        match name {
            Some(KEY) => Ok(CowVal::Borrowed(self.0.0.as_ref())),
            Some(VALUE) => Ok(CowVal::Borrowed(self.0.1.as_ref())),
            _ => Err(ExecutionError::no_such_key(name.unwrap_or_default())),
        }
    }

    fn steal<'w>(self: Box<Self>, field: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        Indexer::get(self.as_ref(), field).map(CowVal::into_owned)
    }
}

fn entries<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let [values] = args.as_slice() else {
        return Err(ExecutionError::invalid_argument_count(1, args.len()));
    };
    let neither = || unexpected(values.as_ref(), "a list or a map");
    charge(budget::walk_steps(values.as_ref()).saturating_mul(2))?;
    let entry = |key, value| Box::new(Entry(Arc::new((key, value)))) as Box<dyn Val + 'v>;
    let entries: Vec<Box<dyn Val + 'v>> = match values.get_type().kind() {
        Kind::List => copied(values.as_ref())
            .into_iter()
            .zip(0_i64..)
            .map(|(value, index)| entry(Box::new(CelInt::from(index)), value))
            .collect(),
        Kind::Map => {
            let indexer = values.as_indexer().ok_or_else(neither)?;
            sorted_names(values.as_ref())
                .into_iter()
                .map(|name| {
                    let value = indexer.get(name.as_ref())?.clone_as_boxed();
                    Ok(entry(name, value))
                })
                .collect::<Result<_, ExecutionError>>()?
        }
        _ => return Err(neither()),
    };
    Ok(CowVal::owned(CelList::from(entries)))
}

fn map_of<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let pairs = args
        .first()
        .map_or_else(Vec::new, |list| copied(list.as_ref()));
    let mut map: HashMap<CelMapKey<'v>, Box<dyn Val + 'v>> = HashMap::with_capacity(pairs.len());
    for pair in pairs {
        let mut parts = copied(pair.as_ref()).into_iter();
        if let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            insert(&mut map, name, value)?;
        }
    }
    Ok(CowVal::owned(CelMap::from(map)))
}

fn merge<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let maps = args
        .first()
        .map_or_else(Vec::new, |list| copied(list.as_ref()));
    let mut merged: HashMap<CelMapKey<'v>, Box<dyn Val + 'v>> = HashMap::with_capacity(maps.len());
    for map in maps {
        let (Kind::Map, Some(indexer)) = (map.get_type().kind(), map.as_indexer()) else {
            return Err(unexpected(map.as_ref(), "map"));
        };
        for name in sorted_names(map.as_ref()) {
            let value = indexer.get(name.as_ref())?.clone_as_boxed();
            insert(&mut merged, name, value)?;
        }
    }
    Ok(CowVal::owned(CelMap::from(merged)))
}

fn insert<'v>(
    map: &mut HashMap<CelMapKey<'v>, Box<dyn Val + 'v>>,
    name: Box<dyn Val + 'v>,
    value: Box<dyn Val + 'v>,
) -> Result<(), ExecutionError> {
    let shown = super::json::json(name.as_ref());
    if map.insert(CelMapKey::try_from(name)?, value).is_some() {
        let message = format!("{shown} stands twice in this map");
        return Err(ExecutionError::function_error("transformMapEntry", message));
    }
    Ok(())
}

fn unexpected(value: &dyn Val, want: &str) -> ExecutionError {
    ExecutionError::UnexpectedType {
        got: value.get_type().name().to_owned(),
        want: want.to_owned(),
    }
}
