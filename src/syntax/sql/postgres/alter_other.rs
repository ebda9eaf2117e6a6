//! `ALTER` of anything but tables.

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::syntax::sql::operation::{Action, ConstraintKind, Name, ObjectKind};

use super::Sink;
use super::names::{column, ident, name, name_of};
use super::table::{constraint_def, default_text};

impl Sink<'_, '_> {
    pub(super) fn alter_object(&mut self, s: &ast::Stmt) -> Option<()> {
        use ast::Stmt;
        match s {
            Stmt::AlterDomain(s) => self.alter_domain(s),
            Stmt::AlterIndex(s) => self.alter_index(s),
            Stmt::AlterMaterializedView(s) => self.alter_materialized_view(s),
            Stmt::AlterSequence(s) => self.alter_sequence(s),
            Stmt::AlterType(s) => self.alter_type(s),
            Stmt::AlterView(s) => self.alter_view(s),
            _ => {
                let (kind, object, action) = altered(s)?;
                let action = common(kind, object, &action)?;
                self.push(s, action);
                Some(())
            }
        }
    }

    fn alter_domain(&mut self, s: &ast::AlterDomain) -> Option<()> {
        use ast::AlterDomainAction as A;
        let domain = name(&s.domain_ref()?)?;
        let action = match s.action()? {
            A::AddConstraint(a) => {
                let def = constraint_def(self.place, &a.constraint()?, Some(""))?;
                Action::AlterDomainAddConstraint {
                    name: domain,
                    constraint: def.name,
                    not_valid: def.not_valid,
                    not_null: matches!(def.kind, ConstraintKind::NotNull { .. }),
                }
            }
            A::SetNotNull(_) => Action::AlterDomainAddConstraint {
                name: domain,
                constraint: None,
                not_valid: false,
                not_null: true,
            },
            A::ValidateConstraint(_) => Action::AlterDomainValidate { name: domain },
            other => common(ObjectKind::Domain, domain, other.syntax())?,
        };
        self.push(s, action);
        Some(())
    }

    fn alter_index(&mut self, s: &ast::AlterIndex) -> Option<()> {
        if let Some(all) = s.all_in_tablespace() {
            let action = Action::AlterOther {
                kind: ObjectKind::Index,
                name: Name::plain(ident(&all.tablespace_ref()?)?),
                what: "all in tablespace".to_owned(),
            };
            self.push(s, action);
            return Some(());
        }
        let index = name(&s.index_ref()?)?;
        let action = match s.action()? {
            ast::AlterIndexAction::AttachIndexPartition(a) => Action::AttachIndexPartition {
                partition: name(&a.index_ref()?)?,
                index,
            },
            ast::AlterIndexAction::SetOptions(_) | ast::AlterIndexAction::ResetOptions(_) => {
                Action::SetReloptions {
                    kind: ObjectKind::Index,
                    name: index,
                }
            }
            other => common(ObjectKind::Index, index, other.syntax())?,
        };
        self.push(s, action);
        Some(())
    }

    fn alter_view(&mut self, s: &ast::AlterView) -> Option<()> {
        let view = name(&s.view_ref()?)?;
        let action = match s.action()? {
            ast::AlterViewAction::RenameColumn(a) => Action::RenameColumn {
                column: ident(&a.column_name_ref()?)?,
                to: ident(&a.column_name()?)?,
                table: view,
            },
            ast::AlterViewAction::AlterViewColumn(a) => {
                let column = ident(&a.name()?)?;
                match a.alter_view_column_action()? {
                    ast::AlterViewColumnAction::DropDefault(_) => Action::DropDefault {
                        table: view,
                        column,
                    },
                    ast::AlterViewColumnAction::SetDefault(set) => Action::SetDefault {
                        table: view,
                        column,
                        default: default_text(self.place, &set.expr()?)
                            .unwrap_or_else(|| "null".to_owned()),
                    },
                }
            }
            ast::AlterViewAction::SetOptions(_) | ast::AlterViewAction::ResetOptions(_) => {
                Action::SetReloptions {
                    kind: ObjectKind::View,
                    name: view,
                }
            }
            other => common(ObjectKind::View, view, other.syntax())?,
        };
        self.push(s, action);
        Some(())
    }

    fn alter_materialized_view(&mut self, s: &ast::AlterMaterializedView) -> Option<()> {
        if s.all_in_tablespace().is_some() {
            return None;
        }
        let kind = ObjectKind::MaterializedView;
        let view = name(&s.view_ref()?)?;
        let before = self.operations.len();
        for action in s.action() {
            match action {
                ast::AlterMaterializedViewAction::AlterTableAction(a) => {
                    self.part(&view, kind, false, &a);
                }
                ast::AlterMaterializedViewAction::RenameColumn(a) => {
                    let lowered = Action::RenameColumn {
                        table: view.clone(),
                        column: ident(&a.column_name_ref()?)?,
                        to: ident(&a.column_name()?)?,
                    };
                    self.push(&a, lowered);
                }
                other => {
                    let lowered = common(kind, view.clone(), other.syntax())?;
                    self.push(&other, lowered);
                }
            }
        }
        (self.operations.len() > before).then_some(())
    }

