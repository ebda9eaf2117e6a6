//! `DROP` of anything.

use squawk_syntax::ast::{self, AstNode};

use crate::syntax::sql::operation::{Action, Name, ObjectKind};

use super::Sink;
use super::alter::is_cascade;
use super::names::{name, name_of, names};
use super::types::signature;

/// A `DROP` without the parts that only some kinds have.
struct Drop {
    kind: ObjectKind,
    names: Vec<Name>,
    table: Option<Name>,
    arguments: Vec<Option<Vec<String>>>,
    if_exists: bool,
    cascade: bool,
    concurrently: bool,
}

impl Drop {
    fn of(kind: ObjectKind, names: Vec<Name>, if_exists: bool, cascade: bool) -> Self {
        Self {
            kind,
            names,
            table: None,
            arguments: Vec::new(),
            if_exists,
            cascade,
            concurrently: false,
        }
    }
}

/// The drop of a statement that names several objects of one kind.
macro_rules! several {
    ($kind:ident, $s:expr, $refs:ident) => {
        Drop::of(
            ObjectKind::$kind,
            names($s.$refs())?,
            $s.if_exists().is_some(),
            is_cascade($s.drop_behavior().as_ref()),
        )
    };
}

/// The drop of a statement that names one object on a table.
macro_rules! on_table {
    ($kind:ident, $s:expr, $reference:ident, $table:expr) => {
        Drop {
            table: Some(name(&$table)?),
            ..Drop::of(
                ObjectKind::$kind,
                vec![name(&$s.$reference()?)?],
                $s.if_exists().is_some(),
                is_cascade($s.drop_behavior().as_ref()),
            )
        }
    };
}

/// The drop of a statement that names routines with their arguments.
macro_rules! routines {
    ($self:ident, $s:expr, $list:ident, $signatures:ident, $name:ident) => {{
        let list = $s.$list()?;
        Drop {
            arguments: list
                .$signatures()
                .map(|sig| $self.arguments(sig.param_list()))
                .collect(),
            ..Drop::of(
                ObjectKind::Function,
                list.$signatures()
                    .map(|sig| name(&sig.$name()?))
                    .collect::<Option<Vec<_>>>()
                    .filter(|names| !names.is_empty())?,
                $s.if_exists().is_some(),
                is_cascade($s.drop_behavior().as_ref()),
            )
        }
    }};
}

impl Sink<'_, '_> {
    pub(super) fn drop_object(&mut self, s: &ast::Stmt) -> Option<()> {
        let drop = self.dropped(s)?;
        self.push(
            s,
            Action::Drop {
                kind: drop.kind,
                names: drop.names,
                table: drop.table,
                arguments: drop.arguments,
                if_exists: drop.if_exists,
                cascade: drop.cascade,
                concurrently: drop.concurrently,
            },
        );
        Some(())
    }

