//! What a rule over SQL sees.

use std::collections::BTreeMap;

use super::release::NewFile;
use super::texts::Texts;
use crate::effects::{Effect, LockMode, Touch, Work, autocommit_only};
use crate::finding::{Finding, Severity};
use crate::migrations::DirectorySurvey;
use crate::migrations::lowering::LoweredFile;
use crate::migrations::replay::{Step, TransactionState};
use crate::migrations::sequence::MigrationFile;
use crate::rules::RuleInfo;
use crate::schema::{Catalog, Lookup, Relation};
use crate::source::{Location, SourceId, Sources, Span};
use crate::syntax::mentions::{Certainty, Sought};
use crate::syntax::migration::{Direction, Runner};
use crate::syntax::sql::operation::{Action, ColumnDef, Dialect, Name, Statement};
use crate::version::ReleaseType;

/// The file that is looked at.
#[derive(Debug, Clone, Copy)]
pub struct FileContext<'a> {
    /// Where findings point.
    pub source: SourceId,
    /// Its text.
    pub text: &'a str,
    /// Which way its statements lead.
    pub direction: Direction,
    /// The runner.
    pub runner: Runner,
    /// The dialect.
    pub dialect: Dialect,
    /// The file of the way up.
    pub up: &'a MigrationFile,
    /// The file of the way down, if there is one and it is new or changed too; it may be the same.
    pub down: Option<DownFile<'a>>,
    /// The directory before and after.
    pub directory: &'a DirectorySurvey,
    /// Texts.
    pub sources: &'a Sources,
}

/// The way down of a migration.
#[derive(Debug, Clone, Copy)]
pub struct DownFile<'a> {
    /// Its text.
    pub source: SourceId,
    /// Its statements.
    pub lowered: &'a LoweredFile,
}

/// A place where the previous release uses a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// Where.
    pub place: Location,
    /// How sure it is.
    pub certainty: Certainty,
}

/// Where the previous release uses names that are taken away; a name that was looked for in vain has no places.
pub type Uses = BTreeMap<Sought, Vec<Use>>;

/// The release that is judged.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseContext<'a> {
    /// The previous release's tag; empty when there is none, or when it is not known.
    pub previous: &'a str,
    /// The release type that the tag declares.
    pub declared: Option<ReleaseType>,
    /// The schema that the previous release left.
    pub released: &'a Catalog,
    /// The schema at the end of this release.
    pub last: &'a Catalog,
    /// The server's major version.
    pub server_version: u32,
    /// The version stands in the configuration, and is not assumed.
    pub server_is_configured: bool,
    /// The rules to run beside those that are on by themselves.
    pub enabled: &'a [String],
    /// The names of the files, by their number in the replay.
    pub files: &'a [&'a str],
    /// Where the previous release uses what is taken away.
    pub uses: &'a Uses,
    /// Names of indexes that files of this release drop.
    pub dropped_indexes: &'a [String],
    /// The files that a database of the previous release has still to run.
    pub(super) new: &'a [NewFile<'a>],
    /// The text of each changed file, by path.
    pub texts: &'a BTreeMap<String, SourceId>,
    /// What stands in these texts.
    pub(super) cut: &'a Texts,
}

impl ReleaseContext<'_> {
    /// What the running version is called.
    pub fn running(&self) -> &str {
        if self.previous.is_empty() {
            "the running version"
        } else {
            self.previous
        }
    }

    /// The severity of a finding that demands `class`: an error while the declared type is below it.
    pub fn severity(&self, class: ReleaseType) -> Severity {
        match self.declared {
            Some(declared) if declared < class => Severity::Error,
            _ => Severity::Warning,
        }
    }
}

/// One operation at its place.
#[derive(Debug, Clone, Copy)]
pub struct SqlInput<'a> {
    /// The operation, the schema before it, its effect and its transaction.
    pub step: &'a Step<'a>,
    /// The file.
    pub file: &'a FileContext<'a>,
    /// The release.
    pub release: &'a ReleaseContext<'a>,
}

