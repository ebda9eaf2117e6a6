//! What a step of a workflow does, as far as its action or its commands say: test, publish, or move a name that people follow.

use crate::source::Span;
use crate::syntax::yaml::Node;

/// A thing that a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Act {
    pub(super) work: Work,
    /// Where it is said: the step's `uses` or `run`.
    pub(super) span: Span,
    /// It happens even when what stands before it failed.
    pub(super) always: bool,
    /// It happens only when the workflow that started this one succeeded.
    pub(super) asks: bool,
}

/// What a release cares about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Tests or checks run.
    Test,
    /// An image, a package or a release becomes visible.
    Publish,
    /// A name that moves (`stable`, `latest`) is put on something.
    Promote,
}

impl Work {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Publish => "publish",
            Self::Promote => "promotion",
        }
    }
}

/// Names that people follow, and that a promotion moves.
const FLOATING: [&str; 7] = [
    "stable",
    "latest",
    "production",
    "prod",
    "current",
    "lts",
    "released",
];

/// Actions that make something visible whatever they are given.
const PUBLISHING: [&str; 8] = [
    "softprops/action-gh-release",
    "ncipollo/release-action",
    "actions/create-release",
    "svenstaro/upload-release-action",
    "pypa/gh-action-pypi-publish",
    "helm/chart-releaser-action",
    "js-devtools/npm-publish",
    "rubygems/release-gem",
];

/// Actions that check.
const TESTING: [&str; 4] = [
    "golangci/golangci-lint-action",
    "relgate/relgate",
    "cypress-io/github-action",
    "pre-commit/action",
];

/// Programs whose first argument says that they test, beside those that test whatever they are given.
const TESTS: [(&str, &[&str]); 14] = [
    ("go", &["test", "vet"]),
    ("cargo", &["test", "nextest", "clippy"]),
    ("npm", &["test", "t"]),
    ("yarn", &["test"]),
    ("pnpm", &["test"]),
    ("bazel", &["test"]),
    ("dotnet", &["test"]),
    ("mix", &["test"]),
    ("helm", &["test", "lint"]),
    ("ct", &["lint", "install", "lint-and-install"]),
    ("golangci-lint", &["run"]),
    ("relgate", &["check"]),
    ("deno", &["test"]),
    ("bun", &["test"]),
];
const TESTERS: [&str; 9] = [
    "pytest",
    "tox",
    "nox",
    "rspec",
    "phpunit",
    "ctest",
    "jest",
    "vitest",
    "gotestsum",
];
/// Programs that run a target of that name.
const RUNNERS: [&str; 8] = [
    "make",
    "just",
    "task",
    "mage",
    "mvn",
    "./mvnw",
    "gradle",
    "./gradlew",
];
/// Words that begin the names of such targets.
const TARGETS: [&str; 7] = [
    "test",
    "check",
    "verify",
    "lint",
    "e2e",
    "integration",
    "unit",
];

const PRELUDE: [&str; 13] = [
    "sudo", "if", "then", "else", "do", "!", "{", "time", "timeout", "exec", "env", "xvfb-run",
    "npx",
];

/// What a step does, in order.
pub(super) fn of_step(step: Node<'_>) -> Vec<Act> {
    let always = condition(step).is_some_and(runs_after_failure);
    let act = |work, node: Node<'_>| Act {
        work,
        span: node.span(),
        always,
        asks: condition(step).is_some_and(asks_for_success),
    };
    let ignored = step
        .get("continue-on-error")
        .and_then(Node::text)
        .is_some_and(|text| text == "true");
    let mut acts: Vec<Act> = Vec::new();
    if let Some(uses) = step.get("uses") {
        acts.extend(action(step, uses.text().unwrap_or("")).map(|work| act(work, uses)));
    }
    if let Some(run) = step.get("run") {
        let works = commands(run.text().unwrap_or(""));
        acts.extend(works.into_iter().map(|work| act(work, run)));
    }
    // Tests that may fail guard nothing, and nobody is told to wait for them.
    acts.retain(|act| act.work != Work::Test || !(ignored || always));
    acts.dedup();
    acts
}

/// The `if` of a job or a step.
pub(super) fn condition(node: Node<'_>) -> Option<&str> {
    node.get("if").and_then(Node::text)
}

/// `if: always()` and its like, without a look at what the others gave.
pub(super) fn runs_after_failure(condition: &str) -> bool {
    let ignores = ["always()", "!cancelled()", "failure()"]
        .iter()
        .any(|word| condition.contains(word));
    let looks = [
        "success()",
        ".result",
        ".outcome",
        ".conclusion",
        "!failure()",
    ]
    .iter()
    .any(|word| condition.contains(word));
    ignores && !looks
}

/// How the workflow ended that started this one (`on: workflow_run`).
const CONCLUSION: &str = "workflow_run.conclusion";

