//! What a change of a column's type means: for its rows on disk, for the values in it, and for a client that knows the
//! old type. PostgreSQL decides the first in `ATColumnChangeRequiresRewrite`.

use crate::schema::{Column, Lookup, Truth, TypeKind, same_expression};
use crate::syntax::sql::operation::TypeName;

use super::Situation;

/// What happens to the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// They stay as they are.
    Same,
    /// They stay, but indexes on the column are built anew.
    IndexesOnly,
    /// They are written anew.
    Rewrite,
    /// It cannot be told.
    Unknown,
}

/// What a change of type means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retype {
    /// What happens to the rows.
    pub storage: Storage,
    /// Values may not fit, or are rounded or cut.
    pub narrows: Truth,
    /// A client is sent another type than before.
    pub wire_changes: Truth,
}

impl Retype {
    const UNKNOWN: Self = Self {
        storage: Storage::Unknown,
        narrows: Truth::Unknown,
        wire_changes: Truth::Unknown,
    };

    /// What changing `column` to a type means; `None` for a column that no migration created.
    pub fn of(
        situation: &Situation<'_>,
        column: Option<&Column>,
        wanted: &TypeName,
        using: Option<&str>,
        collation: Option<&str>,
    ) -> Self {
        let Some(column) = column.filter(|column| !column.type_name.name.is_empty()) else {
            return Self::UNKNOWN;
        };
        let old = Kind::of(situation, &column.type_name);
        let new = Kind::of(situation, wanted);
        let mut change = if old.type_name.array == 0 && new.type_name.array == 0 {
            scalar(situation, &old, &new)
        } else if same_type(&old.type_name, &new.type_name) {
            Self::same()
        } else {
            Self {
                storage: Storage::Rewrite,
                narrows: Truth::Unknown,
                wire_changes: Truth::Yes,
            }
        };
        if using.is_some_and(|using| !is_plain_cast(using, &column.name, wanted)) {
            change.storage = Storage::Rewrite;
        }
        let old_collation = column.collation.as_deref();
        if change.storage == Storage::Same
            && old_collation != collation
            && !is_default_collation(collation, old_collation)
        {
            change.storage = Storage::IndexesOnly;
        }
        change
    }

    fn same() -> Self {
        Self {
            storage: Storage::Same,
            narrows: Truth::No,
            wire_changes: Truth::No,
        }
    }

    /// It only lets more in: no rewrite, no narrower values, the same type for clients.
    pub fn only_widens(&self) -> bool {
        matches!(self.storage, Storage::Same | Storage::IndexesOnly)
            && self.narrows == Truth::No
            && self.wire_changes == Truth::No
    }
}

fn is_default_collation(new: Option<&str>, old: Option<&str>) -> bool {
    let default = |name: Option<&str>| name.is_none_or(|name| name == "default");
    default(new) && default(old)
}

/// `USING column` and `USING column::type` say what happens without them.
fn is_plain_cast(using: &str, column: &str, wanted: &TypeName) -> bool {
    if same_expression(using, column) {
        return true;
    }
    wanted.modifiers.is_empty()
        && wanted.array == 0
        && (same_expression(using, &format!("{column}::{}", wanted.name))
            || short_names(&wanted.name)
                .iter()
                .any(|name| same_expression(using, &format!("{column}::{name}"))))
}

fn short_names(canonical: &str) -> &'static [&'static str] {
    match canonical {
        "character varying" => &["varchar"],
        "timestamp with time zone" => &["timestamptz"],
        "timestamp" | "timestamp without time zone" => {
            &["timestamp", "timestamp without time zone"]
        }
        _ => &[],
    }
}

/// A type with what its domain is made of.
struct Kind {
    type_name: TypeName,
    /// Values of the base are checked when they become values of this type.
    constrained: bool,
    user_defined: bool,
    known: bool,
}

