//! What every page ends with: how to except, and what the id serves in the release process and for auditors.

use std::fmt::Write as _;

use crate::gate::{Control, controls_text};
use crate::policy::explain::built_in;

/// What an id belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    /// A rule over SQL or over the files of migrations.
    Migrations,
    /// A rule over charts and their values.
    Helm,
    /// A rule over the changelog.
    Changelog,
    /// What could not be looked at.
    Inputs,
    /// What is wrong with waivers and suppressions, which nothing suppresses.
    Exceptions,
    /// What a rehearsal finds.
    Rehearsal,
    /// What the evaluation itself finds.
    Release,
    /// A change to what decides, which nothing waives.
    Trust,
    /// A gate of a policy.
    Gate,
    /// A validation or a demand of a policy.
    Policy,
}

/// The lines of the release process that relgate implements, by the gate or the policy that serves them.
const LINES: &[(&str, &str)] = &[
    ("after-gates", "Post-Release Tasks"),
    ("app-version", "Update image tags in Helm values files"),
    (
        "architecture-review",
        "Major release: manual with extensive testing; requires architecture review",
    ),
    (
        "artifacts-built",
        "GoReleaser builds multi-architecture binaries, images and artifacts",
    ),
    ("backup", "Backup database, before the deployment"),
    (
        "candidate-gates",
        "Release Candidate (for minor/major releases)",
    ),
    (
        "candidates",
        "Tag release candidate, and release what was tested",
    ),
    (
        "change-gates",
        "Check database migration scripts for correctness",
    ),
    ("changelog", "Update CHANGELOG.md with release notes"),
    (
        "changelog-updated",
        "Update CHANGELOG.md with release notes",
    ),
    (
        "chart-reviewed",
        "Submit PR for Helm chart updates; merge after validation",
    ),
    ("chart-tested", "Test Helm chart deployment in staging"),
    ("chart-updated", "Update image tags in Helm values files"),
    ("chart-version", "Update Helm charts"),
    (
        "ci-tests",
        "Ensure all tests pass on main branch; run full test suite including integration tests",
    ),
    (
        "customer-notification",
        "Coordinated announcement with migration guide",
    ),
    ("deploy-gates", "Production Deployment"),
    ("deploy-safety", "Production Deployment"),
    ("deployment-verified", "Verify deployment: pods and logs"),
    ("docs-build", "Documentation builds successfully"),
    ("docs-updated", "Update documentation if needed"),
    (
        "expedited-approval",
        "Hotfix: deploy with expedited approval",
    ),
    ("hotfix", "Hotfix releases"),
    ("hotfix-branch", "Create hotfix branch from release tag"),
    ("hotfix-minimal", "Apply minimal fix"),
    ("hotfix-tag", "Tag hotfix version"),
    (
        "incident-rollback",
        "Incident response: stop, restore, deploy the previous version",
    ),
    ("load-test", "Load testing for performance impact"),
    ("locks", "Check database migration scripts for correctness"),
    (
        "merged-changes-reviewed",
        "Review merged PRs since last release",
    ),
    (
        "migration-correctness",
        "Check database migration scripts for correctness",
    ),
    (
        "migration-enabled",
        "Deploy with migration: migration.enabled=true, --wait, --timeout",
    ),
    (
        "migration-plan",
        "Requires migration planning and possible downtime",
    ),
    (
        "migration-release-types",
        "Check for breaking changes or migrations",
    ),
    ("migration-tests", "Database migration tests must pass"),
    (
        "migrations-verified",
        "Verify database migrations completed successfully",
    ),
    ("monitoring-24h", "Monitor for issues in first 24 hours"),
    ("on-call-coordinated", "Coordinate with on-call team"),
    (
        "performance-regression",
        "Performance regression tests must pass",
    ),
    ("release-announced", "Announce release to team/customers"),
    ("release-branch", "Create release branch (for minor/major)"),
    ("release-candidate", "Tag release candidate"),
    ("release-gates", "Release Execution"),
    ("release-image", "Update image tags in Helm values files"),
    (
        "release-config",
        "GoReleaser builds multi-architecture binaries, images and artifacts",
    ),
    (
        "release-types",
        "Determine version bump type (patch/minor/major)",
    ),
    (
        "release-workflow-triggers",
        "GoReleaser automatically triggers on tag push",
    ),
    ("rollback-ready", "Rollback Procedures"),
    (
        "rolling-update",
        "Automatic rolling update: updateStrategy.type=RollingUpdate",
    ),
    ("runbook-valid", "The document's own commands"),
    ("security-review", "Review security implications of changes"),
    (
        "security-scan",
        "Security scanning and vulnerability assessment",
    ),
    ("signatures", "Create Release Tag"),
    ("stable-tag", "Update `stable` tag to point to new release"),
    ("staging-deployment", "Deploy RC to staging environment"),
    ("staging-tests", "Run automated test suite against staging"),
    ("tag-signed", "git tag vX.Y.Z"),
    ("tag-published", "git push origin vX.Y.Z"),
    (
        "tagged-from-main",
        "Patch releases: git checkout main, git tag",
    ),
    ("tags", "Create Release Tag"),
    (
        "team-lead-approval",
        "Minor release: semi-automated with approval gates",
    ),
    ("validation", "Customer/internal validation testing"),
    (
        "values-compatibility",
        "Check for breaking changes or migrations",
    ),
    (
        "version-references-updated",
        "Update version references in code if needed",
    ),
];

