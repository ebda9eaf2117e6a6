//! A YAML file of a chart.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::discover::{Reader, Snapshot};
use crate::source::{Location, SourceId, Span};
use crate::syntax::SyntaxError;
use crate::syntax::yaml::{Document, Value, parse_helm, resolve_helm};

/// Files by their text. Most files of two releases are the same, and a copy shares what was read.
pub(super) type KnownFiles = BTreeMap<SourceId, YamlFile>;

/// A file that Helm reads.
#[derive(Debug, Clone)]
pub struct YamlFile {
    /// Its path.
    pub path: String,
    /// Its text.
    pub source: SourceId,
    /// Its documents as trees.
    pub documents: Arc<[Document]>,
    /// What Helm reads of the first document; `None` when there is none.
    pub value: Option<Value>,
    /// What Helm refuses, and what is no YAML.
    pub errors: Vec<SyntaxError>,
    /// What is no YAML is among the errors: the value may lack keys that somebody wrote.
    pub damaged: bool,
}

impl YamlFile {
    /// Reads a file; `None` when it is not there or no text, which the reader's coverage says. What another state holds as well
    /// is `known` and not read again.
    pub(super) fn read(
        snapshot: &Snapshot,
        path: &str,
        reader: &mut Reader<'_>,
        known: &mut KnownFiles,
    ) -> Option<Self> {
        let source = reader.read(snapshot, path)?;
        let file = known.entry(source).or_insert_with(|| {
            let text = reader.sources.get(source).text.clone();
            Self::parse(path, source, &text)
        });
        Some(file.clone())
    }

    /// Reads a text.
    pub fn parse(path: &str, source: SourceId, text: &str) -> Self {
        let parsed = parse_helm(text);
        let mut errors = parsed.errors;
        let damaged = !errors.is_empty();
        let value = parsed.value.first().map(|document| {
            let resolved = resolve_helm(document);
            errors.extend(resolved.errors);
            resolved.value
        });
        errors.sort_by_key(|error| error.span);
        Self {
            path: path.to_owned(),
            source,
            documents: parsed.value.into(),
            value,
            errors,
            damaged,
        }
    }

    /// A place in it.
    pub fn at(&self, span: Span) -> Location {
        Location {
            source: self.source,
            span,
        }
    }
}
