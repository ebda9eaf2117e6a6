//! `relgate init`: looks at the repository and writes down what it saw, so that people can correct it.

mod text;

use std::io;
use std::path::{Path, PathBuf};

use chrono::Datelike as _;

use super::CommandError;
use super::args::{Global, Init};
use super::context::Context;
use super::output::Streams;
use super::progress::Progress;
use crate::charts::{self, Chart, YamlFile};
use crate::config::{Config, FILE_NAMES};
use crate::discover::{Reader, Snapshot};
use crate::facts::Facts;
use crate::files::write_whole;
use crate::git::{Repository, Tag};
use crate::judge::{JudgeError, Request, judge};
use crate::subject::SubjectRequest;
use crate::version::TagKind;

/// The workflow for pull requests.
const WORKFLOW: &str = include_str!("../../docs/ci/pull-request.yml");
const WORKFLOW_PATH: &str = ".github/workflows/relgate.yml";
const HOOKS_PATH: &str = ".pre-commit-config.yaml";

/// Why nothing was written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum InitError {
    /// There is nowhere to write to.
    #[error("a bare repository has no work tree to write relgate.yaml into")]
    #[diagnostic(help("run relgate init in a clone with a work tree, or relgate init --dry-run"))]
    Bare,
    /// A file is in the way.
    #[error("{path} exists")]
    #[diagnostic(help(
        "relgate init --dry-run shows what it would hold; relgate init --force replaces it"
    ))]
    Exists { path: String },
    /// A tag that is none.
    #[error("--baseline {tag}: there is no final or hotfix tag of that name")]
    #[diagnostic(help("git tag --list shows the tags of this clone"))]
    Baseline { tag: String },
    /// A file cannot be written.
    #[error("{path} cannot be written: {why}")]
    #[diagnostic(help("nothing was left half written"))]
    Write { path: String, why: io::Error },
}

pub(super) fn run(global: &Global, args: &Init, streams: &Streams) -> Result<u8, CommandError> {
    let (found, top) = {
        let _progress = Progress::start(streams.progress, "looking at the repository");
        look(global, args)?
    };
    let own = |path: &str, text: String| (path.to_owned(), text);
    let config = config_path(top.as_deref());
    let has_config = top.as_deref().is_some_and(|top| top.join(config).exists());
    let mut files = Vec::new();
    // Who asks for hooks or a workflow later keeps the configuration that is there.
    if !has_config || args.force || !(args.hooks || args.workflow || args.values_schema) {
        files.push(own(config, text::config(&found)));
    }
    if args.hooks {
        files.push(own(HOOKS_PATH, text::hooks().to_owned()));
    }
    if args.workflow {
        files.push(own(WORKFLOW_PATH, WORKFLOW.to_owned()));
    }
    if args.values_schema {
        files.extend(found.schemas.iter().cloned());
    }
    if args.dry_run {
        for (path, text) in &files {
            Streams::print(&format!("# {path}\n{text}"))?;
        }
        return Ok(0);
    }
    let top = top.ok_or(InitError::Bare)?;
    // Everything is looked at before anything is written.
    let taken = files.iter().find(|(path, _)| top.join(path).exists());
    if let (Some((path, _)), false) = (taken, args.force) {
        return Err(InitError::Exists { path: path.clone() }.into());
    }
    for (path, text) in &files {
        write(&top.join(path), text).map_err(|why| InitError::Write {
            path: path.clone(),
            why,
        })?;
        Streams::print(&format!("wrote {path}\n"))?;
    }
    Streams::print(&text::next_steps(&found, args, &top))?;
    Ok(0)
}

/// What was found in the repository.
struct Found {
    facts: Facts,
    prefix: String,
    main: String,
    baseline: Option<String>,
    releases: usize,
    /// Schemas for the charts of HEAD that have none: path and text.
    schemas: Vec<(String, String)>,
    kind: Kind,
    /// The versions are dates.
    calendar: bool,
    /// What a release branch is called.
    branches: String,
}

/// The way of releasing that a repository shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Candidates, migrations or a chart: something is deployed.
    Process,
    /// Neither candidates, nor migrations, nor a chart: users install what is tagged.
    Package,
}

