//! What a repository says about how it is judged: configuration, policies and waivers, from the work tree or from a
//! commit.

mod named;
mod trust;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceSpan};

use crate::catalogue;
use crate::config::{Config, FILE_NAMES};
use crate::discover::{MAX_FILE_BYTES, Reader, Snapshot};
use crate::evidence::verify::{Item, Trust};
use crate::files::{self, Unreadable};
use crate::policy::exceptions::unknown_names;
use crate::policy::{self, PolicyErrors, PolicySet, PolicySource};
use crate::syntax::yaml::{self, YamlError};

pub use named::{Named, named};

/// Where configuration and what it names are read from.
#[derive(Debug)]
pub enum Root<'s> {
    /// The work tree's directory.
    WorkTree(PathBuf),
    /// A commit: the protected one of `--policy-ref`, or HEAD where there is no work tree.
    Commit {
        /// Its tree.
        snapshot: &'s Snapshot,
        /// Its id.
        commit: String,
        /// It was named by `--policy-ref`: nothing may come from anywhere else, the configuration file included.
        protected: bool,
    },
}

/// Configuration and policies, ready for use.
#[derive(Debug)]
pub struct Project {
    /// The configuration; empty when there is no file.
    pub config: Config,
    /// The path and the text of the configuration, if there is such a file.
    pub config_file: Option<(String, String)>,
    /// The policies in force.
    pub policies: PolicySet,
    /// The commit that they were read from; empty for the work tree.
    pub reference: String,
    /// The text of the waivers and its path, if there is such a file.
    pub waivers: Option<(String, String)>,
    /// The policies come from a commit that nothing under review can change.
    pub protected: bool,
    /// Everything that decides, by path: configuration, policies, waivers, signers, revoked keys, roles, addresses.
    pub files: BTreeMap<String, String>,
    /// Whom it trusts.
    pub trust: Trust,
    /// What was left to close gates.
    pub evidence: Vec<Item>,
    /// What the configuration names and is not beside it.
    pub absent: Vec<Named>,
    /// The configured directory of evidence, if it is not there.
    pub absent_evidence: Option<String>,
}

/// What can be wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// A file that was named does not exist.
    #[error("{path} does not exist")]
    Missing {
        /// The file.
        path: String,
        /// Who names it.
        named_by: String,
    },
    /// A file cannot be read.
    #[error("{path} cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why not.
        why: String,
    },
    /// The configuration has mistakes.
    #[error("{message}")]
    Config {
        /// The first mistake.
        message: String,
        /// The file and its text.
        source_code: Box<NamedSource<Arc<str>>>,
        /// The places of all mistakes.
        labels: Vec<LabeledSpan>,
    },
    /// The policies have mistakes.
    #[error(transparent)]
    Policies(#[from] PolicyErrors),
}