impl Kind {
    fn of(situation: &Situation<'_>, written: &TypeName) -> Self {
        let mut type_name = written.clone();
        let mut constrained = false;
        // Domains over domains are rare, and never deep.
        for _ in 0..8 {
            match situation
                .before
                .type_entry(type_name.schema.as_deref(), &type_name.name)
            {
                Lookup::Found(entry) => match &entry.kind {
                    TypeKind::Domain(domain) => {
                        constrained |= domain.is_constrained();
                        type_name = TypeName {
                            array: type_name.array.max(domain.base.array),
                            ..domain.base.clone()
                        };
                    }
                    TypeKind::Enum(_) | TypeKind::Other => {
                        return Self {
                            type_name,
                            constrained,
                            user_defined: true,
                            known: true,
                        };
                    }
                },
                Lookup::Missing | Lookup::Unknown => break,
            }
        }
        Self {
            known: is_built_in(&type_name.name),
            type_name,
            constrained,
            user_defined: false,
        }
    }

    fn name(&self) -> &str {
        match self.type_name.name.as_str() {
            "timestamp without time zone" => "timestamp",
            "time without time zone" => "time",
            name => name,
        }
    }

    /// The modifier at a place as a number; `None` when it was not written.
    fn modifier(&self, place: usize) -> Option<i64> {
        self.type_name.modifiers.get(place)?.trim().parse().ok()
    }
}

fn same_type(old: &TypeName, new: &TypeName) -> bool {
    old.name == new.name && old.modifiers == new.modifiers && (old.array > 0) == (new.array > 0)
}

fn scalar(situation: &Situation<'_>, old: &Kind, new: &Kind) -> Retype {
    let mut change = if old.name() == new.name() {
        modifiers(old, new)
    } else {
        names(situation, old, new)
    };
    if new.constrained && !old.constrained {
        change.storage = Storage::Rewrite;
        change.narrows = Truth::Yes;
    }
    change
}

/// The same type with other modifiers.
fn modifiers(old: &Kind, new: &Kind) -> Retype {
    if old.type_name.modifiers == new.type_name.modifiers {
        return Retype::same();
    }
    let fits = |fits: bool| Retype {
        storage: if fits {
            Storage::Same
        } else {
            Storage::Rewrite
        },
        narrows: Truth::from(!fits),
        wire_changes: Truth::No,
    };
    match new.name() {
        "character varying" | "bit varying" => match (old.modifier(0), new.modifier(0)) {
            (_, None) => fits(true),
            (None, Some(_)) => fits(false),
            (Some(old), Some(new)) => fits(new >= old),
        },
        "character" | "bit" => Retype {
            storage: Storage::Rewrite,
            narrows: Truth::from(new.modifier(0).unwrap_or(1) < old.modifier(0).unwrap_or(1)),
            wire_changes: Truth::No,
        },
        "numeric" => numeric(old, new),
        "timestamp" | "timestamp with time zone" | "time" | "time with time zone" => {
            fits(new.modifier(0).unwrap_or(6) >= old.modifier(0).unwrap_or(6))
        }
        "interval" => match (precision(old), precision(new)) {
            (Some(old), Some(new)) => fits(new >= old),
            _ => Retype {
                wire_changes: Truth::No,
                ..Retype::UNKNOWN
            },
        },
        _ => Retype {
            wire_changes: Truth::No,
            ..Retype::UNKNOWN
        },
    }
}

/// The seconds' precision of an interval without fields.
fn precision(kind: &Kind) -> Option<i64> {
    match kind.type_name.modifiers.as_slice() {
        [] => Some(6),
        [only] => only.trim().parse().ok(),
        _ => None,
    }
}

fn numeric(old: &Kind, new: &Kind) -> Retype {
    let scale = |kind: &Kind| kind.modifier(1).unwrap_or(0);
    let (storage, narrows) = match (old.modifier(0), new.modifier(0)) {
        (_, None) => (Storage::Same, false),
        (None, Some(_)) => (Storage::Rewrite, true),
        (Some(before), Some(after)) => {
            let same_scale = scale(old) == scale(new);
            let fewer_digits = after.saturating_sub(scale(new)) < before.saturating_sub(scale(old));
            let fits = same_scale && after >= before;
            (
                if fits {
                    Storage::Same
                } else {
                    Storage::Rewrite
                },
                scale(new) < scale(old) || fewer_digits,
            )
        }
    };
    Retype {
        storage,
        narrows: Truth::from(narrows),
        wire_changes: Truth::No,
    }
}

