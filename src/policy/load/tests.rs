use crate::policy::cel::{parse, parse_built_in};
use serde_json::json;

use super::*;
use crate::policy::document::Trigger;

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
    let packs: Vec<PolicySource> = builtin::PACKS
        .iter()
        .map(|pack| PolicySource::Builtin(pack.name.to_owned()))
        .collect();
    let set = load(&packs, &BTreeMap::new()).unwrap();
    let mut texts = BTreeSet::new();
    for Loaded { policy, .. } in set.policies() {
        let variables = policy.variables.iter().map(|variable| &variable.expression);
        let conditions = policy
            .match_conditions
            .iter()
            .map(|condition| &condition.expression);
        let demands = policy.demands.iter().flat_map(|demand| {
            std::iter::once(&demand.trigger).chain(demand.message.expression.as_ref())
        });
        let validations = policy.validations.iter().flat_map(|validation| {
            let trigger = match &validation.trigger {
                Trigger::Match(expression) | Trigger::MustHold(expression) => expression,
            };
            std::iter::once(trigger)
                .chain(&validation.message.expression)
                .chain(&validation.severity_expression)
                .chain(&validation.about)
        });
        let gates = policy.gates.iter().flat_map(|gate| {
            [
                &gate.required_when,
                &gate.subject_when,
                &gate.evaluable_when,
                &gate.expression,
                &gate.stage_expression,
                &gate.not_evaluable.expression,
                &gate.message.expression,
            ]
            .into_iter()
            .flatten()
        });
        let all = variables
            .chain(conditions)
            .chain(demands)
            .chain(validations)
            .chain(gates);
        texts.extend(all.map(|expression| expression.text.to_string()));
    }
    assert!(texts.len() > 100, "{} expressions", texts.len());
    for text in texts {
        let Some(quick) = parse_built_in(&text) else {
            assert!(text.contains("cel.bind"), "not read: {text}");
            continue;
        };
        let slow = Program::new(parse(&text).unwrap());
        assert_eq!(quick.shape(), slow.shape(), "{text}");
    }
}