impl ProjectError {
    /// What is wrong in one line, for those who see no excerpts: the first mistake of policies, and where it is.
    pub fn in_short(&self) -> String {
        let Self::Policies(PolicyErrors(errors)) = self else {
            return self.to_string();
        };
        let Some(first) = errors.first() else {
            return self.to_string();
        };
        let more = match errors.len() {
            1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        format!("{}: {first}{more}", first.document.name())
    }
}

impl Diagnostic for ProjectError {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        match self {
            Self::Missing { named_by, .. } => Some(Box::new(format!("it is named by {named_by}"))),
            Self::Config { .. } => Some(Box::new(
                "relgate schema config prints what the file may hold",
            )),
            Self::Unreadable { .. } => Some(Box::new(
                "it has to be an ordinary text file in UTF-8, inside the repository",
            )),
            Self::Policies(_) => None,
        }
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        match self {
            Self::Config { source_code, .. } => Some(&**source_code),
            _ => None,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        match self {
            Self::Config { labels, .. } => Some(Box::new(labels.iter().cloned())),
            _ => None,
        }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self {
            Self::Policies(errors) => errors.related(),
            _ => None,
        }
    }
}

/// Reads the configuration, and finds and reads the files of the policies that it names.
pub fn sources(
    root: &Root<'_>,
    reader: &mut Reader<'_>,
    config_path: Option<&Path>,
) -> Result<(Config, Vec<PolicySource>), ProjectError> {
    let (config, _, sources) = configured(root, reader, config_path)?;
    Ok((config, sources))
}

/// The configuration alone, whatever is wrong with what it names.
pub fn config(
    root: &Root<'_>,
    reader: &mut Reader<'_>,
    config_path: Option<&Path>,
) -> Result<Config, ProjectError> {
    parsed(load_config(root, reader, config_path)?.as_ref())
}

fn parsed(config_file: Option<&(String, String)>) -> Result<Config, ProjectError> {
    config_file.map_or_else(|| Ok(Config::default()), |(path, text)| parse(path, text))
}

type Configured = (Config, Option<(String, String)>, Vec<PolicySource>);

fn configured(
    root: &Root<'_>,
    reader: &mut Reader<'_>,
    config_path: Option<&Path>,
) -> Result<Configured, ProjectError> {
    let config_file = load_config(root, reader, config_path)?;
    let config = parsed(config_file.as_ref())?;
    let mut sources = Vec::new();
    for name in config.policies() {
        policy_sources(root, reader, &name, &mut sources)?;
    }
    Ok((config, config_file, sources))
}

/// Reads configuration, policies and waivers. `config_path` is the file of `--config`; without it the usual names are
/// looked for, and a repository without any is judged by what is discovered. `evidence_root` is where evidence lies: beside
/// the configuration, or wherever `--evidence-ref` says.
pub fn load(
    root: &Root<'_>,
    evidence_root: &Root<'_>,
    reader: &mut Reader<'_>,
    config_path: Option<&Path>,
) -> Result<Project, ProjectError> {
    let (config, config_file, sources) = configured(root, reader, config_path)?;
    let policies = policy::load_with_rules(&sources, &config.params, &catalogue::rule_ids())
        .map_err(|errors| match &config_file {
            Some((path, text)) => errors.placed_in(path, text),
            None => errors,
        })?;
    let path = config.waivers().to_owned();
    let waivers = match read(root, reader, &path)? {
        Some(text) => Some((path, text)),
        None if config.waivers.is_some() => {
            return Err(ProjectError::Missing {
                path,
                named_by: "waivers in the configuration".to_owned(),
            });
        }
        None => None,
    };
    if let Some((path, text)) = &waivers {
        let mistakes = unknown_names(path, text, &policies);
        if !mistakes.is_empty() {
            return Err(PolicyErrors(mistakes).into());
        }
    }
    let (reference, protected) = match root {
        Root::WorkTree(_) => (String::new(), false),
        Root::Commit {
            commit, protected, ..
        } => (commit.clone(), *protected),
    };
    let mut files: BTreeMap<String, String> = config_file.iter().chain(&waivers).cloned().collect();
    for source in &sources {
        if let PolicySource::File { path, text } = source {
            files.insert(path.clone(), text.to_string());
        }
    }
    for path in [
        config.signers(),
        config.revoked(),
        config.roles(),
        trust::MAILMAP,
    ] {
        if let Some(text) = read(root, reader, path)? {
            files.insert(path.to_owned(), text);
        }
    }
    Ok(Project {
        absent: named::absent(root, &config)?,
        absent_evidence: match &config.evidence {
            Some(path) if !named::exists(evidence_root, path.trim_end_matches('/'))? => {
                Some(path.clone())
            }
            _ => None,
        },
        trust: trust::load(root, reader, &config)?,
        evidence: trust::evidence(evidence_root, reader, config.evidence(), &policies)?,
        config,
        config_file,
        policies,
        reference,
        protected,
        files,
        waivers,
    })
}

fn load_config(
    root: &Root<'_>,
    reader: &mut Reader<'_>,
    config_path: Option<&Path>,
) -> Result<Option<(String, String)>, ProjectError> {
    if let Some(path) = config_path {
        let shown = path.display().to_string();
        let text = match root {
            Root::Commit {
                protected: true, ..
            } => read(root, reader, &shown)?,
            Root::WorkTree(_) | Root::Commit { .. } => read_file(path, &shown)?,
        };
        let text = text.ok_or_else(|| ProjectError::Missing {
            path: shown.clone(),
            named_by: "--config".to_owned(),
        })?;
        return Ok(Some((shown, text)));
    }
    for name in FILE_NAMES {
        if let Some(text) = read(root, reader, name)? {
            return Ok(Some((name.to_owned(), text)));
        }
    }
    Ok(None)
}

fn parse(path: &str, text: &str) -> Result<Config, ProjectError> {
    let blank = text
        .split('\n')
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    if blank {
        return Ok(Config::default());
    }
    let config: Config = yaml::from_str(text).map_err(|errors| mistakes(path, text, errors))?;
    let errors = wrong_rules(text);
    if errors.is_empty() {
        Ok(config)
    } else {
        Err(mistakes(path, text, errors))
    }
}

fn mistakes(path: &str, text: &str, errors: Vec<YamlError>) -> ProjectError {
    ProjectError::Config {
        message: errors
            .first()
            .map_or_else(String::new, |error| error.message.clone()),
        labels: errors
            .into_iter()
            .map(|error| LabeledSpan::new_with_span(None, SourceSpan::from(error.span.range())))
            .collect(),
        source_code: Box::new(NamedSource::new(path, Arc::from(text))),
    }
}

/// The names under `rules.enable` that are no rules which somebody has to enable.
fn wrong_rules(text: &str) -> Vec<YamlError> {
    let documents = yaml::parse(text).value;
    let named = documents
        .first()
        .and_then(|document| document.root().get("rules"))
        .and_then(|rules| rules.get("enable"));
    let mut errors = Vec::new();
    for item in named.into_iter().flat_map(yaml::Node::items) {
        let id = item.text().unwrap_or_default();
        if catalogue::opt_in_ids().any(|known| known == id) {
            continue;
        }
        let is_on = catalogue::rule_ids().iter().any(|known| known == id);
        let message = match catalogue::nearest_opt_in(id) {
            _ if is_on => format!("the rule {id} is on by itself"),
            Some(nearest) => format!("there is no rule {id} to enable; is {nearest} meant?"),
            None => format!("there is no rule {id} to enable: relgate explain --list"),
        };
        errors.push(YamlError {
            span: item.span(),
            message,
        });
    }
    errors
}

/// The policies of a name: `builtin:<pack>`, a file, or a directory of files.
pub fn policy_sources(
    root: &Root<'_>,
    reader: &mut Reader<'_>,
    name: &str,
    sources: &mut Vec<PolicySource>,
) -> Result<(), ProjectError> {
    if let Some(pack) = name.strip_prefix("builtin:") {
        sources.push(PolicySource::Builtin(pack.to_owned()));
        return Ok(());
    }
    let name = name.trim_start_matches("./").trim_end_matches('/');
    if let Some(text) = read(root, reader, name)? {
        sources.push(PolicySource::File {
            path: name.to_owned(),
            text: Arc::from(text),
        });
        return Ok(());
    }
    let files = list(root, reader, name, is_yaml)?;
    if files.is_empty() {
        return Err(ProjectError::Missing {
            path: name.to_owned(),
            named_by: "policies in the configuration (a file, or a directory with .yaml files)"
                .to_owned(),
        });
    }
    for path in files {
        let text = read(root, reader, &path)?.ok_or_else(|| ProjectError::Missing {
            path: path.clone(),
            named_by: name.to_owned(),
        })?;
        sources.push(PolicySource::File {
            path,
            text: Arc::from(text),
        });
    }
    Ok(())
}

/// The files that policies of a name are read from, whether or not they can be; none of a built-in pack.
pub fn policy_paths(root: &Root<'_>, reader: &Reader<'_>, name: &str) -> Vec<String> {
    if name.starts_with("builtin:") {
        return Vec::new();
    }
    let name = name.trim_start_matches("./").trim_end_matches('/');
    let mut paths = list(root, reader, name, is_yaml).unwrap_or_default();
    paths.push(name.to_owned());
    paths
}

fn is_yaml(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|ext| ext.eq_ignore_ascii_case("yaml") || ext.eq_ignore_ascii_case("yml"))
}

