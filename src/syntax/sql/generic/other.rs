//! All other statements.

use sqlparser::ast::{self, Statement};

use crate::syntax::sql::operation::{Action, Name, ObjectKind};

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
        let mut calls = self.functions_called();
        for clause in &s.clauses {
            let action = match &clause.action {
                ast::MergeAction::Insert(_) => Action::Insert {
                    table: table.clone(),
                    on_conflict: None,
                    replaces: false,
                    columns: Vec::new(),
                    reads: self.tables_read(),
                    calls: std::mem::take(&mut calls),
                },
                ast::MergeAction::Update(_) => Action::Update {
                    table: table.clone(),
                    has_where: true,
                    columns: Vec::new(),
                    calls: std::mem::take(&mut calls),
                },
                ast::MergeAction::Delete { .. } => Action::Delete {
                    table: table.clone(),
                    has_where: true,
                    calls: std::mem::take(&mut calls),
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
                    replaces: insert.replace_into
                        || insert.or == Some(ast::SqliteOnConflict::Replace),
                    columns: columns.collect::<Option<_>>()?,
                    reads: self.tables_read(),
                    calls: self.functions_called(),
                }
            }
            Statement::Update(update) => Action::Update {
                table: self.table_of(&update.table.relation)?,
                // A join chooses rows as a condition does.
                has_where: update.selection.is_some()
                    || update.limit.is_some()
                    || !update.table.joins.is_empty(),
                columns: self.assigned(&update.assignments)?,
                calls: self.functions_called(),
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
                    calls: self.functions_called(),
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
