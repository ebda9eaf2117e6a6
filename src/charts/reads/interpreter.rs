//! Following templates with places instead of values.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Location, SourceId};
use crate::syntax::template::{
    Branch, BranchKind, Command, Node, Operand, OperandKind, Pipeline, Template,
};

use super::Reads;
use super::abstraction::{Part, Place};
use super::functions::{self, Use};

/// Branches, parentheses and calls within each other.
const MAX_DEPTH: usize = 120;

/// Commands that are followed for one chart; the largest public charts need a tenth of it.
const MAX_STEPS: usize = 400_000;

/// Places that are nested deeper are read as a whole.
const MAX_PLACE_DEPTH: usize = 6;

/// Walks over the templates of a chart.
pub(super) struct Interpreter<'t> {
    defines: BTreeMap<&'t str, (SourceId, &'t [Node])>,
    /// Calls that were followed, by name and argument.
    called: BTreeSet<(&'t str, Place)>,
    steps: usize,
    depth: usize,
    /// The condition that is looked at ends in `fail` when it holds.
    refusing: bool,
    /// What is read counts for `values-key-undefined`.
    own: bool,
    scope: Scope,
    out: Reads,
}

/// Where the walk is.
struct Scope {
    source: Option<SourceId>,
    /// `$`.
    root: Place,
    variables: Vec<(String, Place)>,
}

impl<'t> Interpreter<'t> {
    pub(super) fn new(incomplete: bool) -> Self {
        Self {
            defines: BTreeMap::new(),
            called: BTreeSet::new(),
            steps: 0,
            depth: 0,
            refusing: false,
            own: true,
            scope: Scope {
                source: None,
                root: Place::Elsewhere,
                variables: Vec::new(),
            },
            out: Reads {
                incomplete,
                ..Reads::default()
            },
        }
    }

    /// Makes the named templates of a file known. The last one of a name counts, as in Go.
    pub(super) fn define(&mut self, source: SourceId, template: &'t Template) {
        for define in &template.defines {
            self.defines.insert(&define.name, (source, &define.body));
        }
    }

    /// Follows a file of a chart whose values stand at a path. `own`: it is a file of the chart itself.
    pub(super) fn file(
        &mut self,
        source: SourceId,
        template: &'t Template,
        prefix: &[Part],
        own: bool,
    ) {
        let root = Place::Chart(prefix.into());
        self.own = own;
        self.run(source, &template.body, &root);
    }

    pub(super) fn finish(self) -> Reads {
        self.out
    }

    /// Follows a body with a dot that is also its `$`.
    fn run(&mut self, source: SourceId, body: &'t [Node], dot: &Place) {
        let inner = Scope {
            source: Some(source),
            root: dot.clone(),
            variables: Vec::new(),
        };
        let outer = std::mem::replace(&mut self.scope, inner);
        self.nodes(body, dot);
        self.scope = outer;
    }

    fn nodes(&mut self, nodes: &'t [Node], dot: &Place) {
        if self.depth >= MAX_DEPTH {
            self.out.incomplete = true;
            return;
        }
        self.depth += 1;
        let variables = self.scope.variables.len();
        for node in nodes {
            match node {
                Node::Action(pipeline) => {
                    let place = self.pipeline(pipeline, dot);
                    if pipeline.variables.is_empty() {
                        self.consume(&place, pipeline_location(pipeline, self.scope.source));
                    } else {
                        self.bind(pipeline, &place);
                    }
                }
                Node::Template(name, argument) => {
                    let place = argument
                        .as_ref()
                        .map_or(Place::Elsewhere, |pipeline| self.pipeline(pipeline, dot));
                    self.call(name, &place);
                }
                Node::Branch(branch) => self.branch(branch, dot),
            }
        }
        self.scope.variables.truncate(variables);
        self.depth -= 1;
    }

