//! What differs between two catalogs: for downs, and for histories that were rewritten.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Catalog, Column, Constraint, ConstraintRule, Function, Index, Relation, same_expression,
};

/// How an object differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// Only the left catalog has it.
    Missing,
    /// Only the right catalog has it.
    Extra,
    /// Both have it, and it is not the same.
    Changed,
    /// The columns are the same, in another order.
    Order,
}

/// One object that is not the same in two catalogs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// How it differs.
    pub kind: DifferenceKind,
    /// What it is: `table`, `column`, `index`, `constraint`, ...
    pub what: &'static str,
    /// Which one: `casks`, `casks.label`.
    pub name: String,
    /// What is different, as a phrase; empty when it is missing or extra.
    pub detail: String,
}

/// The relations of the left catalog that are called otherwise in the right one: both names. Each of them comes from the
/// other, or both from a third.
pub fn renamed(left: &Catalog, right: &Catalog) -> Vec<(String, String)> {
    let pairs = left.relations.not_shared(&right.relations).into_iter();
    pairs
        .filter_map(|(_, left, right)| Some((left?, right?)))
        .filter(|(before, after)| before.key != after.key)
        .map(|(before, after)| (left.display_name(before), right.display_name(after)))
        .collect()
}

/// What the right catalog lacks of, has more than, or has otherwise than the left one.
pub fn differences(left: &Catalog, right: &Catalog) -> Vec<Difference> {
    let mut found = Vec::new();
    let (mut lefts, mut rights) = (BTreeMap::new(), BTreeMap::new());
    for (_, a, b) in left.relations.not_shared(&right.relations) {
        if let (Some(a), Some(b)) = (a, b)
            && Arc::ptr_eq(a, b)
        {
            continue;
        }
        lefts.extend(a.map(|relation| (left.display_name(relation), &**relation)));
        rights.extend(b.map(|relation| (right.display_name(relation), &**relation)));
    }
    pairs(&lefts, &rights, |name, a, b| match (a, b) {
        (Some(a), Some(b)) => {
            if a != b {
                relation(name, (left, a), (right, b), &mut found);
            }
        }
        (Some(a), None) => push(
            &mut found,
            DifferenceKind::Missing,
            a.kind.as_str(),
            name,
            "",
        ),
        (None, Some(b)) => push(&mut found, DifferenceKind::Extra, b.kind.as_str(), name, ""),
        (None, None) => {}
    });
    for (key, a, b) in left.types.not_shared(&right.types) {
        let name = &*key.name;
        match (a, b) {
            (Some(a), Some(b)) => {
                if let Some(detail) = type_difference(&a.kind, &b.kind) {
                    push(&mut found, DifferenceKind::Changed, "type", name, &detail);
                }
            }
            (Some(_), None) => push(&mut found, DifferenceKind::Missing, "type", name, ""),
            (None, _) => push(&mut found, DifferenceKind::Extra, "type", name, ""),
        }
    }
    let signatures =
        |overloads: Option<&Vec<Arc<Function>>>| -> BTreeMap<String, (String, super::Volatility)> {
            overloads
                .into_iter()
                .flatten()
                .map(|function| {
                    let definition = &function.definition;
                    (
                        format!(
                            "{}({})",
                            function.name.name,
                            definition.arguments.join(", ")
                        ),
                        (definition.returns.clone(), definition.volatility),
                    )
                })
                .collect()
        };
    for (_, a, b) in left.functions.not_shared(&right.functions) {
        named(&mut found, "function", &signatures(a), &signatures(b));
    }
    let plain = |all: Vec<(&str, super::Birth)>| -> BTreeMap<String, ()> {
        all.into_iter()
            .map(|(name, _)| (name.to_owned(), ()))
            .collect()
    };
    named(
        &mut found,
        "extension",
        &plain(left.extensions().collect()),
        &plain(right.extensions().collect()),
    );
    named(
        &mut found,
        "schema",
        &plain(left.schemas().collect()),
        &plain(right.schemas().collect()),
    );
    found.sort();
    found
}

fn named<T: PartialEq>(
    found: &mut Vec<Difference>,
    what: &'static str,
    left: &BTreeMap<String, T>,
    right: &BTreeMap<String, T>,
) {
    pairs(left, right, |name, a, b| match (a, b) {
        (Some(a), Some(b)) if a != b => {
            push(found, DifferenceKind::Changed, what, name, "its definition");
        }
        (Some(_), None) => push(found, DifferenceKind::Missing, what, name, ""),
        (None, Some(_)) => push(found, DifferenceKind::Extra, what, name, ""),
        _ => {}
    });
}

