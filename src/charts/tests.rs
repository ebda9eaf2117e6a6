//! Charts as they occur: what is deployed by default, what pairs with what.

use super::*;

const HELPERS: &str = "{{ .Values.global.image.tag | default .Chart.AppVersion }}";

/// The images of a chart, as `key repository:tag@digest (source)`.
fn images(values: &str, template: &str) -> Vec<String> {
    let files = [
        (
            "c/Chart.yaml",
            "apiVersion: v2\nname: cellar\nversion: 1.0.0\nappVersion: \"2.3.0\"\n",
        ),
        ("c/values.yaml", values),
        ("c/templates/_helpers.tpl", template),
    ];
    let (mut reader, snapshot) = Reader::in_memory("", &files);
    let survey = survey(None, &snapshot, &[], &mut reader);
    survey.charts[0]
        .images
        .iter()
        .map(|image| told(image, &reader))
        .collect()
}

fn told(image: &Image, reader: &Reader<'_>) -> String {
    let digest = if image.digest.is_empty() {
        String::new()
    } else {
        format!("@{}", image.digest)
    };
    let source = if image.resolved {
        image.source.as_str()
    } else {
        image.unresolved_because
    };
    let place = reader.sources.text(image.location);
    format!(
        "{} {}:{}{digest} ({source}) at {place}",
        image.key, image.repository, image.tag
    )
}

fn check(values: &str, template: &str, expected: &[&str]) {
    assert_eq!(images(values, template), expected, "{values}");
}

#[test]
fn an_image_is_a_map_with_repository_and_tag() {
    check(
        "image: {repository: r/cellar, tag: v1}",
        "",
        &["image.tag r/cellar:v1 (values) at v1"],
    );
    check(
        "image: {registry: 'h:5000', repository: cellar, tag: v1}",
        "",
        &["image.tag h:5000/cellar:v1 (values) at v1"],
    );
    check(
        "image: {repository: 'h:5000/cellar:v3'}",
        "",
        &["image.tag h:5000/cellar:v3 (values) at {repository: 'h:5000/cellar:v3'}"],
    );
    check(
        "a: {b: {repository: x, pullPolicy: Always, tag: 1.20}}",
        "",
        &["a.b.tag x:1.2 (values) at 1.20"],
    );
    check(
        "initImage: {name: busybox, tag: 20240101}",
        "",
        &["initImage.tag busybox:2.0240101e+07 (values) at 20240101"],
    );
    check(
        "git: {repository: 'https://git.example.org/x', tag: v1}\ndb: {repository: x}",
        "",
        &[],
    );
}

#[test]
fn a_digest_is_an_image_too() {
    check(
        "image: {repository: r, tag: v1, digest: 'sha256:ab'}",
        "",
        &["image.tag r:v1@sha256:ab (values) at v1"],
    );
    check(
        "image: {repository: r, sha: ab, tag: ''}",
        "",
        &["image.tag r:@sha256:ab () at ''"],
    );
}

#[test]
fn a_reference_may_stand_in_one_text() {
    check(
        "image: h:5000/r/cellar:v1",
        "",
        &["image h:5000/r/cellar:v1 (values) at h:5000/r/cellar:v1"],
    );
    check(
        "image: r/cellar@sha256:ab",
        "",
        &["image r/cellar:@sha256:ab () at r/cellar@sha256:ab"],
    );
    check(
        "image: cellar\nimageTag: v2",
        "",
        &["imageTag cellar:v2 (values) at v2"],
    );
    check(
        "image: cellar",
        "",
        &["image cellar: (it has no tag, and the template may add one) at cellar"],
    );
    check(
        "jobs: [{image: 'x:1'}]",
        "",
        &["jobs[0].image x:1 (values) at 'x:1'"],
    );
    check("backgroundImage: cask.png\nimage: ''", "", &[]);
}

