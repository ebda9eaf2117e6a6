//! The verbs of SQL, each with what it names.

use serde::{Deserialize, Serialize};

use super::{
    ColumnDef, ConstraintDef, FunctionDef, IndexKey, Name, ObjectKind, Persistence, TypeName,
};
use crate::source::Span;

/// What an operation does. Fields named as in SQL; a `table` is always the table that is altered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields carry SQL's own names")]
pub enum Action {
    CreateTable {
        table: Name,
        if_not_exists: bool,
        persistence: Persistence,
        columns: Vec<ColumnDef>,
        constraints: Vec<ConstraintDef>,
        /// The parent of `PARTITION OF`.
        partition_of: Option<Name>,
        /// `PARTITION OF ... DEFAULT`.
        default_partition: bool,
        /// `PARTITION BY` was written: the table is a partitioned parent.
        partitioned: bool,
        inherits: Vec<Name>,
        like: Vec<Name>,
        /// `CREATE TABLE ... AS`, `SELECT ... INTO`.
        from_query: bool,
        /// The tables that the query of `from_query` reads.
        reads: Vec<Name>,
        /// The columns of `PARTITION BY`; an expression stands as its text.
        partition_key: Vec<String>,
    },
    RenameTable {
        table: Name,
        to: String,
    },
    SetSchema {
        kind: ObjectKind,
        name: Name,
        schema: String,
    },
    AddColumn {
        table: Name,
        column: ColumnDef,
        if_not_exists: bool,
        /// `ALTER TABLE ONLY`.
        only: bool,
    },
    DropColumn {
        table: Name,
        column: String,
        if_exists: bool,
        cascade: bool,
    },
    RenameColumn {
        table: Name,
        column: String,
        to: String,
    },
    AlterColumnType {
        table: Name,
        column: String,
        type_name: TypeName,
        using: Option<String>,
        collation: Option<String>,
    },
    /// MySQL `MODIFY` (same name) and `CHANGE` (perhaps another name): the whole definition is replaced.
    ReplaceColumn {
        table: Name,
        column: String,
        definition: ColumnDef,
    },
    SetNotNull {
        table: Name,
        column: String,
    },
    DropNotNull {
        table: Name,
        column: String,
    },
    SetDefault {
        table: Name,
        column: String,
        default: String,
    },
    DropDefault {
        table: Name,
        column: String,
    },
    AddIdentity {
        table: Name,
        column: String,
        always: bool,
    },
    SetIdentity {
        table: Name,
        column: String,
    },
    DropIdentity {
        table: Name,
        column: String,
        if_exists: bool,
    },
    SetExpression {
        table: Name,
        column: String,
    },
    DropExpression {
        table: Name,
        column: String,
    },
    SetStorage {
        table: Name,
        column: String,
    },
    SetCompression {
        table: Name,
        column: String,
    },
    SetStatistics {
        table: Name,
        column: String,
    },
    SetColumnOptions {
        table: Name,
        column: String,
    },
    AddConstraint {
        table: Name,
        constraint: ConstraintDef,
    },
    ValidateConstraint {
        table: Name,
        constraint: String,
    },
    DropConstraint {
        table: Name,
        constraint: String,
        if_exists: bool,
        cascade: bool,
    },
    RenameConstraint {
        table: Name,
        constraint: String,
        to: String,
    },
    AlterConstraint {
        table: Name,
        constraint: String,
    },
    AttachPartition {
        table: Name,
        partition: Name,
        default: bool,
        /// `FOR VALUES ...` as it was written.
        bound: String,
    },
    DetachPartition {
        table: Name,
        partition: Name,
        concurrently: bool,
        finalize: bool,
    },
    Inherit {
        table: Name,
        parent: Name,
    },
    NoInherit {
        table: Name,
        parent: Name,
    },
    SetLogged {
        table: Name,
        logged: bool,
    },
    SetAccessMethod {
        table: Name,
        /// The method's name; empty for `DEFAULT`.
        method: String,
    },
    SetTablespace {
        kind: ObjectKind,
        name: Name,
        tablespace: String,
    },
    SetReloptions {
        kind: ObjectKind,
        name: Name,
    },
    ReplicaIdentity {
        table: Name,
        full: bool,
    },
    ClusterOn {
        table: Name,
    },
    RowLevelSecurity {
        table: Name,
        enable: bool,
        force: bool,
    },
    EnableTrigger {
        table: Name,
        trigger: String,
        enable: bool,
    },
    EnableRule {
        table: Name,
        rule: String,
        enable: bool,
    },
    Owner {
        kind: ObjectKind,
        name: Name,
    },
    /// Any other form of `ALTER`; `what` is the form in lower case.
    AlterOther {
        kind: ObjectKind,
        name: Name,
        what: String,
    },
    CreateIndex {
        name: Option<String>,
        table: Name,
        unique: bool,
        concurrently: bool,
        if_not_exists: bool,
        /// `ON ONLY`.
        only: bool,
        method: String,
        keys: Vec<IndexKey>,
        include: Vec<String>,
        predicate: Option<Spanned>,
        nulls_not_distinct: bool,
    },
    AttachIndexPartition {
        index: Name,
        partition: Name,
    },
    Reindex {
        kind: ObjectKind,
        name: Name,
        concurrently: bool,
    },
    /// `DROP` of anything; `table` is the table of a trigger, policy or rule (and of a MySQL index).
    Drop {
        kind: ObjectKind,
        names: Vec<Name>,
        table: Option<Name>,
        /// For functions: the argument types of each name, normalised, if they were written.
        arguments: Vec<Option<Vec<String>>>,
        if_exists: bool,
        cascade: bool,
        concurrently: bool,
    },
    /// `ALTER ... RENAME TO` of anything but tables, columns and constraints.
    Rename {
        kind: ObjectKind,
        name: Name,
        to: String,
    },
    CreateEnum {
        name: Name,
        values: Vec<String>,
    },
    AddEnumValue {
        name: Name,
        value: String,
        if_not_exists: bool,
    },
    RenameEnumValue {
        name: Name,
        value: String,
        to: String,
    },
    CreateType {
        name: Name,
    },
    CreateDomain {
        name: Name,
        base: TypeName,
        not_null: bool,
        default: Option<String>,
        checks: Vec<ConstraintDef>,
    },
    AlterDomainAddConstraint {
        name: Name,
        constraint: Option<String>,
        not_valid: bool,
        not_null: bool,
    },
    AlterDomainValidate {
        name: Name,
    },
    CreateSequence {
        name: Name,
        if_not_exists: bool,
        owned_by: Option<(Name, String)>,
    },
    AlterSequence {
        name: Name,
        owned_by: Option<(Name, String)>,
    },
    CreateView {
        name: Name,
        or_replace: bool,
        materialized: bool,
        /// The names of its columns as far as the text tells; empty when one is not known (`*`).
        columns: Vec<String>,
        reads: Vec<Name>,
        query: Spanned,
    },
    RefreshMaterializedView {
        name: Name,
        concurrently: bool,
    },
    CreateFunction {
        name: Name,
        or_replace: bool,
        function: FunctionDef,
    },
    CreateTrigger {
        name: String,
        table: Name,
        or_replace: bool,
        function: Option<Name>,
    },
    CreateExtension {
        name: String,
        if_not_exists: bool,
    },
    CreateSchema {
        name: String,
        if_not_exists: bool,
    },
    CreatePolicy {
        name: String,
        table: Name,
    },
    CreateRule {
        name: String,
        table: Name,
        or_replace: bool,
    },
    /// `CREATE` of anything else; `tables` are the tables that it names (of statistics, of a publication).
    CreateOther {
        kind: ObjectKind,
        name: Name,
        tables: Vec<Name>,
    },
    Truncate {
        tables: Vec<Name>,
        cascade: bool,
    },
    Insert {
        table: Name,
        on_conflict: Option<Vec<String>>,
        /// Rows with the same key are deleted first: `REPLACE`, `INSERT OR REPLACE`.
        replaces: bool,
        columns: Vec<String>,
        /// The tables that `INSERT ... SELECT` reads.
        reads: Vec<Name>,
        /// The functions that it calls.
        calls: Vec<Name>,
    },
    Update {
        table: Name,
        has_where: bool,
        columns: Vec<String>,
        calls: Vec<Name>,
    },
    Delete {
        table: Name,
        has_where: bool,
        calls: Vec<Name>,
    },
    Copy {
        table: Name,
        from: bool,
    },
    /// A query that only reads; `calls` are functions that it calls at the top level.
    Select {
        calls: Vec<Name>,
        reads: Vec<Name>,
        /// `FOR UPDATE`, `FOR SHARE`, ...
        locks_rows: bool,
    },
    /// `CALL procedure()`.
    Call {
        name: Name,
    },
    LockTable {
        tables: Vec<Name>,
        mode: String,
    },
    /// `SET name = value`; `value` is empty for `RESET` and `DEFAULT`.
    Set {
        name: String,
        value: String,
        local: bool,
    },
    Transaction(Transaction),
    Comment {
        kind: ObjectKind,
        name: Name,
    },
    Grant {
        tables: Vec<Name>,
    },
    Revoke {
        tables: Vec<Name>,
    },
    Cluster {
        table: Option<Name>,
    },
    Vacuum {
        full: bool,
        tables: Vec<Name>,
    },
    Analyze {
        tables: Vec<Name>,
    },
    /// Run of a `DO` block (its static operations follow as nested ones); `dynamic` when it also builds SQL.
    Do {
        dynamic: bool,
    },
    /// Known and of no consequence for a release; `keyword` says which statement it is.
    Other {
        keyword: String,
    },
    /// Not classified, and so never safe.
    Opaque {
        reason: OpaqueReason,
        detail: String,
    },
}