fn pairs<'m, K: Ord + AsRef<str>, T>(
    left: &'m BTreeMap<K, T>,
    right: &'m BTreeMap<K, T>,
    mut each: impl FnMut(&str, Option<&'m T>, Option<&'m T>),
) {
    for (name, value) in left {
        each(name.as_ref(), Some(value), right.get(name));
    }
    for (name, value) in right {
        if !left.contains_key(name) {
            each(name.as_ref(), None, Some(value));
        }
    }
}

fn push(
    found: &mut Vec<Difference>,
    kind: DifferenceKind,
    what: &'static str,
    name: &str,
    detail: &str,
) {
    found.push(Difference {
        kind,
        what,
        name: name.to_owned(),
        detail: detail.to_owned(),
    });
}

fn type_difference(left: &super::TypeKind, right: &super::TypeKind) -> Option<String> {
    use super::TypeKind::{Domain, Enum, Other};
    match (left, right) {
        (Enum(a), Enum(b)) => {
            let values = |all: &[(String, super::Birth)]| -> Vec<String> {
                all.iter().map(|(value, _)| value.clone()).collect()
            };
            (values(a) != values(b)).then(|| "its values".to_owned())
        }
        (Domain(a), Domain(b)) => (a != b).then(|| "its definition".to_owned()),
        (Other, Other) => None,
        _ => Some("what it is".to_owned()),
    }
}

fn relation(
    name: &str,
    (left_catalog, left): (&Catalog, &Relation),
    (right_catalog, right): (&Catalog, &Relation),
    found: &mut Vec<Difference>,
) {
    if left.kind != right.kind {
        let detail = format!("{} instead of {}", right.kind.as_str(), left.kind.as_str());
        push(
            found,
            DifferenceKind::Changed,
            left.kind.as_str(),
            name,
            &detail,
        );
        return;
    }
    let what = left.kind.as_str();
    for (differs, detail) in [
        (left.persistence != right.persistence, "how it is kept"),
        (
            left.row_security != right.row_security,
            "row-level security",
        ),
        (
            left.row_security_forced != right.row_security_forced,
            "forced row-level security",
        ),
        (!same_expression(&left.query, &right.query), "its query"),
    ] {
        if differs {
            push(found, DifferenceKind::Changed, what, name, detail);
        }
    }
    columns(name, left, right, found);
    pairs(
        &constraints(left),
        &constraints(right),
        |constraint, a, b| {
            let name = format!("{constraint} on {name}");
            match (a, b) {
                (Some(a), Some(b)) => {
                    if !same_rule((left_catalog, &a.rule), (right_catalog, &b.rule)) {
                        push(
                            found,
                            DifferenceKind::Changed,
                            "constraint",
                            &name,
                            "its definition",
                        );
                    } else if (a.valid, a.deferrable, a.enforced)
                        != (b.valid, b.deferrable, b.enforced)
                    {
                        push(
                            found,
                            DifferenceKind::Changed,
                            "constraint",
                            &name,
                            "whether it is valid, enforced or deferrable",
                        );
                    }
                }
                (Some(_), None) => push(found, DifferenceKind::Missing, "constraint", &name, ""),
                (None, _) => push(found, DifferenceKind::Extra, "constraint", &name, ""),
            }
        },
    );
    pairs(&indexes(left), &indexes(right), |index, a, b| {
        let name = format!("{index} on {name}");
        match (a, b) {
            (Some(a), Some(b)) => {
                if !same_index(a, b) {
                    push(
                        found,
                        DifferenceKind::Changed,
                        "index",
                        &name,
                        "its definition",
                    );
                }
            }
            (Some(_), None) => push(found, DifferenceKind::Missing, "index", &name, ""),
            (None, _) => push(found, DifferenceKind::Extra, "index", &name, ""),
        }
    });
    let triggers = |relation: &Relation| -> BTreeMap<String, (Option<String>, bool)> {
        relation
            .triggers
            .iter()
            .map(|trigger| {
                let function = trigger
                    .function
                    .as_ref()
                    .map(|function| function.name.clone());
                (
                    format!("{} on {name}", trigger.name),
                    (function, trigger.enabled),
                )
            })
            .collect()
    };
    named(found, "trigger", &triggers(left), &triggers(right));
    let list = |all: &[String]| -> BTreeMap<String, ()> {
        all.iter()
            .map(|inner| (format!("{inner} on {name}"), ()))
            .collect()
    };
    named(
        found,
        "policy",
        &list(&left.policies),
        &list(&right.policies),
    );
    named(found, "rule", &list(&left.rules), &list(&right.rules));
}

