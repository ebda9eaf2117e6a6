//! Routines and `DO` blocks: what their bodies do, as far as the text tells.

use std::ops::Range;

use rowan::{TextRange, TextSize};
use squawk_syntax::ast;
use squawk_syntax::decoded_text::DecodedText;

use crate::source::Span;
use crate::syntax::sql::operation::{
    Action, Dialect, FunctionDef, OpaqueReason, Operation, Volatility,
};
use crate::syntax::sql::split;
use crate::syntax::sql::stack;

use super::names::{ident, name};
use super::plpgsql::{self, Part};
use super::types::signature;
use super::{MAX_BODIES, Place, Sink, statements};

/// What a body does.
#[derive(Default)]
struct Body {
    operations: Vec<Operation>,
    dynamic: bool,
}

impl Sink<'_, '_> {
    pub(super) fn do_block(&mut self, s: &ast::Do) -> Option<()> {
        let language = match s.do_language() {
            Some(language) => language.language_name()?.name,
            None => "plpgsql".to_owned(),
        };
        let literal = s.body()?;
        let body = self.body(&literal, &language)?;
        let action = Action::Do {
            dynamic: body.dynamic,
        };
        self.push(s, action);
        self.operations.extend(body.operations);
        Some(())
    }

    pub(super) fn create_function(&mut self, s: &ast::CreateFunction) -> Option<()> {
        let returns = match s.ret_type() {
            Some(returned) => self.returns(&returned)?,
            None => String::new(),
        };
        let name = name(&s.name()?)?;
        let function = self.function(
            Some(s.param_list()?),
            returns,
            s.option_list().as_ref(),
            s.body(),
        )?;
        let action = Action::CreateFunction {
            name,
            or_replace: s.or_replace().is_some(),
            function,
        };
        self.push(s, action);
        Some(())
    }

    pub(super) fn create_procedure(&mut self, s: &ast::CreateProcedure) -> Option<()> {
        let name = name(&s.name()?)?;
        let function = self.function(
            Some(s.param_list()?),
            String::new(),
            s.option_list().as_ref(),
            s.body(),
        )?;
        let action = Action::CreateFunction {
            name,
            or_replace: s.or_replace().is_some(),
            function,
        };
        self.push(s, action);
        Some(())
    }

    fn returns(&self, returned: &ast::RetType) -> Option<String> {
        if let Some(list) = returned.return_table_arg_list() {
            let columns: Option<Vec<_>> = list
                .args()
                .map(|c| {
                    let ty = signature(self.place, &c.func_type()?)?;
                    Some(format!("{} {ty}", ident(&c.name()?)?))
                })
                .collect();
            return Some(format!("table({})", columns?.join(", ")));
        }
        signature(self.place, &returned.func_type()?)
    }

    fn function(
        &self,
        parameters: Option<ast::ParamList>,
        returns: String,
        options: Option<&ast::FuncOptionList>,
        routine: Option<ast::RoutineBody>,
    ) -> Option<FunctionDef> {
        let mut def = FunctionDef {
            arguments: self.arguments(parameters)?,
            returns,
            language: "sql".to_owned(),
            ..FunctionDef::default()
        };
        let mut literal = None;
        for option in options.into_iter().flat_map(ast::FuncOptionList::options) {
            match option {
                ast::FuncOption::LanguageFuncOption(o) => {
                    def.language = o.language_name()?.name.to_lowercase();
                }
                ast::FuncOption::VolatilityFuncOption(o) => {
                    def.volatility = match o {
                        ast::VolatilityFuncOption::Immutable(_) => Volatility::Immutable,
                        ast::VolatilityFuncOption::Stable(_) => Volatility::Stable,
                        ast::VolatilityFuncOption::Volatile(_) => Volatility::Volatile,
                    };
                }
                ast::FuncOption::AsFuncOption(o) => {
                    if let ast::AsFuncTarget::AsDefinition(definition) = o.as_func_target()? {
                        literal = Some(definition.literal()?);
                    }
                }
                _ => {}
            }
        }
        let body = match (routine, literal) {
            (Some(routine), _) => self.standard_body(&routine),
            (None, Some(literal)) => self.body(&literal, &def.language)?,
            (None, None) => Body::default(),
        };
        def.body = body.operations;
        def.dynamic = body.dynamic;
        Some(def)
    }

    /// A body that is a part of the statement itself, as SQL's standard has it.
    fn standard_body(&self, routine: &ast::RoutineBody) -> Body {
        let mut sink = inner(self.place);
        match routine {
            ast::RoutineBody::AtomicBody(body) => {
                for part in body.routine_body_stmts() {
                    match part {
                        ast::RoutineBodyStmt::Stmt(statement) => sink.statement(&statement),
                        ast::RoutineBodyStmt::ReturnStmt(statement) => sink.select(&statement),
                    }
                }
            }
            ast::RoutineBody::ReturnStmt(statement) => sink.select(statement),
        }
        Body {
            operations: sink.operations,
            dynamic: false,
        }
    }

