use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::finding::Status;
use crate::policy::exceptions;
use crate::policy::load::{PolicySource, load};
use crate::source::Span;

/// A policy document around a spec, whose lines are indented by two.
fn policy(name: &str, spec: &str) -> PolicySource {
    PolicySource::File {
        path: format!("{name}.yaml"),
        text: format!(
            "apiVersion: relgate.dev/v1alpha1\nkind: ReleasePolicy\nmetadata: {{ name: {name} }}\nspec:\n{spec}"
        )
        .into(),
    }
}

fn waiver(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: relgate.dev/v1alpha1\nkind: PolicyException\nmetadata: {{ name: {name} }}\nspec: {{ {spec} }}\n"
    )
}

const APPROVED: &str =
    "reason: agreed, approvedBy: lead@example.org, effectiveOn: 2026-11-01, expiresAt: 2026-12-01";

struct Case {
    policies: Vec<PolicySource>,
    facts: Value,
    findings: Vec<(&'static str, &'static str)>,
    waivers: String,
}

impl Case {
    fn new(policies: Vec<PolicySource>, facts: Value) -> Self {
        Self {
            policies,
            facts,
            findings: Vec::new(),
            waivers: String::new(),
        }
    }

    fn evaluate(self) -> Evaluation {
        let set = load(&self.policies, &BTreeMap::new()).unwrap_or_else(|errors| {
            panic!(
                "{:#?}",
                errors.0.iter().map(|e| &e.message).collect::<Vec<_>>()
            )
        });
        let mut sources = Sources::default();
        let mut origins = Origins::default();
        // Origin 1 is in a.sql, origin 2 in b.sql.
        for path in ["db/a.sql", "db/b.sql"] {
            let source = sources.add(path, "", "one\ntwo\n");
            origins.add(Location {
                source,
                span: Span::new(0, 3),
            });
        }
        let findings = self.findings.iter().map(|(rule, path)| {
            let source = sources.add(*path, "", "text");
            let location = Location {
                source,
                span: Span::new(0, 4),
            };
            Finding::at(*rule, Severity::Error, location, format!("{rule} is wrong"))
        });
        let findings = findings.collect();
        let file = sources.add(".relgate/waivers.yaml", "", self.waivers.as_str());
        let waivers = exceptions::read(&sources, file);
        evaluate(
            &set,
            Input {
                facts: serde_json::from_value(self.facts).unwrap(),
                origins: &origins,
                sources: &sources,
                findings,
                only: None,
                suppressions: Suppressions::default(),
                waivers: &waivers,
                now: "2026-11-20T12:00:00Z".parse().unwrap(),
            },
        )
    }
}

fn rules(evaluation: &Evaluation) -> Vec<String> {
    let shown = evaluation.findings.iter().map(|finding| {
        let status = match finding.status {
            Status::Open => "",
            Status::Waived => " (waived)",
            Status::Suppressed => " (suppressed)",
        };
        format!("{} {}{status}", finding.severity.as_str(), finding.rule)
    });
    shown.collect()
}

fn errors(evaluation: &Evaluation) -> Vec<String> {
    evaluation.errors.iter().map(ToString::to_string).collect()
}