/// The files below a directory whose names are wanted, sorted, and what nobody can look into.
fn list(
    root: &Root<'_>,
    reader: &Reader<'_>,
    directory: &str,
    is_wanted: fn(&str) -> bool,
) -> Result<Vec<String>, ProjectError> {
    match root {
        // Of a link that leads to a directory it would not be known what lies there: reading it fails.
        Root::Commit { snapshot, .. } => Ok(snapshot
            .below(directory)
            .filter(|(path, entry)| {
                is_wanted(path) || reader.may_hold_more(snapshot, path, **entry)
            })
            .map(|(path, _)| path.to_owned())
            .collect()),
        Root::WorkTree(top) => {
            let base = top.join(directory);
            if !base.is_dir() {
                return Ok(Vec::new());
            }
            let found =
                files::below(&base, Some(top)).map_err(|error| ProjectError::Unreadable {
                    path: directory.to_owned(),
                    why: error.to_string(),
                })?;
            let named = found.iter().filter_map(|file| {
                let path = file.strip_prefix(top).ok()?.to_string_lossy();
                let path = path.replace(std::path::MAIN_SEPARATOR, "/");
                // A link out of the repository is listed as well: reading it fails.
                (is_wanted(&path) || file.is_dir()).then_some(path)
            });
            Ok(named.collect())
        }
    }
}

/// The text of a file of the repository; `None` when there is no such file.
pub fn read(
    root: &Root<'_>,
    reader: &mut Reader<'_>,
    path: &str,
) -> Result<Option<String>, ProjectError> {
    match root {
        Root::WorkTree(top) => {
            let file = top.join(path);
            // A link may lead anywhere; what decides a release has to be in the repository.
            if let (Ok(real), Ok(inside)) = (file.canonicalize(), top.canonicalize())
                && !real.starts_with(&inside)
            {
                let why = "it is a link that leads out of the repository".to_owned();
                return Err(ProjectError::Unreadable {
                    path: path.to_owned(),
                    why,
                });
            }
            read_file(&file, path)
        }
        Root::Commit { snapshot, .. } => {
            if snapshot.get(path).is_none() {
                return Ok(None);
            }
            match reader.read(snapshot, path) {
                Some(id) => Ok(Some(reader.sources.get(id).text.to_string())),
                None => {
                    let why = reader
                        .coverage
                        .not_examined
                        .iter()
                        .rev()
                        .find(|entry| entry.path == path)
                        .map_or_else(
                            || "git cannot read it".to_owned(),
                            |entry| entry.reason.clone(),
                        );
                    Err(ProjectError::Unreadable {
                        path: path.to_owned(),
                        why,
                    })
                }
            }
        }
    }
}

fn read_file(file: &Path, shown: &str) -> Result<Option<String>, ProjectError> {
    match files::read_text(file, MAX_FILE_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(Unreadable::Missing | Unreadable::Directory) => Ok(None),
        Err(why) => Err(ProjectError::Unreadable {
            path: shown.to_owned(),
            why: why.to_string(),
        }),
    }
}
