//! `ALTER TABLE`: one operation for each of its parts.

use squawk_syntax::ast;

use crate::syntax::sql::operation::{Action, Name, ObjectKind, OpaqueReason};

use super::Sink;
use super::names::{ident, name};
use super::table::{added_column, constraint_def, default_text};
use super::types::type_name;

impl Sink<'_, '_> {
    pub(super) fn alter_table(&mut self, s: &ast::AlterTable) -> Option<()> {
        if let Some(all) = s.all_in_tablespace() {
            let tablespace = ident(&all.tablespace_ref()?)?;
            self.push(
                s,
                Action::AlterOther {
                    kind: ObjectKind::Table,
                    name: Name::plain(tablespace),
                    what: "all in tablespace".to_owned(),
                },
            );
            return Some(());
        }
        let relation = s.table_relation_name()?;
        let table = name(&relation.table_name_ref()?)?;
        let only = relation.only_token().is_some();
        self.parts(&table, ObjectKind::Table, only, s.actions())
    }

    pub(super) fn alter_foreign_table(&mut self, s: &ast::AlterForeignTable) -> Option<()> {
        let relation = s.table_relation_name()?;
        let table = name(&relation.table_name_ref()?)?;
        let only = relation.only_token().is_some();
        self.parts(&table, ObjectKind::Table, only, s.actions())
    }

    /// Each part alone: one that is not known leaves the others what they are.
    fn parts(
        &mut self,
        table: &Name,
        kind: ObjectKind,
        only: bool,
        actions: impl Iterator<Item = ast::AlterTableAction>,
    ) -> Option<()> {
        let before = self.operations.len();
        for action in actions {
            self.part(table, kind, only, &action);
        }
        (self.operations.len() > before).then_some(())
    }

    pub(super) fn part(
        &mut self,
        table: &Name,
        kind: ObjectKind,
        only: bool,
        action: &ast::AlterTableAction,
    ) {
        let span = self.place.span(action);
        match self.table_action(table, kind, only, action) {
            Some(lowered) => self.push_at(span, lowered),
            None => self.opaque(
                span,
                OpaqueReason::Unknown,
                "relgate does not know this part of ALTER TABLE",
            ),
        }
    }

    fn table_action(
        &mut self,
        table: &Name,
        kind: ObjectKind,
        only: bool,
        action: &ast::AlterTableAction,
    ) -> Option<Action> {
        use ast::AlterTableAction as A;
        let table = table.clone();
        let other = |what: &str| {
            Some(Action::AlterOther {
                kind,
                name: table.clone(),
                what: what.to_owned(),
            })
        };
        Some(match action {
            A::AddColumn(a) => Action::AddColumn {
                column: added_column(self.place, a)?,
                if_not_exists: a.if_not_exists().is_some(),
                only,
                table,
            },
            A::DropColumn(a) => Action::DropColumn {
                column: ident(&a.column_name_ref()?)?,
                if_exists: a.if_exists().is_some(),
                cascade: is_cascade(a.drop_behavior().as_ref()),
                table,
            },
            A::AlterColumn(a) => return self.column_action(table, a),
            A::RenameColumn(a) => Action::RenameColumn {
                column: ident(&a.column_name_ref()?)?,
                to: ident(&a.column_name()?)?,
                table,
            },
            A::TableRenameTo(a) => Action::RenameTable {
                to: name(&a.table_name()?)?.name,
                table,
            },
            A::SetSchema(a) => Action::SetSchema {
                kind,
                schema: ident(&a.schema_ref()?)?,
                name: table,
            },
            A::AddConstraint(a) => Action::AddConstraint {
                constraint: constraint_def(self.place, &a.constraint()?, None)?,
                table,
            },
            A::ValidateConstraint(a) => Action::ValidateConstraint {
                constraint: constraint_name(a.constraint_name_ref())?,
                table,
            },
            A::DropConstraint(a) => Action::DropConstraint {
                constraint: constraint_name(a.constraint_name_ref())?,
                if_exists: a.if_exists().is_some(),
                cascade: is_cascade(a.drop_behavior().as_ref()),
                table,
            },
            A::RenameConstraint(a) => Action::RenameConstraint {
                constraint: constraint_name(a.constraint_name_ref())?,
                to: ident(&a.constraint_name()?)?,
                table,
            },
            A::AlterConstraint(a) => Action::AlterConstraint {
                constraint: constraint_name(a.constraint_name_ref())?,
                table,
            },
            A::AttachPartition(a) => {
                let bound = a.partition_type()?;
                Action::AttachPartition {
                    partition: name(&a.table_name_ref()?)?,
                    default: matches!(bound, ast::PartitionType::PartitionDefault(_)),
                    bound: self.place.text(&bound),
                    table,
                }
            }
            A::DetachPartition(a) => {
                let option = a.detach_partition_option();
                Action::DetachPartition {
                    partition: name(&a.table_name_ref()?)?,
                    concurrently: matches!(
                        option,
                        Some(ast::DetachPartitionOption::DetachConcurrently(_))
                    ),
                    finalize: matches!(option, Some(ast::DetachPartitionOption::DetachFinalize(_))),
                    table,
                }
            }
            A::InheritTable(a) => Action::Inherit {
                parent: name(&a.table_name_ref()?)?,
                table,
            },
            A::NoInheritTable(a) => Action::NoInherit {
                parent: name(&a.table_name_ref()?)?,
                table,
            },
            A::SetLogged(_) => Action::SetLogged {
                table,
                logged: true,
            },
            A::SetUnlogged(_) => Action::SetLogged {
                table,
                logged: false,
            },
            A::SetAccessMethod(a) => Action::SetAccessMethod {
                method: match a.access_method_ref() {
                    Some(method) => ident(&method)?,
                    None => String::new(),
                },
                table,
            },
            A::SetTablespace(a) => Action::SetTablespace {
                kind,
                tablespace: ident(&a.tablespace_ref()?)?,
                name: table,
            },
            A::SetOptions(_) | A::ResetOptions(_) => Action::SetReloptions { kind, name: table },
            A::ReplicaIdentity(a) => Action::ReplicaIdentity {
                full: matches!(
                    a.replica_identity_option()?,
                    ast::ReplicaIdentityOption::ReplicaIdentityFull(_)
                ),
                table,
            },
            A::ClusterOn(_) => Action::ClusterOn { table },
            A::SetWithoutCluster(_) => return other("set without cluster"),
            A::EnableRls(_) => row_security(table, true, false),
            A::DisableRls(_) => row_security(table, false, false),
            A::ForceRls(_) => row_security(table, true, true),
            A::NoForceRls(_) => row_security(table, false, true),
            A::EnableTrigger(a) => trigger(self, table, &a.trigger_target()?, true),
            A::DisableTrigger(a) => trigger(self, table, &a.trigger_target()?, false),
            A::EnableAlwaysTrigger(a) => Action::EnableTrigger {
                trigger: ident(&a.trigger_ref()?)?,
                enable: true,
                table,
            },
            A::EnableReplicaTrigger(a) => Action::EnableTrigger {
                trigger: ident(&a.trigger_ref()?)?,
                enable: true,
                table,
            },
            A::EnableRule(a) => rule(table, a.rule_ref(), true)?,
            A::EnableAlwaysRule(a) => rule(table, a.rule_ref(), true)?,
            A::EnableReplicaRule(a) => rule(table, a.rule_ref(), true)?,
            A::DisableRule(a) => rule(table, a.rule_ref(), false)?,
            A::OwnerTo(_) => Action::Owner { kind, name: table },
            A::SetWithoutOids(_) => return other("set without oids"),
            A::OfType(_) => return other("of"),
            A::NotOf(_) => return other("not of"),
            A::AlterOptionList(_) => return other("options"),
            A::OptionItemList(_) | A::MergePartitions(_) | A::SplitPartition(_) => return None,
        })
    }

