//! What a workflow makes visible before its own tests have passed.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Span;
use crate::syntax::yaml::Node;

use super::act::{self, Act, Work};

/// Something that is published or promoted too early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Early {
    /// What is done.
    pub work: Work,
    /// The job that does it, by its id.
    pub job: String,
    /// The job that tests, or the workflow that this one starts behind.
    pub test: String,
    /// Why that does not come first.
    pub because: Because,
    /// The step.
    pub span: Span,
}

/// Why tests do not come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Because {
    /// The job does not wait for the one that tests (`needs`).
    NotWaiting,
    /// The tests come behind it.
    After,
    /// It waits, and runs after a failure all the same (`if: always()`).
    Always,
    /// It starts when another workflow is done, whether that succeeded or not.
    Completed,
}

impl Because {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotWaiting => "not-waiting",
            Self::After => "after",
            Self::Always => "always",
            Self::Completed => "completed",
        }
    }
}

/// Jobs beyond these are not looked at; GitHub takes 256 in a run.
const MAX_JOBS: usize = 1000;

struct Job<'w> {
    id: &'w str,
    acts: Vec<Act>,
    /// The jobs that are done before it, directly or not.
    after: BTreeSet<usize>,
    always: bool,
    /// It runs for pull requests alone.
    for_pull_requests: bool,
}

/// What is done too early, at most one thing for each job. A workflow without tests has none: they run elsewhere.
pub(super) fn early(root: Node<'_>, on: Node<'_>) -> Vec<Early> {
    let publishes = starts_for_releases(on);
    let only_pull_requests = events(on)
        .iter()
        .all(|event| event.starts_with("pull_request"));
    if only_pull_requests {
        return Vec::new();
    }
    let jobs = jobs(root);
    let behind = completed_workflow(root, on);
    let mut found = Vec::new();
    for index in 0..jobs.len() {
        let job = &jobs[index];
        let early = (job.acts.iter().enumerate())
            .filter(|(_, act)| match act.work {
                Work::Test => false,
                Work::Publish => publishes || behind.is_some(),
                Work::Promote => true,
            })
            .find_map(|(at, act)| {
                let (test, because) = match behind {
                    Some(workflow) => (workflow, Because::Completed),
                    None => unguarded(&jobs, index, at)?,
                };
                Some(Early {
                    work: act.work,
                    job: job.id.to_owned(),
                    test: test.to_owned(),
                    because,
                    span: act.span,
                })
            });
        found.extend(early);
    }
    found
}

/// The first job whose tests do not come before an act.
fn unguarded<'w>(jobs: &[Job<'w>], index: usize, at: usize) -> Option<(&'w str, Because)> {
    let job = &jobs[index];
    if job.for_pull_requests {
        return None;
    }
    let act = job.acts[at];
    for (other, tester) in jobs.iter().enumerate() {
        if tester.for_pull_requests {
            continue;
        }
        for (place, test) in tester.acts.iter().enumerate() {
            if test.work != Work::Test {
                continue;
            }
            let is_before = if other == index {
                place < at
            } else {
                job.after.contains(&other)
            };
            let is_behind = if other == index {
                place > at
            } else {
                tester.after.contains(&index)
            };
            if is_before {
                let ignores = if other == index {
                    act.always
                } else {
                    job.always
                };
                if ignores {
                    return Some((tester.id, Because::Always));
                }
            } else if is_behind {
                // A candidate is pushed, tested, and then promoted.
                if act.work == Work::Promote || !is_promoted_after(jobs, other, place) {
                    return Some((tester.id, Because::After));
                }
            } else {
                return Some((tester.id, Because::NotWaiting));
            }
        }
    }
    None
}

