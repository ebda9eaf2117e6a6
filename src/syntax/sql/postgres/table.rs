//! `CREATE TABLE`, and what columns and constraints are made of.

use std::collections::HashSet;

use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{self, AstNode, HasCreateTable};

use crate::source::Span;
use crate::syntax::sql::operation::{
    Action, ColumnDef, ConstraintDef, ConstraintKind, Generated, Name, Persistence, TypeName,
};

use super::names::{ident, idents, name, names};
use super::query::tables_read;
use super::types::type_name;
use super::{Place, Sink};

impl Sink<'_, '_> {
    pub(super) fn create_table(&mut self, s: &ast::CreateTable) -> Option<()> {
        // `OF type` takes its columns from elsewhere, like a parent does.
        let partition_key = match s.partition_by() {
            Some(by) => by
                .partition_item_list()?
                .partition_items()
                .map(|item| key_text(self.place, &item))
                .collect::<Option<Vec<_>>>()?,
            None => Vec::new(),
        };
        let action = self.table(
            s,
            TableParts {
                if_not_exists: s.if_not_exists().is_some(),
                partition_of: s.partition_of(),
                partition_type: s.partition_type(),
                partitioned: s.partition_by().is_some(),
                partition_key,
                of_type: s.of_type().is_some(),
            },
        )?;
        self.push(s, action);
        Some(())
    }

    pub(super) fn create_foreign_table(&mut self, s: &ast::CreateForeignTable) -> Option<()> {
        let action = self.table(
            s,
            TableParts {
                if_not_exists: s.if_not_exists().is_some(),
                partition_of: s.partition_of(),
                partition_type: s.partition_type(),
                partitioned: false,
                partition_key: Vec::new(),
                of_type: false,
            },
        )?;
        self.push(s, action);
        Some(())
    }

    fn table(&self, s: &impl HasCreateTable, parts: TableParts) -> Option<Action> {
        let mut columns = Vec::new();
        let mut constraints = Vec::new();
        let mut like = Vec::new();
        let list = s.table_arg_list();
        if list.is_none() && parts.partition_of.is_none() && !parts.of_type {
            return None;
        }
        for argument in list.iter().flat_map(ast::TableArgList::args) {
            match argument {
                ast::TableArg::Column(column) => {
                    let typed = parts.of_type || parts.partition_of.is_some();
                    columns.push(column_of_table(self.place, &column, typed)?);
                }
                ast::TableArg::LikeClause(clause) => like.push(name(&clause.relation_name_ref()?)?),
                ast::TableArg::TableConstraint(constraint) => {
                    let constraint = ast::Constraint::cast(constraint.syntax().clone())?;
                    constraints.push(constraint_def(self.place, &constraint, None)?);
                }
            }
        }
        Some(Action::CreateTable {
            table: name(&s.table_name()?)?,
            if_not_exists: parts.if_not_exists,
            persistence: persistence(s.persistence().as_ref()),
            columns,
            constraints,
            partition_of: match &parts.partition_of {
                Some(of) => Some(name(&of.table_name_ref()?)?),
                None => None,
            },
            default_partition: matches!(
                parts.partition_type,
                Some(ast::PartitionType::PartitionDefault(_))
            ),
            partitioned: parts.partitioned,
            inherits: match s.inherits() {
                Some(inherits) => names(inherits.table_name_refs())?,
                None => Vec::new(),
            },
            like,
            from_query: false,
            reads: Vec::new(),
            partition_key: parts.partition_key,
        })
    }

    pub(super) fn create_table_as(&mut self, s: &ast::CreateTableAs) -> Option<()> {
        let query = s.query()?;
        let action = table_from_query(
            name(&s.table_name()?)?,
            s.if_not_exists().is_some(),
            persistence(s.persistence().as_ref()),
            tables_read(query.syntax()),
        );
        self.push(s, action);
        self.called_by(&query);
        self.writes_in(query.syntax())
    }
}

/// What `CREATE TABLE` and `CREATE FOREIGN TABLE` say each in their own way.
struct TableParts {
    if_not_exists: bool,
    partition_of: Option<ast::PartitionOf>,
    partition_type: Option<ast::PartitionType>,
    partitioned: bool,
    partition_key: Vec<String>,
    of_type: bool,
}