const DEMANDS: &str = "  releaseType:
    - { id: some, match: 'tags', atLeast: patch, message: there are tags }
    - { id: many, match: 'migrations.operations', atLeast: major, messageExpression: \"string(size(matched)) + ' of ' + it.kind\" }
    - { id: never, match: 'release.first', atLeast: major, message: m }
";

fn two_operations() -> Value {
    json!({ "tags": [{}], "migrations": { "operations": [
        { "kind": "drop_table", "origin": 1 }, { "kind": "drop_column", "origin": 2 },
    ] } })
}

#[test]
fn the_highest_demand_wins_and_comes_first() {
    let found = Case::new(vec![policy("p", DEMANDS)], two_operations()).evaluate();
    let demands: Vec<_> = found
        .demands
        .iter()
        .map(|demand| {
            (
                demand.id.as_str(),
                demand.message.as_str(),
                demand.locations.len(),
            )
        })
        .collect();
    assert_eq!(
        demands,
        [
            ("many", "2 of drop_table", 2),
            ("some", "there are tags", 0)
        ]
    );
    assert_eq!(
        (found.required, found.effective, found.declared),
        (ReleaseType::Major, ReleaseType::Major, None)
    );
    assert_eq!(found.facts.release.required_type, "major");
    assert!(
        found.findings.is_empty(),
        "without a tag nothing is too low"
    );
}

#[test]
fn of_a_first_release_nothing_is_demanded() {
    let mut facts = two_operations();
    facts["release"] = json!({ "first": true });
    let found = Case::new(vec![policy("p", DEMANDS)], facts).evaluate();
    assert_eq!(
        (found.required, found.demands.len()),
        (ReleaseType::None, 0)
    );
}

#[test]
fn a_tag_that_says_too_little_or_too_much() {
    let check = |declared: &str, expected: &[&str]| {
        let mut facts = two_operations();
        facts["release"] = json!({ "tag": "v1.2.4", "declaredType": declared });
        let found = Case::new(vec![policy("p", DEMANDS)], facts).evaluate();
        assert_eq!(rules(&found), expected, "{declared}");
        found
    };
    let found = check("minor", &["error release-type-too-low"]);
    assert_eq!(
        found.findings[0].message,
        "v1.2.4 declares minor, but major is required: 2 of drop_table"
    );
    assert!(found.findings[0].location.is_some());
    assert_eq!(found.effective, ReleaseType::Major);
    check("major", &[]);
    let found = Case::new(
        vec![],
        json!({ "release": { "tag": "v1.3.0", "declaredType": "minor" } }),
    )
    .evaluate();
    assert_eq!(rules(&found), ["warning release-type-too-high"]);
    assert_eq!(found.effective, ReleaseType::Minor);
}

#[test]
fn a_waived_demand_stays_visible_and_does_not_count() {
    let covered = |paths: &str| {
        let mut case = Case::new(vec![policy("p", DEMANDS)], two_operations());
        case.waivers = waiver(
            "w",
            &format!(
                "policyRefs: [{{ name: p, ids: [many] }}], match: {{ paths: [{paths}] }}, {APPROVED}"
            ),
        );
        let found = case.evaluate();
        let demands: Vec<String> = found
            .demands
            .iter()
            .map(|demand| {
                format!(
                    "{} {}{}",
                    demand.at_least,
                    demand.message,
                    if demand.waiver.is_some() {
                        " (waived)"
                    } else {
                        ""
                    }
                )
            })
            .collect();
        (found.required, demands)
    };
    assert_eq!(
        covered("'**/*.sql'"),
        (
            ReleaseType::Patch,
            vec![
                "major 2 of drop_table (waived)".to_owned(),
                "patch there are tags".to_owned()
            ]
        )
    );
    // What the waiver does not cover still demands.
    assert_eq!(
        covered("db/a.sql"),
        (
            ReleaseType::Major,
            vec![
                "major 1 of drop_column".to_owned(),
                "major 1 of drop_table (waived)".to_owned(),
                "patch there are tags".to_owned()
            ]
        )
    );
}

#[test]
fn validations_are_findings() {
    let spec = "  validations:
    - { id: each, match: 'migrations.operations', messageExpression: \"'no ' + it.kind\", help: h }
    - { id: named, match: 'tags', severity: warning, message: m }
    - { id: holds, expression: 'size(tags) == 1', message: m }
    - { id: broken, expression: 'size(tags) == 2', severityExpression: \"release.requiredType == 'none' ? 'info' : 'error'\", message: m }
";
    let mut facts = two_operations();
    facts["tags"] = json!([{ "name": "v1" }]);
    let found = Case::new(vec![policy("p", spec)], facts.clone()).evaluate();
    assert_eq!(
        rules(&found),
        ["error each", "error each", "warning named", "info broken"]
    );
    assert_eq!(found.findings[1].message, "no drop_column");
    assert!(
        found.findings[1]
            .location
            .is_some_and(|location| Some(location) != found.findings[0].location)
    );
    assert_eq!(
        (
            found.findings[2].about.as_str(),
            found.findings[0].help.as_str()
        ),
        ("v1", "h")
    );
    for (action, expected) in [("Warn", "warning each"), ("Audit", "info each")] {
        let spec = format!("{spec}  validationActions: [{action}]\n");
        let found = Case::new(vec![policy("p", &spec)], facts.clone()).evaluate();
        assert_eq!(rules(&found)[0], expected);
    }
    let spec =
        format!("  matchConditions: [{{ name: never, expression: 'release.first' }}]\n{spec}");
    assert!(
        Case::new(vec![policy("p", &spec)], facts)
            .evaluate()
            .findings
            .is_empty()
    );
}

#[test]
fn a_policy_weighs_what_rules_found() {
    let spec = "  params: { locks: { type: string, default: warning } }
  severities:
    - { rules: [lock, rewrite], severityExpression: \"it.path == 'db/b.sql' ? 'info' : params.locks\" }
  gates:
    - { id: g, stage: change, rules: [lock, drop-table], expression: 'true' }
";
    let mut case = Case::new(vec![policy("p", spec)], json!({}));
    case.findings = vec![
        ("lock", "db/a.sql"),
        ("rewrite", "db/b.sql"),
        ("other", "db/b.sql"),
    ];
    let found = case.evaluate();
    assert_eq!(
        rules(&found),
        ["warning lock", "info rewrite", "error other"]
    );
    assert_eq!(found.facts.findings[0].severity, "warning");
    assert_eq!(gates(&found), ["change g pass: "]);
    let wrong = spec.replace(": params.locks\"", ": 'grave'\"");
    let mut case = Case::new(vec![policy("p", &wrong)], json!({}));
    case.findings = vec![("lock", "db/a.sql")];
    assert_eq!(
        errors(&case.evaluate()),
        [
            "policy p/lock could not be evaluated: `grave` is none of error, warning, info (p.yaml:7:53, severityExpression)"
        ]
    );
}

const GATES: &str = "  gates:
    - { id: later, stage: deploy, expression: 'true', message: fine }
    - { id: wrong, stage: change, expression: 'size(tags) > 0', messageExpression: \"string(size(tags)) + ' tags'\" }
    - { id: not-needed, stage: change, requiredWhen: 'release.effectiveType == ''major''', notRequired: only a major, expression: 'false' }
    - { id: no-subject, stage: change, subjectWhen: 'size(charts) > 0', noSubject: no chart, expression: 'false' }
    - { id: unclear, stage: change, evaluableWhen: 'false', notEvaluableExpression: \"'cannot' + ' tell'\", expression: 'true' }
    - { id: by-rules, stage: change, rules: [drop-table, lock], expression: 'true' }
    - { id: by-people, stage: release, stageExpression: \"release.kind == 'hotfix' ? 'closed' : 'release'\", evidence: { kind: approval } }
";

fn gates(evaluation: &Evaluation) -> Vec<String> {
    let shown = evaluation.gates.iter().map(|gate| {
        format!(
            "{} {} {}: {}",
            gate.stage,
            gate.id,
            gate.status.as_str(),
            gate.message
        )
    });
    shown.collect()
}

#[test]
fn gates_come_by_stage_and_say_what_keeps_them_open() {
    let mut case = Case::new(vec![policy("p", GATES)], json!({}));
    case.findings = vec![("drop-table", "db/a.sql"), ("other", "db/a.sql")];
    assert_eq!(
        gates(&case.evaluate()),
        [
            "change wrong fail: 0 tags",
            "change not-needed not-required: only a major",
            "change no-subject not-required: no chart",
            "change unclear not-evaluated: cannot tell",
            "change by-rules fail: drop-table is wrong",
            "release by-people not-evaluated: no evidence",
            "deploy later pass: fine",
        ]
    );
    let mut case = Case::new(
        vec![policy("p", GATES)],
        json!({ "release": { "kind": "hotfix" } }),
    );
    case.findings = vec![
        ("drop-table", "db/a.sql"),
        ("lock", "db/b.sql"),
        ("lock", "db/c.sql"),
    ];
    let found = gates(&case.evaluate());
    assert!(
        found.contains(
            &"change by-rules fail: drop-table (db/a.sql:1), lock (db/b.sql:1), 1 more".to_owned()
        ),
        "{found:#?}"
    );
    assert_eq!(found[6], "closed by-people not-evaluated: no evidence");
}

#[test]
fn a_waived_finding_opens_its_gate_and_a_waived_gate_is_not_passed() {
    let mut case = Case::new(vec![policy("p", GATES)], json!({}));
    case.findings = vec![("drop-table", "db/a.sql")];
    case.waivers = waiver(
        "w",
        &format!(
            "policyRefs: [{{ name: rules, ids: [drop-table] }}, {{ name: gates, ids: [wrong] }}], {APPROVED}"
        ),
    );
    let found = case.evaluate();
    assert_eq!(rules(&found), ["error drop-table (waived)"]);
    let shown = gates(&found);
    assert!(
        shown.contains(&"change by-rules pass: ".to_owned()),
        "{shown:#?}"
    );
    assert!(shown.contains(
        &"change wrong waived: waived until 2026-12-01 by lead@example.org: \"agreed\"".to_owned()
    ));
    assert_eq!(
        found.gates[0]
            .waiver
            .as_ref()
            .map(|waiver| waiver.name.as_str()),
        Some("w")
    );
}

#[test]
fn waivers_that_do_not_count() {
    let check = |spec: &str, expected: &[&str]| {
        let mut case = Case::new(vec![], json!({ "release": { "tag": "v1.2.4" } }));
        case.findings = vec![("drop-table", "db/a.sql")];
        case.waivers = waiver("w", spec);
        assert_eq!(rules(&case.evaluate()), expected, "{spec}");
    };
    let refs = "policyRefs: [{ name: rules, ids: [drop-table] }]";
    check(
        &format!("{refs}, {APPROVED}"),
        &["error drop-table (waived)"],
    );
    check(
        &format!("{refs}, match: {{ paths: ['**'], tags: ['v1.2.*'] }}, {APPROVED}"),
        &["error drop-table (waived)"],
    );
    check(
        &format!("{refs}, match: {{ paths: ['src/**'] }}, {APPROVED}"),
        &["error drop-table", "warning exception-unused"],
    );
    // For another tag it is neither of use nor useless.
    check(
        &format!("{refs}, match: {{ tags: [v9.0.0] }}, {APPROVED}"),
        &["error drop-table"],
    );
    check(
        &format!("policyRefs: [{{ name: rules, ids: [other] }}], {APPROVED}"),
        &["error drop-table", "warning exception-unused"],
    );
    check(
        "policyRefs: [{ name: rules }], reason: r, approvedBy: a, effectiveOn: 2026-11-01, expiresAt: 2026-11-19",
        &["error drop-table", "warning exception-expired"],
    );
    // It expires at the end of its day.
    check(
        "policyRefs: [{ name: rules }], reason: r, approvedBy: a, effectiveOn: 2026-11-01, expiresAt: 2026-11-20",
        &["error drop-table (waived)"],
    );
    check(
        "policyRefs: [{ name: rules }], reason: r, approvedBy: a, effectiveOn: 2026-11-01, expiresAt: '2026-11-20T11:59:59Z'",
        &["error drop-table", "warning exception-expired"],
    );
    check(
        "policyRefs: [{ name: rules }], reason: r, approvedBy: a, effectiveOn: 2026-11-21, expiresAt: 2026-12-01",
        &["error drop-table", "info exception-not-effective"],
    );
    for missing in ["reason", "approvedBy", "effectiveOn", "expiresAt"] {
        let parts: Vec<&str> = APPROVED
            .split(", ")
            .filter(|part| !part.starts_with(missing))
            .collect();
        check(
            &format!("{refs}, {}", parts.join(", ")),
            &["error drop-table", "error exception-invalid"],
        );
    }
    check(
        &format!("{refs}, {APPROVED}, unknown: x"),
        &["error drop-table", "error exception-invalid"],
    );
    check(
        &format!("policyRefs: [], {APPROVED}"),
        &["error drop-table", "error exception-invalid"],
    );
    check(
        &format!("{refs}, reason: r, approvedBy: a, effectiveOn: 2026-11-01, expiresAt: soon"),
        &["error drop-table", "error exception-invalid"],
    );
    check(
        &format!(
            "{refs}, reason: '', approvedBy: a, effectiveOn: 2026-11-01, expiresAt: 2026-12-01"
        ),
        &["error drop-table", "error exception-invalid"],
    );
    for (reason, approver) in [
        ("'  '", "a"),
        (r#""\u200b""#, "a"),
        ("'...'", "a"),
        ("r", r#""\t""#),
    ] {
        check(
            &format!(
                "{refs}, reason: {reason}, approvedBy: {approver}, effectiveOn: 2026-11-01, expiresAt: 2026-12-01"
            ),
            &["error drop-table", "error exception-invalid"],
        );
    }
}

#[test]
fn what_cannot_be_evaluated_is_an_error_with_its_place() {
    let spec = "  variables:
    - { name: bad, expression: 'tags[0].name' }
  releaseType:
    - { id: d, match: 'variables.bad == \"\"', atLeast: major, message: m }
  validations:
    - { id: a, match: 'variables.bad == \"x\"', message: m }
    - id: b
      message: m
      match: >-
        size(tags) == 0
        && semver(release.tag) > semver('1.0.0')
    - { id: c, match: 'size(tags) == 0', messageExpression: 'string(1 / size(tags))' }
    - { id: ok, match: 'size(tags) == 0', message: m }
    - { id: list, match: 'dyn(1)', message: m }
  gates:
    - { id: g, stage: change, expression: 'variables.bad == \"x\"', message: m }
";
    let found = Case::new(
        vec![policy("p", spec)],
        json!({ "release": { "tag": "x" } }),
    )
    .evaluate();
    assert_eq!(
        errors(&found),
        [
            "policy p/bad could not be evaluated: `tags[0]`: the list has no element 0 (p.yaml:6:33, variables)",
            "policy p/b could not be evaluated: `semver(release.tag)`: `x` is not a version of SemVer 2.0.0: unexpected character 'x' while parsing major version number (p.yaml:15:12, match)",
            "policy p/c could not be evaluated: `1 / size(tags)`: division by zero (p.yaml:16:69, messageExpression)",
            "policy p/list could not be evaluated: this is of type int, not a list of facts or a bool (p.yaml:18:26, match)",
        ]
    );
    assert_eq!(
        rules(&found),
        ["error ok"],
        "the others are judged all the same"
    );
    assert_eq!(
        gates(&found),
        ["change g not-evaluated: its policy could not be evaluated"]
    );
}

#[test]
fn a_hostile_policy_ends_soon() {
    let big = "x".repeat(900);
    let doubling: String = (0..40)
        .map(|n| {
            format!(
                "    - {{ name: v{}, expression: 'variables.v{n} + variables.v{n}' }}\n",
                n + 1
            )
        })
        .collect();
    let spec = format!(
        "  variables:\n    - {{ name: v0, expression: \"['{big}']\" }}\n{doubling}  validations:\n    - {{ id: a, match: 'size(variables.v40) > 0', message: m }}\n"
    );
    let start = std::time::Instant::now();
    let found = Case::new(vec![policy("p", &spec)], json!({})).evaluate();
    assert_eq!(found.errors.len(), 1, "{:?}", errors(&found));
    assert!(start.elapsed().as_secs() < 20);
}

/// Each variable names the two before it: what follows one by one along the names takes longer than anybody waits.
#[test]
fn variables_of_variables_end_soon() {
    let mut spec = "  variables:\n    - { name: v0, expression: \"tags.size() == 0\" }\n    - { name: v1, expression: \"tags.size() == 0\" }\n".to_owned();
    for index in 2..100 {
        let (one, two) = (index - 1, index - 2);
        spec.push_str(&format!(
            "    - {{ name: v{index}, expression: \"variables.v{one} || variables.v{two}\" }}\n"
        ));
    }
    spec.push_str(
        "  validations:\n    - { id: a, expression: \"variables.v99\", message: m, severity: error }\n",
    );
    let evaluation = Case::new(vec![policy("p", &spec)], json!({})).evaluate();
    assert_eq!(errors(&evaluation), Vec::<String>::new());
    assert_eq!(rules(&evaluation), Vec::<String>::new());
}
