//! What `relgate init` writes and says.

use std::fmt::Write as _;
use std::path::Path;

use super::super::args::Init;
use super::{Found, HOOKS_PATH, Kind, WORKFLOW_PATH};
use crate::config::DEFAULT_POLICIES;
use crate::report::text::{escape, plural};

/// Writing into a `String` cannot fail.
macro_rules! put {
    ($page:expr, $($arguments:tt)*) => {{
        let _ = writeln!($page, $($arguments)*);
    }};
}

/// The configuration: what was found, each part with what it is for.
pub(super) fn config(found: &Found) -> String {
    let mut page = String::new();
    put!(
        page,
        "# What relgate saw in this repository. Every key may go: what is absent is found out at each run."
    );
    put!(
        page,
        "# All keys: relgate schema config. All rules, gates and policies: relgate explain --list.\n"
    );
    put!(
        page,
        "# Releases are {p}1.2.3, candidates {p}1.2.3-rc1, hotfixes {p}1.2.3-hotfix1.",
        p = escape(&found.prefix)
    );
    put!(
        page,
        "tags: {{ prefix: {}, candidate: rc, hotfix: hotfix }}\n",
        quoted(&found.prefix)
    );
    put!(
        page,
        "# Where patches are tagged, and where the other releases are prepared."
    );
    let main = if found.main.is_empty() {
        "main"
    } else {
        &found.main
    };
    put!(
        page,
        "branches: {{ main: {}, release: \"{}\", hotfix: \"hotfix/*\" }}\n",
        quoted(main),
        found.branches
    );
    baseline(found, &mut page);
    changelog(found, &mut page);
    migrations(found, &mut page);
    charts(found, &mut page);
    put!(
        page,
        "# Places that hold the version and must say the same as the tag."
    );
    put!(
        page,
        "# versionReferences: [{{ path: README.md, pattern: \"cellar:v{{version}}\" }}]\n"
    );
    policies(found, &mut page);
    page
}

fn policies(found: &Found, page: &mut String) {
    put!(
        page,
        "# What decides. Your own policies go beside these: a file, or a directory of files. Packs: release-process (branches, candidates,"
    );
    put!(
        page,
        "# approvals), migration-safety, helm, semver (the version and nothing else), trunk-based (no branches, no candidates) and"
    );
    put!(page, "# change-management.");
    let mut params = Vec::new();
    if found.kind == Kind::Package {
        put!(
            page,
            "# No candidate was ever tagged, and there are neither migrations nor a chart: users install what is tagged, and the version is"
        );
        put!(
            page,
            "# what they go by. For a process with stages and approvals: policies: [{}]",
            DEFAULT_POLICIES.join(", ")
        );
        put!(page, "policies: [builtin:semver]");
    } else {
        put!(page, "policies: [{}]\n", DEFAULT_POLICIES.join(", "));
        put!(
            page,
            "# Which migrations a patch may carry: none, or additive-only (those that only add and have an exact way down)."
        );
        params.push("patchMigrations: none");
    }
    if found.calendar {
        put!(
            page,
            "\n# The versions are dates: they say nothing about what an upgrade breaks, and none has to follow from the one before."
        );
        params.push("versions: calendar");
    }
    if !params.is_empty() {
        put!(page, "params: {{ {} }}", params.join(", "));
    }
}

fn baseline(found: &Found, page: &mut String) {
    if let Some(tag) = &found.baseline {
        put!(
            page,
            "# Everything up to this release is history: relgate audit starts behind it. A check looks at what changed since the"
        );
        put!(page, "# release before it anyway.");
        put!(page, "baseline: {}\n", quoted(tag));
    }
}

fn changelog(found: &Found, page: &mut String) {
    let path = &found.facts.changelog.path;
    if path.is_empty() {
        put!(
            page,
            "# No changelog was found. Each release needs a section in one (https://keepachangelog.com)."
        );
        put!(page, "# changelog: CHANGELOG.md\n");
    } else {
        put!(page, "changelog: {}\n", quoted(path));
    }
}

fn migrations(found: &Found, page: &mut String) {
    let directories = &found.facts.migrations.directories;
    if directories.is_empty() {
        put!(page, "# No migrations were found.");
        put!(
            page,
            "# migrations: [{{ path: db/migrations, dialect: postgresql, runner: golang-migrate, serverVersion: 16 }}]\n"
        );
        return;
    }
    let mut paths: Vec<&str> = directories.iter().map(|it| it.path.as_str()).collect();
    paths.dedup();
    if paths.len() < directories.len() {
        put!(
            page,
            "# Migrations were found in {}. Some hold one file for each database, which relgate tells apart by itself.\n",
            paths
                .iter()
                .map(|path| escape(path))
                .collect::<Vec<_>>()
                .join(", ")
        );
        return;
    }
    put!(
        page,
        "# phase: pre-upgrade when migrations run before the new version starts, post-upgrade when they run after it."
    );
    put!(
        page,
        "# Add serverVersion: locks and rewrites depend on it."
    );
    put!(page, "migrations:");
    for directory in directories {
        let mut fields = vec![format!("path: {}", quoted(&directory.path))];
        for (key, value) in [
            ("dialect", &directory.dialect),
            ("runner", &directory.runner),
            ("phase", &directory.phase),
        ] {
            if !value.is_empty() && value != "unknown" {
                fields.push(format!("{key}: {}", quoted(value)));
            }
        }
        put!(
            page,
            "  # {}, the last is {}",
            plural(count(directory.count), "migration"),
            escape(&directory.latest)
        );
        put!(page, "  - {{ {} }}", fields.join(", "));
    }
    put!(page, "");
}