    fn dropped(&self, s: &ast::Stmt) -> Option<Drop> {
        use ast::Stmt;
        Some(match s {
            Stmt::DropTable(s) => several!(Table, s, table_name_refs),
            Stmt::DropForeignTable(s) => several!(Table, s, table_name_refs),
            Stmt::DropIndex(s) => Drop {
                concurrently: s.concurrently_token().is_some(),
                ..several!(Index, s, index_refs)
            },
            Stmt::DropSequence(s) => several!(Sequence, s, sequence_refs),
            Stmt::DropView(s) => several!(View, s, view_refs),
            Stmt::DropMaterializedView(s) => several!(MaterializedView, s, view_refs),
            Stmt::DropType(s) => several!(Type, s, type_name_refs),
            Stmt::DropDomain(s) => several!(Domain, s, domain_refs),
            Stmt::DropSchema(s) => several!(Schema, s, schema_refs),
            Stmt::DropExtension(s) => several!(Extension, s, extension_refs),
            Stmt::DropStatistics(s) => several!(Statistics, s, statistics_refs),
            Stmt::DropFunction(s) => {
                routines!(self, s, function_sig_list, function_sigs, function_name_ref)
            }
            Stmt::DropProcedure(s) => {
                routines!(
                    self,
                    s,
                    procedure_sig_list,
                    procedure_sigs,
                    procedure_name_ref
                )
            }
            Stmt::DropRoutine(s) => {
                routines!(self, s, routine_sig_list, routine_sigs, routine_name_ref)
            }
            Stmt::DropAggregate(s) => Drop {
                arguments: s
                    .aggregates()
                    .map(|a| self.arguments(a.param_list()))
                    .collect(),
                ..several!(Function, s, aggregates)
            },
            Stmt::DropTrigger(s) => {
                on_table!(
                    Trigger,
                    s,
                    trigger_ref,
                    s.on_relation()?.relation_name_ref()?
                )
            }
            Stmt::DropPolicy(s) => {
                on_table!(Policy, s, policy_ref, s.on_table()?.table_name_ref()?)
            }
            Stmt::DropRule(s) => {
                on_table!(Rule, s, rule_ref, s.on_relation()?.relation_name_ref()?)
            }
            Stmt::DropDatabase(s) => Drop::of(
                ObjectKind::Database,
                vec![name(&s.database_ref()?)?],
                s.if_exists().is_some(),
                false,
            ),
            Stmt::DropRole(s) => Drop::of(
                ObjectKind::Role,
                roles(s.role_refs())?,
                s.if_exists().is_some(),
                false,
            ),
            Stmt::DropUser(s) => Drop::of(
                ObjectKind::Role,
                roles(s.role_refs())?,
                s.if_exists().is_some(),
                false,
            ),
            Stmt::DropGroup(s) => Drop::of(
                ObjectKind::Role,
                roles(s.role_refs())?,
                s.if_exists().is_some(),
                false,
            ),
            Stmt::DropOwned(s) => Drop::of(
                ObjectKind::Owned,
                roles(s.role_ref_list()?.role_refs())?,
                false,
                is_cascade(s.drop_behavior().as_ref()),
            ),
            Stmt::DropAccessMethod(_)
            | Stmt::DropCast(_)
            | Stmt::DropCollation(_)
            | Stmt::DropConversion(_)
            | Stmt::DropEventTrigger(_)
            | Stmt::DropForeignDataWrapper(_)
            | Stmt::DropLanguage(_)
            | Stmt::DropOperator(_)
            | Stmt::DropOperatorClass(_)
            | Stmt::DropOperatorFamily(_)
            | Stmt::DropPropertyGraph(_)
            | Stmt::DropPublication(_)
            | Stmt::DropServer(_)
            | Stmt::DropSubscription(_)
            | Stmt::DropTablespace(_)
            | Stmt::DropTextSearchConfig(_)
            | Stmt::DropTextSearchDict(_)
            | Stmt::DropTextSearchParser(_)
            | Stmt::DropTextSearchTemplate(_)
            | Stmt::DropTransform(_)
            | Stmt::DropUserMapping(_) => self.dropped_other(s)?,
            _ => return None,
        })
    }

    /// Kinds that nothing but their name matters of; casts and operators have none, and stand as they were written.
    fn dropped_other(&self, s: &ast::Stmt) -> Option<Drop> {
        let mut if_exists = false;
        let mut cascade = false;
        let mut names = Vec::new();
        for node in s.syntax().children() {
            if ast::IfExists::can_cast(node.kind()) {
                if_exists = true;
            } else if let Some(behavior) = ast::DropBehavior::cast(node.clone()) {
                cascade = is_cascade(Some(&behavior));
            } else if !ast::UsingMethod::can_cast(node.kind()) {
                let name = name_of(&node).unwrap_or_default();
                names.push(if name.name.is_empty() {
                    Name::plain(self.place.text(&AnyNode(node)))
                } else {
                    name
                });
            }
        }
        (!names.is_empty()).then(|| Drop::of(ObjectKind::Other, names, if_exists, cascade))
    }

    /// The types of the input arguments, if they were written.
    pub(super) fn arguments(&self, list: Option<ast::ParamList>) -> Option<Vec<String>> {
        list?
            .params()
            .filter(|p| !matches!(p.mode(), Some(ast::ParamMode::ParamOut(_))))
            .map(|p| signature(self.place, &p.func_type()?))
            .collect()
    }
}

fn roles(roles: impl Iterator<Item = ast::RoleRef>) -> Option<Vec<Name>> {
    roles
        .map(|r| name(&r.role_ref_value()?))
        .collect::<Option<Vec<_>>>()
        .filter(|names| !names.is_empty())
}

/// A node whose kind does not matter.
pub(super) struct AnyNode(pub(super) squawk_syntax::SyntaxNode);

impl AstNode for AnyNode {
    fn can_cast(_: squawk_syntax::SyntaxKind) -> bool {
        true
    }

    fn cast(syntax: squawk_syntax::SyntaxNode) -> Option<Self> {
        Some(Self(syntax))
    }

    fn syntax(&self) -> &squawk_syntax::SyntaxNode {
        &self.0
    }
}
