//! `CREATE TABLE`, `CREATE INDEX` and `CREATE VIEW`.

use sqlparser::ast;

use crate::source::Span;
use crate::syntax::sql::operation::{Action, Persistence, Spanned};

use super::Sink;
use super::items;

impl Sink<'_> {
    pub(super) fn create_table(&mut self, s: &ast::CreateTable) -> Option<()> {
        let table = self.name(&s.name)?;
        let (column_spans, constraint_spans) = items::table_items(self.source, self.dialect);
        let places = |spans: Vec<Span>, count: usize| {
            if spans.len() == count {
                spans
                    .iter()
                    .map(|s| s.shifted(self.span.start as usize))
                    .collect()
            } else {
                vec![self.span; count]
            }
        };
        let column_spans: Vec<Span> = places(column_spans, s.columns.len());
        let constraint_spans: Vec<Span> = places(constraint_spans, s.constraints.len());
        let mut columns = Vec::new();
        for (def, &span) in s.columns.iter().zip(&column_spans) {
            let options = def.options.iter().map(|o| (o.name.as_ref(), &o.option));
            columns.push(self.column(&def.name, &def.data_type, options, span)?);
        }
        let mut constraints = Vec::new();
        let mut indexes = Vec::new();
        for (def, &span) in s.constraints.iter().zip(&constraint_spans) {
            if let Some(index) = self.index_of_table(&table, def) {
                indexes.push((span, index));
            } else {
                constraints.push(self.constraint(def, span)?);
            }
        }
        let like = match &s.like {
            Some(
                ast::CreateTableLikeKind::Plain(like)
                | ast::CreateTableLikeKind::Parenthesized(like),
            ) => vec![self.name(&like.name)?],
            None => Vec::new(),
        };
        let persistence = if s.temporary {
            Persistence::Temporary
        } else if s.unlogged {
            Persistence::Unlogged
        } else {
            Persistence::Permanent
        };
        self.push(Action::CreateTable {
            table,
            if_not_exists: s.if_not_exists,
            persistence,
            columns,
            constraints,
            partition_of: match &s.partition_of {
                Some(parent) => Some(self.name(parent)?),
                None => None,
            },
            default_partition: matches!(s.for_values, Some(ast::ForValues::Default)),
            partitioned: s.partition_by.is_some(),
            inherits: match &s.inherits {
                Some(parents) => parents
                    .iter()
                    .map(|p| self.name(p))
                    .collect::<Option<_>>()?,
                None => Vec::new(),
            },
            like,
            from_query: s.query.is_some(),
            reads: if s.query.is_some() {
                self.tables_read()
            } else {
                Vec::new()
            },
            partition_key: Vec::new(),
        });
        for (span, index) in indexes {
            self.push_at(span, index);
        }
        Some(())
    }

    pub(super) fn create_index(&mut self, s: &ast::CreateIndex) -> Option<()> {
        let method = match (&self.fulltext, &s.using) {
            (Some(special), _) => special.clone(),
            (None, Some(using)) => using.to_string().to_lowercase(),
            (None, None) => "btree".to_owned(),
        };
        let action = Action::CreateIndex {
            name: s.name.as_ref().and_then(|n| self.last_name(n)),
            table: self.name(&s.table_name)?,
            unique: s.unique,
            concurrently: s.concurrently,
            if_not_exists: s.if_not_exists,
            only: false,
            method,
            keys: self.keys(&s.columns),
            include: s.include.iter().map(|c| self.inner_name(c)).collect(),
            predicate: s.predicate.as_ref().map(|predicate| Spanned {
                text: self.text(predicate),
                span: self.span,
            }),
            nulls_not_distinct: s.nulls_distinct == Some(false),
        };
        self.push(action);
        Some(())
    }

    pub(super) fn create_view(&mut self, s: &ast::CreateView) -> Option<()> {
        let mut columns: Vec<String> = s.columns.iter().map(|c| self.inner_name(&c.name)).collect();
        if columns.is_empty() {
            columns = self.column_names(&s.query).unwrap_or_default();
        }
        let action = Action::CreateView {
            name: self.name(&s.name)?,
            or_replace: s.or_replace,
            materialized: s.materialized,
            columns,
            reads: self.tables_read(),
            query: Spanned {
                text: self.text(&s.query),
                span: self.span,
            },
        };
        self.push(action);
        Some(())
    }

    fn column_names(&self, query: &ast::Query) -> Option<Vec<String>> {
        let ast::SetExpr::Select(select) = query.body.as_ref() else {
            return None;
        };
        select
            .projection
            .iter()
            .map(|item| match item {
                ast::SelectItem::UnnamedExpr(ast::Expr::Identifier(column)) => {
                    Some(self.inner_name(column))
                }
                ast::SelectItem::UnnamedExpr(ast::Expr::CompoundIdentifier(parts)) => {
                    Some(self.inner_name(parts.last()?))
                }
                ast::SelectItem::ExprWithAlias { alias, .. } => Some(self.inner_name(alias)),
                _ => None,
            })
            .collect()
    }
}
