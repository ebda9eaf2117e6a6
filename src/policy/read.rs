//! Policy documents from YAML. A file is opened first: its documents have names before they have content, because a
//! policy that extends another one is read over it.

mod example;
mod gate;
mod parts;
mod test;

use std::sync::Arc;

use crate::finding::Severity;
use crate::gate::Stage;
use crate::source::Span;
use crate::syntax::yaml::{self, Node};
use crate::version::ReleaseType;

use super::document::{API_VERSION, Action, Control, Message, Policy};
use super::error::PolicyError;
use super::node::{Fields, IN_QUOTES, Reader};
use super::suggest::did_you_mean;

pub(super) use test::{PolicyTest, TestCase, policy_test};

fn types() -> [(&'static str, ReleaseType); 4] {
    ReleaseType::ALL.map(|it| (it.as_str(), it))
}

fn severities() -> [(&'static str, Severity); 3] {
    Severity::ALL.map(|it| (it.as_str(), it))
}

fn stages() -> [(&'static str, Stage); 7] {
    Stage::ALL.map(|it| (it.as_str(), it))
}

/// The stage of a name.
pub(super) fn stage(name: &str) -> Option<Stage> {
    Stage::ALL.into_iter().find(|stage| stage.as_str() == name)
}

/// The severity of a name.
pub(super) fn severity(name: &str) -> Option<Severity> {
    Severity::ALL
        .into_iter()
        .find(|severity| severity.as_str() == name)
}

/// A file of documents that was parsed, and the names of what stands in it.
pub(super) struct Opened {
    path: Arc<str>,
    text: Arc<str>,
    documents: Vec<yaml::Document>,
    /// Its policies, in their order.
    pub(super) policies: Vec<Head>,
    /// The indices of its tests.
    pub(super) tests: Vec<usize>,
    /// What is wrong with it so far.
    pub(super) errors: Vec<PolicyError>,
}

/// The name of a policy, before it is read.
pub(super) struct Head {
    /// Which document of the file it is.
    index: usize,
    /// Its name; empty when it has none.
    pub(super) name: String,
    /// The policy that it extends, and where it says so.
    pub(super) extends: Option<(String, Span)>,
}

const KINDS: &[&str] = &["ReleasePolicy", "PolicyTest", "PolicyException"];

/// Parses a file and looks at the kinds and names of its documents.
pub(super) fn open(path: &str, text: &Arc<str>) -> Opened {
    let mut reader = Reader::new(path, Arc::clone(text));
    let parsed = yaml::parse(text);
    for error in parsed.errors {
        let in_expression = is_in_expression(text, error.span);
        let error = reader.error(error.span, error.message);
        if in_expression {
            error.advise(IN_QUOTES);
        }
    }
    let mut opened = Opened {
        path: path.into(),
        text: Arc::clone(text),
        documents: parsed.value,
        policies: Vec::new(),
        tests: Vec::new(),
        errors: Vec::new(),
    };
    for (index, document) in opened.documents.iter().enumerate() {
        if document.is_empty() {
            continue;
        }
        let root = document.root();
        let text_at = |map: &str, field: &str| {
            let node = root.get(map)?.get(field)?;
            Some((node.text()?.to_owned(), node.span()))
        };
        let kind = root.get("kind");
        match kind.and_then(Node::text) {
            Some("PolicyTest") => opened.tests.push(index),
            // Waivers for tests may stand beside them. Those that count are in the file of the configuration alone.
            Some("PolicyException") => {}
            Some(other) if other != "ReleasePolicy" => {
                let span = kind.map_or(root.span(), Node::span);
                let error = reader.error(
                    span,
                    format!("`kind` is `ReleasePolicy` here, not `{other}`"),
                );
                error.label = did_you_mean(other, KINDS.iter().copied());
                let version = root.get("apiVersion");
                if version.and_then(Node::text) != Some(API_VERSION) {
                    let span = version.map_or(root.span(), Node::span);
                    reader.error(span, format!("`apiVersion` is `{API_VERSION}` here"));
                }
            }
            _ => opened.policies.push(Head {
                index,
                name: text_at("metadata", "name").unwrap_or_default().0,
                extends: text_at("spec", "extends"),
            }),
        }
    }
    opened.errors = reader.errors;
    opened
}

/// A mistake of YAML stands in the line of an expression, which is most likely why it is one.
fn is_in_expression(text: &str, span: Span) -> bool {
    let at = span.start as usize;
    let start = text
        .get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |at| at + 1);
    let line = text.get(start..).unwrap_or("");
    let line = line.split('\n').next().unwrap_or("");
    let key = line
        .trim_start()
        .trim_start_matches("- ")
        .split(':')
        .next()
        .unwrap_or("");
    ["match", "requiredWhen", "subjectWhen", "evaluableWhen"].contains(&key)
        || key.to_ascii_lowercase().ends_with("expression")
}

impl Opened {
    /// The file's path.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The file's content.
    pub(super) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Reads a policy, over the one that it extends.
    pub(super) fn policy(
        &self,
        head: &Head,
        base: Option<&Policy>,
    ) -> (Option<Policy>, Vec<PolicyError>) {
        let mut reader = Reader::new(&self.path, Arc::clone(&self.text));
        let document = self.documents.get(head.index);
        let read = document.and_then(|document| policy(&mut reader, document.root(), base));
        (read, reader.errors)
    }

    /// Reads a test.
    pub(super) fn test(&self, index: usize) -> (Option<PolicyTest>, Vec<PolicyError>) {
        let mut reader = Reader::new(&self.path, Arc::clone(&self.text));
        let document = self.documents.get(index);
        let read = document.and_then(|document| policy_test(&mut reader, document.root()));
        (read, reader.errors)
    }

    /// A mistake in this file.
    pub(super) fn error(&self, span: Span, message: String, label: String) -> PolicyError {
        let mut reader = Reader::new(&self.path, Arc::clone(&self.text));
        reader.error(span, message).label = label;
        reader.errors.remove(0)
    }
}

fn policy(reader: &mut Reader, root: Node<'_>, base: Option<&Policy>) -> Option<Policy> {
    let before = reader.errors.len();
    let fields = reader.fields(
        root,
        "a policy",
        &["apiVersion", "kind", "metadata", "spec"],
    );
    head(reader, &fields, "ReleasePolicy");
    let (Some(metadata), Some(spec)) = (fields.get("metadata"), fields.get("spec")) else {
        reader.error(fields.span, "a policy needs `metadata` and `spec`");
        return None;
    };
    let metadata = reader.fields(
        metadata,
        "metadata",
        &["name", "title", "description", "controls"],
    );
    let spec = reader.fields(
        spec,
        "the spec of a policy",
        &[
            "extends",
            "params",
            "matchConditions",
            "variables",
            "releaseType",
            "validations",
            "severities",
            "gates",
            "validationActions",
            "examples",
        ],
    );
    let empty = Policy::default();
    let of = base.unwrap_or(&empty);
    let controls = match controls(reader, &metadata) {
        own if own.is_empty() => of.controls.clone(),
        own => own,
    };
    let name = id(reader, &metadata, "name", "metadata");
    let mut over = Over {
        extends: base.is_some(),
        spec: &spec,
    };
    let policy = Policy {
        name,
        extends: reader.text_of(&spec, "extends"),
        title: reader.text_or(&metadata, "title", &of.title),
        description: reader.text_or(&metadata, "description", &of.description),
        params: parts::params(reader, &spec, &of.params),
        match_conditions: parts::named(reader, &spec, "matchConditions", &of.match_conditions),
        variables: parts::named(reader, &spec, "variables", &of.variables),
        demands: over.each(reader, "releaseType", &of.demands, parts::demand),
        validations: over.each(reader, "validations", &of.validations, parts::validation),
        severities: {
            let own = each(reader, &spec, "severities", parts::severity_rule);
            of.severities.iter().cloned().chain(own).collect()
        },
        gates: over.each(reader, "gates", &of.gates, |reader, fields, base| {
            gate::gate(reader, fields, &controls, base)
        }),
        action: match spec.get("validationActions") {
            Some(_) => action(reader, &spec),
            None => of.action,
        },
        // What the extended policy shows of itself need not hold any more.
        examples: each(reader, &spec, "examples", example::example),
        span: metadata.get("name").map_or(metadata.span, Node::span),
        controls,
    };
    (reader.errors.len() == before).then_some(policy)
}

/// Something of a policy that has an id, which an extending policy may change or leave out.
trait Part: Clone {
    const WHAT: &'static str;
    const FIELDS: &'static [&'static str];
    fn id(&self) -> &str;

    /// The part as an extending policy has it: what its places are of is another file.
    fn inherited(&self) -> Self {
        self.clone()
    }
}

/// A policy's spec, laid over that of the policy it extends.
struct Over<'s, 'd> {
    extends: bool,
    spec: &'s Fields<'d>,
}

impl Over<'_, '_> {
    /// The parts of a list: those of the extended policy, each as it is changed here, then the new ones.
    fn each<P: Part>(
        &mut self,
        reader: &mut Reader,
        list: &str,
        base: &[P],
        mut read: impl FnMut(&mut Reader, &Fields<'_>, Option<&P>) -> P,
    ) -> Vec<P> {
        let mut parts: Vec<P> = base.iter().map(P::inherited).collect();
        let mut allowed = P::FIELDS.to_vec();
        if self.extends {
            allowed.push("disabled");
        }
        for node in reader.items(self.spec, list) {
            let fields = reader.fields(node, P::WHAT, &allowed);
            let id = fields.get("id").and_then(Node::text).unwrap_or_default();
            let of = base.iter().find(|part| part.id() == id);
            if reader.flag(&fields, "disabled") {
                if of.is_none() {
                    let known = base.iter().map(Part::id);
                    let label = did_you_mean(id, known);
                    let error = reader.error(
                        fields.span,
                        format!("the extended policy has no `{id}` in `{list}` to leave out"),
                    );
                    error.label = label;
                }
                parts.retain(|part| part.id() != id);
                continue;
            }
            let part = read(reader, &fields, of);
            match parts
                .iter_mut()
                .find(|known| of.is_some() && known.id() == id)
            {
                Some(known) => *known = part,
                None => parts.push(part),
            }
        }
        parts
    }
}

/// Checks `apiVersion` and `kind`.
pub(super) fn head(reader: &mut Reader, fields: &Fields<'_>, kind: &str) {
    for (name, expected) in [("apiVersion", API_VERSION), ("kind", kind)] {
        match fields.get(name) {
            Some(node) => {
                let found = reader.text(node);
                if found != expected {
                    reader.error(
                        node.span(),
                        format!("`{name}` is `{expected}` here, not `{found}`"),
                    );
                }
            }
            None => {
                reader.error(fields.span, format!("`{name}: {expected}` is missing"));
            }
        }
    }
}

fn each<'d, T>(
    reader: &mut Reader,
    fields: &Fields<'d>,
    name: &str,
    mut read: impl FnMut(&mut Reader, Node<'d>) -> T,
) -> Vec<T> {
    reader
        .items(fields, name)
        .into_iter()
        .map(|item| read(reader, item))
        .collect()
}

/// A name in kebab-case: ids stand in reports, waivers and on command lines.
fn id(reader: &mut Reader, fields: &Fields<'_>, name: &str, what: &str) -> String {
    let text = reader.required(fields, name, what);
    let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !text.is_empty()
        && !text.chars().all(is_kebab)
        && let Some(node) = fields.get(name)
    {
        reader
            .error(node.span(), format!("`{text}` is no id"))
            .advise("an id is made of small letters, digits and `-`");
    }
    text
}

fn controls(reader: &mut Reader, fields: &Fields<'_>) -> Vec<Control> {
    each(reader, fields, "controls", |reader, node| {
        let fields = reader.fields(node, "a control", &["framework", "id", "confirmed"]);
        Control {
            confirmed: reader.flag(&fields, "confirmed"),
            framework: reader.required(&fields, "framework", "a control"),
            id: reader.required(&fields, "id", "a control"),
        }
    })
}

/// Where the items of a list field stand.
fn places(fields: &Fields<'_>, name: &str) -> Vec<Span> {
    let items = fields
        .get(name)
        .into_iter()
        .flat_map(|node| node.items().map(Node::span).collect::<Vec<_>>());
    items.collect()
}

/// A message, or the one that the extended document has: a new text takes the place of an expression, too.
fn message(
    reader: &mut Reader,
    fields: &Fields<'_>,
    text: &str,
    expression: &str,
    base: Option<&Message>,
) -> Message {
    if let Some(base) = base
        && fields.get(text).is_none()
        && fields.get(expression).is_none()
    {
        return base.clone();
    }
    Message {
        text: reader.text_of(fields, text),
        expression: reader.expression(fields, expression),
    }
}

fn action(reader: &mut Reader, spec: &Fields<'_>) -> Action {
    let words = [
        ("Deny", Action::Deny),
        ("Warn", Action::Warn),
        ("Audit", Action::Audit),
    ];
    let actions: Vec<Action> = reader
        .items(spec, "validationActions")
        .into_iter()
        .filter_map(|node| reader.word(node, &words))
        .collect();
    // Kubernetes takes several: the strictest one decides what blocks.
    let strictness = |action: &Action| match action {
        Action::Audit => 0,
        Action::Warn => 1,
        Action::Deny => 2,
    };
    actions
        .into_iter()
        .max_by_key(strictness)
        .unwrap_or_default()
}
