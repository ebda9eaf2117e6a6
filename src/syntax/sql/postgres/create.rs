//! `CREATE` of anything but tables and routines.

use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{self, AstNode};

use crate::syntax::sql::operation::{Action, IndexKey, Name, ObjectKind, OpaqueReason};

use super::Sink;
use super::alter_other::owner_of_sequence;
use super::drop::AnyNode;
use super::names::{ident, idents, name, name_of};
use super::query::{column_names, function_name, tables_read};
use super::table::{bare_column, constraint_def, default_text, key_text};
use super::types::type_name;

impl Sink<'_, '_> {
    pub(super) fn create_index(&mut self, s: &ast::CreateIndex) -> Option<()> {
        let relation = s.table_relation_name()?;
        let keys = s
            .partition_item_list()?
            .partition_items()
            .map(|item| self.index_key(&item))
            .collect::<Option<Vec<_>>>()
            .filter(|keys| !keys.is_empty())?;
        let include = match s.index_include_clause() {
            Some(clause) => clause
                .partition_item_list()?
                .partition_items()
                .map(|item| key_text(self.place, &item))
                .collect::<Option<Vec<_>>>()?,
            None => Vec::new(),
        };
        let action = Action::CreateIndex {
            name: match s.index() {
                Some(index) => Some(name(&index)?.name),
                None => None,
            },
            table: name(&relation.table_name_ref()?)?,
            unique: s.unique_token().is_some(),
            concurrently: s.concurrently_token().is_some(),
            if_not_exists: s.if_not_exists().is_some(),
            only: relation.only_token().is_some(),
            method: match s.using_method() {
                Some(using) => ident(&using.access_method_ref()?)?,
                None => "btree".to_owned(),
            },
            keys,
            include,
            predicate: match s.where_clause() {
                Some(clause) => Some(self.place.spanned(&clause.expr()?)),
                None => None,
            },
            nulls_not_distinct: matches!(
                s.nulls_distinct_option(),
                Some(ast::NullsDistinctOption::NullsNotDistinct(_))
            ),
        };
        self.push(s, action);
        Some(())
    }

    fn index_key(&self, item: &ast::PartitionItem) -> Option<IndexKey> {
        let expression = item.expr()?;
        // The collation may be read as a part of the expression.
        let collation = match &expression {
            ast::Expr::Collate(collate) => Some(format!(
                "collate {}",
                self.place.text(&collate.collation_ref()?)
            )),
            _ => item.collate().map(|c| self.place.text(&c)),
        };
        let options: Vec<String> = collation
            .into_iter()
            .chain(item.op_class_ref().map(|o| self.place.text(&o)))
            .chain(item.attribute_list().map(|o| self.place.text(&o)))
            .chain(item.sort_order().map(|o| self.place.text(&o)))
            .chain(item.nulls_order().map(|o| self.place.text(&o)))
            .collect();
        Some(IndexKey {
            is_column: bare_column(&expression).is_some(),
            text: key_text(self.place, item)?,
            options: options.join(" "),
        })
    }

    pub(super) fn create_view(&mut self, s: &ast::CreateView) -> Option<()> {
        let query = s.query()?;
        let action = Action::CreateView {
            name: name(&s.view()?)?,
            or_replace: s.or_replace().is_some(),
            materialized: false,
            columns: match s.column_list() {
                Some(list) => idents(list.column_names())?,
                None => column_names(&query),
            },
            reads: tables_read(query.syntax()),
            query: self.place.spanned(&query),
        };
        self.push(s, action);
        Some(())
    }

    pub(super) fn create_materialized_view(
        &mut self,
        s: &ast::CreateMaterializedView,
    ) -> Option<()> {
        let query = s.query()?;
        let action = Action::CreateView {
            name: name(&s.view()?)?,
            or_replace: false,
            materialized: true,
            columns: match s.column_list() {
                Some(list) => idents(list.column_names())?,
                None => column_names(&query),
            },
            reads: tables_read(query.syntax()),
            query: self.place.spanned(&query),
        };
        self.push(s, action);
        self.called_by(&query);
        Some(())
    }

