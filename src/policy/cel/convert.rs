//! Anything that serde can write, as a shared value. Facts go this way without a detour through JSON, so that the names
//! of their fields are never copied, and every whole number is an `int`: the engine's own conversion makes unsigned ones
//! `uint`, with which `n + 1` is an error.

use std::fmt::Display;

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
    type SerializeStruct = Map;
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

    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<Map, Unsupported> {
        self.serialize_map(Some(len))
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

impl ser::SerializeStruct for Map {
    type Ok = Slot;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        self.entries.push((CelString::from(name), to_slot(value)?));
        Ok(())
    }

    fn end(self) -> Result<Slot, Unsupported> {
        Ok(Slot::Map(SharedMap::new(self.entries)))
    }
}