/// Another type.
fn names(situation: &Situation<'_>, old: &Kind, new: &Kind) -> Retype {
    let text = |name: &str| matches!(name, "text" | "character varying");
    let (from, to) = (old.name(), new.name());
    let (storage, narrows, wire) = match (from, to) {
        ("character varying", "text") => (Storage::Same, Truth::No, Truth::No),
        ("text", "character varying") => match new.modifier(0) {
            None => (Storage::Same, Truth::No, Truth::No),
            Some(_) => (Storage::Rewrite, Truth::Yes, Truth::No),
        },
        ("character", to) if text(to) => (Storage::Rewrite, Truth::No, Truth::No),
        (from, "character") if text(from) => (Storage::Rewrite, Truth::Yes, Truth::No),
        // citext compares without regard to case, so its indexes are other ones; clients get an extension's type.
        (from, "citext") if text(from) => (Storage::IndexesOnly, Truth::No, Truth::Unknown),
        ("citext", to) if text(to) => (Storage::IndexesOnly, Truth::No, Truth::Unknown),
        ("cidr", "inet") => (Storage::Same, Truth::No, Truth::Yes),
        ("bit", "bit varying") | ("xml", "text" | "character varying") => {
            (Storage::Same, Truth::No, Truth::Yes)
        }
        ("timestamp", "timestamp with time zone") | ("timestamp with time zone", "timestamp") => {
            let storage = if situation.server_version < 12 {
                Storage::Rewrite
            } else {
                match situation.before.setting("timezone") {
                    Some("utc" | "gmt" | "etc/utc" | "zulu") => Storage::Same,
                    Some(_) => Storage::Rewrite,
                    None => Storage::Unknown,
                }
            };
            (storage, Truth::No, Truth::Yes)
        }
        (from, to) => match (integer_size(from), integer_size(to)) {
            (Some(before), Some(after)) => {
                (Storage::Rewrite, Truth::from(after < before), Truth::Yes)
            }
            _ if old.known && new.known => (Storage::Rewrite, narrows_names(from, to), Truth::Yes),
            _ if old.user_defined || new.user_defined => {
                (Storage::Rewrite, Truth::Unknown, Truth::Yes)
            }
            _ => (Storage::Unknown, Truth::Unknown, Truth::Yes),
        },
    };
    Retype {
        storage,
        narrows,
        wire_changes: wire,
    }
}

fn integer_size(name: &str) -> Option<u8> {
    match name {
        "smallint" => Some(2),
        "integer" => Some(4),
        "bigint" => Some(8),
        _ => None,
    }
}

fn narrows_names(from: &str, to: &str) -> Truth {
    match (from, to) {
        ("smallint" | "integer" | "bigint", "numeric")
        | ("smallint" | "integer" | "real", "double precision")
        | ("json", "jsonb")
        | ("date", "timestamp" | "timestamp with time zone")
        | (_, "text") => Truth::No,
        ("numeric" | "double precision" | "real", "smallint" | "integer" | "bigint")
        | ("timestamp" | "timestamp with time zone", "date" | "time") => Truth::Yes,
        _ => Truth::Unknown,
    }
}

/// A type that every server has; its behaviour is known.
pub(super) fn is_built_in(name: &str) -> bool {
    BUILT_IN.binary_search(&name).is_ok()
}

