use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::*;
use crate::charts::{Strategy, survey};

/// A stand-in for Helm: a shell script that says a version, and for `template` does what `body` says. The real engine is asked
/// by the integration tests.
fn stand_in(directory: &Path, body: &str, patience: Duration) -> Helm {
    let program = directory.join("helm");
    let script =
        format!("#!/bin/sh\nif [ \"$1\" = version ]; then printf v4.2.3; exit 0; fi\n{body}\n");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    Helm::at(program, patience)
}

const LONG: Duration = Duration::from_secs(30);

/// What is told of a chart, and of each object that the stand-in makes.
fn told(body: &str, patience: Duration) -> String {
    let files = [
        (
            "c/Chart.yaml",
            "apiVersion: v2\nname: cellar\nversion: 1.0.0\n",
        ),
        ("c/values.yaml", "a: 1\n"),
        ("c/templates/a.yaml", "kind: {{ .Values.kind }}\n  x\n"),
        ("c/values.schema.json", "{}"),
        ("c/../escaped", "x"),
    ];
    let (mut reader, before) = Reader::in_memory("v1.0.0", &files);
    let mut changed = files;
    changed[1].1 = "a: 2\n";
    let now = reader.add_memory_snapshot("v1.1.0", &changed);
    let mut survey = survey(Some(&before), &now, &[], &mut reader);
    let directory = tempfile::tempdir().unwrap();
    let helm = stand_in(directory.path(), body, patience);
    render(&mut survey, Some(&before), &now, &helm, &mut reader);
    let chart = &survey.charts[0];
    let place = |location: Location| {
        let file = reader.sources.get(location.source);
        format!("{}@{}", file.path, reader.sources.text(location))
    };
    let mut text = String::new();
    match &chart.rendering {
        Rendering::NotAsked => text.push_str("not asked"),
        Rendering::NotChecked { reason, location } => {
            text.push_str(reason);
            if let Some(location) = location {
                write!(text, " at {}", place(*location)).unwrap();
            }
            assert!(!reader.coverage.not_examined.is_empty());
        }
        Rendering::Done { .. } => {
            for made in chart.objects() {
                let strategy = match &made.strategy {
                    Strategy::Default => "default",
                    Strategy::Named(name) => name,
                    Strategy::Computed => "computed",
                };
                let fields: Vec<&str> = made.immutable.iter().map(|(name, _)| *name).collect();
                writeln!(
                    text,
                    "{} {} {strategy} {:?} {:?} [{}] {} {}",
                    made.kind,
                    made.name,
                    made.replicas,
                    made.hooks,
                    fields.join(" "),
                    if made.migrates { "migrates" } else { "" },
                    place(made.location),
                )
                .unwrap();
            }
        }
    }
    text
}

/// A stand-in that prints a text.
fn printing(text: &str) -> String {
    format!("cat <<'END'\n{text}\nEND")
}

#[test]
fn objects_are_what_helm_makes() {
    let text = "---
# Source: cellar/templates/a.yaml
kind: Deployment
metadata: {name: wine}
spec: {replicas: 3, strategy: {type: Recreate}, selector: {matchLabels: {a: b}}}
---
# Source: cellar/templates/a.yaml
kind: Deployment
metadata: {name: scaled}
spec: {}
---
# Source: cellar/templates/hpa.yaml
kind: HorizontalPodAutoscaler
spec: {scaleTargetRef: {kind: Deployment, name: scaled}}
---
# Source: cellar/charts/store/templates/s.yaml
kind: StatefulSet
metadata: {name: store}
spec: {serviceName: s, volumeClaimTemplates: [{metadata: {labels: {helm.sh/chart: x}}}]}
---
# Source: cellar/templates/migrate.yaml
kind: Job
metadata: {name: m, annotations: {helm.sh/hook: 'pre-install, pre-upgrade'}}
spec: {activeDeadlineSeconds: 60, template: {}}
---
# Source: cellar/templates/a.yaml
# nothing

---
no: kind";
    assert_eq!(
        told(&printing(text), LONG),
        "Deployment wine Recreate Some(3) [] [selector]  c/templates/a.yaml@
Deployment scaled default None [] []  c/templates/a.yaml@
HorizontalPodAutoscaler  default None [] []  c/Chart.yaml@
StatefulSet store default Some(1) [] [serviceName volumeClaimTemplates]  c/Chart.yaml@
Job m default None [\"pre-install\", \"pre-upgrade\"] [] migrates c/Chart.yaml@
"
    );
}

#[test]
fn what_helm_does_not_render_is_not_checked() {
    for (body, expected) in [
        ("exit 1", "helm refuses the chart"),
        (
            "echo 'Error: template: cellar/templates/a.yaml:1:9: executing \"x\" at <canary>' >&2; exit 1",
            "a template fails with these values at c/templates/a.yaml@kind: {{ .Values.kind }}",
        ),
        (
            "echo 'Error: template: cellar/templates/a.yaml:9000000000000:9: executing \"x\"' >&2; exit 1",
            "a template fails with these values at c/templates/a.yaml@",
        ),
        ("printf '\\377'", "helm wrote what is no UTF-8"),
        ("kill -9 $$", "helm refuses the chart"),
    ] {
        assert_eq!(told(body, LONG), expected, "{body}");
    }
}

#[test]
fn helm_gets_the_chart_and_nothing_of_the_user() {
    // What the stand-in saw comes back as the names of objects.
    let body = r#"object() { printf -- '---\n# Source: cellar/templates/a.yaml\nkind: K\nmetadata: {name: "%s"}\n' "$1"; }
object "$1 $2 $4 $5 $6"
cd chart && for file in $(find . -type f | sort); do object "$file"; done
case "$HELM_CONFIG_HOME$HELM_CACHE_HOME$HELM_DATA_HOME$HELM_PLUGINS$HOME$KUBECONFIG" in "$TMPDIR"*) object private;; esac
[ -e ../../escaped ] && object escaped
exit 0"#;
    let names: Vec<String> = told(body, LONG)
        .split('\n')
        .filter(|line| !line.is_empty())
        .map(|line| line.split(" default None").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "K template relgate --namespace default --skip-tests",
            "K ./Chart.yaml",
            "K ./templates/a.yaml",
            "K ./values.yaml",
            "K private",
        ]
    );
}