/// The end of the page of an id; `owner` is the policy that declares it, if one does.
pub(super) fn text(id: &str, area: Area, owner: Option<&str>) -> String {
    let mut page = String::new();
    except(id, area, owner, &mut page);
    let gate = match area {
        Area::Migrations => Some("migration-correctness"),
        Area::Rehearsal => Some("migration-tests"),
        Area::Helm => Some("chart-updated"),
        Area::Changelog => Some("changelog-updated"),
        Area::Trust => Some("merged-changes-reviewed"),
        Area::Exceptions | Area::Inputs | Area::Policy | Area::Release => None,
        Area::Gate => Some(id),
    };
    let line = gate
        .or((area == Area::Release).then_some("release-types"))
        .or(owner)
        .and_then(line_of);
    page.push_str(&in_the_process(line));
    // The page of a gate, a validation or a demand names its controls itself.
    let controls = gate
        .filter(|_| area != Area::Gate)
        .map_or_else(String::new, controls_of);
    if !controls.is_empty() {
        let gate = gate.unwrap_or_default();
        let _ = write!(
            page,
            "\n## Controls\n\n{controls}, by the gate [`{gate}`]({gate}.md)\n"
        );
    }
    page
}

/// What an id serves of the document: every page says it, or that there is nothing.
fn in_the_process(line: Option<&str>) -> String {
    let line = line.map_or_else(
        || "Not from the document.".to_owned(),
        |line| format!("> {line}"),
    );
    format!("\n## In the release process\n\n{line}\n")
}

/// The end of the page of a policy, which is left out in the configuration, not excepted.
pub(super) fn of_policy(name: &str) -> String {
    in_the_process(line_of(name))
}

fn line_of(id: &str) -> Option<&'static str> {
    let found = LINES.iter().find(|(known, _)| *known == id);
    found.map(|(_, line)| *line)
}

fn controls_of(gate: &str) -> String {
    let gates = built_in()
        .policies()
        .iter()
        .flat_map(|loaded| &loaded.policy.gates);
    let controls: Vec<Control> = gates
        .filter(|spec| spec.id == gate)
        .flat_map(|spec| spec.controls.clone())
        .collect();
    if controls.is_empty() {
        return String::new();
    }
    controls_text(&controls)
}

fn except(id: &str, area: Area, owner: Option<&str>, page: &mut String) {
    let comment = match area {
        Area::Migrations => Some(("sql", "--")),
        Area::Helm => Some(("yaml", "#")),
        _ => None,
    };
    let name = match area {
        Area::Exceptions | Area::Trust => return,
        Area::Gate => "gates",
        Area::Policy => owner.unwrap_or("rules"),
        _ => "rules",
    };
    page.push_str("\n## How to except\n");
    if let Some((language, mark)) = comment {
        let _ = write!(
            page,
            "\nWhere it stands, in the line itself or in the one before:\n\n```{language}\n{mark} relgate: ignore {id} reason=\"why this one is right\"\n```\n\nOr for a time, with somebody who answers for it:\n"
        );
    } else {
        page.push_str("\nFor a time, with somebody who answers for it:\n");
    }
    let paths = if comment.is_some() {
        "paths: [\"**\"], "
    } else {
        ""
    };
    let _ = write!(
        page,
        "\n```yaml .relgate/waivers.yaml\napiVersion: relgate.dev/v1alpha1\nkind: PolicyException\nmetadata: {{ name: {id} }}\nspec:\n  policyRefs: [{{ name: {name}, ids: [{id}] }}]\n  match: {{ {paths}tags: [\"v1.4.*\"] }}\n  reason: why it may be so\n  approvedBy: lead@example.org\n  effectiveOn: 2026-06-01T00:00:00Z\n  expiresAt: 2026-12-31T00:00:00Z\n```\n"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gate_of_the_process_serves_a_line_and_no_line_is_left_over() {
        let policies = built_in().policies();
        let gates = policies.iter().flat_map(|loaded| {
            let of_the_process = loaded.path.starts_with("builtin:release-process/");
            let gates = loaded.policy.gates.iter();
            gates.map(move |gate| (of_the_process, gate.id.as_str()))
        });
        let mut known: Vec<&str> = policies.iter().map(|it| it.policy.name.as_str()).collect();
        for (of_the_process, gate) in gates {
            known.push(gate);
            assert!(
                !of_the_process || line_of(gate).is_some(),
                "{gate} serves no line of the process"
            );
        }
        for id in crate::catalogue::entries() {
            let page = crate::catalogue::page(&id.id).unwrap_or_default();
            assert!(
                page.contains("\n## In the release process\n"),
                "{} does not say what it serves",
                id.id
            );
        }
        for (id, _) in LINES {
            assert!(known.contains(id), "{id} is neither a gate nor a policy");
        }
    }
}
