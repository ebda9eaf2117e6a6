//! Statements that read.

use std::collections::HashSet;

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::syntax::sql::operation::{Action, Name, OpaqueReason};

use super::Sink;
use super::names::{ident, name};
use super::table::{persistence, table_from_query};

impl Sink<'_, '_> {
    pub(super) fn query(&mut self, s: &ast::Stmt) -> Option<()> {
        match s {
            ast::Stmt::SelectInto(select) => {
                let into = select.into_clause()?;
                let action = table_from_query(
                    name(&into.table_name()?)?,
                    false,
                    persistence(into.persistence().as_ref()),
                    tables_read(s.syntax()),
                );
                self.push(s, action);
                self.called_by(s);
                self.writes_in(s.syntax())
            }
            ast::Stmt::Explain(explain) => self.explain(explain),
            ast::Stmt::Prepare(_) | ast::Stmt::Declare(_) => {
                let keyword = super::alter_other::keywords(s.syntax(), 1);
                self.push(s, Action::Other { keyword });
                Some(())
            }
            ast::Stmt::Call(call) => {
                let procedure = name(&call.procedure_name_ref()?)?;
                self.push(s, Action::Call { name: procedure });
                // Its arguments.
                self.called_by(s);
                Some(())
            }
            _ => {
                self.select(s);
                self.writes_in(s.syntax())
            }
        }
    }

    /// What a query reads and calls.
    pub(super) fn select(&mut self, query: &impl AstNode) {
        let node = query.syntax();
        let locks_rows = node
            .descendants()
            .any(|n| n.kind() == SyntaxKind::LOCKING_CLAUSE);
        let mut calls = functions_called(node);
        let settings = self.settings_in(node);
        if !settings.is_empty() {
            calls.retain(|name| name.name != SET_CONFIG);
        }
        let action = Action::Select {
            calls,
            reads: tables_read(node),
            locks_rows,
        };
        self.push(query, action);
        for action in settings {
            self.push(query, action);
        }
    }

    /// The functions that a statement of another kind calls, if any, as a query of their own.
    pub(super) fn called_by(&mut self, statement: &impl AstNode) {
        let calls = functions_called(statement.syntax());
        if !calls.is_empty() {
            let action = Action::Select {
                calls,
                reads: Vec::new(),
                locks_rows: false,
            };
            self.push(statement, action);
        }
    }

    /// What the calls of `set_config('name', 'value', is_local)` set; none if not all of them say it letter by letter.
    fn settings_in(&self, node: &SyntaxNode) -> Vec<Action> {
        let set: Option<Vec<Action>> = node
            .descendants()
            .filter_map(ast::CallExpr::cast)
            .filter(|call| {
                let called = call.expr().and_then(|called| function_name(&called));
                called.is_some_and(|name| name.name == SET_CONFIG)
            })
            .map(|call| {
                let arguments = self.place.raw(&call.arg_list()?).trim();
                let arguments = arguments.strip_prefix('(')?.strip_suffix(')')?;
                let (name, rest) = literal(arguments)?;
                let (value, rest) = literal(rest.trim_start().strip_prefix(',')?)?;
                let local = rest.trim_start().strip_prefix(',')?.trim();
                Some(Action::Set {
                    name,
                    value,
                    local: match local.to_ascii_lowercase().as_str() {
                        "true" => true,
                        "false" => false,
                        _ => return None,
                    },
                })
            })
            .collect();
        set.unwrap_or_default()
    }

    /// The changes that stand in `WITH` of a query.
    pub(super) fn writes_in(&mut self, node: &SyntaxNode) -> Option<()> {
        // Most texts have no `WITH`; then the tree need not be walked.
        if !node
            .descendants()
            .any(|n| n.kind() == SyntaxKind::WITH_CLAUSE)
        {
            return Some(());
        }
        for inner in node.descendants().skip(1) {
            let writes = matches!(
                inner.kind(),
                SyntaxKind::INSERT | SyntaxKind::UPDATE | SyntaxKind::DELETE | SyntaxKind::MERGE
            );
            if writes {
                // What they call, the statement around them calls.
                self.change(&ast::Stmt::cast(inner)?, Vec::new())?;
            }
        }
        Some(())
    }