    /// A body in a string.
    fn body(&self, literal: &ast::Literal, language: &str) -> Option<Body> {
        let span = self.place.span(literal);
        let opaque = |reason, detail: String| Body {
            operations: vec![nested_opaque(span, reason, detail)],
            dynamic: true,
        };
        match language {
            "plpgsql" | "sql" => {}
            // Compiled code that came with an extension; it runs no SQL of a migration's.
            "c" | "internal" => return Some(Body::default()),
            other => {
                let detail = format!("a body in {other}, which relgate does not read");
                return Some(opaque(OpaqueReason::Dynamic, detail));
            }
        }
        if self.place.bodies >= MAX_BODIES {
            let detail = "bodies within bodies, deeper than relgate reads".to_owned();
            return Some(opaque(OpaqueReason::TooComplex, detail));
        }
        let decoded = literal.decoded_value()?;
        let map = |range: Range<usize>| (self.place.map)(source_range(&decoded, range));
        let place = Place {
            text: decoded.text(),
            map: &map,
            bodies: self.place.bodies + 1,
        };
        let mut body = Body::default();
        if language == "sql" {
            body.operations = sql_statements(&place);
        } else {
            for part in plpgsql::parts(place.text) {
                body.part(&place, part);
            }
        }
        Some(body)
    }
}

impl Body {
    fn part(&mut self, place: &Place<'_>, part: Part) {
        match part {
            Part::Sql { start, text } => {
                let map = |range: Range<usize>| (place.map)(start + range.start..start + range.end);
                let operations = sql_statements(&Place {
                    text: &text,
                    map: &map,
                    bodies: place.bodies,
                });
                self.operations.extend(operations);
            }
            Part::Expression { start, text } => {
                let prefix = plpgsql::SELECT.len();
                let text = format!("{}{text}", plpgsql::SELECT);
                let map = |range: Range<usize>| {
                    let at = |offset: usize| start + offset.saturating_sub(prefix);
                    (place.map)(at(range.start)..at(range.end))
                };
                let operations = sql_statements(&Place {
                    text: &text,
                    map: &map,
                    bodies: place.bodies,
                });
                self.operations
                    .extend(operations.into_iter().filter(|o| !is_idle(&o.action)));
            }
            Part::Execute {
                range,
                constant: Some(constant),
            } => {
                // Offsets inside of a literal with escapes are not those of the file; then the whole statement is meant.
                let map = |inner: Range<usize>| match constant.start {
                    Some(start) => (place.map)(start + inner.start..start + inner.end),
                    None => (place.map)(range.clone()),
                };
                if place.bodies >= MAX_BODIES {
                    self.dynamic = true;
                    return;
                }
                let operations = sql_statements(&Place {
                    text: &constant.text,
                    map: &map,
                    bodies: place.bodies + 1,
                });
                self.operations.extend(operations);
            }
            Part::Execute {
                range,
                constant: None,
            } => {
                self.dynamic = true;
                self.operations.push(nested_opaque(
                    (place.map)(range),
                    OpaqueReason::Dynamic,
                    "EXECUTE of a statement that is built at run time".to_owned(),
                ));
            }
        }
    }
}

/// The statements of a text that a body holds.
fn sql_statements(place: &Place<'_>) -> Vec<Operation> {
    let whole = Span::new(0, place.text.len());
    let mut operations = Vec::new();
    for piece in split::split(place.text, whole, Dialect::Postgresql) {
        let range = piece.span.range();
        let span = (place.map)(range.clone());
        let refusal = if piece.template.is_some() {
            Some((OpaqueReason::Template, "it holds a placeholder"))
        } else if let Some(why) = piece.complexity.refusal() {
            Some((OpaqueReason::TooComplex, why))
        } else if piece.complexity.needs_big_stack() && !stack::is_big() {
            Some((OpaqueReason::TooComplex, "it is nested too deep for a body"))
        } else {
            None
        };
        if let Some((reason, detail)) = refusal {
            operations.push(nested_opaque(span, reason, detail.to_owned()));
            continue;
        }
        let map =
            |inner: Range<usize>| (place.map)(range.start + inner.start..range.start + inner.end);
        let inner = Place {
            text: place.text.get(range.clone()).unwrap_or(""),
            map: &map,
            bodies: place.bodies,
        };
        let before = operations.len();
        // The server reads a body when it runs, with its variables; what relgate cannot read in it is not an error yet.
        operations.extend(statements(&inner, true, &mut Vec::new()));
        for operation in operations.iter_mut().skip(before) {
            if let Action::Opaque { reason, .. } = &mut operation.action
                && *reason == OpaqueReason::SyntaxError
            {
                *reason = OpaqueReason::Unknown;
            }
        }
    }
    operations
}

fn inner<'i, 'p>(place: &'i Place<'p>) -> Sink<'i, 'p> {
    Sink {
        place,
        nested: true,
        operations: Vec::new(),
        errors: Vec::new(),
    }
}

/// An expression that neither reads a table nor calls a function.
fn is_idle(action: &Action) -> bool {
    matches!(action, Action::Select { calls, reads, .. } if calls.is_empty() && reads.is_empty())
}

fn nested_opaque(span: Span, reason: OpaqueReason, detail: String) -> Operation {
    Operation {
        span,
        action: Action::Opaque { reason, detail },
        nested: true,
    }
}

fn source_range(decoded: &DecodedText, range: Range<usize>) -> Range<usize> {
    let size = |n: usize| TextSize::from(u32::try_from(n).unwrap_or(u32::MAX));
    let start = size(range.start);
    decoded
        .source_range(TextRange::new(start, size(range.end).max(start)))
        .into()
}
