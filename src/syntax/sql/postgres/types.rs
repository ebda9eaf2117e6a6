//! Types under the names that `format_type` of PostgreSQL gives them.

use squawk_syntax::ast;

use crate::syntax::sql::operation::TypeName;

use super::Place;
use super::names;

/// A type as it was written for a column, a domain or an argument.
pub(super) fn type_name(place: &Place<'_>, ty: &ast::Type) -> Option<TypeName> {
    let plain = |name: &str, modifiers: Vec<String>| {
        Some(TypeName {
            name: name.to_owned(),
            modifiers,
            ..TypeName::default()
        })
    };
    let or_one = |modifiers: Vec<String>| {
        if modifiers.is_empty() {
            vec!["1".to_owned()]
        } else {
            modifiers
        }
    };
    match ty {
        ast::Type::ArrayType(array) => {
            let mut inner = type_name(place, &array.ty()?)?;
            let bounds = u32::try_from(array.array_bounds().count()).unwrap_or(u32::MAX);
            inner.array = inner.array.saturating_add(bounds.max(1));
            Some(inner)
        }
        ast::Type::BitType(bit) => plain("bit", or_one(modifiers(place, bit.arg_list()))),
        ast::Type::BitVaryingType(bit) => plain("bit varying", modifiers(place, bit.arg_list())),
        ast::Type::CharacterType(c) => plain("character", or_one(modifiers(place, c.arg_list()))),
        ast::Type::VarcharType(c) => plain("character varying", modifiers(place, c.arg_list())),
        ast::Type::DoubleType(_) => plain("double precision", Vec::new()),
        ast::Type::IntervalType(interval) => {
            let fields = interval.interval_qualifier().map(|q| place.text(&q));
            let precision = interval.literal().map(|l| place.text(&l));
            plain("interval", fields.into_iter().chain(precision).collect())
        }
        ast::Type::TimeType(time) => plain(
            zoned("time", time.timezone().as_ref()),
            time.literal().map(|l| place.text(&l)).into_iter().collect(),
        ),
        ast::Type::TimestampType(time) => plain(
            zoned("timestamp", time.timezone().as_ref()),
            time.literal().map(|l| place.text(&l)).into_iter().collect(),
        ),
        ast::Type::PathType(path) => {
            let mut parts = names::parts(&path.path_ref()?)?;
            let name = parts.pop()?;
            let quoted = place.raw(path).contains('"');
            Some(canonical(
                parts.pop(),
                name,
                quoted,
                modifiers(place, path.arg_list()),
            ))
        }
    }
}

/// The type's name without modifiers, which are no part of a function's signature.
pub(super) fn signature(place: &Place<'_>, ty: &ast::FuncType) -> Option<String> {
    match ty {
        ast::FuncType::PercentType(percent) => Some(place.text(percent)),
        ast::FuncType::Type(ty) => {
            let mut name = type_name(place, ty)?;
            name.modifiers.clear();
            let set = place
                .raw(ty)
                .get(..5)
                .is_some_and(|s| s.eq_ignore_ascii_case("setof"));
            Some(if set {
                format!("setof {name}")
            } else {
                name.to_string()
            })
        }
    }
}

fn zoned(base: &str, zone: Option<&ast::Timezone>) -> &'static str {
    match (base, matches!(zone, Some(ast::Timezone::WithTimezone(_)))) {
        ("time", true) => "time with time zone",
        ("time", false) => "time without time zone",
        (_, true) => "timestamp with time zone",
        (_, false) => "timestamp without time zone",
    }
}

fn modifiers(place: &Place<'_>, arguments: Option<ast::ArgList>) -> Vec<String> {
    arguments
        .map(|list| list.args().map(|arg| place.text(&arg)).collect())
        .unwrap_or_default()
}