    /// `EXPLAIN ANALYZE` runs the statement.
    fn explain(&mut self, explain: &ast::Explain) -> Option<()> {
        let runs = match explain.explain_mode() {
            Some(ast::ExplainMode::ExplainAnalyze(_)) => true,
            Some(ast::ExplainMode::ExplainOptionList(list)) => list.explain_options().any(|o| {
                let text = self.place.text(&o);
                text == "analyze" || text == "analyze on" || text.starts_with("analyze t")
            }),
            _ => false,
        };
        if runs {
            let inner = ast::Stmt::cast(explain.explain_stmt()?.syntax().clone())?;
            self.lower(&inner)
        } else {
            let keyword = "explain".to_owned();
            self.push(explain, Action::Other { keyword });
            Some(())
        }
    }

    /// A statement that is built at run time.
    pub(super) fn dynamic(&mut self, node: &impl AstNode, detail: &str) {
        let span = self.place.span(node);
        self.opaque(span, OpaqueReason::Dynamic, detail);
    }
}

/// `SET` as a function.
const SET_CONFIG: &str = "set_config";

/// The plain string that a text begins with, and what stands behind it.
fn literal(text: &str) -> Option<(String, &str)> {
    let (value, rest) = text.trim_start().strip_prefix('\'')?.split_once('\'')?;
    // A doubled quote goes on.
    (!rest.starts_with('\'')).then(|| (value.to_owned(), rest))
}

/// The tables that a query names in `FROM`, without those that it defines itself in `WITH`.
pub(super) fn tables_read(node: &SyntaxNode) -> Vec<Name> {
    let mut defined = HashSet::new();
    let mut tables: Vec<Name> = Vec::new();
    for inner in node.descendants() {
        match inner.kind() {
            SyntaxKind::WITH_TABLE => {
                let table = ast::WithTable::cast(inner).and_then(|t| t.name());
                defined.extend(table.and_then(|t| ident(&t)));
            }
            SyntaxKind::RELATION_FROM_ITEM => {
                let item = ast::RelationFromItem::cast(inner);
                // A bare name is a child of its own here.
                let table = item.and_then(|i| match i.relation_name_ref() {
                    Some(relation) => name(&relation),
                    None => match i.path_ref() {
                        Some(path) => name(&path),
                        None => Some(Name::plain(ident(&i.name_ref()?)?)),
                    },
                });
                tables.extend(table);
            }
            SyntaxKind::TABLE => {
                let relation = ast::Table::cast(inner).and_then(|t| t.relation_name());
                let table = relation.and_then(|r| name(&r.relation_name_ref()?));
                tables.extend(table);
            }
            _ => {}
        }
    }
    tables.retain(|t| t.schema.is_some() || !defined.contains(&t.name));
    unique(tables)
}

/// The functions that a query calls, in order.
pub(super) fn functions_called(node: &SyntaxNode) -> Vec<Name> {
    let mut functions: Vec<Name> = Vec::new();
    for inner in node.descendants() {
        if inner.kind() == SyntaxKind::CALL_EXPR {
            let called = ast::CallExpr::cast(inner).and_then(|c| c.expr());
            functions.extend(called.and_then(|c| function_name(&c)));
        }
    }
    unique(functions)
}

/// The name in `name(...)` and `schema.name(...)`.
pub(super) fn function_name(expression: &ast::Expr) -> Option<Name> {
    match expression {
        ast::Expr::NameRef(function) => Some(Name::plain(ident(function)?)),
        ast::Expr::FieldExpr(field) => Some(Name {
            schema: match field.base()? {
                ast::Expr::NameRef(schema) => Some(ident(&schema)?),
                ast::Expr::FieldExpr(inner) => Some(ident(&inner.field()?)?),
                _ => return None,
            },
            name: ident(&field.field()?)?,
        }),
        _ => None,
    }
}

/// Each once, in the order of the text.
fn unique(mut names: Vec<Name>) -> Vec<Name> {
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// The names of a query's columns; empty when one of them cannot be told from the text.
pub(super) fn column_names(query: &ast::SelectVariant) -> Vec<String> {
    let named = || {
        let targets = query.target_list()?;
        targets
            .targets()
            .map(|target| match target.as_name() {
                Some(alias) => ident(&alias.name()?),
                None => column_name(&target.expr()?),
            })
            .collect::<Option<Vec<_>>>()
    };
    named().unwrap_or_default()
}

/// As `FigureColname` of PostgreSQL names it, for expressions that are plain.
fn column_name(expression: &ast::Expr) -> Option<String> {
    match expression {
        ast::Expr::NameRef(column) => ident(column),
        ast::Expr::FieldExpr(field) if field.star_token().is_none() => ident(&field.field()?),
        ast::Expr::CallExpr(call) => Some(function_name(&call.expr()?)?.name),
        ast::Expr::CastExpr(cast) => column_name(&cast.expr()?),
        _ => None,
    }
}
