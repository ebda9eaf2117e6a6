//! Values that are shared: a map or a list clones in constant time, however large. The engine clones a value for every
//! turn of a loop, and its own maps and lists copy themselves deeply.

use std::any::Any;
use std::sync::Arc;

use cel::ExecutionError;
use cel::common::traits::{self, Adder, Container, Indexer, Iterable, Sizer, Zeroer};
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelNull, CelString, CelUInt, Kind, LIST_TYPE, MAP_TYPE,
    Type,
};
use cel::common::value::{CowVal, StaticVal, Val};

/// A value as policies see it.
#[derive(Debug, Clone)]
pub(super) enum Slot {
    Null,
    Bool(CelBool),
    Int(CelInt),
    Double(CelDouble),
    Text(CelString<'static>),
    List(SharedList),
    Map(SharedMap),
}

static NULL: CelNull = CelNull;

/// The value as a shared one; `None` when it holds what only the engine has, such as a time.
pub(super) fn share(value: &dyn Val) -> Option<Slot> {
    if let Some(list) = value.downcast_ref::<CelList<'_>>() {
        let elements = list.inner().iter().map(|element| share(element.as_ref()));
        return Some(Slot::List(SharedList::new(
            elements.collect::<Option<_>>()?,
        )));
    }
    if let Some(list) = value.downcast_ref::<SharedList>() {
        return Some(Slot::List(list.clone()));
    }
    if let Some(map) = value.downcast_ref::<SharedMap>() {
        return Some(Slot::Map(map.clone()));
    }
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        return Some(Slot::Text(CelString::from(text.inner().to_owned())));
    }
    if let Some(value) = value.downcast_ref::<CelBool>() {
        return Some(Slot::Bool(*value));
    }
    value
        .downcast_ref::<CelInt>()
        .map(|value| Slot::Int(*value))
}

impl Slot {
    /// The value in the engine's terms.
    pub(super) fn as_val(&self) -> &(dyn Val + 'static) {
        match self {
            Self::Null => &NULL,
            Self::Bool(value) => value,
            Self::Int(value) => value,
            Self::Double(value) => value,
            Self::Text(value) => value,
            Self::List(value) => value,
            Self::Map(value) => value,
        }
    }
}

/// The name of a field. It is a value too, because a loop over a map goes over its names; the names of facts are borrowed
/// from the program and cost nothing.
pub(super) type Key = CelString<'static>;

/// A map from names to values.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedMap(Arc<[(Key, Slot)]>);

impl SharedMap {
    /// A map of these entries; of entries with the same name the last stays.
    pub(super) fn new(mut entries: Vec<(Key, Slot)>) -> Self {
        // Those of a struct come in this order.
        if entries.is_sorted_by(|a, b| a.0.inner() < b.0.inner()) {
            return Self(entries.into());
        }
        // A stable sort keeps entries of one name in order, and `dedup_by` hands over the later one first.
        entries.sort_by(|a, b| a.0.inner().cmp(b.0.inner()));
        entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        Self(entries.into())
    }

    /// The value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Slot> {
        let index = self
            .0
            .binary_search_by(|entry| entry.0.inner().cmp(name))
            .ok()?;
        self.0.get(index).map(|entry| &entry.1)
    }

    /// The entries, sorted by name.
    pub(super) fn entries(&self) -> &[(Key, Slot)] {
        &self.0
    }
}

/// A list of values.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedList(Arc<[Slot]>);

impl SharedList {
    /// A list of these elements.
    pub(super) fn new(elements: Vec<Slot>) -> Self {
        Self(elements.into())
    }

    /// The elements.
    pub(super) fn elements(&self) -> &[Slot] {
        &self.0
    }
}

impl StaticVal for SharedMap {}
impl StaticVal for SharedList {}

impl Val for SharedMap {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn as_zeroer(&self) -> Option<&dyn Zeroer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        values_equal(self, other)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl Indexer for SharedMap {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let Some(name) = key.downcast_ref::<CelString<'_>>() else {
            return Err(ExecutionError::UnexpectedType {
                got: key.get_type().name().to_owned(),
                want: "string".to_owned(),
            });
        };
        SharedMap::get(self, name.inner())
            .map(|slot| CowVal::Borrowed(slot.as_val()))
            .ok_or_else(|| ExecutionError::NoSuchKey(Arc::new(name.inner().to_owned())))
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        Indexer::get(self.as_ref(), key).map(CowVal::into_owned)
    }
}

impl Container for SharedMap {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(key
            .downcast_ref::<CelString<'_>>()
            .is_some_and(|name| SharedMap::get(self, name.inner()).is_some()))
    }
}

impl Sizer for SharedMap {
    fn size(&self) -> CelInt {
        length(self.0.len())
    }
}

impl Zeroer for SharedMap {
    fn is_zero_value(&self) -> bool {
        self.0.is_empty()
    }
}

impl Iterable for SharedMap {
    fn iter<'b, 'v>(&'b self) -> Box<dyn traits::Iterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Lend(self.0.iter().map(|(name, _)| name as &dyn Val)))
    }
}

