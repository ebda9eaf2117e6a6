//! What two states of values tell.

use super::*;
use crate::charts::survey;
use crate::discover::Reader;

const CHART: &str = "name: cellar\nversion: 1.2.0\n";

fn compare_charts(old: &[(&str, &str)], new: &[(&str, &str)]) -> (ValuesFacts, Vec<String>) {
    let (mut reader, before) = Reader::in_memory("v1.0.0", old);
    let now = reader.add_memory_snapshot("v1.1.0", new);
    let survey = survey(Some(&before), &now, &[], &mut reader);
    let mut origins = Origins::default();
    let facts = collect(&survey, &mut origins);
    let places = all(&facts)
        .map(|(_, fact)| {
            let location = origins.get(fact.origin).unwrap();
            let file = reader.sources.get(location.source);
            format!("{}:{}", file.revision, reader.sources.text(location))
        })
        .collect();
    (facts, places)
}

fn all(facts: &ValuesFacts) -> impl Iterator<Item = (char, &ValueFact)> {
    let lists = [
        ('+', &facts.added),
        ('-', &facts.removed),
        ('>', &facts.renamed),
        ('!', &facts.retyped),
        ('~', &facts.changed),
    ];
    lists
        .into_iter()
        .flat_map(|(sign, facts)| facts.iter().map(move |fact| (sign, fact)))
}

/// Each difference as `sign previous>key previous-type>type`, with `?` where it is free-form.
fn told(facts: &ValuesFacts) -> Vec<String> {
    all(facts)
        .map(|(sign, fact)| {
            let arrow = if fact.previous_key.is_empty() {
                String::new()
            } else {
                format!("{}>", fact.previous_key)
            };
            let free = if fact.free_form { " ?" } else { "" };
            format!(
                "{sign} {arrow}{} {}>{}{free}",
                fact.key, fact.previous_type, fact.kind
            )
        })
        .collect()
}

fn check(old: &str, new: &str, expected: &[&str]) {
    let (facts, _) = compare_charts(
        &[("Chart.yaml", CHART), ("values.yaml", old)],
        &[("Chart.yaml", CHART), ("values.yaml", new)],
    );
    assert_eq!(told(&facts), expected, "{old} → {new}");
}

#[test]
fn nothing_changes_when_helm_reads_the_same() {
    check("a: 1", "a: 1.0 # comment", &[]);
    check("a: yes", "a: true", &[]);
    check("a: {b: 1, c: 2}", "a:\n  c: 2\n  b: 1\n", &[]);
    check("d: &d {e: 1}\na: *d", "d: {e: 1}\na: {e: 1}", &[]);
}

#[test]
fn keys_come_and_go() {
    check("a: 1", "a: 1\nb: 2", &["+ b >number"]);
    check("a: 1\nb: {c: {d: 1}, e: 2}", "a: 1", &["- b map>"]);
    check("b: {c: {d: 1}, e: 2}", "b: {e: 2}", &["- b.c map>"]);
    check("", "a: {b: 1}", &["+ a >map"]);
    check(
        "\"x.y\": {b: 5, c: 1}",
        "\"x.y\": {c: 1}",
        &["- \"x.y\".b number>"],
    );
}

#[test]
fn types_change() {
    check("port: 8080", "port: '8080'", &["! port number>string"]);
    check("port: 8080", "port: {http: 8080}", &["! port number>map"]);
    check("a: [1]", "a: {b: 1}", &["! a list>map"]);
    check("a: yes", "a: 'yes'", &["! a bool>string"]);
}

#[test]
fn defaults_change() {
    check("a: {b: 1}", "a: {b: 2}", &["~ a.b number>number"]);
    check("a: [1, 2]", "a: [1, 3]", &["~ a list>list"]);
    check("a: [{b: 1}]", "a: [{c: 1}]", &["~ a list>list"]);
}

#[test]
fn free_form_values_are_soft() {
    check("a: {}", "a: []", &["! a map>list ?"]);
    check("a: ''", "a: {b: 1}", &["! a string>map ?"]);
    check("a: null", "a: 1", &["! a null>number ?"]);
    check("a: ''", "a: x", &["~ a string>string ?"]);
    check(
        "resources: {limits: {cpu: 7}}",
        "resources: {}",
        &["- resources.limits map> ?"],
    );
    check(
        "resources: {}",
        "resources: {limits: {cpu: 7}}",
        &["+ resources.limits >map ?"],
    );
}