    fn column_action(&mut self, table: Name, alter: &ast::AlterColumn) -> Option<Action> {
        use ast::AlterColumnOption as O;
        let column = ident(&alter.column_name_ref()?)?;
        Some(match alter.option()? {
            O::SetType(o) => Action::AlterColumnType {
                table,
                column,
                type_name: type_name(self.place, &o.ty()?)?,
                using: match o.using_expr() {
                    Some(using) => Some(self.place.text(&using.expr()?)),
                    None => None,
                },
                collation: match o.collate() {
                    Some(collate) => Some(name(&collate.collation_ref()?)?.name),
                    None => None,
                },
            },
            O::SetNotNull(_) => Action::SetNotNull { table, column },
            O::DropNotNull(_) => Action::DropNotNull { table, column },
            O::SetDefault(o) => match default_text(self.place, &o.expr()?) {
                Some(default) => Action::SetDefault {
                    table,
                    column,
                    default,
                },
                // `SET DEFAULT NULL` is how a default is taken away, too.
                None => Action::DropDefault { table, column },
            },
            O::DropDefault(_) => Action::DropDefault { table, column },
            O::AddGenerated(o) => Action::AddIdentity {
                table,
                column,
                always: matches!(o.generated_when()?, ast::GeneratedWhen::GeneratedAlways(_)),
            },
            O::SetGenerated(_)
            | O::SetGeneratedOptions(_)
            | O::SetSequenceOption(_)
            | O::Restart(_) => Action::SetIdentity { table, column },
            O::DropIdentity(o) => Action::DropIdentity {
                table,
                column,
                if_exists: o.if_exists().is_some(),
            },
            O::SetExpression(_) => Action::SetExpression { table, column },
            O::DropExpression(_) => Action::DropExpression { table, column },
            O::SetStorage(_) => Action::SetStorage { table, column },
            O::SetCompression(_) => Action::SetCompression { table, column },
            O::SetStatistics(_) => Action::SetStatistics { table, column },
            O::SetOptions(_) | O::ResetOptions(_) | O::SetOptionsList(_) => {
                Action::SetColumnOptions { table, column }
            }
            O::Inherit(_) | O::NoInherit(_) => return None,
        })
    }
}

/// `CASCADE` was written.
pub(super) fn is_cascade(behavior: Option<&ast::DropBehavior>) -> bool {
    matches!(behavior, Some(ast::DropBehavior::Cascade(_)))
}

fn constraint_name(reference: Option<ast::ConstraintNameRef>) -> Option<String> {
    Some(name(&reference?)?.name)
}

fn row_security(table: Name, enable: bool, force: bool) -> Action {
    Action::RowLevelSecurity {
        table,
        enable,
        force,
    }
}

/// `ALL` and `USER` stand for the triggers, as words that no trigger name folds to by accident: they are reserved.
fn trigger(sink: &Sink<'_, '_>, table: Name, target: &ast::TriggerTarget, enable: bool) -> Action {
    let trigger = match target {
        ast::TriggerTarget::TriggerRef(named) => ident(named),
        ast::TriggerTarget::All(_) | ast::TriggerTarget::User(_) => None,
    };
    Action::EnableTrigger {
        trigger: trigger.unwrap_or_else(|| sink.place.text(target)),
        table,
        enable,
    }
}

fn rule(table: Name, rule: Option<ast::RuleRef>, enable: bool) -> Option<Action> {
    Some(Action::EnableRule {
        rule: ident(&rule?)?,
        table,
        enable,
    })
}