#[test]
fn an_empty_tag_falls_back_where_the_templates_do() {
    let empty = "image: {repository: r, tag: \"\"}\n";
    check(
        empty,
        HELPERS,
        &["image.tag r:2.3.0 (appVersion) at \"2.3.0\""],
    );
    check(
        "image: {repository: r, tag: }\n",
        HELPERS,
        &["image.tag r:2.3.0 (appVersion) at \"2.3.0\""],
    );
    check(
        empty,
        "{{ .Values.image.tag }}",
        &[
            "image.tag r: (its tag is empty, and whether a template falls back to the appVersion cannot be told) at \"\"",
        ],
    );
    check(
        &format!("{empty}global: {{image: {{tag: v7}}}}"),
        HELPERS,
        &["global.image.tag r:v7 (values) at v7"],
    );
    check(
        &format!("{empty}global: {{image: {{tag: ''}}}}"),
        HELPERS,
        &["image.tag r:2.3.0 (appVersion) at \"2.3.0\""],
    );
    check(
        &format!("{empty}global: {{image: {{tag: v7}}}}"),
        "{{ .Chart.AppVersion }}",
        &["image.tag r:2.3.0 (appVersion) at \"2.3.0\""],
    );
}

#[test]
fn how_the_templates_fall_back_counts() {
    let empty = "image: {repository: r, tag: \"\"}\n";
    let unknown =
        "its tag is empty, and whether a template falls back to the appVersion cannot be told";
    for (template, expected) in [
        (
            "",
            "r: (its tag is empty, and no template falls back to the appVersion) at \"\""
                .to_owned(),
        ),
        (
            "{{ .tag | default (printf \"v%s\" .Chart.AppVersion) }}",
            "r:v2.3.0 (appVersion) at \"2.3.0\"".to_owned(),
        ),
        (
            "{{ .Values.image.tag | default .Chart.AppVersion }}",
            "r:2.3.0 (appVersion) at \"2.3.0\"".to_owned(),
        ),
        (
            "{{ if .Values.image.tag }}\n{{ .Values.image.tag }}\n{{ else }}\nv{{ .Chart.AppVersion }}\n{{ end }}",
            "r:v2.3.0 (appVersion) at \"2.3.0\"".to_owned(),
        ),
        (
            "{{ .Values.image.tag | default (include \"other\" .) }}\n\n\n\n\n\n\nversion: {{ .Chart.AppVersion }}",
            format!("r: ({unknown}) at \"\""),
        ),
        (
            "{{ .Values.image.tagSuffix }}\n\n\n\n\n\nversion: {{ .Chart.AppVersion }}",
            "r:2.3.0 (appVersion) at \"2.3.0\"".to_owned(),
        ),
    ] {
        assert_eq!(
            images(empty, template),
            [format!("image.tag {expected}")],
            "{template}"
        );
    }
}

#[test]
fn a_place_for_overrides_is_no_image() {
    check(
        "ingester: {image: {registry: null, repository: null, tag: null}}",
        HELPERS,
        &[],
    );
    check("image: {tag: ''}", HELPERS, &[]);
    check(
        "image: {tag: ''}",
        "r/cellar:{{ .Values.image.tag | default .Chart.AppVersion }}",
        &["image.tag :2.3.0 (appVersion) at \"2.3.0\""],
    );
}

#[test]
fn an_image_of_a_dependency_does_not_follow_this_chart() {
    let files = [
        (
            "Chart.yaml",
            "name: cellar\nversion: 1.0.0\nappVersion: \"2\"\ndependencies: [{name: postgresql, alias: db}]\n",
        ),
        (
            "values.yaml",
            "db: {image: {repository: r, tag: ''}}\nsub: {image: {repository: s, tag: ''}}\n",
        ),
        ("templates/a.yaml", HELPERS),
        ("charts/sub/Chart.yaml", "name: sub\nversion: 1.0.0\n"),
    ];
    let (mut reader, snapshot) = Reader::in_memory("", &files);
    let survey = survey(None, &snapshot, &[], &mut reader);
    let resolved: Vec<bool> = survey.charts[0]
        .images
        .iter()
        .map(|image| image.resolved)
        .collect();
    assert_eq!(resolved, [false, false]);
}

#[test]
fn a_global_image_stands_for_itself_when_it_has_a_repository() {
    check(
        "global: {image: {repository: r/cellar, tag: ''}}",
        HELPERS,
        &["global.image.tag r/cellar:2.3.0 (appVersion) at \"2.3.0\""],
    );
    check("global: {image: {repository: '', tag: ''}}", HELPERS, &[]);
}

#[test]
fn a_template_is_not_guessed() {
    check(
        "image: {repository: r, tag: '{{ .Chart.AppVersion }}'}",
        HELPERS,
        &["image.tag r: (it is a template) at '{{ .Chart.AppVersion }}'"],
    );
    check(
        "image: '{{ .Values.r }}:v1'",
        "",
        &["image {{ .Values.r }}: (it is a template) at '{{ .Values.r }}:v1'"],
    );
}

