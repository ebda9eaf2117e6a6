use std::collections::{BTreeMap, BTreeSet};

use relgate::policy::{PolicySource, load_with_examples};
use serde_json::Value;

use crate::support::{Repo, Tool, root};

/// A row of the process: a gate, when it must be closed, and for which types of releases.
struct Row {
    gate: String,
    stage: String,
    types: Vec<String>,
}

/// The rows, as the process has them.
fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("tests/integration/process-map.tsv")).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            Row {
                gate: cells[0].to_owned(),
                stage: cells[1].to_owned(),
                types: cells[2].split(' ').map(str::to_owned).collect(),
            }
        })
        .collect()
}

/// Each row is a gate of the shipped policies, at the row's stage, with a page, an example that passes and one that blocks,
/// and controls of every framework that are marked as unconfirmed.
#[test]
fn every_row_has_its_gate() {
    let mut missing = BTreeSet::new();
    let mut say = |gate: &str, what: &str| {
        missing.insert(format!("{gate}: {what}"));
    };
    let source = PolicySource::Builtin("release-process".to_owned());
    let set = load_with_examples(&[source], &BTreeMap::new(), None);
    let set = set.unwrap_or_else(|errors| panic!("{errors:?}"));
    let policies = set.policies();
    let rows = rows();
    assert_eq!(rows.len(), 44);
    for row in &rows {
        let found = policies.iter().find_map(|loaded| {
            let gate = loaded
                .policy
                .gates
                .iter()
                .find(|gate| gate.id == row.gate)?;
            Some((loaded, gate))
        });
        let Some((loaded, gate)) = found else {
            say(&row.gate, "there is no such gate");
            continue;
        };
        if gate.stage.as_str() != row.stage {
            say(
                &row.gate,
                &format!("is due at {}, not {}", gate.stage, row.stage),
            );
        }
        let statuses: BTreeSet<&str> = loaded
            .policy
            .examples
            .iter()
            .filter_map(|example| example.expect.gates.get(&row.gate))
            .map(String::as_str)
            .collect();
        if !statuses.contains("pass") {
            say(&row.gate, "no example passes");
        }
        if !statuses.contains("fail") {
            say(&row.gate, "no example blocks");
        }
        for framework in ["soc2", "iso27001", "nist-800-53", "ssdf"] {
            if !gate.controls.iter().any(|it| it.framework == framework) {
                say(&row.gate, &format!("serves no control of {framework}"));
            }
        }
        if gate.controls.iter().any(|control| control.confirmed) {
            say(&row.gate, "somebody confirmed a control");
        }
        let page = root().join(format!("docs/ids/{}.md", row.gate));
        let page = std::fs::read_to_string(page).unwrap_or_default();
        for wanted in [
            "In the release process",
            "an unconfirmed mapping",
            "How to except",
        ] {
            if !page.contains(wanted) {
                say(&row.gate, &format!("its page does not hold `{wanted}`"));
            }
        }
    }
    let of_rows: BTreeSet<&str> = rows.iter().map(|row| row.gate.as_str()).collect();
    for gate in policies.iter().flat_map(|loaded| &loaded.policy.gates) {
        // What nobody has to have, and the process does not ask for.
        if !of_rows.contains(gate.id.as_str()) && gate.id != "tag-signed" {
            say(&gate.id, "no row of the process has it");
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// What a release of a type does not need by the process, relgate does not ask of it; what it needs, it asks for, unless the
/// repository has nothing that it is about.
#[test]
fn each_type_of_release_has_its_own_gates() {
    let repo = Repo::play("story");
    let tool = Tool::within(repo.path());
    for (kind, tag) in [
        ("patch", "v1.0.1"),
        ("minor", "v1.1.0"),
        ("major", "v2.0.0"),
        ("hotfix", "v2.0.0-hotfix1"),
    ] {
        let run = tool.run(&[
            "gate", "list", "--tag", tag, "--stage", "closed", "--format", "json",
        ]);
        assert_eq!(run.code, 1, "{}", run.text);
        let list: Value = serde_json::from_str(&run.stdout).unwrap();
        let gates: BTreeMap<&str, &Value> = list["gates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|gate| (gate["id"].as_str().unwrap(), gate))
            .collect();
        for row in rows().iter().filter(|row| row.stage != "rollback") {
            let gate = gates[row.gate.as_str()];
            let wanted = row.types.iter().any(|it| it == "all" || it == kind);
            let (status, message) = (&gate["status"], gate["message"].as_str().unwrap());
            if !wanted {
                assert_eq!(status, "not-required", "{} of a {kind} release", row.gate);
            } else if status == "not-required" {
                assert!(
                    message.starts_with("no ") || message.starts_with("there is no "),
                    "{} of a {kind} release: {message}",
                    row.gate
                );
            }
        }
    }
}
