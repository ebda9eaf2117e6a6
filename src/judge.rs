//! One judgement: from a repository and a request to a report. This is the composition of the stages; each stage is a
//! function of values and lives elsewhere.

mod collect;
mod evidence;
mod finish;
mod mend;
mod migrations;
mod named;
mod outcome;
mod release_fixes;
mod review;
mod runbooks;
mod settings;
mod signatures;
mod shared;
mod touched;
mod unread;
mod uses;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};

pub use mend::{MendError, Mended, mend_all};
pub use shared::Shared;

use crate::cache::Cache;
use crate::charts::Helm;
use crate::discover::{Reader, Snapshot};
use crate::evidence::gpg::Keyring;
use crate::evidence::verify::Release;
use crate::facts::tags::Earlier;
use crate::facts::tags::TagFact;
use crate::facts::{Facts, Origins};
use crate::fix::Files;
use crate::gate::Stage;
use crate::git::{GitError, History, Repository};
use crate::migrations::Survey;
use crate::migrations::lowering::{self, Lowering};
use crate::policy;
use crate::project::Project;
use crate::report::{PolicySection, Report};
use crate::subject::{self, Subject, SubjectError, SubjectRequest};
use crate::version::{BranchScheme, TagScheme};

/// What somebody wants to know.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is judged.
    pub subject: SubjectRequest,
    /// The stage by which gates must be closed; what the subject implies when absent.
    pub stage: Option<Stage>,
    /// With staged changes: the files to report on; all when empty.
    pub files: Vec<String>,
}

/// A report, and the facts that it was made from.
#[derive(Debug)]
pub struct Judgement {
    /// The report.
    pub report: Report,
    /// The facts, as the gates saw them.
    pub facts: Facts,
    /// The places that the facts came from, in the report's sources.
    pub origins: Origins,
}

/// Why nothing could be judged. Every variant ends in exit status 2.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum JudgeError {
    /// There is nothing to judge.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Subject(#[from] SubjectError),
    /// The repository could not be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] GitError),
    /// The configuration names a path that is nowhere.
    #[error("{file} names `{path}` (`{key}`), and there is no such file")]
    #[diagnostic(help(
        "correct the path; what belongs to it is not judged otherwise. Without the key relgate looks for it by itself"
    ))]
    Configured {
        /// The configuration.
        file: String,
        /// The key.
        key: &'static str,
        /// The path.
        path: String,
    },
    /// A file to report on that there is not.
    #[error("`{path}` is neither staged nor in HEAD")]
    #[diagnostic(help("paths are those of git status, from the root of the repository"))]
    NoSuchFile {
        /// The path.
        path: String,
    },
    /// The configuration's baseline is no tag.
    #[error("{file} names `{tag}` (`baseline`), and this clone has no such tag")]
    #[diagnostic(help(
        "git fetch --tags        brings the tags of the remote; git tag --list shows those that are here"
    ))]
    Baseline {
        /// The configuration.
        file: String,
        /// The tag.
        tag: String,
    },
}

/// What judgements of one repository share.
#[derive(Clone)]
pub struct Frame<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// Its configuration and policies.
    pub project: &'a Project,
    /// How its tags are written.
    pub scheme: TagScheme,
    /// How its branches are named.
    pub branches: BranchScheme,
    /// Where lowered migrations are kept between runs.
    pub cache: Option<&'a Cache>,
    /// The time as of which is judged.
    pub now: DateTime<Utc>,
    /// The clock of whoever judges; the same but for an audit, which judges a release of the past as of its own time.
    pub clock: DateTime<Utc>,
    /// The index to judge, when it is another than the repository's own.
    pub index_file: Option<PathBuf>,
    /// Files of the subject that are judged as they would be.
    pub overlay: Files,
    /// The tags of the application that the charts deploy, where that has a repository of its own.
    pub application_tags: Option<Vec<String>>,
    /// Where tags were before, by a ledger; empty when none was asked.
    pub earlier_tags: Earlier,
    /// The keys of OpenPGP that count for tags and commits.
    pub keyring: Option<Keyring>,
    /// The Helm that renders the charts, where somebody asks for it.
    pub helm: Option<Helm>,
    /// The tag is what is being pushed.
    pub pushing: bool,
    /// Reports name every file that counted. It takes as long as there are files, and an audit has no use for it.
    pub lists_inputs: bool,
    /// Reports name the version that is next. An audit asks of each release what it was, not what came after it.
    pub names_next: bool,
    /// The facts of the tags, where the caller has them already.
    pub tags: Option<Arc<Vec<TagFact>>>,
    /// What judgements before this one found out.
    pub shared: Rc<Shared>,
}