#[test]
fn a_key_that_moved_is_not_gone() {
    check(
        "p: {enabled: true, size: 10Gi}",
        "p: {enabled: true, capacity: 10Gi}",
        &["> p.size>p.capacity string>string"],
    );
    check(
        "a: {size: 10Gi, x: 1}\nb: {y: 1}",
        "a: {x: 1}\nb: {y: 1, size: 10Gi}",
        &["> a.size>b.size string>string"],
    );
    check(
        "a: {on: 1}\nflag: true\nz: 1",
        "a: {on: 1}\nswitch: true\nz: 1",
        &["> flag>switch bool>bool"],
    );
    check(
        "query: {a: 1, b: x}",
        "queryApi: {a: 2, b: z}",
        &["> query>queryApi map>map"],
    );
}

#[test]
fn a_coincidence_is_no_move() {
    check(
        "a: true\nz: 1",
        "z: 1\nb: true",
        &["+ b >bool", "- a bool>"],
    );
    check(
        "p: {a: 10Gi, b: 10Gi}",
        "p: {c: 10Gi}",
        &["+ p.c >string", "- p.a string>", "- p.b string>"],
    );
    check(
        "p: {a: 10Gi, k: 1}",
        "p: {b: 20Gi, l: 1, k: 1}",
        &["+ p.b >string", "+ p.l >number", "- p.a string>"],
    );
}

#[test]
fn facts_know_their_places_and_charts() {
    let old = "image: {repository: r, tag: v1}\ngone: 5\nport: 1\n";
    let new = "image: {repository: r, tag: v2}\nport: x\n";
    let (facts, places) = compare_charts(
        &[
            ("c/Chart.yaml", "name: cellar\nversion: 0.9.0\n"),
            ("c/values.yaml", old),
        ],
        &[
            ("c/Chart.yaml", "name: cellar\nversion: 1.0.0\n"),
            ("c/values.yaml", new),
        ],
    );
    assert_eq!(
        told(&facts),
        [
            "- gone number>",
            "! port number>string",
            "~ image.tag string>string"
        ]
    );
    assert_eq!(places, ["v1.0.0:gone", "v1.1.0:port", "v1.1.0:tag"]);
    assert_eq!(
        (facts.changed[0].image, facts.retyped[0].image),
        (true, false)
    );
    let gone = &facts.removed[0];
    assert_eq!(
        (
            gone.chart.as_str(),
            gone.directory.as_str(),
            gone.path.as_str(),
            gone.chart_below_one
        ),
        ("cellar", "c", "c/values.yaml", true)
    );
}

#[test]
fn charts_that_come_or_go_have_no_values_to_compare() {
    let chart = [("c/Chart.yaml", CHART), ("c/values.yaml", "a: 1")];
    assert_eq!(told(&compare_charts(&[], &chart).0), [""; 0]);
    assert_eq!(told(&compare_charts(&chart, &[]).0), [""; 0]);
}

#[test]
fn a_values_file_that_comes_or_goes_in_a_chart_is_compared() {
    let with = [("c/Chart.yaml", CHART), ("c/values.yaml", "a: 1")];
    let without = [("c/Chart.yaml", CHART)];
    assert_eq!(told(&compare_charts(&without, &with).0), ["+ a >number"]);
    assert_eq!(told(&compare_charts(&with, &without).0), ["- a number>"]);
}

#[test]
fn a_file_that_helm_refuses_is_not_compared() {
    check("a: 1", "a: {{ .x }}", &[]);
}

#[test]
fn facts_hold_no_scalar_values() {
    let old =
        "a: canary-1\nb: {c: canary-2}\nd: canary-3\ne: [canary-4]\nf: 12345671\ng: canary-5\n";
    let new = "a: canary-6\nb: canary-7\nh: canary-3\ne: [canary-8]\nf: x\ni: 12345672\n";
    let (facts, _) = compare_charts(
        &[("Chart.yaml", CHART), ("values.yaml", old)],
        &[("Chart.yaml", CHART), ("values.yaml", new)],
    );
    assert_eq!(all(&facts).count(), 7);
    let json = serde_json::to_string(&facts).unwrap();
    assert!(
        !json.contains("canary") && !json.contains("1234567"),
        "{json}"
    );
}