impl<'a> SqlInput<'a> {
    /// What the operation does.
    pub fn action(&self) -> &'a Action {
        &self.step.operation.action
    }

    /// Its statement.
    pub fn statement(&self) -> Option<&'a Statement> {
        self.step.unit.statements.get(self.step.statement)
    }

    /// The statements of its unit.
    pub fn statements(&self) -> &'a [Statement] {
        self.step.unit.statements
    }

    /// The schema before it.
    pub fn before(&self) -> &'a Catalog {
        self.step.before
    }

    /// What it does to a running release.
    pub fn effect(&self) -> &'a Effect {
        self.step.effect
    }

    /// The transaction before it.
    pub fn transaction(&self) -> &'a TransactionState {
        self.step.transaction
    }

    /// It is PostgreSQL.
    pub fn is_postgresql(&self) -> bool {
        self.file.dialect == Dialect::Postgresql
    }

    /// A SQLSTATE as messages show it behind what it stands for; nothing where the server is not PostgreSQL.
    pub(super) fn sqlstate(&self, code: &str) -> String {
        if self.is_postgresql() {
            format!(" ({code})")
        } else {
            String::new()
        }
    }

    /// The server runs the operation outside of transactions only.
    pub fn refuses_transactions(&self) -> bool {
        autocommit_only(self.action(), self.release.server_version).is_some()
    }

    /// The columns that the operation defines: of a table that does not exist yet, or one that is added.
    pub fn new_columns(&self) -> &'a [ColumnDef] {
        match self.action() {
            Action::CreateTable { columns, .. } => columns,
            Action::AddColumn { column, .. } => std::slice::from_ref(column),
            _ => &[],
        }
    }

    /// The place of a span of the file.
    pub fn location(&self, span: Span) -> Location {
        Location {
            source: self.file.source,
            span,
        }
    }

    /// The text of a span of the file.
    pub fn text(&self, span: Span) -> &'a str {
        self.file.text.get(span.range()).unwrap_or("")
    }

    /// The relation of a name, if a migration created it.
    pub fn relation(&self, name: &Name) -> Option<&'a Relation> {
        match self.step.before.relation(name) {
            Lookup::Found(relation) => Some(relation),
            Lookup::Missing | Lookup::Unknown => None,
        }
    }

    /// Somebody may be using the table: it was not created in this release.
    pub fn is_hot(&self, name: &Name) -> bool {
        let released = self.release.released.clock();
        match self.step.before.relation(name) {
            Lookup::Found(relation) => {
                released > 0
                    && !relation.is_younger_than(released)
                    && relation.persistence != crate::syntax::sql::operation::Persistence::Temporary
            }
            Lookup::Missing | Lookup::Unknown => released > 0,
        }
    }

    /// What the operation does to the relation of a name, if that was there at the previous release, and PostgreSQL does it.
    pub fn hot_touch(&self, name: &Name) -> Option<&'a Touch> {
        if !self.is_postgresql() {
            return None;
        }
        let shown = self.relation(name).map_or_else(
            || name.clone(),
            |relation| Name::plain(self.step.before.display_name(relation)),
        );
        self.step
            .effect
            .touches
            .iter()
            .find(|touch| touch.hot && touch.relation == shown)
    }

    /// A finding at the operation that says so whatever the release declares.
    pub fn report(&self, rule: &RuleInfo, message: impl Into<String>) -> Finding {
        self.with_notes(Finding::at(
            rule.id,
            rule.severity,
            self.location(self.step.operation.span),
            message,
        ))
    }

    /// A finding at the operation that demands the release type of its effect.
    pub fn report_class(&self, rule: &RuleInfo, message: impl Into<String>) -> Finding {
        let class = self.step.effect.release_type;
        let mut finding = self.report(rule, message);
        finding.severity = self.release.severity(class);
        if class > ReleaseType::None {
            finding.note("demands", class.as_str())
        } else {
            finding
        }
    }

    /// The finding with the places where the previous release uses a name, or with a word on the search for it.
    pub fn used(&self, mut finding: Finding, object: &Name, column: Option<&str>) -> Finding {
        let name = Sought {
            object: object.name.clone(),
            column: column.map(str::to_owned),
        };
        let Some(places) = self.release.uses.get(&name) else {
            return finding;
        };
        if places.is_empty() {
            return finding.note(
                "search",
                format!(
                    "no source of {} names it: weak evidence, as names may be put together at run time",
                    self.release.running()
                ),
            );
        }
        for found in places {
            let says = match found.certainty {
                Certainty::Named => "names it here",
                Certainty::Star => "reads all columns here",
                Certainty::Bound => "binds a column of this name here",
            };
            finding = finding.related(found.place, format!("{} {says}", self.release.running()));
        }
        finding
    }

    fn with_notes(&self, finding: Finding) -> Finding {
        match self.lock_note() {
            Some(text) => finding.note("lock", text),
            None => finding,
        }
    }

    /// `ACCESS EXCLUSIVE on casks, brief; readers queue behind it`.
    fn lock_note(&self) -> Option<String> {
        let touch = self.step.effect.strongest_hot()?;
        let lock = touch.lock?;
        if lock < LockMode::ShareUpdateExclusive {
            return None;
        }
        let others: Vec<String> = self
            .step
            .effect
            .touches
            .iter()
            .filter(|other| {
                other.hot
                    && other.is_table
                    && other.relation != touch.relation
                    && other.lock.is_some_and(LockMode::blocks_writes)
            })
            .map(|other| other.relation.to_string())
            .collect();
        let also = match others.as_slice() {
            [] => String::new(),
            [one] => format!(" and {one}"),
            [one, rest @ ..] => format!(", {one} and {} more", rest.len()),
        };
        let work = match touch.work {
            Work::Brief => "brief",
            Work::Unknown => "for how long is not known",
            Work::Scan => "while every row is read",
            Work::Rewrite => "while every row is written anew",
        };
        let waiting = if lock.blocks_reads() {
            "; readers and writers queue behind it"
        } else if lock.blocks_writes() {
            "; writers queue behind it, readers do not"
        } else {
            "; readers and writers go on"
        };
        Some(format!(
            "{lock} on {}{also}, {work}{waiting}",
            touch.relation
        ))
    }

    /// Since when a table is there, as the end of a sentence: `the table exists since 000012_orders.up.sql`.
    pub fn since(&self, name: &Name) -> String {
        self.relation(name)
            .and_then(|relation| relation.born)
            .and_then(|born| self.release.files.get(born.file as usize))
            .map(|path| {
                let file = path.rsplit('/').next().unwrap_or(path);
                format!("the table exists since {file}")
            })
            .unwrap_or_default()
    }
}
