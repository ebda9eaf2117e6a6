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

/// Jobs beyond these are not looked at; GitHub takes as many in a run.
const MAX_JOBS: usize = 256;
/// What a job does beyond this is not looked at.
const MAX_ACTS: usize = 1000;

struct Job<'w> {
    id: &'w str,
    acts: Vec<Act>,
    /// The first and the last of its acts that are tests.
    tests: Option<(usize, usize)>,
    /// The last of its acts that is none.
    last_release: Option<usize>,
    /// The jobs that are done before it, directly or not.
    after: BTreeSet<usize>,
    always: bool,
    /// It runs only when the workflow that started this one succeeded.
    asks: bool,
    /// It runs to its end only then.
    guards: bool,
    /// It runs for pull requests alone.
    for_pull_requests: bool,
}

/// What is done too early, at most one thing for each job, and what was not looked at. A workflow without tests has nothing
/// early: they run elsewhere.
pub(super) fn early(root: Node<'_>, on: Node<'_>) -> (Vec<Early>, Option<String>) {
    let publishes = starts_for_releases(on);
    let only_pull_requests = events(on)
        .iter()
        .all(|event| event.starts_with("pull_request"));
    if only_pull_requests {
        return (Vec::new(), None);
    }
    let (jobs, beyond) = jobs(root);
    let behind = completed_workflow(on);
    let is_used = used_after(&jobs);
    let mut found = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        let asks = job.asks || (!job.always && job.after.iter().any(|&other| jobs[other].guards));
        let early = (job.acts.iter().enumerate()).find_map(|(at, act)| {
            let behind = behind.filter(|_| !(asks || act.asks));
            let counts = match act.work {
                Work::Test => false,
                Work::Publish => publishes || behind.is_some(),
                Work::Promote => true,
            };
            let (test, because) = match behind {
                _ if !counts => return None,
                Some(workflow) => (workflow, Because::Completed),
                None => unguarded(&jobs, &is_used, index, at)?,
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
    (found, beyond)
}

/// The first job whose tests do not come before an act. `is_used` is what [`used_after`] gives.
fn unguarded<'w>(
    jobs: &[Job<'w>],
    is_used: &[bool],
    index: usize,
    at: usize,
) -> Option<(&'w str, Because)> {
    let job = &jobs[index];
    if job.for_pull_requests {
        return None;
    }
    let act = job.acts[at];
    for (other, tester) in jobs.iter().enumerate() {
        let Some((first, last)) = tester.tests.filter(|_| !tester.for_pull_requests) else {
            continue;
        };
        // A candidate is pushed, tested, and then promoted.
        let is_early = act.work == Work::Promote
            || !(is_used[other] || tester.last_release.is_some_and(|release| release > last));
        let because = if other == index {
            if first < at && act.always {
                Because::Always
            } else if last > at && is_early {
                Because::After
            } else {
                continue;
            }
        } else if job.after.contains(&other) {
            if !job.always {
                continue;
            }
            Because::Always
        } else if tester.after.contains(&index) {
            if !is_early {
                continue;
            }
            Because::After
        } else {
            Because::NotWaiting
        };
        return Some((tester.id, because));
    }
    None
}

/// Of each job, whether another one publishes or promotes something behind it.
fn used_after(jobs: &[Job<'_>]) -> Vec<bool> {
    let mut used = vec![false; jobs.len()];
    for job in jobs.iter().filter(|job| job.last_release.is_some()) {
        for &before in &job.after {
            used[before] = true;
        }
    }
    used
}

/// The jobs, and what was not looked at.
fn jobs(root: Node<'_>) -> (Vec<Job<'_>>, Option<String>) {
    let mut entries: Vec<(&str, Node<'_>)> = root
        .get("jobs")
        .into_iter()
        .flat_map(Node::entries)
        .filter_map(|(id, job)| Some((id.text()?, job)))
        .collect();
    let mut beyond = (entries.len() > MAX_JOBS)
        .then(|| format!("the jobs behind the first {MAX_JOBS} are not looked at"));
    entries.truncate(MAX_JOBS);
    let indices: BTreeMap<&str, usize> = entries
        .iter()
        .enumerate()
        .map(|(index, (id, _))| (*id, index))
        .collect();
    let needs: Vec<BTreeSet<usize>> = entries
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
    let mut jobs = Vec::with_capacity(entries.len());
    for (index, &(id, job)) in entries.iter().enumerate() {
        let condition = act::condition(job);
        let mut acts = acts(id, job);
        if acts.len() > MAX_ACTS {
            acts.truncate(MAX_ACTS);
            beyond.get_or_insert_with(|| {
                format!("of the job {id} what stands behind its first {MAX_ACTS} commands is not looked at")
            });
        }
        let asks = condition.is_some_and(act::asks_for_success);
        let places = |is_test: bool| {
            let mut places = (acts.iter().enumerate())
                .filter(move |(_, act)| (act.work == Work::Test) == is_test)
                .map(|(place, _)| place);
            let first = places.next()?;
            Some((first, places.next_back().unwrap_or(first)))
        };
        jobs.push(Job {
            id,
            tests: places(true),
            last_release: places(false).map(|(_, last)| last),
            after: reachable(&needs, index),
            always: condition.is_some_and(act::runs_after_failure),
            asks,
            guards: asks || steps(job).any(act::stops_without_success),
            for_pull_requests: condition.is_some_and(|text| {
                text.contains("pull_request") && !text.contains("!=") && !text.contains("||")
            }),
            acts,
        });
    }
    (jobs, beyond)
}

fn steps(job: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    job.get("steps").into_iter().flat_map(Node::items)
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
                asks: false,
            })
            .into_iter()
            .collect();
    }
    let mut acts: Vec<Act> = Vec::new();
    let mut asks = false;
    for step in steps(job) {
        asks |= act::stops_without_success(step);
        let step = act::of_step(step).into_iter();
        acts.extend(step.map(|act| Act {
            asks: act.asks || asks,
            ..act
        }));
        // One more than is looked at, so that it shows.
        if acts.len() > MAX_ACTS {
            break;
        }
    }
    let ignored = job.get("continue-on-error").and_then(Node::text) == Some("true");
    acts.retain(|act| !(ignored && act.work == Work::Test));
    acts
}

/// The jobs that a job waits for, directly or not.
fn reachable(needs: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = needs[from].iter().copied().collect();
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

/// The workflow behind whose end this one starts, whether it succeeded or not.
fn completed_workflow(on: Node<'_>) -> Option<&str> {
    let run = on.get("workflow_run")?;
    let types = run.get("types");
    let waits_for_end = types.is_none_or(|types| {
        types.text() == Some("completed")
            || types.items().any(|one| one.text() == Some("completed"))
    });
    let workflows = run.get("workflows")?;
    let first = workflows
        .text()
        .or_else(|| workflows.items().find_map(Node::text))?;
    waits_for_end.then_some(first)
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

    /// Each job that publishes has to ask, or to stand behind one that does; what another job asks is no guard of it.
    #[test]
    fn every_publishing_job_asks_for_success() {
        let on = "{ workflow_run: { workflows: [ci], types: [completed] } }";
        let success = "github.event.workflow_run.conclusion == 'success'";
        let failure = "github.event.workflow_run.conclusion == 'failure'";
        let push = "{ run: docker push r/c:v1 }";
        let early = "publish in out completed ci at docker push r/c:v1";
        let check = |jobs: &str, is_early: bool| {
            let expected = [early];
            check(on, jobs, &expected[..usize::from(is_early)]);
        };
        let notify = format!("  notify: {{ if: \"{failure}\", steps: [{{ run: mail }}] }}\n");
        check(&format!("{notify}  out: {{ steps: [{push}] }}\n"), true);
        check(
            &format!("  out: {{ if: \"{failure}\", steps: [{push}] }}\n"),
            true,
        );
        check(
            &format!(
                "  out: {{ if: \"github.event.workflow_run.conclusion != 'failure'\", steps: [{push}] }}\n"
            ),
            false,
        );
        let guard = format!("  guard: {{ if: \"{success}\", steps: [{{ run: ls }}] }}\n");
        check(
            &format!("{guard}  out: {{ needs: guard, steps: [{push}] }}\n"),
            false,
        );
        check(&format!("{guard}  out: {{ steps: [{push}] }}\n"), true);
        check(
            &format!("{guard}  out: {{ needs: guard, if: always(), steps: [{push}] }}\n"),
            true,
        );
        let stop = format!("{{ if: \"{failure}\", run: exit 1 }}");
        check(&format!("  out: {{ steps: [{stop}, {push}] }}\n"), false);
        check(&format!("  out: {{ steps: [{push}, {stop}] }}\n"), true);
        check(
            &format!(
                "  guard: {{ steps: [{stop}] }}\n  out: {{ needs: guard, steps: [{push}] }}\n"
            ),
            false,
        );
        let told = format!("{{ if: \"{failure}\", run: mail }}");
        check(&format!("  out: {{ steps: [{told}, {push}] }}\n"), true);
        check(
            &format!("  out: {{ steps: [{{ if: \"{success}\", run: docker push r/c:v1 }}] }}\n"),
            false,
        );
    }

    /// Many commands take time in proportion, and those beyond the limit are told of.
    #[test]
    fn many_commands_end_soon() {
        let run = "        go test ./...\n        docker push r/c:v1\n".repeat(100_000);
        let text = format!("on: {TAGS}\njobs:\n  all:\n    steps:\n    - run: |\n{run}");
        assert_eq!(parse(&text).errors, []);
        let start = std::time::Instant::now();
        let workflow = parse(&text).value;
        assert!(start.elapsed().as_secs() < 60);
        assert!(workflow.beyond.unwrap().contains("the job all"));
        let jobs: String = (0..300)
            .map(|n| format!("  j{n}: {{ steps: [{{ run: docker push r/c:v1 }}] }}\n"))
            .collect();
        let workflow = parse(&format!("on: {TAGS}\njobs:\n{jobs}")).value;
        assert!(workflow.beyond.unwrap().contains("first 256"));
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