pub(super) fn persistence(written: Option<&ast::Persistence>) -> Persistence {
    match written {
        Some(ast::Persistence::Temp(_)) => Persistence::Temporary,
        Some(ast::Persistence::Unlogged(_)) => Persistence::Unlogged,
        None => Persistence::Permanent,
    }
}

/// A table whose columns are those of a query.
pub(super) fn table_from_query(
    table: Name,
    if_not_exists: bool,
    persistence: Persistence,
    reads: Vec<Name>,
) -> Action {
    Action::CreateTable {
        table,
        if_not_exists,
        persistence,
        columns: Vec::new(),
        constraints: Vec::new(),
        partition_of: None,
        default_partition: false,
        partitioned: false,
        inherits: Vec::new(),
        like: Vec::new(),
        from_query: true,
        reads,
        partition_key: Vec::new(),
    }
}

/// The column's name or the expression of a key of an index or a partition.
pub(super) fn key_text(place: &Place<'_>, item: &ast::PartitionItem) -> Option<String> {
    let expression = item.expr()?;
    match bare_column(&expression) {
        Some(column) => Some(column),
        None => Some(place.text(&expression)),
    }
}

/// The column that an expression is, if it is nothing else.
pub(super) fn bare_column(expression: &ast::Expr) -> Option<String> {
    match expression {
        ast::Expr::NameRef(column) => ident(column),
        ast::Expr::Collate(collate) => bare_column(&collate.expr()?),
        _ => None,
    }
}

fn column_of_table(
    place: &Place<'_>,
    column: &ast::Column,
    typed_elsewhere: bool,
) -> Option<ColumnDef> {
    let mut builder = ColumnBuilder::new(
        ident(&column.name()?)?,
        place.span(column),
        column.ty(),
        typed_elsewhere,
        place,
    )?;
    for clause in column.clauses() {
        match clause {
            ast::ColumnClause::Collate(collate) => builder.collate(&collate)?,
            ast::ColumnClause::ColumnConstraint(constraint) => {
                let constraint = ast::Constraint::cast(constraint.syntax().clone())?;
                builder.constraint(place, &constraint)?;
            }
            ast::ColumnClause::AlterOptionList(_)
            | ast::ColumnClause::CompressionMethod(_)
            | ast::ColumnClause::Storage(_)
            | ast::ColumnClause::WithOptions(_) => {}
        }
    }
    Some(builder.column)
}

/// The column of `ADD COLUMN`.
pub(super) fn added_column(place: &Place<'_>, added: &ast::AddColumn) -> Option<ColumnDef> {
    let column = added.column_name()?;
    let name = ident(&column)?;
    let end = place.span(added).end;
    let span = Span {
        start: place.span(&column).start,
        end,
    };
    let mut builder = ColumnBuilder::new(name, span, added.ty(), false, place)?;
    if let Some(collate) = added.collate() {
        builder.collate(&collate)?;
    }
    for constraint in added.constraints() {
        builder.constraint(place, &constraint)?;
    }
    Some(builder.column)
}

struct ColumnBuilder {
    column: ColumnDef,
}

impl ColumnBuilder {
    fn new(
        name: String,
        span: Span,
        ty: Option<ast::Type>,
        typed_elsewhere: bool,
        place: &Place<'_>,
    ) -> Option<Self> {
        let type_name = match ty {
            Some(ty) => type_name(place, &ty)?,
            None if typed_elsewhere => TypeName::default(),
            None => return None,
        };
        Some(Self {
            column: ColumnDef {
                name,
                span,
                not_null: type_name.serial,
                type_name,
                default: None,
                generated: None,
                collation: None,
                constraints: Vec::new(),
            },
        })
    }

    fn collate(&mut self, collate: &ast::Collate) -> Option<()> {
        self.column.collation = Some(name(&collate.collation_ref()?)?.name);
        Some(())
    }

