use crate::policy::cel::{parse, read_built_in};
use serde_json::json;

use super::*;

const POLICY: &str = "apiVersion: relgate.dev/v1alpha1
kind: ReleasePolicy
metadata: { name: ours }
spec:
  params:
    mode: { type: string, default: strict, enum: [strict, loose] }
    limit: { type: int, default: 3 }
    names: { type: list, default: [a] }
    on: { type: bool, default: true }
  gates:
    - { id: ours, stage: change, expression: params.on && params.limit > 0, message: m }
";

fn file(path: &str, text: &str) -> PolicySource {
    PolicySource::File {
        path: path.to_owned(),
        text: text.into(),
    }
}

fn params(value: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn mistakes(sources: &[PolicySource], values: Value) -> Vec<String> {
    let Err(errors) = load(sources, &params(values)) else {
        return Vec::new();
    };
    let shown = errors.0.iter().map(|error| {
        let hint = if error.help.is_empty() {
            String::new()
        } else {
            format!(" ({})", error.help)
        };
        format!("{}{hint}", error.message)
    });
    shown.collect()
}

#[test]
fn parameters_are_set_and_checked() {
    let ours = [file("ours.yaml", POLICY)];
    let set = load(
        &ours,
        &params(json!({ "mode": "loose", "limit": 7, "names": ["x", "y"] })),
    )
    .unwrap();
    assert_eq!(set.param("mode"), Some(&json!("loose")));
    assert_eq!(set.param("limit"), Some(&json!(7)));
    assert_eq!(set.param("on"), Some(&json!(true)));
    assert_eq!(set.param("other"), None);
    for (values, expected) in [
        (
            json!({ "mode": "lax" }),
            "parameter `mode` of policy ours must be one of \"strict\", \"loose\"",
        ),
        (
            json!({ "limit": "7" }),
            "parameter `limit` of policy ours must be of type int",
        ),
        (
            json!({ "names": ["x", 1] }),
            "parameter `names` of policy ours must be a list of texts",
        ),
        (
            json!({ "on": "yes" }),
            "parameter `on` of policy ours must be of type bool",
        ),
        (
            json!({ "limits": 7 }),
            "no loaded policy has a parameter `limits` (did you mean `limit`?)",
        ),
        (
            json!({ "xyz": 7 }),
            "no loaded policy has a parameter `xyz` (there are limit, mode, names, on)",
        ),
    ] {
        assert_eq!(mistakes(&ours, values.clone()), [expected], "{values}");
    }
}

#[test]
fn names_are_unique() {
    let twice = [file("a.yaml", POLICY), file("b.yaml", POLICY)];
    assert_eq!(
        mistakes(&twice, json!({})),
        [
            "policy `ours` is defined twice (the other one is in a.yaml)",
            "gate `ours` is defined twice (the other one is in policy `ours`)"
        ]
    );
    assert_eq!(
        mistakes(&[PolicySource::Builtin("helmet".to_owned())], json!({})),
        ["there is no pack `builtin:helmet` (did you mean `helm`?)"]
    );
    // The same file or pack twice is one.
    let helm = PolicySource::Builtin("helm".to_owned());
    let set = load(
        &[
            helm.clone(),
            file("a.yaml", POLICY),
            helm,
            file("a.yaml", POLICY),
        ],
        &BTreeMap::new(),
    )
    .unwrap();
    assert_eq!(set.packs(), ["builtin:helm", "a.yaml"]);
}

#[test]
fn the_digest_names_what_decides() {
    let digest = |path: &str, text: &str, values: Value| {
        load(&[file(path, text)], &params(values))
            .unwrap()
            .digest()
            .to_owned()
    };
    let base = digest("a.yaml", POLICY, json!({}));
    assert!(base.starts_with("sha256:") && base.len() == 71, "{base}");
    assert_eq!(digest("a.yaml", POLICY, json!({})), base);
    assert_eq!(
        digest("a.yaml", POLICY, json!({ "limit": 3 })),
        base,
        "a default that is written out"
    );
    assert_ne!(digest("a.yaml", POLICY, json!({ "limit": 4 })), base);
    assert_ne!(
        digest("a.yaml", &POLICY.replace("> 0", "> 1"), json!({})),
        base
    );
}

/// Whatever stands in a policy file, the answer is a mistake with a place in it, and it comes soon.
#[test]
fn hostile_files_are_refused() {
    let bomb = {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let before = format!("*a{}, ", n - 1).repeat(10);
            text.push_str(&format!("a{n}: &a{n} [{before}]\n"));
        }
        text
    };
    let cases = [
        "\u{0}\u{1}\u{2}".to_owned(),
        "%YAML 9.9\n---\n".to_owned(),
        "a: [".to_owned(),
        "- 1\n- 2\n".to_owned(),
        "just a text".to_owned(),
        "? {a: b}\n: c\n".to_owned(),
        "a: &x [*x]\n".to_owned(),
        bomb,
        "[".repeat(100_000),
        "a:\n".to_owned() + &" ".repeat(100_000) + "b: c",
        "{".repeat(50_000) + &"}".repeat(50_000),
        "apiVersion: relgate.dev/v1alpha1\nkind: ReleasePolicy\nmetadata: [1]\nspec: x\n"
            .to_owned(),
        POLICY.replace(
            "expression: params.on",
            &format!("expression: {}params.on", "!".repeat(5000)),
        ),
        POLICY.replace(
            "params.limit > 0",
            &format!("'{}'.size() > 0", "🦀".repeat(2000)),
        ),
        POLICY.replace("id: ours", "id: \"\\u0000\""),
        POLICY.replace("spec:\n", "spec: &s\n  extra: *s\n"),
        format!(
            "{POLICY}  variables:\n{}",
            (0..200)
                .map(|n| format!("    - {{ name: v{n}, expression: '1' }}\n"))
                .collect::<String>()
        ),
    ];
    for text in cases {
        let start = std::time::Instant::now();
        let result = load(&[file("hostile.yaml", &text)], &BTreeMap::new());
        let shown: String = text.chars().take(60).collect();
        let Err(errors) = result else {
            panic!("accepted: {shown}");
        };
        for error in &errors.0 {
            assert!(error.span.end as usize <= text.len(), "{shown}: {error:?}");
        }
        assert!(start.elapsed().as_secs() < 20, "{shown}");
    }
    for harmless in ["", "---\n---\n", "# nothing\n", "\u{feff}"] {
        assert!(
            load(&[file("empty.yaml", harmless)], &BTreeMap::new())
                .unwrap()
                .policies()
                .is_empty()
        );
    }
}