#[test]
fn further_values_files_override() {
    let files = [
        ("c/Chart.yaml", "name: cellar\nversion: 1.0.0\n"),
        ("c/values.yaml", "image: {repository: r, tag: v1}\n"),
        (
            "deploy/values.yaml",
            "image: {tag: v2}\nextra: {image: {repository: x, tag: v9}}\n",
        ),
    ];
    let (mut reader, snapshot) = Reader::in_memory("", &files);
    let settings = ChartSettings {
        path: "c".to_owned(),
        image_tag: None,
        values: vec!["c/values.yaml".to_owned(), "deploy/values.yaml".to_owned()],
    };
    let survey = survey(None, &snapshot, &[settings], &mut reader);
    let found: Vec<String> = survey.charts[0]
        .images
        .iter()
        .map(|image| told(image, &reader))
        .collect();
    assert_eq!(
        found,
        [
            "image.tag r:v2 (values) at v2",
            "extra.image.tag x:v9 (values) at v9"
        ]
    );
}

#[test]
fn a_chart_is_paired_with_what_it_was() {
    let chart = |name: &str| format!("name: {name}\nversion: 1.0.0\n");
    let (a, b, c) = (chart("a"), chart("b"), chart("c"));
    let (mut reader, before) = Reader::in_memory(
        "v1",
        &[
            ("a/Chart.yaml", &a),
            ("old/Chart.yaml", &b),
            ("gone/Chart.yaml", &c),
        ],
    );
    let now = reader.add_memory_snapshot("v2", &[("a/Chart.yaml", &a), ("new/Chart.yaml", &b)]);
    let survey = survey(Some(&before), &now, &[], &mut reader);
    let pairs: Vec<(&str, &str, bool)> = survey
        .charts
        .iter()
        .map(|chart| {
            let previous = chart
                .previous
                .as_ref()
                .map_or("", |state| state.directory.as_str());
            (chart.state.directory.as_str(), previous, chart.changed)
        })
        .collect();
    assert_eq!(pairs, [("a", "a", false), ("new", "old", false)]);
    assert_eq!(
        survey
            .removed
            .iter()
            .map(|removed| removed.state.name())
            .collect::<Vec<_>>(),
        ["c"]
    );
}

#[test]
fn what_a_removed_chart_leaves_behind() {
    let check = |directory: &str, left: &[&str], expected: Option<&str>| {
        let at = |name: &str| join(directory, name);
        let (mut reader, before) = Reader::in_memory("v1", &[(&at("Chart.yaml"), "name: a\n")]);
        let left: Vec<String> = left.iter().map(|name| at(name)).collect();
        let left: Vec<(&str, &str)> = left.iter().map(|path| (path.as_str(), "a: 1\n")).collect();
        let now = reader.add_memory_snapshot("v2", &left);
        let removed = survey(Some(&before), &now, &[], &mut reader).removed;
        let [removed] = removed.as_slice() else {
            panic!("{removed:?}")
        };
        let expected = expected.map(at);
        assert_eq!(removed.left_behind, expected, "{directory} {left:?}");
    };
    for directory in ["", "charts/a"] {
        check(directory, &[], None);
        check(directory, &["README.md"], None);
        check(
            directory,
            &["values.yaml", "templates/a.yaml"],
            Some("values.yaml"),
        );
        check(
            directory,
            &["templates/b/a.yaml"],
            Some("templates/b/a.yaml"),
        );
        check(directory, &["templates.md"], None);
    }
}

#[test]
fn fields_are_what_go_makes_of_them() {
    for (text, expected) in [
        ("version: 1.2.3", "1.2.3"),
        ("version: 1.20", "1.2"),
        ("version: 0123", "83"),
        ("version: yes", "true"),
        ("version:", ""),
        ("Version: 1.0.0", "1.0.0"),
        ("Version: 1.0.0\nversion: 2.0.0", "2.0.0"),
        ("version: [1]", ""),
    ] {
        let (mut reader, snapshot) = Reader::in_memory("", &[("Chart.yaml", text)]);
        let survey = survey(None, &snapshot, &[], &mut reader);
        assert_eq!(
            survey.charts[0].state.metadata.version_text(),
            expected,
            "{text}"
        );
    }
}
