//! Statements about the session, and the ones that look after what is there: settings, transactions, comments, grants,
//! maintenance.

use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{self, AstNode};

use crate::syntax::sql::operation::{Action, Name, ObjectKind, Transaction};

use super::Sink;
use super::alter_other::keywords;
use super::names::{name, names, parts};

impl Sink<'_, '_> {
    pub(super) fn session(&mut self, s: &ast::Stmt) -> Option<()> {
        use ast::Stmt;
        let action = match s {
            Stmt::Set(set) => self.set(set)?,
            Stmt::SetRole(set) => {
                self.setting("role", &set.set_role_target()?, set.set_scope().as_ref())
            }
            Stmt::SetSessionAuth(set) => self.setting(
                "session_authorization",
                &set.set_session_auth_target()?,
                set.set_scope().as_ref(),
            ),
            Stmt::Reset(reset) => match reset.reset_target()? {
                ast::ResetTarget::ConfigParameterRef(parameter) => {
                    reset_of(&parts(&parameter)?.join("."))
                }
                ast::ResetTarget::All(_) => reset_of("all"),
                ast::ResetTarget::ResetTimeZone(_) => reset_of("timezone"),
                ast::ResetTarget::ResetTransactionIsolation(_) => reset_of("transaction_isolation"),
            },
            Stmt::ResetRole(_) => reset_of("role"),
            Stmt::ResetSessionAuth(_) => reset_of("session_authorization"),
            Stmt::Begin(_) => Action::Transaction(Transaction::Begin),
            Stmt::Commit(ast::Commit::CommitTransaction(_)) => {
                Action::Transaction(Transaction::Commit)
            }
            Stmt::Rollback(ast::Rollback::RollbackTransaction(_)) => {
                Action::Transaction(Transaction::Rollback)
            }
            Stmt::Rollback(ast::Rollback::RollbackToSavepoint(rollback)) => {
                let name = self.last_word(rollback)?;
                Action::Transaction(Transaction::RollbackTo(name))
            }
            Stmt::SavepointCreate(savepoint) => {
                Action::Transaction(Transaction::Savepoint(self.last_word(savepoint)?))
            }
            Stmt::ReleaseSavepoint(release) => {
                Action::Transaction(Transaction::Release(self.last_word(release)?))
            }
            Stmt::CommentOn(comment) => {
                let (kind, name) = commented(&comment.comment_object()?)?;
                Action::Comment { kind, name }
            }
            Stmt::Grant(grant) => Action::Grant {
                tables: privileged(grant.on_privilege_objects_clause())?,
            },
            Stmt::Revoke(revoke) => Action::Revoke {
                tables: privileged(revoke.on_privilege_objects_clause())?,
            },
            Stmt::Execute(execute) => {
                self.dynamic(execute, "a prepared statement");
                return Some(());
            }
            Stmt::Checkpoint(_)
            | Stmt::Close(_)
            | Stmt::Commit(_)
            | Stmt::Deallocate(_)
            | Stmt::Discard(_)
            | Stmt::Fetch(_)
            | Stmt::Listen(_)
            | Stmt::Load(_)
            | Stmt::Move(_)
            | Stmt::Notify(_)
            | Stmt::PrepareTransaction(_)
            | Stmt::Rollback(_)
            | Stmt::SecurityLabel(_)
            | Stmt::SetConstraints(_)
            | Stmt::SetTransaction(_)
            | Stmt::Show(_)
            | Stmt::Unlisten(_) => Action::Other {
                keyword: keywords(s.syntax(), 2),
            },
            Stmt::Reassign(reassign) => Action::AlterOther {
                kind: ObjectKind::Role,
                name: name(&reassign.before()?.role_refs().next()?.role_ref_value()?)?,
                what: "reassign owned".to_owned(),
            },
            _ => self.maintenance(s)?,
        };
        self.push(s, action);
        Some(())
    }

    /// The name that a statement ends with.
    fn last_word(&self, node: &impl AstNode) -> Option<String> {
        let text = self.place.text(node);
        let word = text.trim_end_matches(';').split_whitespace().next_back()?;
        Some(word.trim_matches('"').to_owned())
    }