    pub(super) fn create_sequence(&mut self, s: &ast::CreateSequence) -> Option<()> {
        let action = Action::CreateSequence {
            name: name(&s.sequence()?)?,
            if_not_exists: s.if_not_exists().is_some(),
            owned_by: s
                .sequence_options()
                .find_map(|option| owner_of_sequence(&option))
                .flatten(),
        };
        self.push(s, action);
        Some(())
    }

    pub(super) fn create_type(&mut self, s: &ast::CreateType) -> Option<()> {
        let ty = name(&s.type_name()?)?;
        let action = match s.kind() {
            Some(ast::CreateTypeKind::EnumType(kind)) => Action::CreateEnum {
                name: ty,
                values: kind
                    .variant_list()?
                    .variants()
                    .map(|v| v.literal()?.string_value())
                    .collect::<Option<Vec<_>>>()?,
            },
            _ => Action::CreateType { name: ty },
        };
        self.push(s, action);
        Some(())
    }

    pub(super) fn create_domain(&mut self, s: &ast::CreateDomain) -> Option<()> {
        let mut not_null = false;
        let mut default = None;
        let mut checks = Vec::new();
        for qualifier in s.domain_qualifiers() {
            match qualifier {
                ast::DomainQualifier::Constraint(ast::Constraint::NotNullConstraint(_)) => {
                    not_null = true;
                }
                ast::DomainQualifier::Constraint(ast::Constraint::DefaultConstraint(d)) => {
                    default = default_text(self.place, &d.expr()?);
                }
                ast::DomainQualifier::Constraint(check @ ast::Constraint::CheckConstraint(_)) => {
                    checks.push(constraint_def(self.place, &check, None)?);
                }
                ast::DomainQualifier::Constraint(ast::Constraint::NullConstraint(_))
                | ast::DomainQualifier::Collate(_) => {}
                ast::DomainQualifier::Constraint(_) => return None,
            }
        }
        let action = Action::CreateDomain {
            name: name(&s.domain()?)?,
            base: type_name(self.place, &s.ty()?)?,
            not_null,
            default,
            checks,
        };
        self.push(s, action);
        Some(())
    }

    pub(super) fn create_trigger(&mut self, s: &ast::CreateTrigger) -> Option<()> {
        let action = Action::CreateTrigger {
            name: ident(&s.trigger()?)?,
            table: name(&s.on_relation()?.relation_name_ref()?)?,
            or_replace: s.or_replace().is_some(),
            function: Some(function_name(&s.call_expr()?.expr()?)?),
        };
        self.push(s, action);
        Some(())
    }

    /// `CREATE SCHEMA` may hold statements whose names belong to the new schema.
    pub(super) fn create_schema(&mut self, s: &ast::CreateSchema) -> Option<()> {
        let schema = match s.create_schema_target()? {
            ast::CreateSchemaTarget::NamedSchema(named) => ident(&named.schema()?)?,
            ast::CreateSchemaTarget::AuthorizationSchema(role) => ident(&role.role()?)?,
        };
        let action = Action::CreateSchema {
            name: schema.clone(),
            if_not_exists: s.if_not_exists().is_some(),
        };
        self.push(s, action);
        for element in s.schema_elements() {
            let before = self.operations.len();
            let lowered = ast::Stmt::cast(element.syntax().clone())
                .and_then(|inner| self.lower(&inner))
                .is_some();
            let qualified = self
                .operations
                .iter_mut()
                .skip(before)
                .all(|operation| qualify(&mut operation.action, &schema));
            if !lowered || !qualified {
                self.operations.truncate(before);
                let span = self.place.span(&element);
                self.opaque(
                    span,
                    OpaqueReason::Unknown,
                    "relgate does not know this part of CREATE SCHEMA",
                );
            }
        }
        Some(())
    }

