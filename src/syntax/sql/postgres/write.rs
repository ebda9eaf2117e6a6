//! Statements that change rows.

use squawk_syntax::ast::{self, AstNode};

use crate::syntax::sql::operation::{Action, Name};

use super::Sink;
use super::alter::is_cascade;
use super::names::{ident, name};
use super::query::{functions_called, tables_read};
use super::table::bare_column;

impl Sink<'_, '_> {
    pub(super) fn write(&mut self, s: &ast::Stmt) -> Option<()> {
        match s {
            ast::Stmt::Copy(copy) => self.copy(copy),
            ast::Stmt::Truncate(truncate) => {
                let tables: Option<Vec<Name>> = truncate
                    .table_list()?
                    .table_relation_names()
                    .map(|t| name(&t.table_name_ref()?))
                    .collect();
                let action = Action::Truncate {
                    tables: tables.filter(|t| !t.is_empty())?,
                    cascade: is_cascade(truncate.drop_behavior().as_ref()),
                };
                self.push(s, action);
                Some(())
            }
            _ => {
                self.writes_in(s.syntax())?;
                self.change(s, functions_called(s.syntax()))
            }
        }
    }

    /// One `INSERT`, `UPDATE`, `DELETE` or `MERGE`, without those in its `WITH`, with the functions that count as called by it.
    pub(super) fn change(&mut self, s: &ast::Stmt, calls: Vec<Name>) -> Option<()> {
        let action = match s {
            ast::Stmt::Insert(insert) => Action::Insert {
                table: name(&insert.relation_name_ref()?)?,
                on_conflict: insert.on_conflict_clause().map(|c| conflict_columns(&c)),
                replaces: false,
                columns: target_columns(insert.column_target_list())?,
                reads: tables_read(insert.syntax()),
                calls,
            },
            ast::Stmt::Update(update) => Action::Update {
                table: name(&update.relation_name()?.relation_name_ref()?)?,
                has_where: update.where_clause_or_current_of().is_some(),
                columns: set_columns(&update.set_clause()?)?,
                calls,
            },
            ast::Stmt::Delete(delete) => Action::Delete {
                table: name(&delete.relation_name()?.relation_name_ref()?)?,
                has_where: delete.where_clause_or_current_of().is_some(),
                calls,
            },
            ast::Stmt::Merge(merge) => return self.merge(merge, calls),
            _ => return None,
        };
        self.push(s, action);
        Some(())
    }

    /// A merge does what its branches do, to the rows that its condition finds.
    fn merge(&mut self, s: &ast::Merge, mut calls: Vec<Name>) -> Option<()> {
        let table = name(&s.table_relation_name()?.table_name_ref()?)?;
        let reads = s
            .using_on_clause()
            .map(|using| tables_read(using.syntax()))
            .unwrap_or_default();
        let before = self.operations.len();
        for branch in s.merge_when_clauses() {
            let action = match &branch {
                ast::MergeWhenClause::MergeWhenMatched(w) => w.merge_action(),
                ast::MergeWhenClause::MergeWhenNotMatchedSource(w) => w.merge_action(),
                ast::MergeWhenClause::MergeWhenNotMatchedTarget(w) => w.merge_action(),
            }?;
            let lowered = match &action {
                ast::MergeAction::MergeInsert(insert) => Action::Insert {
                    table: table.clone(),
                    on_conflict: None,
                    replaces: false,
                    columns: target_columns(insert.column_target_list())?,
                    reads: reads.clone(),
                    calls: std::mem::take(&mut calls),
                },
                ast::MergeAction::MergeUpdate(update) => Action::Update {
                    table: table.clone(),
                    has_where: true,
                    columns: set_columns(&update.set_clause()?)?,
                    calls: std::mem::take(&mut calls),
                },
                ast::MergeAction::MergeDelete(_) => Action::Delete {
                    table: table.clone(),
                    has_where: true,
                    calls: std::mem::take(&mut calls),
                },
                ast::MergeAction::MergeDoNothing(_) => continue,
            };
            self.push(&branch, lowered);
        }
        if self.operations.len() == before {
            self.push(
                s,
                Action::Select {
                    calls,
                    reads: vec![table],
                    locks_rows: false,
                },
            );
        }
        Some(())
    }

    fn copy(&mut self, s: &ast::Copy) -> Option<()> {
        if let Some(query) = s.copy_query() {
            self.select(&query);
            return self.writes_in(query.syntax());
        }
        let action = Action::Copy {
            table: name(&s.copy_table()?.table_name_ref()?)?,
            from: matches!(s.copy_direction()?, ast::CopyDirection::CopyFrom(_)),
        };
        self.push(s, action);
        Some(())
    }
}

/// The columns of `ON CONFLICT`; empty where it names a constraint or nothing.
fn conflict_columns(clause: &ast::OnConflictClause) -> Vec<String> {
    let Some(ast::ConflictTarget::ConflictOnIndex(index)) = clause.conflict_target() else {
        return Vec::new();
    };
    index
        .conflict_index_item_list()
        .iter()
        .flat_map(ast::ConflictIndexItemList::conflict_index_items)
        .filter_map(|item| bare_column(&item.expr()?))
        .collect()
}

fn target_columns(list: Option<ast::ColumnTargetList>) -> Option<Vec<String>> {
    match list {
        Some(list) => list
            .column_targets()
            .map(|target| ident(&target.name()?))
            .collect(),
        None => Some(Vec::new()),
    }
}

fn set_columns(clause: &ast::SetClause) -> Option<Vec<String>> {
    let mut columns = Vec::new();
    for set in clause.set_column_list()?.set_columns() {
        match set {
            ast::SetColumn::SetSingleColumn(single) => {
                columns.push(ident(&single.column_target()?.name()?)?);
            }
            ast::SetColumn::SetMultipleColumns(several) => {
                columns.extend(target_columns(Some(several.column_target_list()?))?);
            }
        }
    }
    Some(columns)
}
