//! MySQL's types and its online DDL.

use crate::schema::Truth;
use crate::syntax::sql::operation::TypeName;

use super::{Retype, Storage};

/// What `MODIFY` of a type means: every change of type but a longer `varchar` within the same length bytes copies the
/// table ("Online DDL Operations" in MySQL's manual).
pub(super) fn retype(old: &TypeName, new: &TypeName) -> Retype {
    if old.name.is_empty() || new.name.is_empty() {
        return Retype {
            storage: Storage::Unknown,
            narrows: Truth::Unknown,
            wire_changes: Truth::Unknown,
        };
    }
    let length = |kind: &TypeName| {
        kind.modifiers
            .first()
            .and_then(|text| text.trim().parse::<u64>().ok())
    };
    if is_varchar(&old.name)
        && is_varchar(&new.name)
        && let (Some(before), Some(after)) = (length(old), length(new))
    {
        // The length takes one byte up to 255 bytes, and two beyond; four bytes a character are assumed.
        let same_bytes = (before.saturating_mul(4) < 256) == (after.saturating_mul(4) < 256);
        return Retype {
            storage: if after >= before && same_bytes {
                Storage::Same
            } else {
                Storage::Rewrite
            },
            narrows: Truth::from(after < before),
            wire_changes: Truth::No,
        };
    }
    if old.name == new.name && old.modifiers == new.modifiers {
        return Retype {
            storage: Storage::Same,
            narrows: Truth::No,
            wire_changes: Truth::No,
        };
    }
    if old.name == new.name {
        return Retype {
            storage: Storage::Unknown,
            narrows: Truth::Unknown,
            wire_changes: Truth::No,
        };
    }
    let narrows = match (integer_size(&old.name), integer_size(&new.name)) {
        (Some(before), Some(after)) => Truth::from(after < before),
        _ => Truth::Unknown,
    };
    Retype {
        storage: Storage::Rewrite,
        narrows,
        wire_changes: Truth::Yes,
    }
}

fn is_varchar(name: &str) -> bool {
    matches!(name, "varchar" | "character varying")
}

fn integer_size(name: &str) -> Option<u8> {
    Some(match name {
        "tinyint" => 1,
        "smallint" => 2,
        "mediumint" => 3,
        "int" | "integer" => 4,
        "bigint" => 8,
        _ => return None,
    })
}