impl Action {
    /// The functions and procedures that the statement runs by name.
    pub fn calls(&self) -> &[Name] {
        match self {
            Self::Select { calls, .. }
            | Self::Insert { calls, .. }
            | Self::Update { calls, .. }
            | Self::Delete { calls, .. } => calls,
            Self::Call { name } => std::slice::from_ref(name),
            _ => &[],
        }
    }
}

/// Why an operation is opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OpaqueReason {
    /// The parser rejects it.
    SyntaxError,
    /// It is nested deeper, or is longer, than relgate reads.
    TooComplex,
    /// It builds SQL at run time.
    Dynamic,
    /// It holds template placeholders.
    Template,
    /// It is for a client program, such as psql, and not for the server.
    ClientCommand,
    /// The grammar accepts it, and relgate does not know it.
    Unknown,
}

/// A control of transactions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transaction {
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `END`.
    Commit,
    /// `ROLLBACK`.
    Rollback,
    /// `SAVEPOINT` of a name.
    Savepoint(String),
    /// `RELEASE` of a name.
    Release(String),
    /// `ROLLBACK TO` a name.
    RollbackTo(String),
}

/// A piece of SQL without comments, in one spelling of white space and of the case of unquoted words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spanned {
    /// The text: an expression, a default, a predicate.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}