fn constraints(relation: &Relation) -> BTreeMap<&str, &Constraint> {
    let all = relation.constraints.iter();
    all.map(|constraint| (constraint.name.as_str(), constraint))
        .collect()
}

/// The indexes that no constraint owns.
fn indexes(relation: &Relation) -> BTreeMap<&str, &Index> {
    let own = relation.indexes.iter().filter(|index| !index.constraint);
    own.map(|index| (index.name.as_str(), index)).collect()
}

fn columns_by_name(relation: &Relation) -> BTreeMap<&str, &Column> {
    let all = relation.columns.iter();
    all.map(|column| (column.name.as_str(), column)).collect()
}

fn columns(name: &str, left: &Relation, right: &Relation, found: &mut Vec<Difference>) {
    if left.columns == right.columns {
        return;
    }
    let before = found.len();
    pairs(
        &columns_by_name(left),
        &columns_by_name(right),
        |column, a, b| {
            if a == b {
                return;
            }
            let name = format!("{name}.{column}");
            match (a, b) {
                (Some(a), Some(b)) => {
                    for detail in column_differences(a, b) {
                        push(found, DifferenceKind::Changed, "column", &name, detail);
                    }
                }
                (Some(_), None) => push(found, DifferenceKind::Missing, "column", &name, ""),
                (None, _) => push(found, DifferenceKind::Extra, "column", &name, ""),
            }
        },
    );
    let order = |relation: &'_ Relation| -> Vec<String> {
        let all = relation.columns.iter();
        all.map(|column| column.name.clone()).collect()
    };
    if found.len() == before && order(left) != order(right) {
        push(
            found,
            DifferenceKind::Order,
            "table",
            name,
            "the order of its columns",
        );
    }
}

fn column_differences(left: &Column, right: &Column) -> Vec<&'static str> {
    let mut details = Vec::new();
    let unknown = left.type_name.name.is_empty() || right.type_name.name.is_empty();
    if left.type_name != right.type_name && !unknown {
        details.push("its type");
    }
    if left.not_null != right.not_null {
        details.push("whether it may be NULL");
    }
    let same_default = match (&left.default, &right.default) {
        (Some(a), Some(b)) => same_expression(a, b),
        (None, None) => true,
        _ => false,
    };
    if !same_default {
        details.push("its default");
    }
    if left.generated != right.generated {
        details.push("how it is generated");
    }
    if left.collation != right.collation {
        details.push("its collation");
    }
    details
}

fn same_rule(
    (left_catalog, left): (&Catalog, &ConstraintRule),
    (right_catalog, right): (&Catalog, &ConstraintRule),
) -> bool {
    match (left, right) {
        (
            ConstraintRule::ForeignKey {
                columns: a,
                target: target_a,
                target_columns: columns_a,
                on_delete: delete_a,
                on_update: update_a,
            },
            ConstraintRule::ForeignKey {
                columns: b,
                target: target_b,
                target_columns: columns_b,
                on_delete: delete_b,
                on_update: update_b,
            },
        ) => {
            let key = |catalog: &Catalog, id| catalog.get(id).map(|relation| relation.key.clone());
            (a, columns_a, delete_a, update_a) == (b, columns_b, delete_b, update_b)
                && key(left_catalog, *target_a) == key(right_catalog, *target_b)
        }
        (
            ConstraintRule::Check { expression: a, .. },
            ConstraintRule::Check { expression: b, .. },
        )
        | (ConstraintRule::Exclude { expression: a }, ConstraintRule::Exclude { expression: b }) => {
            same_expression(a, b)
        }
        _ => left == right,
    }
}

fn same_index(left: &Index, right: &Index) -> bool {
    let same_predicate = match (&left.predicate, &right.predicate) {
        (Some(a), Some(b)) => same_expression(a, b),
        (None, None) => true,
        _ => false,
    };
    same_predicate
        && (
            left.unique,
            &left.method,
            &left.include,
            left.nulls_not_distinct,
        ) == (
            right.unique,
            &right.method,
            &right.include,
            right.nulls_not_distinct,
        )
        && left.keys.len() == right.keys.len()
        && left
            .keys
            .iter()
            .zip(&right.keys)
            .all(|(a, b)| a.is_column == b.is_column && same_expression(&a.text, &b.text))
}