    fn maintenance(&self, s: &ast::Stmt) -> Option<Action> {
        use ast::Stmt;
        Some(match s {
            Stmt::Vacuum(vacuum) => Action::Vacuum {
                full: vacuum.is_full(),
                tables: listed(vacuum.table_and_columns_list().as_ref())?,
            },
            Stmt::Repack(repack) => Action::Vacuum {
                full: true,
                tables: listed(repack.table_and_columns_list().as_ref())?,
            },
            Stmt::Analyze(analyze) => Action::Analyze {
                tables: listed(analyze.table_and_columns_list().as_ref())?,
            },
            Stmt::Cluster(cluster) => Action::Cluster {
                table: match (cluster.table_name_ref(), cluster.cluster_legacy()) {
                    (Some(table), _) => Some(name(&table)?),
                    (None, Some(legacy)) => Some(name(&legacy.on_path()?.table_name_ref()?)?),
                    (None, None) => None,
                },
            },
            Stmt::Refresh(refresh) => Action::RefreshMaterializedView {
                name: name(&refresh.view_ref()?)?,
                concurrently: refresh.concurrently_token().is_some(),
            },
            Stmt::Reindex(reindex) => {
                let (kind, name) = match reindex.reindex_target()? {
                    ast::ReindexTarget::ReindexTargetIndex(t) => {
                        (ObjectKind::Index, name(&t.index_ref()?)?)
                    }
                    ast::ReindexTarget::ReindexTargetTable(t) => {
                        (ObjectKind::Table, name(&t.table_name_ref()?)?)
                    }
                    ast::ReindexTarget::ReindexTargetSchema(t) => {
                        (ObjectKind::Schema, name(&t.schema_ref()?)?)
                    }
                    ast::ReindexTarget::ReindexTargetDatabase(t) => {
                        (ObjectKind::Database, optional(t.database_ref())?)
                    }
                    ast::ReindexTarget::ReindexTargetSystem(t) => {
                        (ObjectKind::Database, optional(t.database_ref())?)
                    }
                };
                Action::Reindex {
                    kind,
                    name,
                    concurrently: reindex.is_concurrently(),
                }
            }
            Stmt::Lock(lock) => Action::LockTable {
                tables: lock
                    .relation_list()?
                    .relation_names()
                    .map(|r| name(&r.relation_name_ref()?))
                    .collect::<Option<Vec<_>>>()
                    .filter(|tables| !tables.is_empty())?,
                mode: match lock.lock_mode_clause() {
                    Some(clause) => self.place.text(&clause.lock_mode()?),
                    None => "access exclusive".to_owned(),
                },
            },
            _ => return None,
        })
    }

    fn set(&self, set: &ast::Set) -> Option<Action> {
        let scope = set.set_scope();
        Some(match set.set_target()? {
            ast::SetTarget::SetConfig(config) => {
                let parameter = parts(&config.config_parameter_ref()?)?.join(".");
                let value = match config.config_assignment()? {
                    ast::ConfigAssignment::ToConfigValue(to) => to
                        .config_values()
                        .map(|v| unquoted(&self.place.text(&v)))
                        .collect::<Vec<_>>()
                        .join(", "),
                    ast::ConfigAssignment::FromCurrent(_) => "from current".to_owned(),
                };
                Action::Set {
                    name: parameter,
                    value,
                    local: is_local(scope.as_ref()),
                }
            }
            ast::SetTarget::SetTimeZone(zone) => Action::Set {
                name: "timezone".to_owned(),
                value: match (zone.config_value(), zone.cast_expr()) {
                    (Some(value), _) => unquoted(&self.place.text(&value)),
                    (None, Some(value)) => self.place.text(&value),
                    (None, None) => String::new(),
                },
                local: is_local(scope.as_ref()),
            },
            ast::SetTarget::SetSchemaValue(schema) => {
                self.setting("search_path", &schema.literal()?, scope.as_ref())
            }
            ast::SetTarget::SetXmlOption(option) => self.setting(
                "xmloption",
                &option.xml_document_or_content()?,
                scope.as_ref(),
            ),
            // The grammar has it, and the server refuses it.
            ast::SetTarget::SetCatalog(_) => return None,
        })
    }