    fn branch(&mut self, branch: &'t Branch, dot: &Place) {
        let variables = self.scope.variables.len();
        let was = self.refusing;
        self.refusing |= branch.kind == BranchKind::If && fails(&branch.body);
        let place = self.pipeline(&branch.pipeline, dot);
        self.test(&place);
        self.refusing = was;
        let inner = match branch.kind {
            BranchKind::If => {
                self.bind(&branch.pipeline, &place);
                dot.clone()
            }
            BranchKind::With => {
                self.bind(&branch.pipeline, &place);
                place
            }
            BranchKind::Range => {
                let item = place.item();
                self.test(&item);
                // `range $value`, `range $index, $value`.
                if let Some(name) = branch.pipeline.variables.last() {
                    self.scope.variables.push((name.clone(), item.clone()));
                }
                if let [index, _] = branch.pipeline.variables.as_slice() {
                    self.scope.variables.push((index.clone(), Place::Elsewhere));
                }
                item
            }
        };
        self.nodes(&branch.body, &inner);
        self.scope.variables.truncate(variables);
        self.nodes(&branch.otherwise, dot);
    }

    fn bind(&mut self, pipeline: &Pipeline, place: &Place) {
        for name in &pipeline.variables {
            let known = self
                .scope
                .variables
                .iter_mut()
                .rev()
                .find(|(known, _)| known == name);
            match known {
                Some((_, value)) if !pipeline.declares => {
                    *value = Place::one_of(vec![value.clone(), place.clone()]);
                }
                _ => self.scope.variables.push((name.clone(), place.clone())),
            }
        }
    }

    fn pipeline(&mut self, pipeline: &'t Pipeline, dot: &Place) -> Place {
        self.steps += 1;
        if self.depth >= MAX_DEPTH || self.steps > MAX_STEPS {
            self.out.incomplete = true;
            return Place::Elsewhere;
        }
        self.depth += 1;
        let mut carried = None;
        for command in &pipeline.commands {
            let location = command
                .operands
                .first()
                .and_then(|first| self.location(first));
            let place = self.command(command, dot, carried);
            carried = Some((place, location));
        }
        self.depth -= 1;
        let place = carried.map_or(Place::Elsewhere, |(place, _)| place);
        if place.depth() > MAX_PLACE_DEPTH {
            self.consume(&place, None);
            return Place::Elsewhere;
        }
        place
    }

    fn command(
        &mut self,
        command: &'t Command,
        dot: &Place,
        carried: Option<(Place, Option<Location>)>,
    ) -> Place {
        let Some((first, rest)) = command.operands.split_first() else {
            return Place::Elsewhere;
        };
        let OperandKind::Function(name) = &first.kind else {
            let place = self.operand(first, dot);
            // A method with arguments, such as `.Files.Get "x"` or `.Capabilities.APIVersions.Has`.
            for operand in rest {
                let argument = self.operand(operand, dot);
                self.consume(&argument, self.location(operand));
            }
            return place;
        };
        let mut arguments: Vec<(Place, Option<Location>)> = rest
            .iter()
            .map(|operand| (self.operand(operand, dot), self.location(operand)))
            .collect();
        arguments.extend(carried);
        if matches!(name.as_str(), "include" | "tpl") {
            return self.include(name, &arguments);
        }
        let (place, uses) = functions::apply(name, &arguments);
        for used in uses {
            match used {
                Use::Printed(place, location) => self.consume(&place, location),
                Use::Tested(place) => self.test(&place),
                Use::Assigned(place) => self.assign(&place),
            }
        }
        first
            .fields
            .iter()
            .fold(place, |place, name| place.field(name))
    }

    fn include(&mut self, function: &str, arguments: &[(Place, Option<Location>)]) -> Place {
        let Some((name, location)) = arguments.first() else {
            return Place::Elsewhere;
        };
        let argument = arguments
            .get(1)
            .map_or(Place::Elsewhere, |(place, _)| place.clone());
        match name {
            Place::Text(name) if function == "include" => self.call(name, &argument),
            // `include (print $.Template.BasePath "/config.yaml") .` names a file, which is followed by itself; templates in
            // values are followed too.
            _ => self.consume(name, *location),
        }
        Place::Elsewhere
    }