    fn alter_sequence(&mut self, s: &ast::AlterSequence) -> Option<()> {
        let sequence = name(&s.sequence_ref()?)?;
        let mut options = false;
        let mut owned_by = None;
        for action in s.actions() {
            match &action {
                ast::AlterSequenceAction::SequenceOption(option) => {
                    options = true;
                    if let Some(owner) = owner_of_sequence(option) {
                        owned_by = owner;
                    }
                }
                ast::AlterSequenceAction::SetLogged(_)
                | ast::AlterSequenceAction::SetUnlogged(_) => {
                    let lowered = Action::AlterOther {
                        kind: ObjectKind::Sequence,
                        name: sequence.clone(),
                        what: keywords(action.syntax(), 3),
                    };
                    self.push(&action, lowered);
                    return Some(());
                }
                other => {
                    let lowered = common(ObjectKind::Sequence, sequence, other.syntax())?;
                    self.push(s, lowered);
                    return Some(());
                }
            }
        }
        options.then(|| {
            let action = Action::AlterSequence {
                name: sequence,
                owned_by,
            };
            self.push(s, action);
        })
    }

    fn alter_type(&mut self, s: &ast::AlterType) -> Option<()> {
        let ty = name(&s.type_name_ref()?)?;
        let action = match s.action()? {
            ast::AlterTypeAction::AddValue(a) => Action::AddEnumValue {
                name: ty,
                value: a.literal()?.string_value()?,
                if_not_exists: a.if_not_exists().is_some(),
            },
            ast::AlterTypeAction::RenameValue(a) => Action::RenameEnumValue {
                name: ty,
                value: a.from()?.string_value()?,
                to: a.to()?.string_value()?,
            },
            ast::AlterTypeAction::AlterTypeAttributeActionList(list) => {
                let before = self.operations.len();
                for part in list.actions() {
                    let lowered = Action::AlterOther {
                        kind: ObjectKind::Type,
                        name: ty.clone(),
                        what: keywords(part.syntax(), 3),
                    };
                    self.push(&part, lowered);
                }
                return (self.operations.len() > before).then_some(());
            }
            ast::AlterTypeAction::RenameAttribute(_) => Action::AlterOther {
                kind: ObjectKind::Type,
                name: ty,
                what: "rename attribute".to_owned(),
            },
            other => common(ObjectKind::Type, ty, other.syntax())?,
        };
        self.push(s, action);
        Some(())
    }
}

/// What can be done to objects of nearly every kind.
fn common(kind: ObjectKind, object: Name, action: &SyntaxNode) -> Option<Action> {
    Some(match action.kind() {
        SyntaxKind::OWNER_TO => Action::Owner { kind, name: object },
        SyntaxKind::SET_SCHEMA => {
            let to = ast::SetSchema::cast(action.clone())?;
            Action::SetSchema {
                kind,
                name: object,
                schema: ident(&to.schema_ref()?)?,
            }
        }
        SyntaxKind::SET_TABLESPACE => {
            let to = ast::SetTablespace::cast(action.clone())?;
            Action::SetTablespace {
                kind,
                name: object,
                tablespace: ident(&to.tablespace_ref()?)?,
            }
        }
        _ => match renamed(action) {
            Some(to) => Action::Rename {
                kind,
                name: object,
                to,
            },
            None => Action::AlterOther {
                kind,
                name: object,
                what: keywords(action, 3),
            },
        },
    })
}

