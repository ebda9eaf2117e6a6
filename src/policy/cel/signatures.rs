//! The functions that policies may call, with what they take and give. The environment declares the functions; a test
//! holds the two against each other.

use super::types::Type;

/// A place in a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Bool,
    Int,
    Double,
    Number,
    Text,
    Bytes,
    Time,
    Duration,
    SemVer,
    List,
    TextList,
    Map,
    Name,
    Optional,
    /// A result of the type of the target, or of the first argument.
    Same,
    /// A result of the type of the elements.
    Element,
}

impl Kind {
    pub(super) fn takes(self, found: &Type) -> bool {
        matches!(
            (self, found),
            (_, Type::Any)
                | (Self::Any, _)
                | (Self::Bool, Type::Bool)
                | (Self::Int, Type::Int)
                | (Self::Double, Type::Double)
                | (Self::Number, Type::Int | Type::Uint | Type::Double)
                | (Self::Text, Type::Text)
                | (Self::Bytes, Type::Bytes)
                | (Self::Time, Type::Time)
                | (Self::Duration, Type::Duration)
                | (Self::SemVer, Type::SemVer)
                | (Self::List, Type::List(_))
                | (Self::Map, Type::Map(_) | Type::Record(_))
                | (Self::Optional, Type::Optional(_))
        ) || matches!((self, found), (Self::TextList, Type::List(of)) if matches!(**of, Type::Any | Type::Text))
    }

    pub(super) fn called(self) -> &'static str {
        match self {
            Self::Any | Self::Same | Self::Element => "any type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Double => "double",
            Self::Number => "a number",
            Self::Text => "string",
            Self::Bytes => "bytes",
            Self::Time => "timestamp",
            Self::Duration => "duration",
            Self::SemVer => "semver",
            Self::List => "list",
            Self::TextList => "a list of strings",
            Self::Map => "map",
            Self::Name => "type",
            Self::Optional => "optional",
        }
    }

    pub(super) fn result(self, first: Option<&Type>) -> Type {
        match self {
            Self::Any | Self::Number => Type::Any,
            Self::Bool => Type::Bool,
            Self::Int => Type::Int,
            Self::Double => Type::Double,
            Self::Text => Type::Text,
            Self::Bytes => Type::Bytes,
            Self::Time => Type::Time,
            Self::Duration => Type::Duration,
            Self::SemVer => Type::SemVer,
            Self::List => Type::list(Type::Any),
            Self::TextList => Type::list(Type::Text),
            Self::Map => Type::Map(Type::Any.into()),
            Self::Name => Type::Name,
            Self::Optional => Type::optional(Type::Any),
            Self::Same => first.cloned().unwrap_or(Type::Any),
            Self::Element => match first {
                Some(Type::List(of) | Type::Optional(of)) => (**of).clone(),
                _ => Type::Any,
            },
        }
    }
}

/// A function: its name, the type of its target if it is called on one, its arguments, and its result.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) target: Option<Kind>,
    pub(super) arguments: &'static [Kind],
    pub(super) result: Kind,
}

const fn global(name: &'static str, arguments: &'static [Kind], result: Kind) -> Signature {
    Signature {
        name,
        target: None,
        arguments,
        result,
    }
}

const fn member(
    target: Kind,
    name: &'static str,
    arguments: &'static [Kind],
    result: Kind,
) -> Signature {
    Signature {
        name,
        target: Some(target),
        arguments,
        result,
    }
}

use Kind::{
    Any, Bool, Bytes, Double, Duration, Element, Int, List, Map, Name, Number, Optional, Same,
    SemVer, Text, TextList, Time,
};

