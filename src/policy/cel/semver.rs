//! Versions as values, with the functions that Kubernetes gives them (its `SemVer` library for CEL), and with `<` and `>`.
//! They compare by the precedence of SemVer 2.0.0 §11, which does not look at build metadata.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "the engine prescribes the signature of its functions"
)]

use std::any::Any;
use std::cmp::Ordering;

use cel::common::traits::Comparer;
use cel::common::types::{BOOL_TYPE, CelBool, CelInt, CelString, STRING_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{DeclarationError, Env, ExecutionError};
use semver::Version;

static TYPE: Type = Type::new_unspecified_type("semver");

#[derive(Debug, Clone)]
struct SemVer(Version);

/// How a version is written; `None` for any other value.
pub(super) fn text(value: &dyn Val) -> Option<String> {
    value
        .downcast_ref::<SemVer>()
        .map(|version| version.0.to_string())
}

impl StaticVal for SemVer {}

impl Val for SemVer {
    fn get_type(&self) -> &Type {
        &TYPE
    }

    fn cel_type() -> &'static Type {
        &TYPE
    }

    fn as_comparer(&self) -> Option<&dyn Comparer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other
            .downcast_ref::<Self>()
            .is_some_and(|other| self.0.cmp_precedence(&other.0) == Ordering::Equal)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl Comparer for SemVer {
    fn compare(&self, other: &dyn Val) -> Result<Ordering, ExecutionError> {
        let other = other.downcast_ref::<Self>().ok_or_else(|| {
            let names = ["semver", other.get_type().name()].map(str::to_owned);
            ExecutionError::no_such_overload("_<_", names.into())
        })?;
        Ok(self.0.cmp_precedence(&other.0))
    }
}

/// Declares the type and its functions.
pub(super) fn extension(env: &mut Env) -> Result<(), DeclarationError> {
    let text = || vec![STRING_TYPE];
    let text_and_bool = || vec![STRING_TYPE, BOOL_TYPE];
    let version = || Type::new_unspecified_type("semver");
    env.add_type(version())?;
    env.add_overload("semver", "semver(string)", text(), parse)?;
    env.add_overload("semver", "semver(string, bool)", text_and_bool(), parse)?;
    env.add_overload("isSemver", "isSemver(string)", text(), is_semver)?;
    env.add_overload(
        "isSemver",
        "isSemver(string, bool)",
        text_and_bool(),
        is_semver,
    )?;
    env.add_member_overload(
        "isLessThan",
        "semver_less",
        version(),
        vec![version()],
        is_less,
    )?;
    env.add_member_overload(
        "isGreaterThan",
        "semver_greater",
        version(),
        vec![version()],
        is_greater,
    )?;
    env.add_member_overload(
        "compareTo",
        "semver_compare",
        version(),
        vec![version()],
        compare_to,
    )?;
    env.add_member_overload("major", "semver_major", version(), vec![], |args| {
        number(&args, |v| v.major)
    })?;
    env.add_member_overload("minor", "semver_minor", version(), vec![], |args| {
        number(&args, |v| v.minor)
    })?;
    env.add_member_overload("patch", "semver_patch", version(), vec![], |args| {
        number(&args, |v| v.patch)
    })?;
    env.add_member_overload(
        "prerelease",
        "semver_prerelease",
        version(),
        vec![],
        prerelease,
    )
}

type Args<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// Reads a version. A leading `v` is accepted; with `true` as second argument, so are missing parts and leading zeros,
/// as in Kubernetes.
fn read(args: &Args<'_, '_>) -> Result<Version, String> {
    let text = args
        .first()
        .and_then(|arg| arg.downcast_ref::<CelString<'_>>())
        .map_or("", CelString::inner);
    let normalize = args
        .get(1)
        .and_then(|arg| arg.downcast_ref::<CelBool>())
        .is_some_and(|flag| *flag.inner());
    let bare = text.strip_prefix('v').unwrap_or(text);
    let parsed = if normalize {
        Version::parse(&normalized(bare))
    } else {
        Version::parse(bare)
    };
    parsed.map_err(|error| format!("`{text}` is not a version of SemVer 2.0.0: {error}"))
}

fn normalized(text: &str) -> String {
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, suffix) = text.split_at(end);
    let mut parts: Vec<&str> = core
        .split('.')
        .map(|part| {
            let trimmed = part.trim_start_matches('0');
            if trimmed.is_empty() && !part.is_empty() {
                "0"
            } else {
                trimmed
            }
        })
        .collect();
    while parts.len() < 3 {
        parts.push("0");
    }
    format!("{}{suffix}", parts.join("."))
}

fn parse<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    read(&args)
        .map(|version| CowVal::owned(SemVer(version)))
        .map_err(|why| ExecutionError::function_error("semver", why))
}

fn is_semver<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    Ok(CowVal::owned(CelBool::from(read(&args).is_ok())))
}

fn version<'a>(args: &'a Args<'_, '_>, index: usize) -> Result<&'a Version, ExecutionError> {
    args.get(index)
        .and_then(|arg| arg.downcast_ref::<SemVer>())
        .map(|version| &version.0)
        .ok_or_else(|| ExecutionError::function_error("semver", "not a version"))
}

fn compare(args: &Args<'_, '_>) -> Result<Ordering, ExecutionError> {
    Ok(version(args, 0)?.cmp_precedence(version(args, 1)?))
}

fn is_less<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    Ok(CowVal::owned(CelBool::from(
        compare(&args)? == Ordering::Less,
    )))
}

fn is_greater<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    Ok(CowVal::owned(CelBool::from(
        compare(&args)? == Ordering::Greater,
    )))
}

fn compare_to<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    Ok(CowVal::owned(CelInt::from(compare(&args)? as i64)))
}

fn number<'b, 'v>(args: &Args<'b, 'v>, part: fn(&Version) -> u64) -> Answer<'b, 'v> {
    let number = i64::try_from(part(version(args, 0)?)).unwrap_or(i64::MAX);
    Ok(CowVal::owned(CelInt::from(number)))
}

fn prerelease<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let text = version(&args, 0)?.pre.as_str().to_owned();
    Ok(CowVal::owned(CelString::from(text)))
}