fn charts(found: &Found, page: &mut String) {
    let charts = &found.facts.charts;
    if charts.is_empty() {
        put!(page, "# No Helm chart was found.");
        put!(
            page,
            "# charts: [{{ path: charts/cellar, imageTag: image.tag }}]\n"
        );
        return;
    }
    put!(
        page,
        "# imageTag is the key of the values that carries the release."
    );
    put!(page, "charts:");
    for chart in charts {
        let mut fields = vec![format!("path: {}", quoted(&chart.directory))];
        if !chart.image.key.is_empty() {
            fields.push(format!("imageTag: {}", quoted(&chart.image.key)));
        }
        put!(page, "  - {{ {} }}", fields.join(", "));
    }
    put!(page, "");
}

fn count(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// A scalar of a flow mapping: plain where that is safe, else as a JSON string, which YAML reads as well.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.');
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n" | "~"
    );
    if starts && !word && text.chars().all(plain) && text.len() < 200 {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

/// `.pre-commit-config.yaml`.
pub(super) fn hooks() -> &'static str {
    "# pre-commit install --hook-type pre-commit --hook-type commit-msg --hook-type pre-push\n\
     repos:\n\
     \x20 - repo: https://github.com/relgate/relgate\n\
     \x20   rev: v0.1.0\n\
     \x20   hooks:\n\
     \x20     - id: relgate             # what is staged, before each commit\n\
     \x20     # - id: relgate-commit-msg  # the message is a Conventional Commit\n\
     \x20     - id: relgate-tags        # a release tag, before it is pushed\n"
}

/// What was found in a few words, and what to do now.
pub(super) fn next_steps(found: &Found, args: &Init, top: &Path) -> String {
    let facts = &found.facts;
    let migrations: u64 = facts
        .migrations
        .directories
        .iter()
        .map(|directory| directory.count)
        .sum();
    let mut text = format!(
        "found {}, {} in {}, {}{}\n\nnext\n{}",
        plural(found.releases, "release"),
        plural(count(migrations), "migration"),
        match facts.migrations.directories.len() {
            1 => "1 directory".to_owned(),
            n => format!("{n} directories"),
        },
        plural(facts.charts.len(), "chart"),
        if facts.changelog.path.is_empty() {
            ", no changelog"
        } else {
            ""
        },
        first_commands(found),
    );
    if !args.hooks {
        match std::fs::read_to_string(top.join(HOOKS_PATH)) {
            Ok(hooks) if hooks.contains("relgate") => {}
            // What others wrote is not replaced.
            Ok(_) => put!(
                text,
                "  relgate init --hooks --dry-run   what to add to {HOOKS_PATH}"
            ),
            Err(_) => put!(
                text,
                "  relgate init --hooks       check before each commit, with pre-commit"
            ),
        }
    }
    if !facts.charts.is_empty() && !args.values_schema {
        put!(
            text,
            "  relgate init --values-schema   a values.schema.json for each chart without one"
        );
    }
    if !args.workflow && !top.join(WORKFLOW_PATH).exists() {
        put!(
            text,
            "  relgate init --workflow    check pull requests on GitHub"
        );
    }
    text
}

/// What to run first. Without a release there is nothing to compare with, so that the first one has to be named.
fn first_commands(found: &Found) -> String {
    let (tag, since) = match &found.baseline {
        Some(tag) => (
            String::new(),
            format!("what is wrong since {}", escape(tag)),
        ),
        None if found.releases > 0 => (
            String::new(),
            "what is wrong since the beginning".to_owned(),
        ),
        None => (
            format!(" --tag {}0.1.0", escape(&found.prefix)),
            "what is wrong with HEAD as the first release".to_owned(),
        ),
    };
    let check = format!("relgate check{tag}");
    let plan = format!("relgate plan{tag}");
    format!("  {check:<26} {since}\n  {plan:<26} what the next release is, and what it needs\n")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn scalars_stay_text() {
        for (text, expected) in [
            ("charts/cellar", "charts/cellar"),
            ("v", "v"),
            ("1.0", "\"1.0\""),
            ("yes", "\"yes\""),
            ("a: b", "\"a: b\""),
            ("", "\"\""),
            ("x\n#", "\"x\\n#\""),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
