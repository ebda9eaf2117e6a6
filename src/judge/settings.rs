//! From the configuration and the repository to the plain settings that the collectors take.

use super::{Frame, States};
use crate::config::{BranchesConfig, TagsConfig};
use crate::discover::Reader;
use crate::facts::release::ReleaseFacts;
use crate::gate::Stage;
use crate::git::{GitError, History, Repository};
use crate::glob;
use crate::policy::exceptions::{self, Waivers};
use crate::project::Project;
use crate::report::{ReleasePoint, SubjectSection};
use crate::source::{Location, Sources, Span};
use crate::subject::Subject;
use crate::suppress::{Pattern, Reach, Suppressions};
use crate::syntax::yaml;
use crate::version::{self, BranchScheme, ReleaseType, TagScheme};

/// How tags are written: as configured, and the prefix, when it is not configured, as most tags have it.
pub(super) fn tag_scheme(
    repository: &Repository,
    config: &TagsConfig,
) -> Result<TagScheme, GitError> {
    let prefix = match &config.prefix {
        Some(prefix) => prefix.clone(),
        None => version::detect_prefix(repository.tag_names()?.iter().map(String::as_str)),
    };
    let mut scheme = TagScheme::with_prefix(&prefix);
    if let Some(candidate) = &config.candidate {
        scheme.candidate.clone_from(candidate);
    }
    if let Some(hotfix) = &config.hotfix {
        scheme.hotfix.clone_from(hotfix);
    }
    Ok(scheme)
}

/// How branches are named.
pub(super) fn branch_scheme(config: &BranchesConfig, tags: &TagScheme) -> BranchScheme {
    let default = if tags.prefix.is_empty() {
        BranchScheme::without_v()
    } else {
        BranchScheme::default()
    };
    BranchScheme {
        main: config.main.clone(),
        other_release: default.other_release.filter(|_| config.release.is_none()),
        release: config.release.clone().unwrap_or(default.release),
        hotfix: config.hotfix.clone().unwrap_or(default.hotfix),
    }
}

/// The waivers of the project.
pub(super) fn waivers(project: &Project, sources: &mut Sources) -> Waivers {
    match &project.waivers {
        Some((path, text)) => {
            let id = sources.add(path.as_str(), project.reference.as_str(), text.as_str());
            exceptions::read(sources, id)
        }
        None => Waivers::default(),
    }
}

/// Adds the comments of the subject's YAML files, which findings may be about whether or not the release touches them, and
/// what the configuration leaves out.
pub(super) fn suppressions(
    frame: &Frame<'_>,
    states: &States,
    reader: &mut Reader<'_>,
    suppressions: &mut Suppressions,
) {
    let mut judged = Vec::new();
    for id in reader.sources.ids() {
        let file = reader.sources.get(id);
        let touched = file.revision == states.subject.label && states.touches(&file.path);
        if touched {
            judged.push(file.path.clone());
        }
        let is_yaml = file.path.ends_with(".yaml") || file.path.ends_with(".yml");
        if is_yaml && states.is_subjects(&file.path, &file.revision) {
            suppressions.add_yaml(id, &file.text, touched);
        }
    }
    let configured = &frame.project.config.suppressions;
    let (false, Some((path, text))) = (configured.is_empty(), &frame.project.config_file) else {
        return;
    };
    let reference = frame.project.reference.as_str();
    let source = reader.sources.add(path.as_str(), reference, text.as_str());
    let documents = yaml::parse(text).value;
    let entries = documents
        .first()
        .and_then(|document| document.root().get("suppressions"));
    let spans: Vec<Span> = entries.map_or_else(Vec::new, |entries| {
        entries.items().map(yaml::Node::span).collect()
    });
    for (index, one) in configured.iter().enumerate() {
        let matches = |path: &String| one.paths.iter().any(|glob| glob::matches(glob, path));
        let reach = if judged.iter().any(matches) {
            Reach::Judged
        } else if states.subject.entries.keys().any(matches) {
            Reach::NotJudged
        } else {
            Reach::Nothing
        };
        suppressions.add_pattern(Pattern {
            rules: one.rules.clone(),
            paths: one.paths.clone(),
            reason: one.reason.trim().to_owned(),
            location: Location {
                source,
                span: spans.get(index).copied().unwrap_or_default(),
            },
            reach,
            used: false,
        });
    }
}

/// What the report says about the subject.
pub(super) fn subject_section(
    repository: &Repository,
    subject: &Subject,
    stage: Stage,
    release: &ReleaseFacts,
) -> SubjectSection {
    let point = |release: &crate::facts::release::ReleaseRef| {
        (!release.tag.is_empty()).then(|| ReleasePoint {
            tag: release.tag.clone(),
            version: release.version.clone(),
            commit: release.commit.clone(),
        })
    };
    SubjectSection {
        repository: repository.name(),
        tag: subject.tag.as_ref().map(|tag| tag.name.name.clone()),
        kind: subject.kind(),
        version: subject.version.as_ref().map(ToString::to_string),
        commit: match subject.commit {
            Some(commit) if !subject.staged => commit.to_string(),
            _ => String::new(),
        },
        proposed: subject.proposed,
        stage,
        previous: point(&release.previous),
        ancestor: point(&release.ancestor),
    }
}

/// The last part of the repository's name.
pub(super) fn short_name(repository: &Repository) -> String {
    let name = repository.name();
    let name = name
        .trim_end_matches('/')
        .rsplit(['/', ':'])
        .next()
        .unwrap_or_default();
    name.strip_suffix(".git").unwrap_or(name).to_owned()
}

/// The tag that the next release would have: the previous release's version grown by the required type, or the version of
/// the release branch. `None` when nothing demands a release.
pub(super) fn next_version(
    frame: &Frame<'_>,
    history: &History,
    release: &ReleaseFacts,
    required: ReleaseType,
) -> Option<String> {
    let scheme = &frame.scheme;
    if release.tag.is_empty() && !release.version.is_empty() {
        let meant = scheme.version(&release.version)?;
        return Some(scheme.tag(&meant));
    }
    let Some(previous) = scheme.version(&release.previous.version) else {
        return (!release.tag.is_empty()).then(|| release.tag.clone());
    };
    if required == ReleaseType::None {
        return None;
    }
    let taken = |version: &version::Version| {
        history.tag(&scheme.tag(version)).is_some() && scheme.tag(version) != release.tag
    };
    version::next_free(&previous, required, taken).map(|next| scheme.tag(&next))
}

/// The configured directories of migrations.
pub(super) fn migrations(
    configured: &[crate::config::MigrationsConfig],
) -> Vec<crate::migrations::MigrationSettings> {
    configured
        .iter()
        .map(|one| crate::migrations::MigrationSettings {
            path: one.path.clone(),
            dialect: one.dialect,
            runner: one.runner,
            server_version: one.server_version,
            assume_lock_timeout: one.assume_lock_timeout,
            assume_statement_timeout: one.assume_statement_timeout,
            phase: one.phase,
        })
        .collect()
}

/// The configured places that hold the version: file and pattern.
pub(super) fn references(configured: &[crate::config::VersionReference]) -> Vec<(String, String)> {
    configured
        .iter()
        .map(|one| (one.path.clone(), one.pattern.clone()))
        .collect()
}

/// The configured charts.
pub(super) fn charts(
    configured: &[crate::config::ChartConfig],
) -> Vec<crate::charts::ChartSettings> {
    configured
        .iter()
        .map(|one| crate::charts::ChartSettings {
            path: one.path.clone(),
            image_tag: one.image_tag.clone(),
            values: one.values.clone(),
        })
        .collect()
}