impl<'a> Frame<'a> {
    /// Finds out how the repository names things.
    pub fn new(
        repository: &'a Repository,
        project: &'a Project,
        now: DateTime<Utc>,
        cache: Option<&'a Cache>,
    ) -> Result<Self, GitError> {
        let scheme = settings::tag_scheme(repository, &project.config.tags)?;
        let branches = settings::branch_scheme(&project.config.branches, &scheme);
        Ok(Self {
            repository,
            project,
            scheme,
            branches,
            cache,
            now,
            clock: now,
            index_file: None,
            overlay: Files::new(),
            application_tags: None,
            pushing: false,
            lists_inputs: true,
            names_next: true,
            tags: None,
            shared: Rc::default(),
            earlier_tags: Earlier::default(),
            keyring: None,
            helm: None,
        })
    }
}

/// Judges one request.
pub fn judge(frame: &Frame<'_>, request: &Request) -> Result<Judgement, JudgeError> {
    let (subject, history) = subject::load(
        frame.repository,
        &frame.scheme,
        &frame.branches,
        &request.subject,
    )?;
    let mut judgement = judge_subject(frame, &subject, &history, request.stage, &request.files)?;
    review::review(frame, &subject, request, &mut judgement)?;
    Ok(judgement)
}

/// Judges one request, and tells what evidence for it has to fit.
pub fn judge_with_release<'a>(
    frame: &Frame<'a>,
    request: &Request,
) -> Result<(Judgement, Release<'a>), JudgeError> {
    let (subject, history) = subject::load(
        frame.repository,
        &frame.scheme,
        &frame.branches,
        &request.subject,
    )?;
    let judgement = judge_subject(frame, &subject, &history, request.stage, &request.files)?;
    let release = evidence::release(frame, &judgement.facts, &history);
    Ok((judgement, release))
}

/// Judges a subject within a history that was loaded before.
pub fn judge_subject(
    frame: &Frame<'_>,
    subject: &Subject,
    history: &History,
    stage: Option<Stage>,
    files: &[String],
) -> Result<Judgement, JudgeError> {
    let stage = stage.unwrap_or(subject.stage);
    let mut reader = Reader::new(frame.repository).with_overlay(&frame.overlay);
    let mut origins = Origins::default();
    let states = States::load(frame, subject, history)?;
    if let Some(path) = files.iter().find(|path| !states.knows(path)) {
        return Err(JudgeError::NoSuchFile { path: path.clone() });
    }
    reader
        .coverage
        .not_examined
        .extend(states.subject.not_listed.iter().cloned());
    let mut facts = Facts::default();
    collect::release(frame, subject, history, stage, &mut facts, &mut reader)?;
    let collect::Collected {
        mut findings,
        suppressions,
        replayed,
    } = collect::documents(
        frame,
        &states,
        history,
        &mut facts,
        &mut reader,
        &mut origins,
    )?;
    facts.evidence = evidence::collect(
        frame,
        &facts,
        history,
        &states.subject,
        &mut reader,
        &mut origins,
    );
    let taken_away = named::taken_away(frame, &states);
    findings.extend(unread::taken_away(&taken_away));
    let unread = unread::findings(
        &states,
        &facts,
        &reader.coverage,
        &reader.sources,
        &findings,
    );
    findings.extend(unread);
    if let Some(touched) = &states.touched {
        let before = collect::changelog_before(frame, &facts, &states, &mut reader);
        touched::restrict(&mut facts, touched, &before);
    }

    let only = states.reported(files);
    let waivers = settings::waivers(frame.project, &mut reader.sources);
    let mut evaluation = policy::evaluate(
        &frame.project.policies,
        policy::Input {
            facts,
            origins: &origins,
            sources: &reader.sources,
            findings,
            only: only.as_ref(),
            suppressions,
            waivers: &waivers,
            now: frame.now,
        },
    );
    release_fixes::attach(
        &mut evaluation.findings,
        &evaluation.facts,
        &origins,
        &reader.sources,
        frame.now.date_naive(),
    );
    let arguments = fix_arguments(frame, subject);
    for finding in &mut evaluation.findings {
        finding.fixed_by(arguments.as_deref());
    }
    let (report, facts) = finish::report(finish::Parts {
        generated_at: frame.now.to_rfc3339_opts(SecondsFormat::Secs, true),
        next_version: frame
            .names_next
            .then(|| {
                let release = &evaluation.facts.release;
                settings::next_version(frame, history, release, evaluation.required)
            })
            .flatten(),
        subject: settings::subject_section(
            frame.repository,
            subject,
            stage,
            &evaluation.facts.release,
        ),
        evaluation,
        coverage: reader.coverage,
        policy: PolicySection {
            reference: frame.project.reference.clone(),
            digest: frame.project.policies.digest().to_owned(),
            packs: frame.project.policies.packs().to_vec(),
            change: None,
        },
        sources: reader.sources,
        replayed: frame.lists_inputs.then_some(replayed),
        name: settings::short_name(frame.repository),
    });
    Ok(Judgement {
        report,
        facts,
        origins,
    })
}