const BUILT_IN: &[&str] = &[
    "bigint",
    "bit",
    "bit varying",
    "boolean",
    "box",
    "bytea",
    "character",
    "character varying",
    "cidr",
    "circle",
    "date",
    "daterange",
    "double precision",
    "inet",
    "int4range",
    "int8range",
    "integer",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "numrange",
    "oid",
    "path",
    "pg_lsn",
    "point",
    "polygon",
    "real",
    "regclass",
    "smallint",
    "text",
    "time",
    "time with time zone",
    "time without time zone",
    "timestamp",
    "timestamp with time zone",
    "timestamp without time zone",
    "tsquery",
    "tsrange",
    "tstzrange",
    "tsvector",
    "txid_snapshot",
    "uuid",
    "xml",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Birth, Catalog};
    use crate::syntax::sql::operation::Dialect;

    fn type_name(text: &str) -> TypeName {
        let (name, modifiers) = text
            .strip_suffix(')')
            .and_then(|text| text.split_once('('))
            .unwrap_or((text, ""));
        TypeName {
            name: name.to_owned(),
            modifiers: modifiers
                .split(',')
                .filter(|modifier| !modifier.is_empty())
                .map(|modifier| modifier.trim().to_owned())
                .collect(),
            ..TypeName::default()
        }
    }

    #[test]
    fn built_in_types_are_sorted() {
        assert!(BUILT_IN.is_sorted());
    }

    #[test]
    fn changes_of_type() {
        use Storage::{IndexesOnly, Rewrite, Same, Unknown};
        let catalog = Catalog::new(Dialect::Postgresql);
        let situation = Situation {
            before: &catalog,
            released: 0,
            previous: None,
            last: None,
            server_version: 15,
            in_transaction: false,
        };
        for (from, to, storage, narrows, wire) in [
            (
                "character varying(50)",
                "character varying(255)",
                Same,
                Truth::No,
                Truth::No,
            ),
            (
                "character varying(50)",
                "character varying(40)",
                Rewrite,
                Truth::Yes,
                Truth::No,
            ),
            ("character varying(50)", "text", Same, Truth::No, Truth::No),
            (
                "text",
                "character varying(50)",
                Rewrite,
                Truth::Yes,
                Truth::No,
            ),
            ("integer", "bigint", Rewrite, Truth::No, Truth::Yes),
            ("bigint", "integer", Rewrite, Truth::Yes, Truth::Yes),
            ("numeric(10,2)", "numeric(12,2)", Same, Truth::No, Truth::No),
            (
                "numeric(10,2)",
                "numeric(12,4)",
                Rewrite,
                Truth::No,
                Truth::No,
            ),
            (
                "numeric(10,2)",
                "numeric(11,4)",
                Rewrite,
                Truth::Yes,
                Truth::No,
            ),
            ("numeric(10,2)", "numeric", Same, Truth::No, Truth::No),
            ("timestamp(3)", "timestamp", Same, Truth::No, Truth::No),
            ("timestamp", "timestamp(0)", Rewrite, Truth::Yes, Truth::No),
            (
                "timestamp",
                "timestamp with time zone",
                Unknown,
                Truth::No,
                Truth::Yes,
            ),
            ("text", "citext", IndexesOnly, Truth::No, Truth::Unknown),
            ("json", "jsonb", Rewrite, Truth::No, Truth::Yes),
            ("vector(3)", "vector(4)", Unknown, Truth::Unknown, Truth::No),
        ] {
            let column = Column {
                name: "c".to_owned(),
                type_name: type_name(from),
                not_null: false,
                default: None,
                generated: None,
                collation: None,
                born: Birth::default(),
            };
            let actual = Retype::of(&situation, Some(&column), &type_name(to), None, None);
            let expected = Retype {
                storage,
                narrows,
                wire_changes: wire,
            };
            assert_eq!(actual, expected, "{from} to {to}");
        }
    }

    #[test]
    fn using_that_says_nothing_new_does_not_rewrite() {
        let text = type_name("text");
        assert!(is_plain_cast("email", "email", &text));
        assert!(is_plain_cast("(email::text)", "email", &text));
        assert!(!is_plain_cast("lower(email)", "email", &text));
        assert!(!is_plain_cast(
            "name::character varying(100)",
            "name",
            &type_name("character varying(100)")
        ));
    }
}