    fn constraint(&mut self, place: &Place<'_>, constraint: &ast::Constraint) -> Option<()> {
        let column = &mut self.column;
        match constraint {
            ast::Constraint::NotNullConstraint(_) => column.not_null = true,
            ast::Constraint::NullConstraint(_) => {}
            // The parser reads `DEFAULT a COLLATE b` as one expression; the server takes the collation for the column's.
            ast::Constraint::DefaultConstraint(default) => match default.expr()? {
                ast::Expr::Collate(collate) => {
                    column.default = default_text(place, &collate.expr()?);
                    column.collation = Some(name(&collate.collation_ref()?)?.name);
                }
                expression => column.default = default_text(place, &expression),
            },
            ast::Constraint::GeneratedConstraint(generated) => match generated.generated_as()? {
                ast::GeneratedAs::GeneratedIdentity(identity) => {
                    column.not_null = true;
                    column.generated = Some(match identity.generated_when()? {
                        ast::GeneratedWhen::GeneratedAlways(_) => Generated::IdentityAlways,
                        ast::GeneratedWhen::GeneratedByDefault(_) => Generated::IdentityByDefault,
                    });
                }
                ast::GeneratedAs::GeneratedStored(stored) => {
                    column.generated = Some(match stored.generated_kind() {
                        Some(ast::GeneratedKind::Stored(_)) => Generated::Stored,
                        Some(ast::GeneratedKind::Virtual(_)) | None => Generated::Virtual,
                    });
                }
            },
            other => {
                let constraint = constraint_def(place, other, Some(&column.name))?;
                column.not_null |= matches!(constraint.kind, ConstraintKind::PrimaryKey { .. });
                column.constraints.push(constraint);
            }
        }
        Some(())
    }
}

/// The text of a default; none for `NULL`, which is what a column has without one.
pub(super) fn default_text(place: &Place<'_>, expression: &ast::Expr) -> Option<String> {
    let text = place.text(expression);
    let null = text == "null" || text.starts_with("null::");
    (!null).then_some(text)
}

/// A constraint of a table, or of the column `column`.
pub(super) fn constraint_def(
    place: &Place<'_>,
    constraint: &ast::Constraint,
    column: Option<&str>,
) -> Option<ConstraintDef> {
    let of_column = || column.map(|c| vec![c.to_owned()]);
    let kind = match constraint {
        ast::Constraint::CheckConstraint(check) => {
            let expression = check.expr()?;
            ConstraintKind::Check {
                columns: columns_named(&expression),
                expression: place.text(&expression),
            }
        }
        ast::Constraint::NotNullConstraint(c) => ConstraintKind::NotNull {
            column: match c.column_name_ref() {
                Some(named) => ident(&named)?,
                None => column?.to_owned(),
            },
        },
        ast::Constraint::UniqueConstraint(unique) => {
            let parameters = unique.index_parameters();
            let using_index = using_index(unique.using_index())?;
            let nulls_not_distinct = matches!(
                parameters
                    .as_ref()
                    .and_then(ast::IndexParameters::nulls_distinct_option),
                Some(ast::NullsDistinctOption::NullsNotDistinct(_))
            );
            ConstraintKind::Unique {
                columns: key_columns(parameters, using_index.is_some(), of_column())?,
                using_index,
                nulls_not_distinct,
            }
        }
        ast::Constraint::PrimaryKeyConstraint(key) => {
            let using_index = using_index(key.using_index())?;
            ConstraintKind::PrimaryKey {
                columns: key_columns(key.index_parameters(), using_index.is_some(), of_column())?,
                using_index,
            }
        }
        ast::Constraint::ForeignKeyConstraint(key) => ConstraintKind::ForeignKey {
            columns: idents(key.from_columns()?.column_name_refs())?,
            target: name(&key.table_name_ref()?)?,
            target_columns: match key.to_columns() {
                Some(columns) => idents(columns.column_name_refs())?,
                None => Vec::new(),
            },
            on_delete: referential_action(place, key.referential_actions(), true),
            on_update: referential_action(place, key.referential_actions(), false),
        },
        ast::Constraint::ReferencesConstraint(key) => ConstraintKind::ForeignKey {
            columns: of_column()?,
            target: name(&key.table()?)?,
            target_columns: match key.column() {
                Some(column) => vec![ident(&column)?],
                None => Vec::new(),
            },
            on_delete: referential_action(place, key.referential_actions(), true),
            on_update: referential_action(place, key.referential_actions(), false),
        },
        ast::Constraint::ExcludeConstraint(exclude) => ConstraintKind::Exclude {
            expression: match exclude.where_condition_clause() {
                Some(condition) => {
                    let elements = place.text(&exclude.constraint_exclusion_list()?);
                    format!("{elements} {}", place.text(&condition))
                }
                None => place.text(&exclude.constraint_exclusion_list()?),
            },
        },
        ast::Constraint::DefaultConstraint(_)
        | ast::Constraint::GeneratedConstraint(_)
        | ast::Constraint::NullConstraint(_) => return None,
    };
    let mut def = ConstraintDef {
        name: match constraint.constraint_name() {
            Some(name) => Some(ident(&name)?),
            None => None,
        },
        span: place.span(constraint),
        kind,
        not_valid: false,
        not_enforced: false,
        deferrable: false,
    };
    for option in constraint.constraint_options() {
        match option {
            ast::ConstraintOption::NotValid(_) => def.not_valid = true,
            ast::ConstraintOption::NotEnforced(_) => def.not_enforced = true,
            ast::ConstraintOption::DeferrableConstraintOption(_)
            | ast::ConstraintOption::InitiallyDeferredConstraintOption(_) => def.deferrable = true,
            _ => {}
        }
    }
    Some(def)
}

