//! Anything that serde can write, as a shared value. Facts go this way without a detour through JSON, so that the names
//! of their fields are never copied, and every whole number is an `int`: the engine's own conversion makes unsigned ones
//! `uint`, with which `n + 1` is an error.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::rc::Rc;

use cel::common::types::{CelBool, CelDouble, CelInt, CelString};
use serde::ser::{self, Serialize};

use super::value::{Key, SharedList, SharedMap, Slot};

/// The value of anything that serde can write.
pub(super) fn to_slot<T: Serialize + ?Sized>(value: &T) -> Result<Slot, Unsupported> {
    value.serialize(ToSlot)
}

/// Something that has no counterpart in a policy's values: bytes, or a map whose keys are not texts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unsupported(String);

impl ser::Error for Unsupported {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

fn text(value: &str) -> Slot {
    Slot::Text(CelString::from(value.to_owned()))
}

fn unsupported<T>(what: &str) -> Result<T, Unsupported> {
    Err(Unsupported(format!("{what} cannot be shown to a policy")))
}

struct ToSlot;

impl ser::Serializer for ToSlot {
    type Ok = Slot;
    type Error = Unsupported;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = ser::Impossible<Slot, Unsupported>;
    type SerializeMap = Map;
    type SerializeStruct = Struct;
    type SerializeStructVariant = ser::Impossible<Slot, Unsupported>;

    fn serialize_bool(self, value: bool) -> Result<Slot, Unsupported> {
        Ok(Slot::Bool(CelBool::from(value)))
    }

    fn serialize_i8(self, value: i8) -> Result<Slot, Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<Slot, Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<Slot, Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<Slot, Unsupported> {
        Ok(Slot::Int(CelInt::from(value)))
    }

    fn serialize_u8(self, value: u8) -> Result<Slot, Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<Slot, Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<Slot, Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<Slot, Unsupported> {
        // A count beyond the range of `int` stays the largest one: an order that is kept is better than a wrapped number.
        self.serialize_i64(i64::try_from(value).unwrap_or(i64::MAX))
    }

    fn serialize_f32(self, value: f32) -> Result<Slot, Unsupported> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<Slot, Unsupported> {
        Ok(Slot::Double(CelDouble::from(value)))
    }

    fn serialize_char(self, value: char) -> Result<Slot, Unsupported> {
        Ok(text(value.encode_utf8(&mut [0; 4])))
    }

    fn serialize_str(self, value: &str) -> Result<Slot, Unsupported> {
        Ok(text(value))
    }

    fn serialize_bytes(self, _value: &[u8]) -> Result<Slot, Unsupported> {
        unsupported("a run of bytes")
    }