impl Val for SharedList {
    fn get_type(&self) -> &Type {
        &LIST_TYPE
    }

    fn cel_type() -> &'static Type {
        &LIST_TYPE
    }

    fn as_adder<'b, 'v>(&'b self) -> Option<&'b (dyn Adder + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn as_zeroer(&self) -> Option<&dyn Zeroer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        values_equal(self, other)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl Adder for SharedList {
    fn add<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let Some(iterable) = other
            .as_iterable()
            .filter(|_| other.get_type().kind() == Kind::List)
        else {
            return Err(ExecutionError::no_such_overload(
                "_+_",
                vec!["list".to_owned(), other.get_type().name().to_owned()],
            ));
        };
        let mut elements: Vec<Box<dyn Val + 'v>> = self
            .0
            .iter()
            .map(|slot| slot.as_val().clone_as_boxed())
            .collect();
        let mut rest = iterable.iter();
        while let Some(element) = rest.next() {
            elements.push(element.clone_as_boxed());
        }
        Ok(CowVal::owned(CelList::from(elements)))
    }
}

impl Indexer for SharedList {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let index = position(key).ok_or_else(|| ExecutionError::UnexpectedType {
            got: key.get_type().name().to_owned(),
            want: "int".to_owned(),
        })?;
        usize::try_from(index)
            .ok()
            .and_then(|index| self.0.get(index))
            .map(|slot| CowVal::Borrowed(slot.as_val()))
            .ok_or_else(|| ExecutionError::IndexOutOfBounds(index.into()))
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        Indexer::get(self.as_ref(), key).map(CowVal::into_owned)
    }
}

/// The position that a number names in a list; as in cel-go, a whole `double` is one.
fn position(key: &dyn Val) -> Option<i64> {
    if let Some(int) = key.downcast_ref::<CelInt>() {
        return Some(*int.inner());
    }
    if let Some(uint) = key.downcast_ref::<CelUInt>() {
        return Some(i64::try_from(*uint.inner()).unwrap_or(i64::MAX));
    }
    let double = *key.downcast_ref::<CelDouble>()?.inner();
    // Whole numbers up to 2^53 are exact in a double; no list is longer.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the range is checked in the same expression"
    )]
    (double.fract() == 0.0 && double.abs() <= 9_007_199_254_740_992.0).then_some(double as i64)
}

impl Container for SharedList {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.0.iter().any(|slot| values_equal(slot.as_val(), value)))
    }
}

impl Sizer for SharedList {
    fn size(&self) -> CelInt {
        length(self.0.len())
    }
}

impl Zeroer for SharedList {
    fn is_zero_value(&self) -> bool {
        self.0.is_empty()
    }
}

impl Iterable for SharedList {
    fn iter<'b, 'v>(&'b self) -> Box<dyn traits::Iterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Lend(self.0.iter().map(Slot::as_val)))
    }
}

/// An ordinary iterator as the engine wants it.
struct Lend<I>(I);

impl<'b, 'v, I> traits::Iterator<'b, 'v> for Lend<I>
where
    I: Iterator<Item = &'b (dyn Val + 'static)>,
{
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|value| value as &'b (dyn Val + 'v))
    }
}

fn length(n: usize) -> CelInt {
    CelInt::from(i64::try_from(n).unwrap_or(i64::MAX))
}

/// Equality of any two values. The engine's own lists and maps are never equal to values of another Rust type, whatever
/// they hold, so lists and maps are compared here by what they hold.
pub(super) fn values_equal(a: &dyn Val, b: &dyn Val) -> bool {
    match (a.get_type().kind(), b.get_type().kind()) {
        (Kind::List, Kind::List) => lists_equal(a, b),
        (Kind::Map, Kind::Map) => maps_equal(a, b),
        (Kind::List | Kind::Map, _) | (_, Kind::List | Kind::Map) => false,
        _ => a.equals(b),
    }
}

fn lists_equal(a: &dyn Val, b: &dyn Val) -> bool {
    let (Some(a_size), Some(b_size)) = (a.as_sizer(), b.as_sizer()) else {
        return false;
    };
    let (Some(a), Some(b)) = (a.as_iterable(), b.as_iterable()) else {
        return false;
    };
    if a_size.size().inner() != b_size.size().inner() {
        return false;
    }
    let (mut a, mut b) = (a.iter(), b.iter());
    loop {
        match (a.next(), b.next()) {
            (Some(a), Some(b)) if values_equal(a, b) => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

fn maps_equal(a: &dyn Val, b: &dyn Val) -> bool {
    let (Some(a_size), Some(b_size)) = (a.as_sizer(), b.as_sizer()) else {
        return false;
    };
    let (Some(names), Some(a), Some(b)) = (a.as_iterable(), a.as_indexer(), b.as_indexer()) else {
        return false;
    };
    if a_size.size().inner() != b_size.size().inner() {
        return false;
    }
    let mut names = names.iter();
    while let Some(name) = names.next() {
        match (a.get(name), b.get(name)) {
            (Ok(a), Ok(b)) if values_equal(a.as_ref(), b.as_ref()) => {}
            _ => return false,
        }
    }
    true
}