    fn setting(&self, name: &str, value: &impl AstNode, scope: Option<&ast::SetScope>) -> Action {
        let value = unquoted(&self.place.text(value));
        Action::Set {
            name: name.to_owned(),
            value: if value == "default" {
                String::new()
            } else {
                value
            },
            local: is_local(scope),
        }
    }
}

fn reset_of(name: &str) -> Action {
    Action::Set {
        name: name.to_owned(),
        value: String::new(),
        local: false,
    }
}

fn is_local(scope: Option<&ast::SetScope>) -> bool {
    matches!(scope, Some(ast::SetScope::LocalScope(_)))
}

fn unquoted(value: &str) -> String {
    value
        .strip_prefix('\'')
        .and_then(|v| v.strip_suffix('\''))
        .map_or_else(|| value.to_owned(), |v| v.replace("''", "'"))
}

/// `REINDEX DATABASE` may name none: it is the current one.
fn optional(reference: Option<ast::DatabaseRef>) -> Option<Name> {
    match reference {
        Some(database) => name(&database),
        None => Some(Name::default()),
    }
}

fn listed(list: Option<&ast::TableAndColumnsList>) -> Option<Vec<Name>> {
    list.into_iter()
        .flat_map(ast::TableAndColumnsList::table_and_columnss)
        .map(|t| name(&t.table_relation_name()?.table_name_ref()?))
        .collect()
}

/// The tables that privileges are on; empty for anything else and for roles.
fn privileged(clause: Option<ast::OnPrivilegeObjectsClause>) -> Option<Vec<Name>> {
    let Some(clause) = clause else {
        return Some(Vec::new());
    };
    match clause.privilege_objects()? {
        ast::PrivilegeObjects::PrivilegeTable(tables) => names(tables.relation_name_refs()),
        ast::PrivilegeObjects::PrivilegeDefault(tables) => names(tables.relation_name_refs()),
        _ => Some(Vec::new()),
    }
}

/// What a comment is on. That of a column belongs to its table.
fn commented(object: &ast::CommentObject) -> Option<(ObjectKind, Name)> {
    use ast::CommentObject as O;
    let kind = match object {
        O::ObjectColumn(column) => {
            let (table, _) = super::names::column(&column.name()?)?;
            return Some((ObjectKind::Table, table));
        }
        O::ObjectFunction(f) => {
            let name = name(&f.function_sig()?.function_name_ref()?)?;
            return Some((ObjectKind::Function, name));
        }
        O::ObjectProcedure(f) => {
            let name = name(&f.procedure_sig()?.procedure_name_ref()?)?;
            return Some((ObjectKind::Function, name));
        }
        O::ObjectRoutine(f) => {
            let name = name(&f.routine_sig()?.routine_name_ref()?)?;
            return Some((ObjectKind::Function, name));
        }
        O::ObjectAggregate(_) => ObjectKind::Function,
        O::ObjectTable(_) | O::ObjectForeignTable(_) => ObjectKind::Table,
        O::ObjectIndex(_) => ObjectKind::Index,
        O::ObjectSequence(_) => ObjectKind::Sequence,
        O::ObjectView(_) => ObjectKind::View,
        O::ObjectMaterializedView(_) => ObjectKind::MaterializedView,
        O::ObjectTrigger(_) => ObjectKind::Trigger,
        O::ObjectType(_) => ObjectKind::Type,
        O::ObjectDomain(_) => ObjectKind::Domain,
        O::ObjectSchema(_) => ObjectKind::Schema,
        O::ObjectDatabase(_) => ObjectKind::Database,
        O::ObjectExtension(_) => ObjectKind::Extension,
        O::ObjectPolicy(_) => ObjectKind::Policy,
        O::ObjectRule(_) => ObjectKind::Rule,
        O::ObjectStatistics(_) => ObjectKind::Statistics,
        O::ObjectConstraint(_) => ObjectKind::Constraint,
        O::ObjectRole(_) => ObjectKind::Role,
        _ => ObjectKind::Other,
    };
    let reference = object
        .syntax()
        .children()
        .find(|n| n.kind() != SyntaxKind::PARAM_LIST);
    // Casts and operators have no name.
    let name = reference
        .and_then(|n| super::names::name_of(&n))
        .unwrap_or_default();
    Some((kind, name))
}