    fn serialize_none(self) -> Result<Slot, Unsupported> {
        Ok(Slot::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Slot, Unsupported> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Slot, Unsupported> {
        Ok(Slot::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Slot, Unsupported> {
        Ok(Slot::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Slot, Unsupported> {
        Ok(Slot::Text(CelString::from(variant)))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Slot, Unsupported> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Slot, Unsupported> {
        Ok(Slot::Map(SharedMap::new(vec![(
            CelString::from(variant),
            to_slot(value)?,
        )])))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<List, Unsupported> {
        Ok(List(Vec::with_capacity(len.unwrap_or(0))))
    }

    fn serialize_tuple(self, len: usize) -> Result<List, Unsupported> {
        Ok(List(Vec::with_capacity(len)))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<List, Unsupported> {
        Ok(List(Vec::with_capacity(len)))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant, Unsupported> {
        unsupported("an enum with unnamed fields")
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Map, Unsupported> {
        Ok(Map {
            entries: Vec::with_capacity(len.unwrap_or(0)),
            name: CelString::default(),
        })
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Struct, Unsupported> {
        Ok(Struct::new(name, len))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, Unsupported> {
        unsupported("an enum with named fields")
    }
}

struct List(Vec<Slot>);

impl List {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.0.push(to_slot(value)?);
        Ok(())
    }

    fn finish(self) -> Slot {
        Slot::List(SharedList::new(self.0))
    }
}

impl ser::SerializeSeq for List {
    type Ok = Slot;
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.push(value)
    }

    fn end(self) -> Result<Slot, Unsupported> {
        Ok(self.finish())
    }
}

impl ser::SerializeTuple for List {
    type Ok = Slot;
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.push(value)
    }

    fn end(self) -> Result<Slot, Unsupported> {
        Ok(self.finish())
    }
}

impl ser::SerializeTupleStruct for List {
    type Ok = Slot;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.push(value)
    }

    fn end(self) -> Result<Slot, Unsupported> {
        Ok(self.finish())
    }
}

struct Map {
    entries: Vec<(Key, Slot)>,
    name: Key,
}

impl ser::SerializeMap for Map {
    type Ok = Slot;
    type Error = Unsupported;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unsupported> {
        match to_slot(key)? {
            Slot::Text(name) => {
                self.name = name;
                Ok(())
            }
            _ => unsupported("a map whose keys are not texts"),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        let value = to_slot(value)?;
        self.entries.push((std::mem::take(&mut self.name), value));
        Ok(())
    }

    fn end(self) -> Result<Slot, Unsupported> {
        Ok(Slot::Map(SharedMap::new(self.entries)))
    }
}

thread_local! {
    /// Of structs by name and number of fields: where each field, in the order in which it is written, stands among the
    /// sorted ones. There are thousands of facts of a few types.
    static PLACES: RefCell<Places> = RefCell::default();
}

/// By the name of a type and the number of its fields.
type Places = BTreeMap<(&'static str, usize), Rc<[usize]>>;

struct Struct {
    type_name: &'static str,
    entries: Vec<(Key, Slot)>,
    /// How many fields have been written.
    written: usize,
    places: Option<Rc<[usize]>>,
}

impl Struct {
    fn new(type_name: &'static str, len: usize) -> Self {
        let places = PLACES.with_borrow(|places| places.get(&(type_name, len)).cloned());
        let mut entries = Vec::with_capacity(len);
        if places.is_some() {
            entries.resize_with(len, || (Key::default(), Slot::Null));
        }
        Self {
            type_name,
            entries,
            written: 0,
            places,
        }
    }
}

impl ser::SerializeStruct for Struct {
    type Ok = Slot;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        let entry = (CelString::from(name), to_slot(value)?);
        let place = self.places.as_ref().and_then(|it| it.get(self.written));
        match place.and_then(|&place| self.entries.get_mut(place)) {
            Some(free) => *free = entry,
            None => self.entries.push(entry),
        }
        self.written += 1;
        Ok(())
    }

    fn end(self) -> Result<Slot, Unsupported> {
        let Self {
            type_name,
            mut entries,
            written,
            places,
        } = self;
        if places.is_some() {
            // Types of one name may have other fields, and a field may be left out.
            if entries.len() != written {
                entries.retain(|(name, _)| !name.inner().is_empty());
            }
            return Ok(Slot::Map(SharedMap::new(entries)));
        }
        let names: Vec<String> = entries.iter().map(|it| it.0.inner().to_owned()).collect();
        let map = SharedMap::new(entries);
        let place = |name: &String| {
            let sorted = map.entries();
            sorted
                .binary_search_by(|entry| entry.0.inner().cmp(name.as_str()))
                .ok()
        };
        let places: Option<Rc<[usize]>> = names.iter().map(place).collect();
        if let Some(places) = places.filter(|places| places.len() == map.entries().len()) {
            let key = (type_name, places.len());
            PLACES.with_borrow_mut(|known| known.insert(key, places));
        }
        Ok(Slot::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(value: &impl Serialize) -> Vec<String> {
        let Ok(Slot::Map(map)) = to_slot(value) else {
            panic!("it is no map");
        };
        let names = map.entries().iter().map(|(name, value)| {
            let Slot::Text(value) = value else {
                panic!("it is no text");
            };
            format!("{}={}", name.inner(), value.inner())
        });
        names.collect()
    }

    /// However often its type was seen, and whatever other types have its name.
    #[test]
    fn fields_are_sorted() {
        mod other {
            #[derive(serde::Serialize)]
            pub(super) struct Cask {
                pub(super) wood: &'static str,
                pub(super) age: &'static str,
                pub(super) label: &'static str,
            }
        }
        #[derive(serde::Serialize)]
        struct Cask {
            label: &'static str,
            #[serde(skip_serializing_if = "str::is_empty")]
            volume: &'static str,
            name: &'static str,
            #[serde(skip_serializing_if = "str::is_empty")]
            age: &'static str,
        }
        let cask = |volume, age| Cask {
            label: "1",
            volume,
            name: "3",
            age,
        };
        let of_other = other::Cask {
            wood: "1",
            age: "2",
            label: "3",
        };
        for _ in 0..3 {
            assert_eq!(names(&cask("2", "")), ["label=1", "name=3", "volume=2"]);
            assert_eq!(names(&cask("", "4")), ["age=4", "label=1", "name=3"]);
            assert_eq!(names(&of_other), ["age=2", "label=3", "wood=1"]);
            let all = names(&cask("2", "4"));
            assert_eq!(all, ["age=4", "label=1", "name=3", "volume=2"]);
            assert_eq!(names(&cask("", "")), ["label=1", "name=3"]);
        }
    }
}