    fn call(&mut self, name: &str, argument: &Place) {
        let Some((&name, &(source, body))) = self.defines.get_key_value(name) else {
            // A template of a library that is not here may read anything of what it gets.
            if reaches_chart(argument) {
                self.out.incomplete = true;
            }
            self.consume(argument, None);
            return;
        };
        if self.called.insert((name, argument.clone())) {
            self.run(source, body, argument);
        }
    }

    fn operand(&mut self, operand: &'t Operand, dot: &Place) -> Place {
        let start = match &operand.kind {
            OperandKind::Dot => dot.clone(),
            OperandKind::Variable(name) if name.is_empty() => self.scope.root.clone(),
            OperandKind::Variable(name) => {
                let known = self
                    .scope
                    .variables
                    .iter()
                    .rev()
                    .find(|(known, _)| known == name);
                known.map_or(Place::Elsewhere, |(_, place)| place.clone())
            }
            OperandKind::Text(text) => Place::Text(text.as_str().into()),
            OperandKind::Constant(text) => Place::Text(text.as_str().into()),
            OperandKind::Group(inner) => self.pipeline(inner, dot),
            // A function without arguments, such as `dict` or `now`.
            OperandKind::Function(name) => functions::apply(name, &[]).0,
        };
        operand
            .fields
            .iter()
            .fold(start, |place, name| place.field(name))
    }

    fn location(&self, operand: &Operand) -> Option<Location> {
        let source = self.scope.source?;
        Some(Location {
            source,
            span: operand.span,
        })
    }

    /// The value is printed, or handed to something that may look at all of it.
    fn consume(&mut self, place: &Place, location: Option<Location>) {
        match place {
            Place::Values(path) => {
                if self.refusing {
                    self.out.refused.insert(path.to_vec());
                    return;
                }
                self.out.read.add(path, true);
                if let Some(location) = location.filter(|_| self.own) {
                    self.out.printed.entry(path.to_vec()).or_insert(location);
                }
            }
            Place::Map(map) => map.values().for_each(|place| self.consume(place, None)),
            Place::List(items) | Place::OneOf(items) => {
                for place in items.iter() {
                    self.consume(place, None);
                }
            }
            Place::Elsewhere | Place::Text(_) | Place::Chart(_) => {}
        }
    }

    /// The value is asked for: whether it is there, or what it is.
    fn test(&mut self, place: &Place) {
        match place {
            Place::Values(path) => {
                if self.refusing {
                    self.out.refused.insert(path.to_vec());
                    return;
                }
                self.out.read.add(path, false);
                self.out.tested.insert(path.to_vec());
            }
            Place::OneOf(places) => places.iter().for_each(|place| self.test(place)),
            _ => {}
        }
    }

    fn assign(&mut self, place: &Place) {
        match place {
            Place::Values(path) => {
                self.out.assigned.insert(path.to_vec());
            }
            Place::OneOf(places) => places.iter().for_each(|place| self.assign(place)),
            _ => {}
        }
    }
}

/// The first thing that a body does is to fail.
fn fails(body: &[Node]) -> bool {
    body.iter().any(|node| match node {
        Node::Action(pipeline) => pipeline.commands.iter().any(|command| {
            command.operands.first().is_some_and(
                |first| matches!(&first.kind, OperandKind::Function(name) if name == "fail"),
            )
        }),
        _ => false,
    })
}

fn reaches_chart(place: &Place) -> bool {
    match place {
        Place::Chart(_) => true,
        Place::Map(map) => map.values().any(reaches_chart),
        Place::List(items) | Place::OneOf(items) => items.iter().any(reaches_chart),
        Place::Elsewhere | Place::Text(_) | Place::Values(_) => false,
    }
}

fn pipeline_location(pipeline: &Pipeline, source: Option<SourceId>) -> Option<Location> {
    let operand = pipeline.commands.first()?.operands.first()?;
    Some(Location {
        source: source?,
        span: operand.span,
    })
}