fn look(global: &Global, args: &Init) -> Result<(Found, Option<PathBuf>), CommandError> {
    let mut context = Context::open(global)?;
    // What stands in an old configuration is not found out, but copied: a new one starts from the repository.
    context.project.config = Config::default();
    context.project.absent.clear();
    context.project.absent_evidence = None;
    let frame = context.frame()?;
    let request = |subject| Request {
        subject,
        stage: None,
        files: Vec::new(),
    };
    let facts = match judge(&frame, &request(SubjectRequest::Head)) {
        Ok(judgement) => judgement.facts,
        // Before the first release, the first one is what can be looked at.
        Err(JudgeError::Subject(_)) => {
            let name = format!("{}0.1.0", frame.scheme.prefix);
            judge(&frame, &request(SubjectRequest::Tag { name, at: None }))?.facts
        }
        Err(error) => return Err(error.into()),
    };
    let tags = context.repository.tags(&frame.scheme)?;
    let releases: Vec<&str> = tags
        .iter()
        .filter(|tag| matches!(tag.kind(), TagKind::Final | TagKind::Hotfix))
        .map(|tag| tag.name.name.as_str())
        .collect();
    let baseline = match &args.baseline {
        Some(tag) if !releases.contains(&tag.as_str()) => {
            return Err(InitError::Baseline { tag: tag.clone() }.into());
        }
        Some(tag) => Some(tag.clone()),
        None => Some(facts.release.previous.tag.clone()).filter(|tag| !tag.is_empty()),
    };
    let schemas = if args.values_schema {
        schemas(&context.repository)?
    } else {
        Vec::new()
    };
    let is_deployed = tags.iter().any(|tag| tag.kind() == TagKind::Candidate)
        || !facts.migrations.directories.is_empty()
        || !facts.charts.is_empty();
    let found = Found {
        schemas,
        kind: if is_deployed || releases.is_empty() {
            Kind::Process
        } else {
            Kind::Package
        },
        calendar: is_calendar(&tags, &context.repository),
        branches: frame.branches.release.clone(),
        prefix: frame.scheme.prefix.clone(),
        main: facts.release.main_branch.clone(),
        baseline,
        releases: releases.len(),
        facts,
    };
    Ok((found, context.repository.workdir().map(PathBuf::from)))
}

/// A schema for each chart of HEAD that has values which Helm reads, and no schema.
fn schemas(repository: &Repository) -> Result<Vec<(String, String)>, CommandError> {
    let head = Snapshot::of_commit(repository, repository.resolve("HEAD")?, "HEAD")?;
    let survey = charts::survey(None, &head, &[], &mut Reader::new(repository));
    let fits = |chart: &&Chart| {
        let state = &chart.state;
        let is_read = |file: &YamlFile| file.errors.is_empty() && file.value.is_some();
        state.schema.is_none() && state.values.first().is_some_and(is_read)
    };
    let found = survey.charts.iter().filter(fits).map(|chart| {
        let file = chart
            .state
            .path()
            .replace("Chart.yaml", "values.schema.json");
        (file, format!("{:#}\n", charts::derive_schema(chart)))
    });
    Ok(found.collect())
}

/// How many of the newest finals decide whether versions are dates.
const NEWEST: usize = 12;

/// Most of the newest finals have the year in which they were made as their first number: `2026.1.0`, `26.1.0`.
fn is_calendar(tags: &[Tag], repository: &Repository) -> bool {
    let finals = tags.iter().rev().filter(|tag| tag.kind() == TagKind::Final);
    let years: Vec<bool> = finals
        .take(NEWEST)
        .filter_map(|tag| {
            let made = repository.commit(tag.commit?).ok()?.time;
            let year = chrono::DateTime::from_timestamp(made, 0)?.year();
            let year = u64::try_from(year).ok()?;
            let major = tag.version()?.major();
            Some(major == year || major == year % 100)
        })
        .collect();
    let matching = years.iter().filter(|is_year| **is_year).count();
    years.len() >= 3 && matching * 4 >= years.len() * 3
}

/// The name that is in use, so that there are never two configurations.
fn config_path(top: Option<&Path>) -> &'static str {
    let [first, second] = FILE_NAMES;
    match top {
        Some(top) if top.join(second).exists() => second,
        _ => first,
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)?;
    write_whole(path, text.as_bytes())
}
