//! Settings, transactions, privileges, small changes of other objects, and maintenance.

use sqlparser::ast::{self, Statement};

use crate::syntax::sql::operation::{Action, Name, ObjectKind, OpaqueReason, Transaction};

use super::Sink;

impl Sink<'_> {
    pub(super) fn kept(&self, s: &Statement) -> Option<Action> {
        let other = |keyword: &str| Action::Other {
            keyword: keyword.to_owned(),
        };
        Some(match s {
            Statement::StartTransaction { .. } => Action::Transaction(Transaction::Begin),
            Statement::Commit { .. } => Action::Transaction(Transaction::Commit),
            Statement::Rollback {
                savepoint: Some(name),
                ..
            } => Action::Transaction(Transaction::RollbackTo(self.inner_name(name))),
            Statement::Rollback { .. } => Action::Transaction(Transaction::Rollback),
            Statement::Savepoint { name } => {
                Action::Transaction(Transaction::Savepoint(self.inner_name(name)))
            }
            Statement::ReleaseSavepoint { name } => {
                Action::Transaction(Transaction::Release(self.inner_name(name)))
            }
            Statement::Set(set) => self.setting(set)?,
            Statement::Pragma { name, value, .. } => pragma(
                self.last_name(name)?,
                value.as_ref().map(|v| self.text(v)).unwrap_or_default(),
            ),
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
            Statement::LockTables { tables } => {
                let is_write =
                    |it: &ast::LockTable| matches!(it.lock_type, ast::LockTableType::Write { .. });
                let tables = tables.iter();
                // The strongest of them: beside a READ lock others may read.
                let mode = if tables.clone().any(is_write) {
                    "write"
                } else {
                    "read"
                };
                Action::LockTable {
                    tables: tables
                        .map(|it| Name::plain(self.folded(&it.table)))
                        .collect(),
                    mode: mode.to_owned(),
                }
            }
            Statement::UnlockTables => other("unlock tables"),
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

/// A setting of `SQLite`. With `writable_schema` on, an UPDATE can make anything of any table.
pub(super) fn pragma(name: String, value: String) -> Action {
    let is_off = matches!(
        value.trim_matches(['\'', '"']).to_lowercase().as_str(),
        "" | "0" | "off" | "no" | "false" | "reset"
    );
    if name.eq_ignore_ascii_case("writable_schema") && !is_off {
        return Action::Opaque {
            reason: OpaqueReason::Dynamic,
            detail: "PRAGMA writable_schema lets statements rewrite the schema itself".to_owned(),
        };
    }
    Action::Set {
        name,
        value,
        local: false,
    }
}
