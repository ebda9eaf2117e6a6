//! From the configuration and the repository to the plain settings that the collectors take.

use super::Frame;
use crate::config::{BranchesConfig, TagsConfig};
use crate::facts::release::ReleaseFacts;
use crate::gate::Stage;
use crate::git::{GitError, History, Repository};
use crate::policy::exceptions::{self, Waivers};
use crate::project::Project;
use crate::report::{ReleasePoint, SubjectSection};
use crate::source::Sources;
use crate::subject::Subject;
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
pub(super) fn branch_scheme(config: &BranchesConfig) -> BranchScheme {
    let default = BranchScheme::default();
    BranchScheme {
        main: config.main.clone(),
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
            path: one
                .path
                .trim_start_matches("./")
                .trim_end_matches('/')
                .to_owned(),
            dialect: one.dialect,
            runner: one.runner,
            server_version: one.server_version,
            phase: one.phase,
        })
        .collect()
}

/// The configured charts.
pub(super) fn charts(
    configured: &[crate::config::ChartConfig],
) -> Vec<crate::charts::ChartSettings> {
    configured
        .iter()
        .map(|one| crate::charts::ChartSettings {
            path: one
                .path
                .trim_start_matches("./")
                .trim_end_matches('/')
                .to_owned(),
            image_tag: one.image_tag.clone(),
            values: one.values.clone(),
        })
        .collect()
}