#[test]
fn a_file_with_carriage_returns_has_its_mistakes_in_place() {
    let text = POLICY
        .replace("params.limit", "params.limt")
        .replace('\n', "\r\n");
    let errors = load(&[file("a.yaml", &text)], &BTreeMap::new()).unwrap_err();
    assert_eq!(&text[errors.0[0].span.range()], "limt");
}

/// Built-in expressions are read by a quicker parser than users': it has to read the same.
#[test]
fn both_parsers_read_the_built_in_expressions_alike() {
    let set = load_all_built_in().unwrap();
    let mut texts = BTreeSet::new();
    for Loaded { policy, .. } in set.policies() {
        let all = policy.expressions().into_iter();
        texts.extend(all.map(|expression| expression.text.to_string()));
    }
    assert!(texts.len() > 100, "{} expressions", texts.len());
    for text in texts {
        let Some(quick) = read_built_in(&text) else {
            assert!(text.contains("cel.bind"), "not read: {text}");
            continue;
        };
        let slow = Program::new(parse(&text).unwrap());
        assert_eq!(quick.shape(), slow.shape(), "{text}");
    }
}

/// A policy of the user's over one of a pack, and one over that.
#[test]
fn policies_extend_others() {
    let strict = "apiVersion: relgate.dev/v1alpha1
kind: ReleasePolicy
metadata: { name: our-candidates }
spec:
  extends: candidates
  params: { candidateFor: { default: [major] } }
  validations:
    - { id: candidate-gap, severity: error }
    - { id: candidate-after-final, disabled: true }
    - { id: no-beta, match: release.kind == 'prerelease', message: no betas }
  gates:
    - { id: release-candidate, stage: candidate, help: ask }
---
apiVersion: relgate.dev/v1alpha1
kind: ReleasePolicy
metadata: { name: locks-matter }
spec:
  extends: builtin:migration-safety/locks
  params: { locks: { default: error } }
";
    let stricter = "apiVersion: relgate.dev/v1alpha1
kind: ReleasePolicy
metadata: { name: even-stricter }
spec:
  extends: our-candidates
  variables: [{ name: needsCandidate, expression: 'true' }]
";
    let set = load(
        &[
            file("stricter.yaml", stricter),
            file("ours.yaml", strict),
            PolicySource::Builtin("release-process".to_owned()),
        ],
        &BTreeMap::new(),
    )
    .unwrap_or_else(|errors| panic!("{:?}", errors.0));
    let names: Vec<&str> = set
        .policies()
        .iter()
        .map(|loaded| loaded.policy.name.as_str())
        .collect();
    assert!(!names.contains(&"candidates") && !names.contains(&"our-candidates"));
    assert_eq!(names[..2], ["even-stricter", "locks-matter"]);
    let policy = &set.policies()[0].policy;
    assert_eq!(set.param("candidateFor"), Some(&json!(["major"])));
    assert_eq!(set.param("locks"), Some(&json!("error")));
    let ids: Vec<&str> = policy
        .validations
        .iter()
        .map(|validation| validation.id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "candidate-missing",
            "candidate-differs",
            "candidate-gap",
            "no-beta"
        ]
    );
    let gap = &policy.validations[2];
    assert_eq!(gap.severity, crate::finding::Severity::Error);
    assert!(gap.message.expression.is_some() && !gap.help.is_empty());
    assert_eq!(
        &*gap.trigger().file.path,
        "builtin:release-process/candidates.yaml"
    );
    assert_eq!(policy.gates[0].stage, crate::gate::Stage::Candidate);
    assert_eq!(policy.gates[0].help, "ask");
    let mut variables = policy.variables.iter();
    let needs = variables.find(|it| it.name == "needsCandidate").unwrap();
    assert_eq!(&*needs.expression.text, "true");
    // What a base says changes the digest, also where nothing but a severity is inherited from it.
    let weaker = strict.replace("severity: error", "severity: info");
    let digest = |middle: &str| {
        let sources = [
            file("stricter.yaml", stricter),
            file("ours.yaml", middle),
            PolicySource::Builtin("release-process".to_owned()),
        ];
        load(&sources, &BTreeMap::new())
            .unwrap()
            .digest()
            .to_owned()
    };
    assert_ne!(digest(strict), digest(&weaker));
}

