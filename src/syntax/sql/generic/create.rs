//! `CREATE` of anything but tables, indexes and views.

use sqlparser::ast::{self, Statement};

use crate::syntax::sql::operation::{Action, FunctionDef, Name, ObjectKind, Volatility};

use super::Sink;
use super::column::type_name;

impl Sink<'_> {
    pub(super) fn created(&self, s: &Statement) -> Option<Action> {
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
}
