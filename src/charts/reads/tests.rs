//! What is read, and what is read and not there.

use super::*;
use crate::charts::survey;

const CHART: &str = "apiVersion: v2\nname: cellar\nversion: 1.0.0\n";

fn reads_of(files: &[(&str, &str)]) -> (Reads, Vec<String>) {
    let mut all = vec![("Chart.yaml", CHART)];
    all.retain(|(name, _)| files.iter().all(|(given, _)| given != name));
    all.extend(files);
    let (mut reader, snapshot) = Reader::in_memory("", &all);
    let survey = survey(None, &snapshot, &[], &mut reader);
    let chart = &survey.charts[0];
    let empty = Value::empty_map();
    let values = chart
        .state
        .values
        .first()
        .and_then(|file| file.value.as_ref())
        .unwrap_or(&empty);
    let undefined = chart
        .reads
        .undefined(values, &|_| false)
        .into_iter()
        .map(|(key, place)| format!("{key} at {}", reader.sources.text(place)))
        .collect();
    (chart.reads.clone(), undefined)
}

/// Of the keys, those that the template reads, with a mark where that is not plain.
fn check(template: &str, keys: &str, expected: &str) {
    let (reads, _) = reads_of(&[("templates/a.yaml", template)]);
    let told: Vec<String> = keys
        .split(' ')
        .filter_map(|key| match reads.of(&KeyPath::parse(key)) {
            IsRead::Yes => Some(key.to_owned()),
            IsRead::No => None,
            IsRead::Refused => Some(format!("{key}!")),
            IsRead::Unknown => Some(format!("{key}?")),
        })
        .collect();
    assert_eq!(told.join(" "), expected, "{template}");
}

#[test]
fn plain_readings() {
    check("{{ .Values.a.b }}", "a a.b a.b.c a.c b", "a a.b a.b.c");
    check("{{ $.Values.a | quote }}", "a b", "a");
    check("{{ toYaml .Values.a | nindent 2 }}", "a a.b.c b", "a a.b.c");
    check("{{ if .Values.a }}x{{ end }}", "a a.b b", "a");
    check(
        "{{ if and .Values.a (eq .Values.b.c 1) }}x{{ end }}",
        "a b b.c b.d",
        "a b b.c",
    );
    check("{{/* .Values.a */}}", "a", "");
    check(
        "{{ printf \"%s\" .Values.a }}{{ .Release.Name }}",
        "a b",
        "a",
    );
    check(
        "{{ index .Values \"a\" \"b-c\" }}",
        "a a.b-c a.d",
        "a a.b-c",
    );
    check("{{ .Values.a | default .Values.b }}", "a b c", "a b");
    check(
        "{{ get .Values.a \"b\" }}{{ dig \"x\" \"y\" 1 .Values.d }}",
        "a.b a.c d.x.y d.z",
        "a.b d.x.y",
    );
}

/// `tpl (.Files.Get …)` expands files that are no templates by their place.
#[test]
fn files_that_templates_expand_are_followed() {
    let nginx = "{{ range $name, $value := .Values.headers }}{{ $name }}{{ end }}";
    let of = |template: &str| {
        let (reads, _) = reads_of(&[
            ("files/nginx.conf.tpl", nginx),
            ("README.md", "{{ .Values.documented }}"),
            ("templates/a.yaml", template),
        ]);
        ["headers.x", "documented"].map(|key| reads.of(&KeyPath::parse(key)))
    };
    let expanded = "{{ tpl (.Files.Get \"files/nginx.conf.tpl\") . }}";
    assert_eq!(of(expanded), [IsRead::Yes, IsRead::No]);
    assert_eq!(
        of("{{ .Files.Get \"files/nginx.conf.tpl\" }}"),
        [IsRead::No, IsRead::No]
    );
}

#[test]
fn the_dot_is_followed() {
    check(
        "{{ with .Values.a }}{{ .b }}{{ end }}",
        "a a.b a.c",
        "a a.b",
    );
    check(
        "{{ with .Values.a }}{{ $.Values.b }}{{ else }}{{ .Values.c }}{{ end }}",
        "a b c",
        "a b c",
    );
    check(
        "{{ range .Values.a }}{{ .b }}{{ end }}",
        "a a.x a.x.b b",
        "a a.x a.x.b",
    );
    check(
        "{{ range $k, $v := .Values.a }}{{ $v.b }}{{ end }}",
        "a.x.b a.x.c",
        "a.x.b",
    );
    check("{{ $a := .Values.a }}{{ $a.b }}", "a.b a.c", "a.b");
    check(
        "{{ $a := .Values.a }}{{ $a = .Values.b }}{{ $a.c }}",
        "a.c b.c b.d",
        "a.c b.c",
    );
    check(
        "{{ range (list .Values.a .Values.b) }}{{ .c }}{{ end }}",
        "a.c b.c a.d",
        "a.c b.c",
    );
    check(
        "{{ (merge .Values.a .Values.b).c }}",
        "a.c b.c b.d",
        "a.c b.c",
    );
    check(
        "{{ $x := .Values.a | default dict }}{{ $x.b }}",
        "a.b a.c",
        "a.b",
    );
}

