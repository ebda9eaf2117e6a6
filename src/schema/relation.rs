//! Tables and what belongs to them.

use std::collections::BTreeSet;

use crate::syntax::sql::operation::{Generated, IndexKey, Name, Persistence, TypeName};

use super::{Birth, Key, RelationId};

/// How many columns of one relation are kept: more than any server allows.
pub(super) const MAX_COLUMNS: usize = 4096;

/// How many constraints, indexes, triggers or policies of one relation are kept each. Beyond that, what the relation has is
/// not known: nobody has so many, and looking each up among all of them would take its time.
pub(super) const MAX_PARTS: usize = 1000;

/// What a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RelationKind {
    /// A base table.
    Table,
    /// The parent of partitions.
    PartitionedTable,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A sequence.
    Sequence,
}

impl RelationKind {
    /// The word that messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::PartitionedTable => "partitioned table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Sequence => "sequence",
        }
    }

    /// It holds rows that an application writes.
    pub fn is_table(self) -> bool {
        matches!(self, Self::Table | Self::PartitionedTable)
    }
}

/// A table, view or sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Which relation it is, through renames.
    pub id: RelationId,
    /// Its schema and name.
    pub key: Key,
    /// What it is.
    pub kind: RelationKind,
    /// How it is kept.
    pub persistence: Persistence,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The columns are all that it has. False for tables made from a query, by a statement that could not be read, or by
    /// nobody that relgate knows of.
    pub complete: bool,
    /// Its constraints.
    pub constraints: Vec<Constraint>,
    /// Its indexes, those behind constraints too.
    pub indexes: Vec<Index>,
    /// Its triggers.
    pub triggers: Vec<Trigger>,
    /// Its row-level security policies.
    pub policies: Vec<String>,
    /// Its rules.
    pub rules: Vec<String>,
    /// Row-level security is on.
    pub row_security: bool,
    /// Row-level security binds the owner too.
    pub row_security_forced: bool,
    /// The partitioned table that it is a part of.
    pub partition_of: Option<RelationId>,
    /// The columns and expressions that it is partitioned by.
    pub partition_key: Vec<String>,
    /// It is its parent's default partition.
    pub default_partition: bool,
    /// Its partitions and inheriting tables.
    pub children: BTreeSet<RelationId>,
    /// Tables it inherits from.
    pub inherits: Vec<RelationId>,
    /// Tables whose foreign keys point at it.
    pub referenced_by: BTreeSet<RelationId>,
    /// Views that read it.
    pub read_by: BTreeSet<RelationId>,
    /// What a view reads.
    pub reads: Vec<RelationId>,
    /// What a view reads and nobody created.
    pub reads_unknown: Vec<Name>,
    /// A view's query.
    pub query: String,
    /// Sequences that its columns own.
    pub owns: BTreeSet<RelationId>,
    /// The column that owns a sequence.
    pub owned_by: Option<(RelationId, String)>,
    /// When it was created; `None` for what no migration creates, which is assumed to exist since long.
    pub born: Option<Birth>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub type_name: TypeName,
    /// It cannot be NULL.
    pub not_null: bool,
    /// Its default's text.
    pub default: Option<String>,
    /// What generates its values.
    pub generated: Option<Generated>,
    /// Its collation, when one was written.
    pub collation: Option<String>,
    /// When it was created.
    pub born: Birth,
}

impl Column {
    /// An INSERT that leaves the column out gets a value all the same, or may leave it NULL.
    pub fn may_be_omitted(&self) -> bool {
        !self.not_null || self.has_value_by_itself()
    }

    /// It gets a value without being written to.
    pub fn has_value_by_itself(&self) -> bool {
        self.default.is_some() || self.generated.is_some() || self.type_name.serial
    }
}

/// A constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its name; the one that the database gives when none was written.
    pub name: String,
    /// The database chose the name.
    pub automatic: bool,
    /// What it demands.
    pub rule: ConstraintRule,
    /// It holds for all rows: it was not added with `NOT VALID`, or was validated since.
    pub valid: bool,
    /// It is enforced for new rows.
    pub enforced: bool,
    /// It can be deferred.
    pub deferrable: bool,
    /// When it was created.
    pub born: Birth,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields carry SQL's own names")]
