//! Columns, types and constraints.

use std::collections::HashSet;

use sqlparser::ast;

use crate::source::Span;
use crate::syntax::sql::operation::{
    Action, ColumnDef, ConstraintDef, ConstraintKind, Dialect, Generated, IndexKey, TypeName,
};

use crate::syntax::sql::token::TokenKind;

use super::Sink;
use super::items;

impl Sink<'_> {
    /// A column with its options.
    pub(super) fn column<'o>(
        &self,
        name: &ast::Ident,
        data_type: &ast::DataType,
        options: impl Iterator<Item = (Option<&'o ast::Ident>, &'o ast::ColumnOption)>,
        span: Span,
    ) -> Option<ColumnDef> {
        let type_name = type_name(data_type, self.dialect);
        let mut column = ColumnDef {
            name: self.inner_name(name),
            span,
            not_null: type_name.serial,
            generated: type_name.serial.then_some(Generated::IdentityByDefault),
            type_name,
            default: None,
            collation: None,
            constraints: Vec::new(),
        };
        for (constraint, option) in options {
            self.column_option(&mut column, constraint, option)?;
        }
        Some(column)
    }

    fn column_option(
        &self,
        column: &mut ColumnDef,
        constraint: Option<&ast::Ident>,
        option: &ast::ColumnOption,
    ) -> Option<()> {
        use ast::ColumnOption as O;
        let columns = vec![column.name.clone()];
        let kind = match option {
            O::Null
            | O::CharacterSet(_)
            | O::Comment(_)
            | O::OnUpdate(_)
            | O::OnConflict(_)
            | O::Srid(_)
            | O::Invisible => return Some(()),
            O::NotNull => {
                column.not_null = true;
                return Some(());
            }
            O::Default(expression) => {
                let text = self.text(expression);
                column.default = (text != "null").then_some(text);
                return Some(());
            }
            O::Collation(collation) => {
                column.collation = self.last_name(collation);
                return Some(());
            }
            O::DialectSpecific(tokens) => {
                let increments = tokens.iter().any(|t| {
                    let word = t.to_string();
                    word.eq_ignore_ascii_case("auto_increment")
                        || word.eq_ignore_ascii_case("autoincrement")
                });
                if increments {
                    column.generated = Some(Generated::IdentityByDefault);
                }
                return Some(());
            }
            O::Identity(_) => {
                column.generated = Some(Generated::IdentityByDefault);
                return Some(());
            }
            O::Generated {
                generated_as,
                generation_expr,
                generation_expr_mode,
                ..
            } => {
                column.generated = Some(match (generation_expr, generation_expr_mode) {
                    (None, _) => match generated_as {
                        ast::GeneratedAs::Always => Generated::IdentityAlways,
                        _ => Generated::IdentityByDefault,
                    },
                    (Some(_), Some(ast::GeneratedExpressionMode::Stored)) => Generated::Stored,
                    // Virtual is what MySQL and SQLite do when nothing is said.
                    (Some(_), _) => match generated_as {
                        ast::GeneratedAs::ExpStored => Generated::Stored,
                        _ => Generated::Virtual,
                    },
                });
                return Some(());
            }
            O::PrimaryKey(_) => {
                column.not_null = true;
                ConstraintKind::PrimaryKey {
                    columns,
                    using_index: None,
                }
            }
            O::Unique(_) => ConstraintKind::Unique {
                columns,
                using_index: None,
                nulls_not_distinct: false,
            },
            O::ForeignKey(key) => self.foreign_key(key, columns)?,
            O::Check(check) => self.check(check),
            O::Materialized(_)
            | O::Ephemeral(_)
            | O::Alias(_)
            | O::Options(_)
            | O::Policy(_)
            | O::Tags(_) => return None,
        };
        column.constraints.push(ConstraintDef {
            name: constraint.map(|name| self.inner_name(name)),
            span: column.span,
            kind,
            not_valid: false,
            not_enforced: false,
            deferrable: false,
        });
        Some(())
    }

    fn check(&self, check: &ast::CheckConstraint) -> ConstraintKind {
        let expression = self.text(&check.expr);
        ConstraintKind::Check {
            columns: self.columns_named(&expression),
            expression,
        }
    }

    /// The names in an expression that are neither keywords nor functions.
    fn columns_named(&self, expression: &str) -> Vec<String> {
        let tokens = items::tokens(expression, self.dialect);
        let mut columns = Vec::new();
        let mut seen = HashSet::new();
        for (i, token) in tokens.iter().enumerate() {
            let text = token.text(expression);
            let named = match token.kind {
                TokenKind::Word => !items::is_operator_word(text),
                TokenKind::QuotedName => true,
                _ => false,
            };
            let called = tokens
                .get(i + 1)
                .is_some_and(|t| t.is_mark(expression, b'('));
            let column = items::unquoted(text).to_lowercase();
            if named && !called && seen.insert(column.clone()) {
                columns.push(column);
            }
        }
        columns
    }

    fn foreign_key(
        &self,
        key: &ast::ForeignKeyConstraint,
        columns: Vec<String>,
    ) -> Option<ConstraintKind> {
        Some(ConstraintKind::ForeignKey {
            columns,
            target: self.name(&key.foreign_table)?,
            target_columns: key
                .referred_columns
                .iter()
                .map(|c| self.inner_name(c))
                .collect(),
            on_delete: lower(key.on_delete.as_ref()),
            on_update: lower(key.on_update.as_ref()),
        })
    }

    /// A constraint of a table; `None` where it is an index, see [`Sink::index_of_table`].
    pub(super) fn constraint(
        &self,
        constraint: &ast::TableConstraint,
        span: Span,
    ) -> Option<ConstraintDef> {
        use ast::TableConstraint as C;
        let mut not_enforced = false;
        let mut deferrable = false;
        let (name, kind) = match constraint {
            C::Unique(unique) => (
                // MySQL takes the name behind `KEY` for the constraint's, too.
                unique.name.as_ref().or(unique.index_name.as_ref()),
                ConstraintKind::Unique {
                    columns: self.key_columns(&unique.columns),
                    using_index: None,
                    nulls_not_distinct: matches!(
                        unique.nulls_distinct,
                        ast::NullsDistinctOption::NotDistinct
                    ),
                },
            ),
            C::PrimaryKey(key) => (
                key.name.as_ref(),
                ConstraintKind::PrimaryKey {
                    columns: self.key_columns(&key.columns),
                    using_index: None,
                },
            ),
            C::ForeignKey(key) => {
                let columns = key.columns.iter().map(|c| self.inner_name(c)).collect();
                if let Some(said) = key.characteristics {
                    deferrable = said.deferrable == Some(true);
                    not_enforced = said.enforced == Some(false);
                }
                (
                    key.name.as_ref().or(key.index_name.as_ref()),
                    self.foreign_key(key, columns)?,
                )
            }
            C::Check(check) => {
                not_enforced = check.enforced == Some(false);
                (check.name.as_ref(), self.check(check))
            }
            C::PrimaryKeyUsingIndex(using) => (
                using.name.as_ref(),
                ConstraintKind::PrimaryKey {
                    columns: Vec::new(),
                    using_index: Some(self.inner_name(&using.index_name)),
                },
            ),
            C::UniqueUsingIndex(using) => (
                using.name.as_ref(),
                ConstraintKind::Unique {
                    columns: Vec::new(),
                    using_index: Some(self.inner_name(&using.index_name)),
                    nulls_not_distinct: false,
                },
            ),
            C::Exclude(exclude) => (
                exclude.name.as_ref(),
                ConstraintKind::Exclude {
                    expression: self.text(exclude),
                },
            ),
            C::Index(_) | C::FulltextOrSpatial(_) => return None,
        };
        Some(ConstraintDef {
            name: name.map(|name| self.inner_name(name)),
            span,
            kind,
            not_valid: false,
            not_enforced,
            deferrable,
        })
    }

    /// MySQL's `KEY name (columns)` in a table's definition.
    pub(super) fn index_of_table(
        &self,
        table: &crate::syntax::sql::operation::Name,
        constraint: &ast::TableConstraint,
    ) -> Option<Action> {
        let (name, columns, method) = match constraint {
            ast::TableConstraint::Index(index) => {
                let method = index.index_type.as_ref().map(ToString::to_string);
                (&index.name, &index.columns, method)
            }
            ast::TableConstraint::FulltextOrSpatial(index) => {
                let method = if index.fulltext {
                    "fulltext"
                } else {
                    "spatial"
                };
                (
                    &index.opt_index_name,
                    &index.columns,
                    Some(method.to_owned()),
                )
            }
            _ => return None,
        };
        Some(Action::CreateIndex {
            name: name.as_ref().map(|name| self.inner_name(name)),
            table: table.clone(),
            unique: false,
            concurrently: false,
            if_not_exists: false,
            only: false,
            method: method.map_or_else(|| "btree".to_owned(), |m| m.to_lowercase()),
            keys: self.keys(columns),
            include: Vec::new(),
            predicate: None,
            nulls_not_distinct: false,
        })
    }

    pub(super) fn keys(&self, columns: &[ast::IndexColumn]) -> Vec<IndexKey> {
        columns
            .iter()
            .map(|column| {
                let options = column.column.options.to_string();
                let class = column.operator_class.as_ref().map(ToString::to_string);
                let options: Vec<String> = class
                    .into_iter()
                    .chain([options.trim().to_owned()])
                    .filter(|o| !o.is_empty())
                    .collect();
                let options = options.join(" ").to_lowercase();
                let (expression, options) = match &column.column.expr {
                    ast::Expr::Collate { expr, collation } => {
                        let options = format!("collate {collation} {options}").to_lowercase();
                        (expr.as_ref(), options.trim().to_owned())
                    }
                    other => (other, options),
                };
                match expression {
                    ast::Expr::Identifier(name) => IndexKey {
                        text: self.inner_name(name),
                        is_column: true,
                        options,
                    },
                    // `name(10)`: a prefix of the column, as MySQL indexes text.
                    ast::Expr::Function(call) if call.name.0.len() == 1 => IndexKey {
                        text: self.last_name(&call.name).unwrap_or_default(),
                        is_column: self.dialect == Dialect::Mysql,
                        options,
                    },
                    other => IndexKey {
                        text: self.text(other),
                        is_column: false,
                        options,
                    },
                }
            })
            .collect()
    }

    fn key_columns(&self, columns: &[ast::IndexColumn]) -> Vec<String> {
        self.keys(columns).into_iter().map(|key| key.text).collect()
    }
}