/// A new key below the name of a chart that was brought along before is an option that was there.
#[test]
fn keys_of_dependencies_are_told_apart() {
    let chart = "name: cellar\nversion: 1.2.0\ndependencies: [{name: store, version: 1.0.0, repository: r}, {name: x, alias: press, version: 1.0.0, repository: r}]\n";
    let of = |old_chart: &str, template: &str| -> Vec<String> {
        let template = ("templates/a.yaml", template);
        let (facts, _) = compare_charts(
            &[("Chart.yaml", old_chart), ("values.yaml", "a: 1"), template],
            &[
                ("Chart.yaml", chart),
                (
                    "values.yaml",
                    "a: 1\nstore: {b: 1}\npress: {b: 1}\nx: {b: 1}\nglobal: {b: 1}",
                ),
                template,
            ],
        );
        let added = facts.added.iter().filter(|fact| fact.of_dependency);
        added.map(|fact| fact.key.clone()).collect()
    };
    assert_eq!(of(chart, ""), ["global", "press", "store"]);
    assert_eq!(of(chart, "{{ .Values.global.b }}"), ["press", "store"]);
    assert_eq!(of(CHART, ""), [""; 0]);
}

/// What Helm refuses and YAML allows is compared all the same; what is no YAML is said to be no ground for a comparison.
#[test]
fn an_old_mistake_hides_no_key() {
    check(
        "a: 1\na: 2\nb: 1\nc: 1\n",
        "a: 2\n",
        &["- b number>", "- c number>"],
    );
    check(
        "a: {{ .x }}\nb: 1\nc: 1\n",
        "a: {}\n",
        &["- b number>", "- c number>"],
    );
    let old = [
        ("Chart.yaml", CHART),
        ("values.yaml", "a: [1\nb: 1\n"),
        ("templates/a.yaml", "a"),
    ];
    for (new, told) in [("a", 0), ("b", 1)] {
        let new = [
            ("Chart.yaml", CHART),
            ("values.yaml", if told == 0 { old[1].1 } else { "a: [1]\n" }),
            ("templates/a.yaml", new),
        ];
        let (mut reader, before) = Reader::in_memory("v1.0.0", &old);
        let now = reader.add_memory_snapshot("v1.1.0", &new);
        let survey = survey(Some(&before), &now, &[], &mut reader);
        let facts = collect(&survey, &mut Origins::default());
        assert_eq!(facts.not_compared.len(), told, "{facts:?}");
        assert_eq!(all(&facts).count(), 0, "{facts:?}");
        let skipped = &reader.coverage.not_examined;
        assert_eq!(skipped.len(), told, "{skipped:?}");
        assert!(
            skipped.iter().all(|one| one.reason.contains("v1.0.0")),
            "{skipped:?}"
        );
    }
}

#[test]
fn a_chart_that_is_gone_is_told() {
    let check = |chart: &str, now: &[(&str, &str)], expected: &[&str]| {
        let old = [("a/Chart.yaml", chart), ("a/values.yaml", "b: 1\n")];
        let (facts, _) = compare_charts(&old, now);
        assert_eq!(all(&facts).count(), 0, "{facts:?}");
        let found = facts.removed_charts.iter().map(|it| {
            let below = if it.chart_below_one { " <1" } else { "" };
            format!(
                "{} {} {}{below} {}",
                it.path, it.chart, it.version, it.left_behind
            )
        });
        assert_eq!(found.collect::<Vec<_>>(), expected, "{chart} {now:?}");
    };
    check(CHART, &[], &["a/Chart.yaml cellar 1.2.0 "]);
    check(
        CHART,
        &[("a/values.yaml", "b: 1\n")],
        &["a/Chart.yaml cellar 1.2.0 a/values.yaml"],
    );
    check("version: 0.1.0\n", &[], &["a/Chart.yaml a 0.1.0 <1 "]);
    check(
        CHART,
        &[("b/Chart.yaml", CHART), ("b/values.yaml", "b: 1\n")],
        &[],
    );
}
