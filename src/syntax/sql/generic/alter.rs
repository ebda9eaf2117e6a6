//! `ALTER TABLE`: one operation for each of its parts.

use sqlparser::ast::{self, AlterTableOperation as A};

use crate::source::Span;
use crate::syntax::sql::operation::{Action, Dialect, Name, ObjectKind, OpaqueReason};

use super::Sink;
use super::column::type_name;
use super::items;

impl Sink<'_> {
    pub(super) fn alter_table(&mut self, s: &ast::AlterTable) -> Option<()> {
        let table = self.name(&s.name)?;
        let parts = items::alter_parts(self.source, self.dialect);
        let exact = parts.len() == s.operations.len();
        for (i, operation) in s.operations.iter().enumerate() {
            let part = parts.get(i).filter(|_| exact);
            let span = part.map_or(self.span, |p| p.shifted(self.span.start as usize));
            self.alter_part_or_opaque(&table, s.only, operation, span);
        }
        (!s.operations.is_empty()).then_some(())
    }

    /// Each part alone: one that is not known leaves the others what they are.
    pub(super) fn alter_part_or_opaque(&mut self, table: &Name, only: bool, part: &A, span: Span) {
        if self.alter_part(table, only, part, span).is_none() {
            self.push_at(
                span,
                Action::Opaque {
                    reason: OpaqueReason::Unknown,
                    detail: "relgate does not know this part of ALTER TABLE".to_owned(),
                },
            );
        }
    }

    fn alter_part(&mut self, table: &Name, only: bool, part: &A, span: Span) -> Option<()> {
        let table = table.clone();
        let other = |what: String| Action::AlterOther {
            kind: ObjectKind::Table,
            name: table.clone(),
            what,
        };
        let action = match part {
            A::AddColumn {
                if_not_exists,
                column_def,
                ..
            } => {
                let options = column_def
                    .options
                    .iter()
                    .map(|o| (o.name.as_ref(), &o.option));
                Action::AddColumn {
                    column: self.column(&column_def.name, &column_def.data_type, options, span)?,
                    if_not_exists: *if_not_exists,
                    only,
                    table,
                }
            }
            A::DropColumn {
                column_names,
                if_exists,
                drop_behavior,
                ..
            } => {
                for column in column_names {
                    let action = Action::DropColumn {
                        table: table.clone(),
                        column: self.inner_name(column),
                        if_exists: *if_exists,
                        cascade: is_cascade(drop_behavior.as_ref()),
                    };
                    self.push_at(span, action);
                }
                return (!column_names.is_empty()).then_some(());
            }
            A::RenameColumn {
                old_column_name,
                new_column_name,
            } => Action::RenameColumn {
                table,
                column: self.inner_name(old_column_name),
                to: self.inner_name(new_column_name),
            },
            A::RenameTable { table_name } => {
                let (ast::RenameTableNameKind::As(to) | ast::RenameTableNameKind::To(to)) =
                    table_name;
                Action::RenameTable {
                    to: self.name(to)?.name,
                    table,
                }
            }
            A::ModifyColumn {
                col_name,
                data_type,
                options,
                ..
            } => {
                let options = options.iter().map(|o| (None, o));
                Action::ReplaceColumn {
                    table,
                    column: self.inner_name(col_name),
                    definition: self.column(col_name, data_type, options, span)?,
                }
            }
            A::ChangeColumn {
                old_name,
                new_name,
                data_type,
                options,
                ..
            } => {
                let options = options.iter().map(|o| (None, o));
                Action::ReplaceColumn {
                    table,
                    column: self.inner_name(old_name),
                    definition: self.column(new_name, data_type, options, span)?,
                }
            }
            A::AlterColumn { column_name, op } => {
                self.alter_column(table, self.inner_name(column_name), op)?
            }
            A::AddConstraint {
                constraint,
                not_valid,
            } => {
                if let Some(index) = self.index_of_table(&table, constraint) {
                    index
                } else {
                    let mut constraint = self.constraint(constraint, span)?;
                    constraint.not_valid = *not_valid;
                    Action::AddConstraint { table, constraint }
                }
            }
            A::DropConstraint {
                if_exists,
                name,
                drop_behavior,
            } => Action::DropConstraint {
                table,
                constraint: self.inner_name(name),
                if_exists: *if_exists,
                cascade: is_cascade(drop_behavior.as_ref()),
            },
            // The name that MySQL gives to every primary key.
            A::DropPrimaryKey { .. } => Action::DropConstraint {
                table,
                constraint: "primary".to_owned(),
                if_exists: false,
                cascade: false,
            },
            A::DropForeignKey { name, .. } => Action::DropConstraint {
                table,
                constraint: self.inner_name(name),
                if_exists: false,
                cascade: false,
            },
            A::DropIndex { name } => Action::Drop {
                kind: ObjectKind::Index,
                names: vec![Name::plain(self.inner_name(name))],
                table: Some(table),
                arguments: Vec::new(),
                if_exists: false,
                cascade: false,
                concurrently: false,
            },
            A::RenameConstraint { old_name, new_name } => Action::RenameConstraint {
                table,
                constraint: self.inner_name(old_name),
                to: self.inner_name(new_name),
            },
            A::ValidateConstraint { name } => Action::ValidateConstraint {
                table,
                constraint: self.inner_name(name),
            },
            A::OwnerTo { .. } => Action::Owner {
                kind: ObjectKind::Table,
                name: table,
            },
            A::SetLogged => Action::SetLogged {
                table,
                logged: true,
            },
            A::SetUnlogged => Action::SetLogged {
                table,
                logged: false,
            },
            A::EnableTrigger { name } => self.trigger(table, name, true),
            A::DisableTrigger { name } => self.trigger(table, name, false),
            A::Algorithm { algorithm, .. } => other(format!(
                "algorithm {}",
                algorithm.to_string().to_lowercase()
            )),
            A::Lock { lock, .. } => other(format!("lock {}", lock.to_string().to_lowercase())),
            A::AutoIncrement { .. } => other("auto_increment".to_owned()),
            A::AddPartitions { .. } => other("add partition".to_owned()),
            A::DropPartitions { partitions, .. } => Action::Drop {
                kind: ObjectKind::Table,
                names: partitions
                    .iter()
                    .map(|p| Name::plain(self.text(p)))
                    .collect(),
                table: Some(table),
                arguments: Vec::new(),
                if_exists: false,
                cascade: false,
                concurrently: false,
            },
            A::SetOptionsParens { .. } | A::SetTblProperties { .. } => Action::SetReloptions {
                kind: ObjectKind::Table,
                name: table,
            },
            _ => return None,
        };
        self.push_at(span, action);
        Some(())
    }

    fn alter_column(
        &self,
        table: Name,
        column: String,
        op: &ast::AlterColumnOperation,
    ) -> Option<Action> {
        use ast::AlterColumnOperation as O;
        Some(match op {
            O::SetNotNull => Action::SetNotNull { table, column },
            O::DropNotNull => Action::DropNotNull { table, column },
            O::DropDefault => Action::DropDefault { table, column },
            O::SetDefault { value } => match self.text(value) {
                null if null == "null" => Action::DropDefault { table, column },
                default => Action::SetDefault {
                    table,
                    column,
                    default,
                },
            },
            O::SetDataType {
                data_type, using, ..
            } => Action::AlterColumnType {
                table,
                column,
                type_name: type_name(data_type, self.dialect),
                using: using.as_ref().map(|u| self.text(u)),
                collation: None,
            },
            O::AddGenerated {
                generated_as: Some(generated),
                ..
            } if self.dialect == Dialect::Generic => Action::AddIdentity {
                table,
                column,
                always: matches!(generated, ast::GeneratedAs::Always),
            },
            O::AddGenerated { .. } => return None,
        })
    }

    fn trigger(&self, table: Name, name: &ast::Ident, enable: bool) -> Action {
        Action::EnableTrigger {
            table,
            trigger: self.inner_name(name),
            enable,
        }
    }
}

pub(super) fn is_cascade(behavior: Option<&ast::DropBehavior>) -> bool {
    matches!(behavior, Some(ast::DropBehavior::Cascade))
}