fn lower(action: Option<&ast::ReferentialAction>) -> String {
    action
        .map(|a| a.to_string().to_lowercase())
        .unwrap_or_default()
}

/// A type in lower case; MySQL's synonyms under their first names, without the display width of integers.
pub(super) fn type_name(data_type: &ast::DataType, dialect: Dialect) -> TypeName {
    let written = match data_type {
        ast::DataType::Unspecified => String::new(),
        other => other.to_string(),
    };
    let text = crate::syntax::sql::text::normalise(&written, dialect);
    let (mut name, mut modifiers) = match (text.find('('), text.rfind(')')) {
        (Some(open), Some(close)) if open < close => {
            let before = text.get(..open).unwrap_or("").trim_end();
            let after = text.get(close + 1..).unwrap_or("").trim();
            let inner = text.get(open + 1..close).unwrap_or("");
            let name = [before, after].join(" ").trim().to_owned();
            (name, split_modifiers(inner))
        }
        _ => (text, Vec::new()),
    };
    let mut array = 0;
    while let Some(element) = name.strip_suffix("[]") {
        name = element.trim_end().to_owned();
        array += 1;
    }
    let mut serial = false;
    if dialect == Dialect::Mysql {
        let (first, rest) = match name.split_once(' ') {
            Some((first, rest)) => (first.to_owned(), format!(" {rest}")),
            None => (name.clone(), String::new()),
        };
        let canonical = match first.as_str() {
            "integer" | "int4" => "int",
            "int1" => "tinyint",
            "int2" => "smallint",
            "int3" | "middleint" => "mediumint",
            "int8" => "bigint",
            "dec" | "numeric" | "fixed" => "decimal",
            "bool" | "boolean" => {
                modifiers = vec!["1".to_owned()];
                "tinyint"
            }
            "serial" => {
                serial = true;
                "bigint unsigned"
            }
            other => other,
        };
        let whole = matches!(canonical, "int" | "smallint" | "mediumint" | "bigint")
            || (canonical == "tinyint" && modifiers.first().is_some_and(|m| m != "1"));
        if whole && !rest.contains("zerofill") {
            modifiers.clear();
        }
        name = format!("{canonical}{rest}");
        if name == "character varying" {
            "varchar".clone_into(&mut name);
        }
    }
    TypeName {
        name,
        schema: None,
        modifiers,
        array,
        serial,
    }
}

/// At the commas that are not in quotes.
fn split_modifiers(inner: &str) -> Vec<String> {
    let mut modifiers = vec![String::new()];
    let mut quoted = false;
    for c in inner.chars() {
        if c == '\'' {
            quoted = !quoted;
        }
        if c == ',' && !quoted {
            modifiers.push(String::new());
        } else if let Some(last) = modifiers.last_mut()
            && !(last.is_empty() && c == ' ')
        {
            last.push(c);
        }
    }
    modifiers
}