/// `USING INDEX`: the outer option says whether the tree is whole.
#[allow(
    clippy::option_option,
    reason = "missing and broken are two things here"
)]
fn using_index(written: Option<ast::UsingIndexName>) -> Option<Option<String>> {
    match written {
        Some(using) => Some(Some(name(&using.index_ref()?)?.name)),
        None => Some(None),
    }
}

fn key_columns(
    parameters: Option<ast::IndexParameters>,
    has_index: bool,
    of_column: Option<Vec<String>>,
) -> Option<Vec<String>> {
    if has_index {
        return Some(Vec::new());
    }
    let written = parameters.and_then(|p| p.column_list());
    match written {
        Some(list) => idents(list.column_name_refs()),
        None => of_column,
    }
}

fn referential_action(
    place: &Place<'_>,
    actions: ast::AstChildren<ast::ReferentialAction>,
    delete: bool,
) -> String {
    for action in actions {
        let action = match action {
            ast::ReferentialAction::OnDeleteAction(on) if delete => on.ref_action(),
            ast::ReferentialAction::OnUpdateAction(on) if !delete => on.ref_action(),
            _ => continue,
        };
        return action.map(|a| place.text(&a)).unwrap_or_default();
    }
    String::new()
}

/// The columns that an expression names: every name in it that is not that of a function.
pub(super) fn columns_named(expression: &impl AstNode) -> Vec<String> {
    let mut columns = Vec::new();
    let mut seen = HashSet::new();
    for node in expression.syntax().descendants() {
        if node.kind() != SyntaxKind::NAME_REF {
            continue;
        }
        let parent = node.parent();
        let called = parent.as_ref().is_some_and(|p| {
            p.kind() == SyntaxKind::CALL_EXPR && p.first_child().as_ref() == Some(&node)
        });
        // `schema.function()` and `table.column`: only the last part can be a column.
        let qualifier = parent.as_ref().is_some_and(|p| {
            p.kind() == SyntaxKind::FIELD_EXPR && p.first_child().as_ref() == Some(&node)
        });
        let function = parent
            .filter(|p| p.kind() == SyntaxKind::FIELD_EXPR)
            .and_then(|p| p.parent())
            .is_some_and(|p| p.kind() == SyntaxKind::CALL_EXPR);
        if called || qualifier || function {
            continue;
        }
        if let Some(column) = ast::NameRef::cast(node).and_then(|n| ident(&n))
            && seen.insert(column.clone())
        {
            columns.push(column);
        }
    }
    columns
}