    pub(super) fn create_object(&mut self, s: &ast::Stmt) -> Option<()> {
        use ObjectKind as K;
        use ast::Stmt;
        let other = |kind, name, tables| Action::CreateOther { kind, name, tables };
        let action = match s {
            Stmt::CreateExtension(s) => Action::CreateExtension {
                name: ident(&s.extension()?)?,
                if_not_exists: s.if_not_exists().is_some(),
            },
            Stmt::CreatePolicy(s) => Action::CreatePolicy {
                name: ident(&s.policy()?)?,
                table: name(&s.on_table()?.table_name_ref()?)?,
            },
            Stmt::CreateRule(s) => Action::CreateRule {
                name: ident(&s.rule()?)?,
                table: name(&s.rule_on()?.relation_name_ref()?)?,
                or_replace: s.or_replace().is_some(),
            },
            Stmt::CreateAggregate(s) => other(K::Function, name(&s.aggregate_name()?)?, Vec::new()),
            Stmt::CreateDatabase(s) => other(K::Database, name(&s.database()?)?, Vec::new()),
            Stmt::CreateRole(s) => other(K::Role, name(&s.role()?)?, Vec::new()),
            Stmt::CreateUser(s) => other(K::Role, name(&s.role()?)?, Vec::new()),
            Stmt::CreateGroup(s) => other(K::Role, name(&s.role()?)?, Vec::new()),
            Stmt::CreateStatistics(s) => other(
                K::Statistics,
                // The server makes a name up when there is none.
                s.statistics().and_then(|n| name(&n)).unwrap_or_default(),
                vec![name(&s.from_table()?.table_name_ref()?)?],
            ),
            Stmt::CreatePublication(s) => {
                let tables = s
                    .syntax()
                    .descendants()
                    .filter_map(ast::PublicationObjectTable::cast)
                    .map(|t| name(&t.table_name_ref()?))
                    .collect::<Option<Vec<_>>>()?;
                other(K::Other, name(&s.publication()?)?, tables)
            }
            Stmt::ImportForeignSchema(s) => {
                let into = s.into_schema()?;
                other(K::Other, name(&into.schema_ref()?)?, Vec::new())
            }
            Stmt::CreateAccessMethod(_)
            | Stmt::CreateCast(_)
            | Stmt::CreateCollation(_)
            | Stmt::CreateConversion(_)
            | Stmt::CreateEventTrigger(_)
            | Stmt::CreateForeignDataWrapper(_)
            | Stmt::CreateLanguage(_)
            | Stmt::CreateOperator(_)
            | Stmt::CreateOperatorClass(_)
            | Stmt::CreateOperatorFamily(_)
            | Stmt::CreatePropertyGraph(_)
            | Stmt::CreateServer(_)
            | Stmt::CreateSubscription(_)
            | Stmt::CreateTablespace(_)
            | Stmt::CreateTextSearchConfiguration(_)
            | Stmt::CreateTextSearchDictionary(_)
            | Stmt::CreateTextSearchParser(_)
            | Stmt::CreateTextSearchTemplate(_)
            | Stmt::CreateTransform(_)
            | Stmt::CreateUserMapping(_) => {
                let node = s.syntax().children().find(|n| {
                    !matches!(n.kind(), SyntaxKind::IF_NOT_EXISTS | SyntaxKind::OR_REPLACE)
                })?;
                // Casts, operators and mappings have no name: what they are for stands in its place.
                let written = Name::plain(self.place.text(&AnyNode(node.clone())));
                other(K::Other, name_of(&node).unwrap_or(written), Vec::new())
            }
            _ => return None,
        };
        self.push(s, action);
        Some(())
    }
}

/// Puts what an element of `CREATE SCHEMA` creates into that schema, if relgate knows how.
fn qualify(action: &mut Action, schema: &str) -> bool {
    let target = match action {
        Action::CreateTable { table, .. } | Action::CreateIndex { table, .. } => table,
        Action::CreateView { name, .. }
        | Action::CreateSequence { name, .. }
        | Action::CreateEnum { name, .. }
        | Action::CreateType { name }
        | Action::CreateDomain { name, .. } => name,
        Action::Grant { .. } => return true,
        _ => return false,
    };
    target.schema.get_or_insert_with(|| schema.to_owned());
    true
}