/// Something is promoted or published behind a test.
fn is_promoted_after(jobs: &[Job<'_>], tester: usize, place: usize) -> bool {
    jobs.iter().enumerate().any(|(index, job)| {
        let acts = job.acts.iter().enumerate();
        let mut later =
            acts.filter(|(at, _)| job.after.contains(&tester) || (index == tester && *at > place));
        later.any(|(_, act)| act.work != Work::Test)
    })
}

fn jobs(root: Node<'_>) -> Vec<Job<'_>> {
    let entries: Vec<(&str, Node<'_>)> = root
        .get("jobs")
        .into_iter()
        .flat_map(Node::entries)
        .filter_map(|(id, job)| Some((id.text()?, job)))
        .take(MAX_JOBS)
        .collect();
    let indices: BTreeMap<&str, usize> = entries
        .iter()
        .enumerate()
        .map(|(index, (id, _))| (*id, index))
        .collect();
    let needs: Vec<Vec<usize>> = entries
        .iter()
        .map(|(_, job)| {
            let node = job.get("needs");
            let one = node.and_then(Node::text);
            let many = node
                .into_iter()
                .flat_map(Node::items)
                .filter_map(Node::text);
            one.into_iter()
                .chain(many)
                .filter_map(|id| indices.get(id).copied())
                .collect()
        })
        .collect();
    entries
        .iter()
        .enumerate()
        .map(|(index, &(id, job))| {
            let condition = act::condition(job);
            Job {
                id,
                acts: acts(id, job),
                after: reachable(&needs, index),
                always: condition.is_some_and(act::runs_after_failure),
                for_pull_requests: condition.is_some_and(|text| {
                    text.contains("pull_request") && !text.contains("!=") && !text.contains("||")
                }),
            }
        })
        .collect()
}

fn acts(id: &str, job: Node<'_>) -> Vec<Act> {
    if let Some(uses) = job.get("uses") {
        // What a called workflow does is in another file; its name says whether it tests.
        let name = uses.text().unwrap_or("").split('@').next().unwrap_or("");
        let words = |text: &str| {
            text.split(|c: char| !c.is_alphanumeric())
                .any(|word| ["test", "tests", "e2e", "lint", "checks"].contains(&word))
        };
        let tests = words(id) || words(name.rsplit('/').next().unwrap_or(""));
        return tests
            .then_some(Act {
                work: Work::Test,
                span: uses.span(),
                always: false,
            })
            .into_iter()
            .collect();
    }
    let steps = job.get("steps").into_iter().flat_map(Node::items);
    let mut acts: Vec<Act> = steps.flat_map(act::of_step).collect();
    let ignored = job.get("continue-on-error").and_then(Node::text) == Some("true");
    acts.retain(|act| !(ignored && act.work == Work::Test));
    acts
}

/// The jobs that a job waits for, directly or not.
fn reachable(needs: &[Vec<usize>], from: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = needs[from].clone();
    while let Some(job) = open.pop() {
        if found.insert(job) {
            open.extend(&needs[job]);
        }
    }
    found
}

/// The names of the events that start a workflow.
fn events(on: Node<'_>) -> Vec<&str> {
    on.text()
        .into_iter()
        .chain(on.items().filter_map(Node::text))
        .chain(on.entries().filter_map(|(key, _)| key.text()))
        .collect()
}

/// It starts when a tag is pushed, a release is made, or somebody says so.
fn starts_for_releases(on: Node<'_>) -> bool {
    let is_push_of_tags = super::push(on).is_some_and(|push| push.is_for_tags() || !push.branches);
    is_push_of_tags
        || events(on)
            .iter()
            .any(|event| matches!(*event, "release" | "workflow_dispatch" | "workflow_call"))
}

/// The workflow behind which this one starts without a look at whether it succeeded.
fn completed_workflow<'w>(root: Node<'w>, on: Node<'w>) -> Option<&'w str> {
    let run = on.get("workflow_run")?;
    let types = run.get("types");
    let waits_for_end = types.is_none_or(|types| {
        types.text() == Some("completed")
            || types.items().any(|one| one.text() == Some("completed"))
    });
    let looks = |node: Node<'_>| {
        act::condition(node).is_some_and(|text| text.contains("workflow_run.conclusion"))
    };
    let mut all_jobs = root.get("jobs").into_iter().flat_map(Node::entries);
    let is_guarded = all_jobs.any(|(_, job)| {
        looks(job)
            || job
                .get("steps")
                .into_iter()
                .flat_map(Node::items)
                .any(looks)
    });
    let workflows = run.get("workflows")?;
    let first = workflows
        .text()
        .or_else(|| workflows.items().find_map(Node::text))?;
    (waits_for_end && !is_guarded).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn told(text: &str) -> Vec<String> {
        let workflow = parse(text).value;
        let found = workflow.early.iter();
        found
            .map(|early| {
                format!(
                    "{} in {} {} {} at {}",
                    early.work.as_str(),
                    early.job,
                    early.because.as_str(),
                    early.test,
                    text.get(early.span.range())
                        .unwrap()
                        .split('\n')
                        .next()
                        .unwrap()
                )
            })
            .collect()
    }

    fn check(on: &str, jobs: &str, expected: &[&str]) {
        assert_eq!(
            told(&format!("on: {on}\njobs:\n{jobs}")),
            expected,
            "{on}\n{jobs}"
        );
    }

    const TAGS: &str = "{ push: { tags: ['v*'] } }";
    const TEST: &str = "  test: { steps: [{ run: make test }] }\n";

    #[test]
    fn jobs_wait_for_the_tests() {
        let publish = |more: &str| {
            format!("{TEST}  image: {{ {more} steps: [{{ run: docker push r/c:v1 }}] }}\n")
        };
        check(
            TAGS,
            &publish(""),
            &["publish in image not-waiting test at docker push r/c:v1"],
        );
        check(TAGS, &publish("needs: test,"), &[]);
        check(TAGS, &publish("needs: [test],"), &[]);
        check(
            TAGS,
            &publish("needs: test, if: always(),"),
            &["publish in image always test at docker push r/c:v1"],
        );
        check(
            TAGS,
            &publish("needs: test, if: \"always() && needs.test.result == 'success'\","),
            &[],
        );
        check("{ push: { branches: [main] } }", &publish(""), &[]);
        check("pull_request", &publish(""), &[]);
        let stable = publish("").replace("r/c:v1", "r/c:stable");
        check(
            "{ push: { branches: [main] } }",
            &stable,
            &["promotion in image not-waiting test at docker push r/c:stable"],
        );
    }

    #[test]
    fn waiting_is_transitive_and_may_go_in_circles() {
        check(
            TAGS,
            &format!(
                "{TEST}  build: {{ needs: test, steps: [] }}\n  image: {{ needs: build, steps: [{{ run: docker push r/c:v1 }}] }}\n"
            ),
            &[],
        );
        check(
            TAGS,
            "  a: { needs: b, steps: [{ run: make test }] }\n  b: { needs: [a, none], steps: [{ run: docker push r/c:v1 }] }\n",
            &[],
        );
    }

    #[test]
    fn steps_come_in_their_order() {
        let steps = |steps: &str| format!("  all:\n    steps: [{steps}]\n");
        check(
            TAGS,
            &steps("{ run: make test }, { run: docker push r/c:v1 }"),
            &[],
        );
        check(
            TAGS,
            &steps("{ run: docker push r/c:v1 }, { run: make test }"),
            &["publish in all after all at docker push r/c:v1"],
        );
        check(
            TAGS,
            &steps("{ run: make test }, { run: docker push r/c:v1, if: always() }"),
            &["publish in all always all at docker push r/c:v1"],
        );
        // Pushed, tested, promoted.
        check(
            TAGS,
            &steps(
                "{ run: docker push r/c:v1 }, { run: make test }, { run: crane tag r/c:v1 stable }",
            ),
            &[],
        );
        check(
            TAGS,
            &steps(
                "{ run: crane tag r/c:v1 stable }, { run: make test }, { run: docker push r/c:v1 }",
            ),
            &["promotion in all after all at crane tag r/c:v1 stable"],
        );
    }

    #[test]
    fn actions_and_called_workflows() {
        let after = |uses: &str| {
            format!(
                "  unit: {{ uses: ./.github/workflows/test.yml }}\n  out: {{ steps: [{uses}] }}\n"
            )
        };
        for (uses, early) in [
            ("{ uses: goreleaser/goreleaser-action@v6 }", true),
            (
                "{ uses: goreleaser/goreleaser-action@v6, with: { args: release --snapshot } }",
                false,
            ),
            (
                "{ uses: docker/build-push-action@v6, with: { push: true } }",
                true,
            ),
            (
                "{ uses: docker/build-push-action@v6, with: { push: false } }",
                false,
            ),
            ("{ uses: docker/build-push-action@v6 }", false),
            (
                "{ uses: softprops/action-gh-release@v2, with: { draft: true } }",
                false,
            ),
            ("{ uses: actions/checkout@v4 }", false),
        ] {
            assert_eq!(
                !told(&format!("on: {TAGS}\njobs:\n{}", after(uses))).is_empty(),
                early,
                "{uses}"
            );
        }
    }

    #[test]
    fn tests_that_may_fail_or_do_not_run_are_no_guard_and_no_demand() {
        for test in [
            "  test: { steps: [{ run: make test, continue-on-error: true }] }\n",
            "  test: { continue-on-error: true, steps: [{ run: make test }] }\n",
            "  test: { if: \"github.event_name == 'pull_request'\", steps: [{ run: make test }] }\n",
            "",
        ] {
            check(
                TAGS,
                &format!("{test}  out: {{ steps: [{{ run: docker push r/c:v1 }}] }}\n"),
                &[],
            );
        }
    }

    #[test]
    fn the_end_of_another_workflow_is_not_its_success() {
        let on = "{ workflow_run: { workflows: [ci], types: [completed] } }";
        let job = |condition: &str| {
            format!("  out: {{ {condition} steps: [{{ run: docker push r/c:v1 }}] }}\n")
        };
        check(
            on,
            &job(""),
            &["publish in out completed ci at docker push r/c:v1"],
        );
        check(
            on,
            &job("if: \"github.event.workflow_run.conclusion == 'success'\","),
            &[],
        );
        check(
            "{ workflow_run: { workflows: [ci], types: [requested] } }",
            &job(""),
            &[],
        );
    }

    #[test]
    fn whatever_stands_there_is_no_crash() {
        for jobs in [
            "  a: 1\n",
            "  a: { needs: {}, steps: 3 }\n",
            "  a: { needs: a, steps: [1, { run: [] }, {}] }\n",
        ] {
            check("push", jobs, &[]);
        }
    }
}