#[test]
fn a_rendering_is_bounded_in_time_and_size() {
    let begun = Instant::now();
    let body = "exec sleep 600";
    assert_eq!(
        told(body, Duration::from_millis(300)),
        "helm was not done after 0.3 s"
    );
    assert!(begun.elapsed() < Duration::from_mins(5));
    assert_eq!(
        told("exec yes", LONG),
        "helm wrote more than 33554432 bytes"
    );
}

/// A process that Helm left behind ends with it, and one that goes its own way is not waited for.
#[test]
fn nobody_waits_for_what_helm_left_behind() {
    let begun = Instant::now();
    let made = "printf -- '---\\nkind: K\\n'";
    assert_eq!(
        told(&format!("sleep 600 & {made}"), LONG),
        "K  default None [] []  c/Chart.yaml@\n"
    );
    assert_eq!(
        told(
            &format!("setsid sleep 20 & {made}; sleep 1"),
            Duration::from_secs(3)
        ),
        "helm was not done after 3 s"
    );
    assert!(begun.elapsed() < Duration::from_mins(5));
}

#[test]
fn many_documents_and_none_are_not_checked() {
    let many = "yes -- '---\nkind: K' | head -n 40000";
    assert_eq!(told(many, LONG), "Helm wrote more than 10000 documents");
    for nothing in [
        "exit 0",
        "printf -- '---\\n# Source: a\\n---\\nno: kind\\n'",
    ] {
        let said = told(nothing, LONG);
        assert!(
            said.starts_with("Helm makes nothing of the templates"),
            "{said}"
        );
    }
}

/// Helm follows links, and renders less where a file is missing: neither is handed to it.
#[test]
fn a_chart_with_something_that_cannot_be_read_is_not_checked() {
    let files = [
        (
            "c/Chart.yaml",
            "apiVersion: v2\nname: cellar\nversion: 1.0.0\n",
        ),
        ("c/templates/a.yaml", "kind: K"),
    ];
    let directory = tempfile::tempdir().unwrap();
    let helm = stand_in(directory.path(), &printing("---\nkind: K"), LONG);
    // Of the other state of memory this reader holds no content.
    let (mut reader, _) = Reader::in_memory("v1.1.0", &files);
    let more = [&files[..], &[("c/templates/b.yaml", "kind: L")]].concat();
    let (_, now) = Reader::in_memory("v1.1.0", &more);
    let mut survey = survey(None, &now, &[], &mut reader);
    render(&mut survey, None, &now, &helm, &mut reader);
    let Rendering::NotChecked { reason, .. } = &survey.charts[0].rendering else {
        panic!("{:?}", survey.charts[0].rendering);
    };
    assert_eq!(
        reason,
        "c/templates/b.yaml cannot be handed to Helm: not in memory"
    );
}

#[test]
fn what_is_no_object_is_not_checked() {
    for written in [
        "kind: Deployment\\nspec: [\\n",
        "<html>sign in</html>",
        "- a\\n",
    ] {
        let said = told(&format!("printf -- '---\\n{written}'"), LONG);
        assert!(said.starts_with("what Helm wrote is no "), "{said}");
    }
}

#[test]
fn a_helm_that_is_none_renders_nothing() {
    let directory = tempfile::tempdir().unwrap();
    for (version, known) in [
        ("v3.21.4", true),
        ("v4.2.3", true),
        ("v2.17.0", false),
        ("", false),
        ("v3.0.0 and more\n", false),
    ] {
        let program = directory.path().join("helm");
        fs::write(&program, format!("#!/bin/sh\nprintf '{version}'\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let helm = Helm::at(program, LONG);
        let expected = if known { version } else { "" };
        assert_eq!(helm.version(), expected);
    }
    assert_eq!(Helm::find(&[PathBuf::from(".")]).version(), "");
}
