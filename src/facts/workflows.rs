//! GitHub Actions workflows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Origin, Origins};
use crate::discover::{Reader, Snapshot};
use crate::source::Location;
use crate::syntax::workflow;

/// One workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct WorkflowFact {
    /// Its path.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Its trigger filters tags (`on.push.tags`, `on.push.tags-ignore`): a workflow for releases. One that starts for every push is
    /// none, and starts for tags too.
    pub on_tag_push: bool,
    /// The tag filters (`on.push.tags`).
    pub tags: Vec<String>,
    /// The tag filters that exclude (`on.push.tags-ignore`).
    pub tags_ignore: Vec<String>,
    /// It starts for the tag that is judged: `yes`, `no`, or `unknown` without a tag.
    pub fires: String,
    /// It starts for pull requests only when they touch certain paths: a required check that it reports never comes for the others.
    pub pull_request_paths: bool,
    /// The names under which its jobs report.
    pub jobs: Vec<String>,
    /// What its token may do: `limited`, `write-all`, or `unsaid`, which is whatever the repository's settings are.
    pub permissions: String,
    /// What it publishes or promotes before its own tests have passed.
    pub early: Vec<EarlyFact>,
    /// The place of its trigger.
    pub origin: Origin,
}

/// Something that a workflow makes visible before its own tests have passed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct EarlyFact {
    /// The workflow.
    pub path: String,
    /// `publish`: an image, a package or a release; `promotion`: a name that moves, such as `stable` or `latest`.
    pub work: String,
    /// The id of the job that does it.
    pub job: String,
    /// The id of the job that tests, or the name of the workflow that this one starts behind.
    pub test: String,
    /// `not-waiting`: the job does not need the one that tests; `after`: the tests come behind it; `always`: it runs even when
    /// they failed; `completed`: it starts when that workflow is done, whether it succeeded or not.
    pub because: String,
    /// The place of the step.
    pub origin: Origin,
}

/// The workflows of a state, by path. What cannot be read is noted in the coverage, and whether it starts is unknown.
pub fn collect(
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    tag: &str,
    origins: &mut Origins,
) -> Vec<WorkflowFact> {
    let is_workflow = |path: &str| {
        let name = path.strip_prefix(".github/workflows/").unwrap_or(path);
        !name.contains('/') && (name.ends_with(".yml") || name.ends_with(".yaml"))
    };
    let paths: Vec<&str> = snapshot
        .below(".github/workflows")
        .map(|(path, _)| path)
        .filter(|path| is_workflow(path))
        .collect();
    paths
        .into_iter()
        .map(|path| fact(snapshot, reader, path, tag, origins))
        .collect()
}

fn fact(
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    path: &str,
    tag: &str,
    origins: &mut Origins,
) -> WorkflowFact {
    let unread = WorkflowFact {
        path: path.to_owned(),
        fires: "unknown".to_owned(),
        ..WorkflowFact::default()
    };
    let Some(source) = reader.read(snapshot, path) else {
        return unread;
    };
    let text = reader.sources.get(source).text.clone();
    let parsed = workflow::parse(&text);
    if let Some(error) = parsed.errors.first() {
        reader.coverage.skip(path, error.message.clone());
        return unread;
    }
    let workflow = parsed.value;
    if let Some(beyond) = workflow.beyond {
        reader.coverage.skip(path, beyond);
    }
    let push = workflow.push.unwrap_or_else(|| workflow::Push {
        branches: true,
        ..workflow::Push::default()
    });
    let fires = if tag.is_empty() {
        None
    } else {
        push.fires_for_tag(tag)
    };
    WorkflowFact {
        path: path.to_owned(),
        name: workflow.name,
        on_tag_push: push.is_for_tags(),
        fires: fires
            .map_or("unknown", |fires| if fires { "yes" } else { "no" })
            .to_owned(),
        tags: push.tags.unwrap_or_default(),
        tags_ignore: push.tags_ignore.unwrap_or_default(),
        pull_request_paths: workflow.pull_request_paths,
        jobs: workflow.jobs,
        permissions: workflow.permissions.as_str().to_owned(),
        early: workflow
            .early
            .into_iter()
            .map(|early| EarlyFact {
                path: path.to_owned(),
                work: early.work.as_str().to_owned(),
                job: early.job,
                test: early.test,
                because: early.because.as_str().to_owned(),
                origin: origins.add(Location {
                    source,
                    span: early.span,
                }),
            })
            .collect(),
        origin: origins.add(Location {
            source,
            span: workflow.trigger,
        }),
    }
}