#[test]
fn what_cannot_be_extended() {
    let policy = |name: &str, extends: &str, rest: &str| {
        format!(
            "apiVersion: relgate.dev/v1alpha1\nkind: ReleasePolicy\nmetadata: {{ name: {name} }}\nspec:\n  extends: {extends}\n{rest}---\n"
        )
    };
    let check = |text: String, expected: &[&str]| {
        let helm = PolicySource::Builtin("helm".to_owned());
        assert_eq!(
            mistakes(&[helm, file("ours.yaml", &text)], json!({})),
            expected,
            "{text}"
        );
    };
    check(
        policy("ours", "release-imgae", ""),
        &["there is no policy `release-imgae` to extend"],
    );
    check(
        policy("ours", "builtin:helm/release-imgae", ""),
        &["there is no policy `builtin:helm/release-imgae` to extend"],
    );
    check(
        policy("a", "b", "") + &policy("b", "c", "") + &policy("c", "a", ""),
        &[
            "`extends` goes in a circle: a → b → c → a",
            "`extends` goes in a circle: b → c → a → b",
            "`extends` goes in a circle: c → a → b → c",
        ],
    );
    check(policy("a", "a", ""), &["`extends` goes in a circle: a → a"]);
    check(
        policy("a", "release-image", "") + &policy("b", "release-image", ""),
        &[
            "policy `release-image` is extended twice (the other one is `a` in ours.yaml; extend that one instead)",
        ],
    );
    check(
        policy(
            "a",
            "release-image",
            "  validations: [{ id: image-nothing, disabled: true }]\n",
        ),
        &["the extended policy has no `image-nothing` in `validations` to leave out"],
    );
    let long: String = (0..40)
        .map(|n| policy(&format!("p{n}"), &format!("p{}", n + 1), ""))
        .collect();
    let found = mistakes(&[file("ours.yaml", &long)], json!({}));
    assert!(
        found.contains(&"policies may extend each other 16 deep".to_owned()),
        "{found:?}"
    );
}

#[test]
fn kinds_of_documents() {
    let document = |kind: &str| {
        format!(
            "apiVersion: relgate.dev/v1alpha1\nkind: {kind}\nmetadata: {{ name: x }}\nspec: {{ tests: [] }}\n"
        )
    };
    let check = |kind: &str, expected: &[&str]| {
        assert_eq!(
            mistakes(&[file("x.yaml", &document(kind))], json!({})),
            expected
        );
    };
    // Tests stand beside policies, and decide nothing.
    check("PolicyTest", &[]);
    check("PolicyException", &[]);
    check(
        "ReleasePolcy",
        &["`kind` is `ReleasePolicy` here, not `ReleasePolcy`"],
    );
}

#[test]
fn rules_that_policies_name_exist() {
    let text = "apiVersion: relgate.dev/v1alpha1
kind: ReleasePolicy
metadata: { name: ours }
spec:
  validations: [{ id: own, match: release.first, message: m }]
  severities: [{ rules: [drop-colum, drop-column], severityExpression: \"'error'\" }]
  gates: [{ id: ours, stage: change, rules: [own, drop-tabel, exception-expired], message: m }]
";
    let rules = ["drop-column", "drop-table"].map(str::to_owned).into();
    let errors = load_with_rules(&[file("ours.yaml", text)], &BTreeMap::new(), &rules).unwrap_err();
    let shown: Vec<String> = errors
        .0
        .iter()
        .map(|error| {
            format!(
                "{} {} ({})",
                &text[error.span.range()],
                error.message,
                error.label
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "drop-tabel there is no rule or validation `drop-tabel` (did you mean `drop-table`?)",
            "drop-colum there is no rule or validation `drop-colum` (did you mean `drop-column`?)",
        ]
    );
}