pub enum ConstraintRule {
    Check {
        expression: String,
        columns: Vec<String>,
    },
    NotNull {
        column: String,
    },
    Unique {
        columns: Vec<String>,
        nulls_not_distinct: bool,
    },
    PrimaryKey {
        columns: Vec<String>,
    },
    ForeignKey {
        columns: Vec<String>,
        target: RelationId,
        target_columns: Vec<String>,
        on_delete: String,
        on_update: String,
    },
    Exclude {
        expression: String,
    },
}

impl Constraint {
    /// The columns that it names.
    pub fn columns(&self) -> &[String] {
        match &self.rule {
            ConstraintRule::Check { columns, .. }
            | ConstraintRule::Unique { columns, .. }
            | ConstraintRule::PrimaryKey { columns }
            | ConstraintRule::ForeignKey { columns, .. } => columns,
            ConstraintRule::NotNull { column } => std::slice::from_ref(column),
            ConstraintRule::Exclude { .. } => &[],
        }
    }

    /// An index of the same name stands behind it.
    pub fn has_index(&self) -> bool {
        matches!(
            self.rule,
            ConstraintRule::Unique { .. }
                | ConstraintRule::PrimaryKey { .. }
                | ConstraintRule::Exclude { .. }
        )
    }
}

/// Whether an index is used by queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    /// It is.
    Valid,
    /// It was made with `ON ONLY`, and waits for its partitions.
    Invalid,
    /// It was built with `CONCURRENTLY`; if that failed, it was left behind invalid.
    AssumedValid,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// The database chose the name.
    pub automatic: bool,
    /// It is unique.
    pub unique: bool,
    /// Its access method.
    pub method: String,
    /// Its keys.
    pub keys: Vec<IndexKey>,
    /// `INCLUDE`.
    pub include: Vec<String>,
    /// `WHERE`.
    pub predicate: Option<String>,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// Whether queries use it.
    pub state: IndexState,
    /// A constraint of the same name owns it.
    pub constraint: bool,
    /// When it was created.
    pub born: Birth,
}

impl Index {
    /// Its key columns, if all of its keys are plain columns.
    pub fn columns(&self) -> Option<Vec<&str>> {
        self.keys
            .iter()
            .map(|key| key.is_column.then_some(key.text.as_str()))
            .collect()
    }

    /// It mentions the column in a key, an expression, `INCLUDE` or its predicate.
    pub fn mentions(&self, column: &str) -> bool {
        let in_key = |key: &IndexKey| {
            if key.is_column {
                key.text == column
            } else {
                super::mentions(&key.text, column)
            }
        };
        self.keys.iter().any(in_key)
            || self.include.iter().any(|name| name == column)
            || self
                .predicate
                .as_deref()
                .is_some_and(|predicate| super::mentions(predicate, column))
    }
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// The function it runs.
    pub function: Option<Name>,
    /// It fires.
    pub enabled: bool,
    /// When it was created.
    pub born: Birth,
}

impl Relation {
    /// The column of a name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The constraint of a name.
    pub fn constraint(&self, name: &str) -> Option<&Constraint> {
        self.constraints
            .iter()
            .find(|constraint| constraint.name == name)
    }

    /// The index of a name.
    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name == name)
    }

    /// The trigger of a name.
    pub fn trigger(&self, name: &str) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| trigger.name == name)
    }

    /// Its primary key.
    pub fn primary_key(&self) -> Option<&Constraint> {
        self.constraints
            .iter()
            .find(|constraint| matches!(constraint.rule, ConstraintRule::PrimaryKey { .. }))
    }

    /// The tables that its foreign keys point at.
    pub fn foreign_targets(&self) -> impl Iterator<Item = RelationId> {
        self.constraints
            .iter()
            .filter_map(|constraint| match constraint.rule {
                ConstraintRule::ForeignKey { target, .. } => Some(target),
                _ => None,
            })
    }

    /// Its name as an unqualified [`Name`] of its schema.
    pub fn name(&self) -> Name {
        Name {
            schema: Some(self.key.schema.to_string()),
            name: self.key.name.to_string(),
        }
    }

    /// It was created at or after the clock of an earlier state of the catalog.
    pub fn is_younger_than(&self, clock: u32) -> bool {
        self.born.is_some_and(|born| born.clock >= clock)
    }
}