/// The canonical name of a type that was written as a plain name. Quoted names are those of the catalog, so `"char"` is not
/// `char`, and a quoted `"integer"` would be a type of the user.
fn canonical(
    schema: Option<String>,
    name: String,
    quoted: bool,
    mut modifiers: Vec<String>,
) -> TypeName {
    let built_in = matches!(schema.as_deref(), None | Some("pg_catalog"));
    let mut serial = false;
    let known = match name.as_str() {
        _ if !built_in => None,
        "char" if quoted => Some("\"char\""),
        "int" | "integer" if quoted => None,
        "int" | "int4" | "integer" => Some("integer"),
        "int2" | "smallint" => Some("smallint"),
        "int8" | "bigint" => Some("bigint"),
        "serial" | "serial4" => {
            serial = true;
            Some("integer")
        }
        "bigserial" | "serial8" => {
            serial = true;
            Some("bigint")
        }
        "smallserial" | "serial2" => {
            serial = true;
            Some("smallint")
        }
        "float" => {
            // The precision is in bits, and only chooses between the two.
            let bits: Option<u32> = modifiers.first().and_then(|m| m.parse().ok());
            modifiers.clear();
            Some(if bits.is_some_and(|b| b <= 24) {
                "real"
            } else {
                "double precision"
            })
        }
        "float4" | "real" => Some("real"),
        "float8" => Some("double precision"),
        "decimal" | "dec" | "numeric" => {
            if modifiers.len() == 1 {
                modifiers.push("0".to_owned());
            }
            Some("numeric")
        }
        "bool" | "boolean" => Some("boolean"),
        "varchar" => Some("character varying"),
        "bpchar" if !modifiers.is_empty() => Some("character"),
        "varbit" => Some("bit varying"),
        "timestamptz" => Some("timestamp with time zone"),
        "timestamp" => Some("timestamp without time zone"),
        "timetz" => Some("time with time zone"),
        "time" => Some("time without time zone"),
        _ => None,
    };
    let schema = match schema {
        Some(schema) if schema == "pg_catalog" => None,
        other => other,
    };
    TypeName {
        name: known.map_or(name, str::to_owned),
        schema,
        modifiers,
        array: 0,
        serial,
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax::sql::operation::{Action, Dialect};

    fn check(written: &str, expected: &str) {
        let sql = format!("ALTER TABLE t ADD c {written}");
        let parsed = crate::syntax::sql::parse(&sql, Dialect::Postgresql);
        let Action::AddColumn { column, .. } = &parsed.value[0].operations[0].action else {
            panic!("{written}: {:?}", parsed.value);
        };
        let serial = if column.type_name.serial {
            " serial"
        } else {
            ""
        };
        assert_eq!(
            format!("{}{serial}", column.type_name),
            expected,
            "{written}"
        );
    }

    #[test]
    fn names_are_those_of_format_type() {
        for (written, expected) in [
            ("INT", "integer"),
            ("pg_catalog.int4", "integer"),
            ("int8[]", "bigint[]"),
            ("int ARRAY[3]", "integer[]"),
            ("text[][]", "text[][]"),
            ("bigserial", "bigint serial"),
            ("VARCHAR(10)", "character varying(10)"),
            ("character varying", "character varying"),
            ("NATIONAL CHARACTER VARYING(3)", "character varying(3)"),
            ("char", "character(1)"),
            ("\"char\"", "\"char\""),
            ("bpchar", "bpchar"),
            ("decimal(10)", "numeric(10,0)"),
            ("numeric( 10, 2 )", "numeric(10,2)"),
            ("float", "double precision"),
            ("float(10)", "real"),
            ("double  precision", "double precision"),
            ("timestamptz(3)", "timestamp with time zone(3)"),
            ("TIMESTAMP WITH TIME ZONE", "timestamp with time zone"),
            ("timestamp", "timestamp without time zone"),
            ("time(2) without time zone", "time without time zone(2)"),
            ("interval day to second(3)", "interval(day to second(3))"),
            ("bit", "bit(1)"),
            ("bit varying(8)", "bit varying(8)"),
            ("bool", "boolean"),
            ("My.Kind", "my.kind"),
            ("\"My Kind\"", "My Kind"),
            ("vector(3)", "vector(3)"),
        ] {
            check(written, expected);
        }
    }
}
