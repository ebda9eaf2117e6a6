//! All other statements.

use sqlparser::ast::{self, Statement};

use crate::syntax::sql::operation::{
    Action, FunctionDef, Name, ObjectKind, OpaqueReason, Transaction, Volatility,
};

use super::Sink;
use super::alter::is_cascade;
use super::column::type_name;

impl Sink<'_> {
    pub(super) fn statement(&mut self, s: &Statement) -> Option<()> {
        match s {
            Statement::CreateTable(s) => return self.create_table(s),
            Statement::CreateIndex(s) => return self.create_index(s),
            Statement::CreateView(s) => return self.create_view(s),
            Statement::AlterTable(s) => return self.alter_table(s),
            Statement::RenameTable(renames) => {
                for rename in renames {
                    let to = self.name(&rename.new_name)?;
                    let action = Action::RenameTable {
                        table: self.name(&rename.old_name)?,
                        to: to.name,
                    };
                    self.push(action);
                }
                return Some(());
            }
            Statement::Query(query) => return self.query(query),
            Statement::Merge(merge) => return self.merge(merge),
            Statement::Explain {
                analyze: true,
                statement,
                ..
            } => return self.statement(statement),
            _ => {}
        }
        let action = self
            .written(s)
            .or_else(|| self.dropped(s))
            .or_else(|| self.created(s))
            .or_else(|| self.kept(s))?;
        self.push(action);
        Some(())
    }

    fn query(&mut self, query: &ast::Query) -> Option<()> {
        // `WITH ... INSERT`: the body of the query is a statement.
        if let ast::SetExpr::Insert(inner)
        | ast::SetExpr::Update(inner)
        | ast::SetExpr::Delete(inner)
        | ast::SetExpr::Merge(inner) = query.body.as_ref()
        {
            return self.statement(inner);
        }
        let action = Action::Select {
            calls: self.functions_called(),
            reads: self.tables_read(),
            locks_rows: !query.locks.is_empty(),
        };
        self.push(action);
        Some(())
    }

    fn table_of(&self, factor: &ast::TableFactor) -> Option<Name> {
        match factor {
            ast::TableFactor::Table { name, .. } => self.name(name),
            _ => None,
        }
    }

    fn assigned(&self, assignments: &[ast::Assignment]) -> Option<Vec<String>> {
        let mut columns = Vec::new();
        for assignment in assignments {
            match &assignment.target {
                ast::AssignmentTarget::ColumnName(name) => columns.push(self.last_name(name)?),
                ast::AssignmentTarget::Tuple(names) => {
                    for name in names {
                        columns.push(self.last_name(name)?);
                    }
                }
            }
        }
        Some(columns)
    }

    fn merge(&mut self, s: &ast::Merge) -> Option<()> {
        let table = self.table_of(&s.table)?;
        for clause in &s.clauses {
            let action = match &clause.action {
                ast::MergeAction::Insert(_) => Action::Insert {
                    table: table.clone(),
                    on_conflict: None,
                    columns: Vec::new(),
                    reads: self.tables_read(),
                },
                ast::MergeAction::Update(_) => Action::Update {
                    table: table.clone(),
                    has_where: true,
                    columns: Vec::new(),
                },
                ast::MergeAction::Delete { .. } => Action::Delete {
                    table: table.clone(),
                    has_where: true,
                },
                ast::MergeAction::DoNothing { .. } => continue,
            };
            self.push(action);
        }
        (!s.clauses.is_empty()).then_some(())
    }

    /// Changes of rows.
    fn written(&self, s: &Statement) -> Option<Action> {
        Some(match s {
            Statement::Insert(insert) => {
                let ast::TableObject::TableName(table) = &insert.table else {
                    return None;
                };
                let assigned = self.assigned(&insert.assignments)?;
                let named = insert.columns.iter().map(|c| self.last_name(c));
                let columns = named.chain(assigned.into_iter().map(Some));
                Action::Insert {
                    table: self.name(table)?,
                    on_conflict: match &insert.on {
                        Some(ast::OnInsert::OnConflict(conflict)) => {
                            Some(match &conflict.conflict_target {
                                Some(ast::ConflictTarget::Columns(columns)) => {
                                    columns.iter().map(|c| self.inner_name(c)).collect()
                                }
                                _ => Vec::new(),
                            })
                        }
                        Some(ast::OnInsert::DuplicateKeyUpdate(_)) => Some(Vec::new()),
                        _ if insert.ignore || insert.replace_into || insert.or.is_some() => {
                            Some(Vec::new())
                        }
                        _ => None,
                    },
                    columns: columns.collect::<Option<_>>()?,
                    reads: self.tables_read(),
                }
            }
            Statement::Update(update) => Action::Update {
                table: self.table_of(&update.table.relation)?,
                // A join chooses rows as a condition does.
                has_where: update.selection.is_some()
                    || update.limit.is_some()
                    || !update.table.joins.is_empty(),
                columns: self.assigned(&update.assignments)?,
            },
            Statement::Delete(delete) => {
                let (ast::FromTable::WithFromKeyword(from) | ast::FromTable::WithoutKeyword(from)) =
                    &delete.from;
                let table = match delete.tables.first() {
                    Some(table) => self.name(table)?,
                    None => self.table_of(&from.first()?.relation)?,
                };
                Action::Delete {
                    table,
                    has_where: delete.selection.is_some()
                        || delete.limit.is_some()
                        || delete.using.is_some()
                        || from.iter().any(|f| !f.joins.is_empty()),
                }
            }
            Statement::Truncate(truncate) => Action::Truncate {
                tables: truncate
                    .table_names
                    .iter()
                    .map(|t| self.name(&t.name))
                    .collect::<Option<_>>()?,
                cascade: matches!(truncate.cascade, Some(ast::CascadeOption::Cascade)),
            },
            Statement::Copy { source, to, .. } => match source {
                ast::CopySource::Table { table_name, .. } => Action::Copy {
                    table: self.name(table_name)?,
                    from: !to,
                },
                ast::CopySource::Query(_) => Action::Select {
                    calls: self.functions_called(),
                    reads: self.tables_read(),
                    locks_rows: false,
                },
            },
            Statement::Call(call) => Action::Call {
                name: self.name(&call.name)?,
            },
            _ => return None,
        })
    }

    fn dropped(&self, s: &Statement) -> Option<Action> {
        let one =
            |kind, name: Name, table: Option<Name>, if_exists: bool, cascade: bool| Action::Drop {
                kind,
                names: vec![name],
                table,
                arguments: Vec::new(),
                if_exists,
                cascade,
                concurrently: false,
            };
        Some(match s {
            Statement::Drop {
                object_type,
                if_exists,
                names,
                cascade,
                table,
                ..
            } => {
                let kind = object_kind(*object_type);
                let inner = kind == ObjectKind::Index;
                Action::Drop {
                    kind,
                    names: names
                        .iter()
                        .map(|name| {
                            let mut found = self.name(name)?;
                            if inner {
                                found.name = self.last_name(name)?;
                            }
                            Some(found)
                        })
                        .collect::<Option<_>>()?,
                    table: match table {
                        Some(table) => Some(self.name(table)?),
                        None => None,
                    },
                    arguments: Vec::new(),
                    if_exists: *if_exists,
                    cascade: *cascade,
                    concurrently: false,
                }
            }
            Statement::DropFunction(drop) => {
                self.routines(&drop.func_desc, drop.if_exists, drop.drop_behavior.as_ref())?
            }
            Statement::DropProcedure {
                if_exists,
                proc_desc,
                drop_behavior,
            } => self.routines(proc_desc, *if_exists, drop_behavior.as_ref())?,
            Statement::DropTrigger(drop) => one(
                ObjectKind::Trigger,
                self.name(&drop.trigger_name)?,
                match &drop.table_name {
                    Some(table) => Some(self.name(table)?),
                    None => None,
                },
                drop.if_exists,
                matches!(drop.option, Some(ast::ReferentialAction::Cascade)),
            ),
            Statement::DropDomain(drop) => one(
                ObjectKind::Domain,
                self.name(&drop.name)?,
                None,
                drop.if_exists,
                is_cascade(drop.drop_behavior.as_ref()),
            ),
            Statement::DropPolicy(drop) => one(
                ObjectKind::Policy,
                Name::plain(self.folded(&drop.name)),
                Some(self.name(&drop.table_name)?),
                drop.if_exists,
                is_cascade(drop.drop_behavior.as_ref()),
            ),
            Statement::DropExtension(drop) => Action::Drop {
                kind: ObjectKind::Extension,
                names: drop
                    .names
                    .iter()
                    .map(|n| Name::plain(self.folded(n)))
                    .collect(),
                table: None,
                arguments: Vec::new(),
                if_exists: drop.if_exists,
                cascade: matches!(
                    drop.cascade_or_restrict,
                    Some(ast::ReferentialAction::Cascade)
                ),
                concurrently: false,
            },
            _ => return None,
        })
    }

    fn routines(
        &self,
        routines: &[ast::FunctionDesc],
        if_exists: bool,
        behavior: Option<&ast::DropBehavior>,
    ) -> Option<Action> {
        Some(Action::Drop {
            kind: ObjectKind::Function,
            names: routines
                .iter()
                .map(|r| self.name(&r.name))
                .collect::<Option<_>>()?,
            table: None,
            arguments: routines
                .iter()
                .map(|r| {
                    let arguments = r.args.as_ref()?.iter();
                    Some(
                        arguments
                            .map(|a| type_name(&a.data_type, self.dialect).to_string())
                            .collect(),
                    )
                })
                .collect(),
            if_exists,
            cascade: is_cascade(behavior),
            concurrently: false,
        })
    }

    fn created(&self, s: &Statement) -> Option<Action> {
        Some(match s {
            Statement::CreateSchema {
                schema_name,
                if_not_exists,
                ..
            } => Action::CreateSchema {
                name: match schema_name {
                    ast::SchemaName::Simple(name)
                    | ast::SchemaName::NamedAuthorization(name, _) => self.name(name)?.name,
                    ast::SchemaName::UnnamedAuthorization(name) => self.folded(name),
                },
                if_not_exists: *if_not_exists,
            },
            Statement::CreateDatabase { db_name, .. } => Action::CreateOther {
                kind: ObjectKind::Database,
                name: self.name(db_name)?,
                tables: Vec::new(),
            },
            Statement::CreateExtension(extension) => Action::CreateExtension {
                name: self.folded(&extension.name),
                if_not_exists: extension.if_not_exists,
            },
            Statement::CreateSequence {
                name,
                if_not_exists,
                ..
            } => Action::CreateSequence {
                name: self.name(name)?,
                if_not_exists: *if_not_exists,
                owned_by: None,
            },
            Statement::CreateType {
                name,
                representation,
            } => match representation {
                Some(ast::UserDefinedTypeRepresentation::Enum { labels }) => Action::CreateEnum {
                    name: self.name(name)?,
                    values: labels.iter().map(|l| l.value.clone()).collect(),
                },
                _ => Action::CreateType {
                    name: self.name(name)?,
                },
            },
            Statement::CreateDomain(domain) => Action::CreateDomain {
                name: self.name(&domain.name)?,
                base: type_name(&domain.data_type, self.dialect),
                not_null: false,
                default: domain.default.as_ref().map(|d| self.text(d)),
                checks: domain
                    .constraints
                    .iter()
                    .map(|c| self.constraint(c, self.span))
                    .collect::<Option<_>>()?,
            },
            Statement::CreateFunction(function) => Action::CreateFunction {
                name: self.name(&function.name)?,
                or_replace: function.or_replace,
                function: FunctionDef {
                    arguments: function
                        .args
                        .iter()
                        .flatten()
                        .map(|a| type_name(&a.data_type, self.dialect).to_string())
                        .collect(),
                    returns: String::new(),
                    volatility: match function.behavior {
                        Some(ast::FunctionBehavior::Immutable) => Volatility::Immutable,
                        Some(ast::FunctionBehavior::Stable) => Volatility::Stable,
                        _ => Volatility::Volatile,
                    },
                    language: function
                        .language
                        .as_ref()
                        .map(|l| l.value.to_lowercase())
                        .unwrap_or_default(),
                    body: Vec::new(),
                    dynamic: true,
                },
            },
            Statement::CreateProcedure { name, or_alter, .. } => Action::CreateFunction {
                name: self.name(name)?,
                or_replace: *or_alter,
                function: FunctionDef {
                    dynamic: true,
                    ..FunctionDef::default()
                },
            },
            Statement::CreateTrigger(trigger) => Action::CreateTrigger {
                name: self.last_name(&trigger.name)?,
                table: self.name(&trigger.table_name)?,
                or_replace: trigger.or_replace,
                function: None,
            },
            Statement::CreatePolicy(policy) => Action::CreatePolicy {
                name: self.folded(&policy.name),
                table: self.name(&policy.table_name)?,
            },
            Statement::CreateRole(role) => Action::CreateOther {
                kind: ObjectKind::Role,
                name: self.name(role.names.first()?)?,
                tables: Vec::new(),
            },
            Statement::CreateUser(user) => Action::CreateOther {
                kind: ObjectKind::Role,
                name: Name::plain(self.folded(&user.name)),
                tables: Vec::new(),
            },
            Statement::CreateVirtualTable { name, .. } => Action::CreateOther {
                kind: ObjectKind::Table,
                name: self.name(name)?,
                tables: Vec::new(),
            },
            _ => return None,
        })
    }

    /// Settings, transactions, privileges and maintenance.
    fn kept(&self, s: &Statement) -> Option<Action> {
        let other = |keyword: &str| Action::Other {
            keyword: keyword.to_owned(),
        };
        Some(match s {
            Statement::StartTransaction { .. } => Action::Transaction(Transaction::Begin),
            Statement::Commit { .. } => Action::Transaction(Transaction::Commit),
            Statement::Rollback {
                savepoint: Some(_), ..
            } => Action::Transaction(Transaction::RollbackTo),
            Statement::Rollback { .. } => Action::Transaction(Transaction::Rollback),
            Statement::Savepoint { .. } => Action::Transaction(Transaction::Savepoint),
            Statement::ReleaseSavepoint { .. } => Action::Transaction(Transaction::Release),
            Statement::Set(set) => self.setting(set)?,
            Statement::Pragma { name, value, .. } => Action::Set {
                name: self.last_name(name)?,
                value: value.as_ref().map(|v| self.text(v)).unwrap_or_default(),
                local: false,
            },
            Statement::Grant(grant) => Action::Grant {
                tables: self.granted(grant.objects.as_ref())?,
            },
            Statement::Revoke(revoke) => Action::Revoke {
                tables: self.granted(revoke.objects.as_ref())?,
            },
            Statement::Comment {
                object_type,
                object_name,
                ..
            } => {
                let name = self.name(object_name)?;
                match object_type {
                    ast::CommentObject::Table => Action::Comment {
                        kind: ObjectKind::Table,
                        name,
                    },
                    // The table of `schema.table.column`.
                    ast::CommentObject::Column => Action::Comment {
                        kind: ObjectKind::Table,
                        name: Name::plain(name.schema?),
                    },
                    _ => Action::Comment {
                        kind: ObjectKind::Other,
                        name,
                    },
                }
            }
            Statement::AlterIndex { name, operation } => match operation {
                ast::AlterIndexOperation::RenameIndex { index_name } => Action::Rename {
                    kind: ObjectKind::Index,
                    name: self.name(name)?,
                    to: self.last_name(index_name)?,
                },
            },
            Statement::AlterView { name, .. } => Action::AlterOther {
                kind: ObjectKind::View,
                name: self.name(name)?,
                what: "as".to_owned(),
            },
            Statement::AlterType(alter) => {
                let name = self.name(&alter.name)?;
                match &alter.operation {
                    ast::AlterTypeOperation::Rename(rename) => Action::Rename {
                        kind: ObjectKind::Type,
                        name,
                        to: self.folded(&rename.new_name),
                    },
                    ast::AlterTypeOperation::AddValue(add) => Action::AddEnumValue {
                        name,
                        value: add.value.value.clone(),
                        if_not_exists: add.if_not_exists,
                    },
                    ast::AlterTypeOperation::RenameValue(rename) => Action::RenameEnumValue {
                        name,
                        value: rename.from.value.clone(),
                        to: rename.to.value.clone(),
                    },
                }
            }
            Statement::AlterUser(user) => Action::AlterOther {
                kind: ObjectKind::Role,
                name: Name::plain(self.folded(&user.name)),
                what: "user".to_owned(),
            },
            Statement::AlterRole { name, .. } => Action::AlterOther {
                kind: ObjectKind::Role,
                name: Name::plain(self.folded(name)),
                what: "role".to_owned(),
            },
            Statement::LockTables { .. } | Statement::UnlockTables => other("lock tables"),
            Statement::Analyze(analyze) => Action::Analyze {
                tables: match &analyze.table_name {
                    Some(table) => vec![self.name(table)?],
                    None => Vec::new(),
                },
            },
            Statement::Vacuum(vacuum) => Action::Vacuum {
                full: vacuum.full,
                tables: match &vacuum.table_name {
                    Some(table) => vec![self.name(table)?],
                    None => Vec::new(),
                },
            },
            Statement::Execute { .. } => Action::Opaque {
                reason: OpaqueReason::Dynamic,
                detail: "a prepared statement".to_owned(),
            },
            Statement::Use(_) => other("use"),
            Statement::Explain { .. } | Statement::ExplainTable { .. } => other("explain"),
            Statement::Prepare { .. } => other("prepare"),
            Statement::Deallocate { .. } => other("deallocate"),
            Statement::Flush { .. } => other("flush"),
            Statement::OptimizeTable { .. } => other("optimize"),
            Statement::Kill { .. } => other("kill"),
            Statement::AttachDatabase { .. } => other("attach"),
            Statement::ShowFunctions { .. }
            | Statement::ShowVariable { .. }
            | Statement::ShowStatus { .. }
            | Statement::ShowVariables { .. }
            | Statement::ShowCreate { .. }
            | Statement::ShowColumns { .. }
            | Statement::ShowDatabases { .. }
            | Statement::ShowTables { .. }
            | Statement::ShowViews { .. }
            | Statement::ShowCollation { .. } => other("show"),
            _ => return None,
        })
    }

    fn setting(&self, set: &ast::Set) -> Option<Action> {
        let value = |values: &[ast::Expr]| {
            let values: Vec<String> = values.iter().map(|v| self.text(v)).collect();
            let joined = values.join(", ");
            joined.trim_matches('\'').to_owned()
        };
        Some(match set {
            ast::Set::SingleAssignment {
                scope,
                variable,
                values,
                ..
            } => Action::Set {
                name: variable.to_string().to_lowercase(),
                value: value(values),
                local: matches!(scope, Some(ast::ContextModifier::Local)),
            },
            ast::Set::SetTimeZone { local, value } => Action::Set {
                name: "timezone".to_owned(),
                value: self.text(value),
                local: *local,
            },
            ast::Set::SetNames { charset_name, .. } => Action::Set {
                name: "names".to_owned(),
                value: charset_name.value.clone(),
                local: false,
            },
            ast::Set::SetRole { role_name, .. } => Action::Set {
                name: "role".to_owned(),
                value: role_name
                    .as_ref()
                    .map(|r| self.folded(r))
                    .unwrap_or_default(),
                local: false,
            },
            ast::Set::SetTransaction { .. } => Action::Other {
                keyword: "set transaction".to_owned(),
            },
            _ => return None,
        })
    }

    fn granted(&self, objects: Option<&ast::GrantObjects>) -> Option<Vec<Name>> {
        match objects {
            Some(ast::GrantObjects::Tables(tables)) => {
                let named = tables.iter().filter(|t| !t.to_string().ends_with('*'));
                named.map(|t| self.name(t)).collect()
            }
            _ => Some(Vec::new()),
        }
    }
}

fn object_kind(object: ast::ObjectType) -> ObjectKind {
    match object {
        ast::ObjectType::Table => ObjectKind::Table,
        ast::ObjectType::View => ObjectKind::View,
        ast::ObjectType::MaterializedView => ObjectKind::MaterializedView,
        ast::ObjectType::Index => ObjectKind::Index,
        ast::ObjectType::Schema => ObjectKind::Schema,
        ast::ObjectType::Database => ObjectKind::Database,
        ast::ObjectType::Role | ast::ObjectType::User => ObjectKind::Role,
        ast::ObjectType::Sequence => ObjectKind::Sequence,
        ast::ObjectType::Type => ObjectKind::Type,
        _ => ObjectKind::Other,
    }
}