#[test]
fn calls_are_followed() {
    let define = "{{ define \"f\" }}{{ .Values.a }}{{ end }}";
    check(&format!("{define}{{{{ include \"f\" . }}}}"), "a b", "a");
    check(define, "a", "");
    check(
        "{{ define \"f\" }}{{ .ctx.Values.a }}{{ .c.b }}{{ end }}{{ include \"f\" (dict \"ctx\" $ \"c\" .Values.x) }}",
        "a x.b x.c",
        "a x.b",
    );
    check(
        "{{ define \"f\" }}{{ $r := index . 0 }}{{ $r.Values.a }}{{ (index . 1).b }}{{ end }}{{ template \"f\" (list . .Values.x) }}",
        "a x.b x.c",
        "a x.b",
    );
    check(
        "{{ define \"f\" }}{{ include \"f\" .child }}{{ .a }}{{ end }}{{ include \"f\" .Values.t }}",
        "t.a t.child.a t.b",
        "t.a t.child.a",
    );
    check("{{ include \"gone\" . }}", "a", "a?");
    check("{{ include \"gone\" .Values.a }}", "a b", "a");
    check(
        "{{ include (print $.Template.BasePath \"/b.yaml\") . }}",
        "a",
        "",
    );
}

#[test]
fn a_failure_is_no_reading() {
    check(
        "{{ if .Values.old }}{{ fail \"moved\" }}{{ end }}{{ .Values.new }}",
        "old new",
        "old! new",
    );
}

#[test]
fn what_cannot_be_read_is_unknown() {
    check("{{ .Values.a }}{{ if .Values.b }}", "a b c", "a b c?");
    check(&"{{ with .x }}".repeat(150), "a", "a?");
}

#[test]
fn dependencies_read_their_own() {
    let chart = "name: cellar\nversion: 1.0.0\ndependencies: [{name: db, condition: db.enabled}, {name: sub, alias: s}]\n";
    let (reads, _) = reads_of(&[
        ("Chart.yaml", chart),
        ("charts/sub/Chart.yaml", "name: sub\nversion: 1.0.0\n"),
        (
            "charts/sub/templates/a.yaml",
            "{{ .Values.a }}{{ .Values.global.b }}",
        ),
    ]);
    let told: Vec<&str> = ["db.enabled", "db.x", "s.a", "s.b", "global.b", "x"]
        .iter()
        .map(|key| reads.of(&KeyPath::parse(key)).as_str())
        .collect();
    assert_eq!(told, ["yes", "unknown", "yes", "no", "yes", "no"]);
}

#[test]
fn values_may_hold_templates() {
    let (reads, _) = reads_of(&[
        ("values.yaml", "a: '{{ .Values.b }}'\nb: 1\n"),
        ("templates/a.yaml", "{{ tpl .Values.a . }}"),
    ]);
    assert_eq!(reads.of(&KeyPath::parse("b")), IsRead::Yes);
}

fn undefined(template: &str, values: &str, expected: &[&str]) {
    let (_, found) = reads_of(&[("templates/a.yaml", template), ("values.yaml", values)]);
    assert_eq!(found, expected, "{template}");
}

#[test]
fn printed_keys_have_to_be_defined() {
    let values = "a: {b: 1}\nopen: {}\nempty:\n";
    undefined(
        "{{ .Values.a.b }}{{ .Values.open.x.y }}{{ .Values.empty.x }}",
        values,
        &[],
    );
    undefined("{{ .Values.a.c }}", values, &["a.c at .Values.a.c"]);
    undefined("{{ .Values.d.e }}", values, &["d at .Values.d.e"]);
    undefined(
        "{{ with .Values.a }}x: {{ .c | quote }}{{ end }}",
        values,
        &["a.c at .c"],
    );
    undefined(
        "{{ .Values.a.c | default 1 }}{{ if .Values.a.d }}{{ .Values.a.d }}{{ end }}",
        values,
        &[],
    );
    undefined(
        "{{ required \"say\" .Values.a.c }}{{ .Values.global.x }}",
        values,
        &[],
    );
    undefined("{{ range .Values.list }}{{ .x }}{{ end }}", values, &[]);
    undefined(
        "{{ $_ := set .Values.a \"c\" 1 }}{{ .Values.a.c }}",
        values,
        &[],
    );
    undefined(
        "{{ $_ := mergeOverwrite .Values.a (dict) }}{{ .Values.a.c }}",
        values,
        &[],
    );
    undefined(
        "{{ if hasKey .Values.a \"c\" }}{{ .Values.a.c }}{{ end }}",
        values,
        &[],
    );
}
