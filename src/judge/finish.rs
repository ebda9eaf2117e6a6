//! From everything that is known to a report: verdict, next version, order, digests.

use std::collections::BTreeSet;

use crate::decision::{self, Inputs};
use crate::discover::{Coverage, FETCH_CONTENT};
use crate::facts::{Facts, history};
use crate::finding::Finding;
use crate::git::ObjectId;
use crate::policy::Evaluation;
use crate::report::{DecisionSection, Headline, Input, PolicySection, Report, SubjectSection};
use crate::source::Sources;

/// What the earlier stages leave.
pub(super) struct Parts {
    pub(super) generated_at: String,
    pub(super) subject: SubjectSection,
    pub(super) evaluation: Evaluation,
    pub(super) next_version: Option<String>,
    pub(super) coverage: Coverage,
    pub(super) policy: PolicySection,
    pub(super) sources: Sources,
    /// Files whose content counted, whether it was read or a cache knew it; `None` when nobody wants to know.
    pub(super) replayed: Option<Vec<Input>>,
    /// Short name of the repository.
    pub(super) name: String,
}

/// Puts the report together and decides.
pub(super) fn report(parts: Parts) -> (Report, Facts) {
    let Parts {
        generated_at,
        subject,
        evaluation,
        next_version,
        mut coverage,
        policy,
        sources,
        replayed,
        name,
    } = parts;
    let Evaluation {
        demands,
        declared,
        required,
        mut findings,
        gates,
        errors,
        facts,
        ..
    } = evaluation;
    sort(&mut findings, &sources);
    let mut errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    if coverage.missing > 0 {
        errors.push(format!(
            "this clone lacks what {} needed files hold: {FETCH_CONTENT}",
            coverage.missing
        ));
    }
    if coverage.damaged > 0 {
        errors.push(format!(
            "git cannot read what {} needed files hold: git fsck names the damaged objects, a fresh clone replaces them",
            coverage.damaged
        ));
    }
    coverage.not_examined.sort();
    coverage.not_examined.dedup();
    coverage.left_out.sort();
    coverage.left_out.dedup();
    let verdict = decision::verdict(&Inputs {
        findings: &findings,
        gates: &gates,
        declared,
        required,
        stage: subject.stage,
        errors: !errors.is_empty(),
    });
    let report = Report {
        generated_at,
        headline: headline(name, &facts),
        subject,
        decision: DecisionSection {
            verdict,
            required,
            declared,
            next_version,
            reasons: demands,
        },
        gates,
        findings,
        coverage,
        policy,
        inputs: replayed.map_or_else(Vec::new, |replayed| inputs(&sources, replayed)),
        errors,
        sources,
    };
    (report, facts)
}

/// By severity, then by place, then by what they say; the same finding is said once.
pub(super) fn sort(findings: &mut Vec<Finding>, sources: &Sources) {
    findings.sort_by_cached_key(|finding| {
        let place = finding.location.map_or((String::new(), 0, 0), |location| {
            let file = sources.get(location.source);
            (file.path.clone(), location.span.start, location.span.end)
        });
        (
            std::cmp::Reverse(finding.severity),
            place,
            finding.rule.clone(),
            finding.about.clone(),
            finding.message.clone(),
        )
    });
    findings.dedup();
}

/// The digest of an input: git's own, so that anybody can check it against the commit with `git ls-tree`.
pub(super) fn digest(content: ObjectId) -> String {
    format!("gitBlob:{content}")
}

/// Everything that was read, and everything that a cache spared reading: a warm run reports what a cold one does. What
/// counted in the replay stands under the state that it is in now, wherever it was read first.
fn inputs(sources: &Sources, replayed: Vec<Input>) -> Vec<Input> {
    let known: BTreeSet<(String, String)> = replayed
        .iter()
        .map(|input| (input.path.clone(), input.digest.clone()))
        .collect();
    let mut inputs: Vec<Input> = sources
        .iter()
        .map(|file| Input {
            path: file.path.clone(),
            revision: file.revision.clone(),
            digest: digest(ObjectId::of_content(file.text.as_bytes())),
        })
        .filter(|input| !known.contains(&(input.path.clone(), input.digest.clone())))
        .chain(replayed)
        .collect();
    inputs.sort();
    inputs.dedup();
    inputs
}

fn headline(name: String, facts: &Facts) -> Headline {
    let up = |files: &[crate::facts::migrations::MigrationFact]| {
        files
            .iter()
            .filter(|file| file.direction == "up")
            .map(|file| file.path.clone())
            .collect::<BTreeSet<_>>()
    };
    let mut migrations = up(&facts.migrations.added);
    migrations.append(&mut up(&facts.migrations.modified));
    Headline {
        name,
        commits: history::count_new(&facts.commits),
        migrations: migrations.len(),
        charts: facts
            .charts
            .iter()
            .filter(|chart| {
                !chart.previous_version.is_empty() && chart.previous_version != chart.version
            })
            .map(|chart| {
                (
                    chart.name.clone(),
                    chart.previous_version.clone(),
                    chart.version.clone(),
                )
            })
            .collect(),
    }
}