/// What is altered, its name, and what is done to it.
fn altered(s: &ast::Stmt) -> Option<(ObjectKind, Name, SyntaxNode)> {
    use ObjectKind as K;
    use ast::Stmt;
    let part = |node: &SyntaxNode| node.clone();
    Some(match s {
        Stmt::AlterAggregate(s) => (
            K::Function,
            name(&s.aggregate()?)?,
            part(s.action()?.syntax()),
        ),
        Stmt::AlterFunction(s) => (
            K::Function,
            name(&s.function_sig()?.function_name_ref()?)?,
            part(s.action()?.syntax()),
        ),
        Stmt::AlterProcedure(s) => (
            K::Function,
            name(&s.procedure_sig()?.procedure_name_ref()?)?,
            part(s.action()?.syntax()),
        ),
        Stmt::AlterRoutine(s) => (
            K::Function,
            name(&s.routine_sig()?.routine_name_ref()?)?,
            part(s.action()?.syntax()),
        ),
        Stmt::AlterDatabase(s) => (
            K::Database,
            name(&s.database_ref()?)?,
            part(s.action()?.syntax()),
        ),
        Stmt::AlterExtension(s) => (
            K::Extension,
            name(&s.extension_ref()?)?,
            part(s.action()?.syntax()),
        ),
        Stmt::AlterPolicy(s) => (
            K::Policy,
            name(&s.policy_ref()?)?,
            part(s.action()?.syntax()),
        ),
        Stmt::AlterRule(s) => (
            K::Rule,
            name(&s.rule_ref()?)?,
            part(s.rule_rename_to()?.syntax()),
        ),
        Stmt::AlterSchema(s) => (
            K::Schema,
            name(&s.schema_ref()?)?,
            part(s.action()?.syntax()),
        ),
        Stmt::AlterStatistics(s) => (
            K::Statistics,
            name(&s.statistics_ref()?)?,
            part(s.action()?.syntax()),
        ),
        Stmt::AlterTrigger(s) => (
            K::Trigger,
            name(&s.trigger_ref()?)?,
            part(s.action()?.syntax()),
        ),
        Stmt::AlterEventTrigger(s) => (
            K::Other,
            name(&s.event_trigger_ref()?)?,
            part(s.action()?.syntax()),
        ),
        Stmt::AlterRole(s) => (K::Role, role(s.role_ref())?, part(s.action()?.syntax())),
        Stmt::AlterUser(s) => (K::Role, role(s.role_ref())?, part(s.action()?.syntax())),
        Stmt::AlterGroup(s) => (K::Role, role(s.role_ref())?, part(s.action()?.syntax())),
        Stmt::AlterSystem(s) => (K::Other, Name::plain("system"), part(s.action()?.syntax())),
        Stmt::AlterDefaultPrivileges(s) => (
            K::Other,
            Name::plain("default privileges"),
            part(s.action()?.syntax()),
        ),
        // These have no name: what they are stands in its place.
        Stmt::AlterOperator(s) => (
            K::Other,
            Name::plain(s.op_sig()?.syntax().text().to_string()),
            part(s.action()?.syntax()),
        ),
        Stmt::AlterLargeObject(s) => (
            K::Other,
            Name::plain(s.literal()?.syntax().text().to_string()),
            part(s.role_ref()?.syntax()),
        ),
        Stmt::AlterUserMapping(s) => (
            K::Other,
            role(s.role_ref())?,
            part(s.alter_option_list()?.syntax()),
        ),
        Stmt::AlterCollation(_)
        | Stmt::AlterConversion(_)
        | Stmt::AlterForeignDataWrapper(_)
        | Stmt::AlterLanguage(_)
        | Stmt::AlterOperatorClass(_)
        | Stmt::AlterOperatorFamily(_)
        | Stmt::AlterPropertyGraph(_)
        | Stmt::AlterPublication(_)
        | Stmt::AlterServer(_)
        | Stmt::AlterSubscription(_)
        | Stmt::AlterTablespace(_)
        | Stmt::AlterTextSearchConfiguration(_)
        | Stmt::AlterTextSearchDictionary(_)
        | Stmt::AlterTextSearchParser(_)
        | Stmt::AlterTextSearchTemplate(_) => {
            let mut nodes = s
                .syntax()
                .children()
                .filter(|n| n.kind() != SyntaxKind::IF_EXISTS);
            let object = nodes.next()?;
            (K::Other, name_of(&object)?, nodes.last()?)
        }
        _ => return None,
    })
}

/// `ALTER ROLE ALL` names none.
fn role(reference: Option<ast::RoleRef>) -> Option<Name> {
    match reference {
        Some(role) => name(&role.role_ref_value()?),
        None => Some(Name::plain("all")),
    }
}

/// The new name of `RENAME TO`, and of nothing else.
fn renamed(action: &SyntaxNode) -> Option<String> {
    let has = |kind| {
        action
            .children_with_tokens()
            .any(|e| e.as_token().is_some_and(|t| t.kind() == kind))
    };
    let mut children = action.children();
    let to = children.next()?;
    (has(SyntaxKind::RENAME_KW) && has(SyntaxKind::TO_KW) && children.next().is_none())
        .then(|| name_of(&to))?
        .map(|to| to.name)
}

/// The keywords that a node begins with, in lower case and at most `count`.
pub(super) fn keywords(node: &SyntaxNode, count: usize) -> String {
    let words: Vec<String> = node
        .descendants_with_tokens()
        .filter_map(rowan::NodeOrToken::into_token)
        .filter(|t| !t.kind().is_trivia())
        .take_while(|t| t.kind() != SyntaxKind::IDENT)
        .take_while(|t| t.text().bytes().all(|b| b.is_ascii_alphabetic()))
        .take_while(|t| t.kind() != SyntaxKind::IF_KW)
        .take(count)
        .map(|t| t.text().to_ascii_lowercase())
        .collect();
    words.join(" ")
}

/// The owner that a sequence option sets: the inner option is `OWNED BY NONE`.
#[allow(
    clippy::option_option,
    reason = "not said and said to be none are two things"
)]
pub(super) fn owner_of_sequence(option: &ast::SequenceOption) -> Option<Option<(Name, String)>> {
    let ast::SequenceOption::OptionOwnedBy(owned) = option else {
        return None;
    };
    match owned.owned_by_target()? {
        ast::OwnedByTarget::QualifiedColumnNameRef(target) => Some(column(&target)),
        ast::OwnedByTarget::OwnedByNone(_) => Some(None),
    }
}