/// All functions, sorted by what they work on.
pub(super) static SIGNATURES: &[Signature] = &[
    // The standard library.
    global("size", &[Text], Int),
    global("size", &[List], Int),
    global("size", &[Map], Int),
    global("size", &[Bytes], Int),
    member(Text, "size", &[], Int),
    member(List, "size", &[], Int),
    member(Map, "size", &[], Int),
    member(Bytes, "size", &[], Int),
    global("string", &[Any], Text),
    global("int", &[Any], Int),
    global("uint", &[Any], Any),
    global("double", &[Any], Double),
    global("bool", &[Any], Bool),
    global("bytes", &[Any], Bytes),
    global("dyn", &[Any], Any),
    global("type", &[Any], Name),
    global("duration", &[Text], Duration),
    global("duration", &[Duration], Duration),
    global("timestamp", &[Text], Time),
    global("timestamp", &[Time], Time),
    global("timestamp", &[Int], Time),
    member(Text, "contains", &[Text], Bool),
    member(Text, "startsWith", &[Text], Bool),
    member(Text, "endsWith", &[Text], Bool),
    member(Text, "matches", &[Text], Bool),
    global("matches", &[Text, Text], Bool),
    member(Time, "getFullYear", &[], Int),
    member(Time, "getFullYear", &[Text], Int),
    member(Time, "getMonth", &[], Int),
    member(Time, "getMonth", &[Text], Int),
    member(Time, "getDayOfYear", &[], Int),
    member(Time, "getDayOfYear", &[Text], Int),
    member(Time, "getDayOfMonth", &[], Int),
    member(Time, "getDayOfMonth", &[Text], Int),
    member(Time, "getDate", &[], Int),
    member(Time, "getDate", &[Text], Int),
    member(Time, "getDayOfWeek", &[], Int),
    member(Time, "getDayOfWeek", &[Text], Int),
    member(Time, "getHours", &[], Int),
    member(Time, "getHours", &[Text], Int),
    member(Time, "getMinutes", &[], Int),
    member(Time, "getMinutes", &[Text], Int),
    member(Time, "getSeconds", &[], Int),
    member(Time, "getSeconds", &[Text], Int),
    member(Time, "getMilliseconds", &[], Int),
    member(Time, "getMilliseconds", &[Text], Int),
    member(Duration, "getHours", &[], Int),
    member(Duration, "getMinutes", &[], Int),
    member(Duration, "getSeconds", &[], Int),
    member(Duration, "getMilliseconds", &[], Int),
    // Optional values.
    global("optional.of", &[Any], Optional),
    global("optional.ofNonZeroValue", &[Any], Optional),
    global("optional.none", &[], Optional),
    member(Optional, "hasValue", &[], Bool),
    member(Optional, "value", &[], Element),
    member(Optional, "orValue", &[Any], Element),
    member(Optional, "or", &[Any], Same),
    // Texts.
    member(Text, "charAt", &[Int], Text),
    member(Text, "indexOf", &[Text], Int),
    member(Text, "indexOf", &[Text, Int], Int),
    member(Text, "lastIndexOf", &[Text], Int),
    member(Text, "lastIndexOf", &[Text, Int], Int),
    member(Text, "lowerAscii", &[], Text),
    member(Text, "upperAscii", &[], Text),
    member(Text, "trim", &[], Text),
    member(Text, "replace", &[Text, Text], Text),
    member(Text, "replace", &[Text, Text, Int], Text),
    member(Text, "split", &[Text], TextList),
    member(Text, "split", &[Text, Int], TextList),
    member(Text, "substring", &[Int], Text),
    member(Text, "substring", &[Int, Int], Text),
    member(Text, "reverse", &[], Text),
    member(Text, "format", &[List], Text),
    member(Text, "find", &[Text], Text),
    member(Text, "findAll", &[Text], TextList),
    member(Text, "matchesGlob", &[Text], Bool),
    member(TextList, "join", &[], Text),
    member(TextList, "join", &[Text], Text),
    global("strings.quote", &[Text], Text),
    // Lists and sets.
    global("lists.range", &[Int], List),
    member(List, "slice", &[Int, Int], Same),
    member(List, "flatten", &[], Element),
    member(List, "flatten", &[Int], List),
    member(List, "distinct", &[], Same),
    member(List, "reverse", &[], Same),
    member(List, "sort", &[], Same),
    global("sets.contains", &[List, List], Bool),
    global("sets.intersects", &[List, List], Bool),
    global("sets.equivalent", &[List, List], Bool),
    // Numbers.
    global("math.ceil", &[Double], Double),
    global("math.floor", &[Double], Double),
    global("math.round", &[Double], Double),
    global("math.trunc", &[Double], Double),
    global("math.isInf", &[Double], Bool),
    global("math.isNaN", &[Double], Bool),
    global("math.isFinite", &[Double], Bool),
    global("math.abs", &[Number], Same),
    global("math.sign", &[Number], Same),
    global("math.sqrt", &[Number], Double),
    global("math.bitAnd", &[Number, Number], Same),
    global("math.bitOr", &[Number, Number], Same),
    global("math.bitXor", &[Number, Number], Same),
    global("math.bitNot", &[Number], Same),
    global("math.bitShiftLeft", &[Number, Int], Same),
    global("math.bitShiftRight", &[Number, Int], Same),
    // Versions.
    global("semver", &[Text], SemVer),
    global("semver", &[Text, Bool], SemVer),
    global("isSemver", &[Text], Bool),
    global("isSemver", &[Text, Bool], Bool),
    member(SemVer, "isLessThan", &[SemVer], Bool),
    member(SemVer, "isGreaterThan", &[SemVer], Bool),
    member(SemVer, "compareTo", &[SemVer], Int),
    member(SemVer, "major", &[], Int),
    member(SemVer, "minor", &[], Int),
    member(SemVer, "patch", &[], Int),
    member(SemVer, "prerelease", &[], Text),
];

/// The names of the macros, for suggestions.
pub(super) const MACROS: &[&str] = &[
    "has",
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "map",
    "filter",
    "sortBy",
    "greatest",
    "least",
    "bind",
    "optMap",
    "optFlatMap",
    "transformList",
    "transformMap",
    "transformMapEntry",
];