/// The arguments with which `relgate fix` judges the same content; `None` for a release that is proposed elsewhere than at HEAD,
/// which it does not see. What is said about a tag that exists does not depend on where HEAD is.
fn fix_arguments(frame: &Frame<'_>, subject: &Subject) -> Option<String> {
    match &subject.tag {
        _ if subject.staged => Some("--staged ".to_owned()),
        Some(_) if subject.proposed && frame.repository.head().ok() != subject.commit => None,
        Some(tag) => Some(format!("--tag {} ", tag.name.name)),
        None => Some(String::new()),
    }
}

/// The migrations of a release, before and after, as statements.
pub struct Upgrade {
    /// The directories of both states, and what changed.
    pub survey: Survey,
    /// What their files say.
    pub lowering: Lowering,
}

/// Reads the migrations of what a request names, without judging them.
pub fn upgrade(
    frame: &Frame<'_>,
    request: &SubjectRequest,
    reader: &mut Reader<'_>,
) -> Result<Upgrade, JudgeError> {
    let (subject, history) =
        subject::load(frame.repository, &frame.scheme, &frame.branches, request)?;
    let states = States::load(frame, &subject, &history)?;
    let settings = settings::migrations(&frame.project.config.migrations);
    let survey =
        crate::migrations::survey(states.previous.as_ref(), &states.subject, &settings, reader);
    let lowering = lowering::lower(&survey, reader, frame.cache);
    Ok(Upgrade { survey, lowering })
}

/// The states of the repository that are compared.
pub(crate) struct States {
    /// What is judged.
    pub(crate) subject: Snapshot,
    /// The release before it.
    pub(crate) previous: Option<Snapshot>,
    /// For a pull request or staged changes: what they change.
    pub(crate) touched: Option<BTreeSet<String>>,
    /// And what they start from.
    pub(crate) base: Option<Snapshot>,
}

impl States {
    fn load(frame: &Frame<'_>, subject: &Subject, history: &History) -> Result<Self, JudgeError> {
        let repository = frame.repository;
        let current = match subject.commit {
            _ if subject.staged => Snapshot::of_index(repository, frame.index_file.as_deref())?,
            Some(commit) => frame.shared.state(repository, commit, &subject.label)?,
            None => Snapshot::default(),
        };
        let current = current.overlaid(&frame.overlay);
        named::require(frame, subject, history, &current)?;
        let previous = subject
            .point()
            .and_then(|point| history.lineage(&point).previous.cloned())
            .and_then(|tag| tag.commit.map(|commit| (commit, tag)))
            .map(|(commit, tag)| frame.shared.state(repository, commit, &tag.name.name))
            .transpose()?;
        let base = match subject.changes_since {
            Some(commit) => Some(frame.shared.state(repository, commit, &commit.short())?),
            None if subject.staged => Some(Snapshot::default()),
            None => None,
        };
        let touched = base.as_ref().map(|base| touched::paths(base, &current));
        Ok(Self {
            subject: current,
            previous,
            touched,
            base,
        })
    }

    /// Of a pull request or of staged changes: the paths that findings may be about (and, when some are named, those only).
    fn reported(&self, files: &[String]) -> Option<BTreeSet<String>> {
        let touched = self.touched.as_ref()?;
        let unlisted = self.subject.not_listed.iter().map(|entry| &entry.path);
        let new = unlisted.filter(|path| self.is_new_unlisted(path));
        let all = touched.iter().chain(new);
        Some(
            all.filter(|path| files.is_empty() || files.contains(path))
                .cloned()
                .collect(),
        )
    }

    /// Something is, or was, at a path.
    fn knows(&self, path: &str) -> bool {
        let listed = |state: &Snapshot| state.holds(path) || state.unlisted(path).is_some();
        listed(&self.subject) || self.base.as_ref().is_some_and(listed)
    }

    /// A name that cannot be listed, and that what the change starts from did not hold.
    fn is_new_unlisted(&self, path: &str) -> bool {
        let has = |state: &Snapshot| state.unlisted(path).is_some();
        has(&self.subject) && !self.base.as_ref().is_some_and(has)
    }

    /// What stands at a path in the state of this name is what the subject holds. States share what they have in common, so
    /// an unchanged file may have been read as another state's.
    fn is_subjects(&self, path: &str, revision: &str) -> bool {
        let others = [&self.previous, &self.base];
        revision == self.subject.label
            || (others.into_iter().flatten())
                .any(|state| state.label == revision && state.get(path) == self.subject.get(path))
    }

    /// A path that the release, or the change, touches.
    fn touches(&self, path: &str) -> bool {
        match (&self.touched, &self.previous) {
            (Some(touched), _) => touched.contains(path) || self.is_new_unlisted(path),
            (None, Some(previous)) => previous.get(path) != self.subject.get(path),
            (None, None) => true,
        }
    }
}