/// `if: github.event.workflow_run.conclusion == 'success'` and its like.
pub(super) fn asks_for_success(condition: &str) -> bool {
    let Some((_, rest)) = condition.split_once(CONCLUSION) else {
        return false;
    };
    let literal = |rest: &str| {
        let rest = rest.trim_start().strip_prefix(['\'', '"'])?;
        Some(rest.starts_with("success"))
    };
    let rest = rest.trim_start();
    if let Some(rest) = rest.strip_prefix("==") {
        literal(rest) == Some(true)
    } else if let Some(rest) = rest.strip_prefix("!=") {
        literal(rest) == Some(false)
    } else {
        condition.contains("success")
    }
}

/// A step that ends its job when the workflow that started this one did not succeed.
pub(super) fn stops_without_success(step: Node<'_>) -> bool {
    let looks =
        condition(step).is_some_and(|text| text.contains(CONCLUSION) && !asks_for_success(text));
    let run = step.get("run").and_then(Node::text).unwrap_or("");
    looks && run.split_whitespace().any(|word| word == "exit")
}

fn action(step: Node<'_>, uses: &str) -> Option<Work> {
    let name = uses.split('@').next().unwrap_or(uses).to_ascii_lowercase();
    let with = |key: &str| {
        let inputs = step.get("with")?;
        inputs.get(key).and_then(Node::text)
    };
    let is_off = |value: Option<&str>| value.is_none_or(|value| value.trim() == "false");
    match name.as_str() {
        "docker/build-push-action" | "docker/bake-action" => {
            if is_off(with("push")) {
                return None;
            }
            let tags = with("tags").unwrap_or("");
            let floats = tags
                .split(|c: char| c.is_whitespace() || c == ',')
                .any(names_floating);
            Some(if floats { Work::Promote } else { Work::Publish })
        }
        "goreleaser/goreleaser-action" => {
            let arguments = with("args").unwrap_or("release");
            is_goreleaser_release(arguments).then_some(Work::Publish)
        }
        _ if PUBLISHING.contains(&name.as_str()) => {
            let draft = with("draft").is_some_and(|draft| draft != "false");
            (!draft).then_some(Work::Publish)
        }
        _ if TESTING.contains(&name.as_str()) => Some(Work::Test),
        _ => None,
    }
}

fn is_goreleaser_release(arguments: &str) -> bool {
    arguments.split_whitespace().any(|word| word == "release")
        && !["--snapshot", "--skip-publish", "--skip=publish", "--draft"]
            .iter()
            .any(|word| arguments.contains(word))
}

/// What the commands of a script do, in order. A script is looked at word by word, not run: what a variable or another script
/// holds is not seen.
fn commands(script: &str) -> Vec<Work> {
    let joined = script.replace("\\\n", " ");
    let mut works = Vec::new();
    for line in joined.split('\n') {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        let commands = line
            .split("&&")
            .flat_map(|part| part.split("||"))
            .flat_map(|part| part.split(';'));
        for command in commands {
            let words: Vec<&str> = command
                .split_whitespace()
                .map(|word| word.trim_matches(['"', '\'', '(', ')']))
                .skip_while(|word| is_prelude(word))
                .collect();
            let words = match words.as_slice() {
                [
                    "poetry" | "uv" | "pipenv" | "hatch" | "pdm",
                    "run",
                    rest @ ..,
                ]
                | ["bundle", "exec", rest @ ..] => rest,
                all => all,
            };
            works.extend(command_of(words));
        }
    }
    works
}

/// What may stand before a program: assignments, words of the shell, and programs that run another one.
fn is_prelude(word: &str) -> bool {
    let is_assignment = word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    });
    let is_duration = word.starts_with(|c: char| c.is_ascii_digit());
    is_assignment || is_duration || PRELUDE.contains(&word)
}

fn command_of(words: &[&str]) -> Option<Work> {
    let (&program, rest) = words.split_first()?;
    let program = match program.rsplit_once('/') {
        Some((_, name)) if !RUNNERS.contains(&program) => name,
        _ => program,
    };
    let has = |wanted: &str| rest.contains(&wanted);
    let first = rest.first().copied().unwrap_or("");
    let second = rest.get(1).copied().unwrap_or("");
    let dry = rest.iter().any(|word| word.starts_with("--dry-run"));
    let floats = || rest.iter().any(|word| names_floating(word));
    let image = || {
        Some(if floats() {
            Work::Promote
        } else {
            Work::Publish
        })
    };
    match program {
        "docker" | "podman" | "buildah" if first == "push" => image(),
        "docker" if first == "compose" && second == "push" => Some(Work::Publish),
        "docker" if first == "buildx" && second == "imagetools" => {
            floats().then_some(Work::Promote)
        }
        "docker" if matches!(first, "build" | "buildx") => {
            let pushes = rest.iter().any(|word| {
                *word == "--push" || *word == "--push=true" || word.contains("type=registry")
            });
            pushes.then(image).flatten()
        }
        "crane" | "regctl" | "skopeo" | "oras" | "gcrane" => match first {
            "tag" => floats().then_some(Work::Promote),
            "push" | "copy" | "cp" | "image" => image(),
            _ => None,
        },
        "ko" if matches!(first, "build" | "publish" | "apply" | "resolve") => {
            let local = has("--local") || has("--push=false") || has("-L");
            (!local).then_some(Work::Publish)
        }
        "git" if first == "push" => {
            let forced =
                has("-f") || has("--force") || rest.iter().any(|word| word.starts_with('+'));
            let tag = rest.iter().skip(1).any(|word| names_floating_tag(word));
            (forced && tag).then_some(Work::Promote)
        }
        "helm" if first == "push" => Some(Work::Publish),
        "goreleaser" => is_goreleaser_release(&rest.join(" ")).then_some(Work::Publish),
        "gh" if first == "release" => {
            let shown = second == "create" && !has("--draft") && !has("-d");
            let undrafted = second == "edit" && has("--draft=false");
            (shown || undrafted).then_some(Work::Publish)
        }
        "npm" | "pnpm" | "cargo" | "poetry" | "uv" | "maturin" | "flit" | "hatch"
            if first == "publish" =>
        {
            (!dry).then_some(Work::Publish)
        }
        "yarn" if first == "publish" || (first == "npm" && second == "publish") => {
            Some(Work::Publish)
        }
        "twine" if first == "upload" => Some(Work::Publish),
        "gem" if first == "push" => Some(Work::Publish),
        "mvn" | "./mvnw" if has("deploy") => Some(Work::Publish),
        "npm" | "yarn" | "pnpm" if first == "run" => is_target(second).then_some(Work::Test),
        "python" | "python3" if first == "-m" => {
            matches!(second, "pytest" | "unittest" | "tox" | "nox").then_some(Work::Test)
        }
        _ if TESTERS.contains(&program) => Some(Work::Test),
        _ if RUNNERS.contains(&program) => {
            let target = |word: &&&str| !word.starts_with('-') && is_target(word);
            rest.iter().find(target).map(|_| Work::Test)
        }
        _ => TESTS
            .iter()
            .any(|(name, verbs)| *name == program && verbs.contains(&first))
            .then_some(Work::Test),
    }
}

/// `test`, `test-unit`, `check`, `lint:fix`, `:app:test`.
fn is_target(word: &str) -> bool {
    word.split(|c: char| !c.is_alphanumeric())
        .any(|part| TARGETS.contains(&part) || part == "tests")
}

/// `registry.example.org/cellar:stable`, `stable`.
fn names_floating(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'']);
    let tag = word.rsplit(':').next().unwrap_or(word);
    FLOATING.contains(&tag)
}

/// `stable`, `refs/tags/stable`, `HEAD:refs/tags/stable`, `+stable`; `v1` too, which followers of an action use.
fn names_floating_tag(word: &str) -> bool {
    let name = word.rsplit(['/', ':', '+']).next().unwrap_or(word);
    word.contains("refs/tags/") || FLOATING.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_say_what_they_do() {
        for (script, expected) in [
            ("make test", vec![Work::Test]),
            ("make build", vec![]),
            ("make -j4 unit-tests", vec![Work::Test]),
            ("CGO_ENABLED=0 go test ./...", vec![Work::Test]),
            ("go build ./...", vec![]),
            ("npm ci && npm run test:unit", vec![Work::Test]),
            ("poetry run pytest", vec![Work::Test]),
            ("timeout 30m make test", vec![Work::Test]),
            ("python3 -m pytest -q", vec![Work::Test]),
            ("./gradlew :app:test", vec![Work::Test]),
            ("docker push r/cellar:$TAG", vec![Work::Publish]),
            ("docker push r/cellar:stable", vec![Work::Promote]),
            ("docker build -t r/cellar:latest .", vec![]),
            (
                "docker buildx build --push \\\n  -t r/cellar:$TAG .",
                vec![Work::Publish],
            ),
            (
                "docker buildx imagetools create -t r/c:stable r/c:$TAG",
                vec![Work::Promote],
            ),
            ("crane tag r/c:$TAG stable", vec![Work::Promote]),
            ("crane tag r/c:$SHA $TAG", vec![]),
            (
                "skopeo copy docker://a docker://b:$TAG",
                vec![Work::Publish],
            ),
            ("git push --force origin stable", vec![Work::Promote]),
            ("git push -f origin refs/tags/v1", vec![Work::Promote]),
            ("git push --force origin gh-pages", vec![]),
            ("git push origin main", vec![]),
            ("goreleaser release --clean", vec![Work::Publish]),
            ("goreleaser release --snapshot", vec![]),
            ("gh release create $TAG --draft", vec![]),
            ("gh release create $TAG dist/*", vec![Work::Publish]),
            ("cargo publish --dry-run", vec![]),
            ("# docker push r/cellar:stable", vec![]),
            (
                "make test; helm push c.tgz oci://r",
                vec![Work::Test, Work::Publish],
            ),
            ("", vec![]),
            ("&& ;; ||", vec![]),
        ] {
            assert_eq!(commands(script), expected, "{script}");
        }
    }
}
