use std::time::Instant;

use serde_json::json;

use super::*;

/// Evaluates an expression over a few facts, and shows the result or what went wrong and where.
fn eval(source: &str) -> String {
    with_room(|| {
        let program = match parse(source) {
            Ok(syntax) => Program::new(syntax),
            Err(mistakes) => {
                let mistake = &mistakes[0];
                return format!("{}: {}", source.get(mistake.range.clone()).unwrap(), mistake.message);
            }
        };
        let mut bindings = Bindings::default();
        let facts = json!({
            "tag": "v1.2.3", "count": 3, "ratio": 0.5, "none": null, "tags": ["a", "b", "c"], "empty": [],
            "inner": {"x": 1, "y": "z"},
            "rows": [{"name": "n1", "size": 1, "tags": ["x"]}, {"name": "n2", "size": 2, "tags": []}],
        });
        bindings.set("r", Value::of(&facts).unwrap());
        bindings.set("variables.rows", Value::of(&facts["rows"]).unwrap());
        bindings.set("now", Value::time("2026-11-20T10:00:00Z".parse().unwrap()));
        match program.evaluate(&bindings) {
            Ok(value) => show(&value),
            Err(failure) => format!("{}: {}", failure.part, failure.message),
        }
    })
    .unwrap()
}

fn show(value: &Value) -> String {
    if let Some(elements) = value.elements() {
        let parts: Vec<String> = elements.iter().map(show).collect();
        return format!("[{}]", parts.join(", "));
    }
    match (value.as_bool(), value.as_int(), value.as_text()) {
        (Some(value), ..) => value.to_string(),
        (_, Some(value), _) => value.to_string(),
        (_, _, Some(value)) => value.to_owned(),
        _ => value.type_name().to_owned(),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        assert_eq!(eval(source), *expected, "{source}");
    }
}

#[test]
fn facts_are_values() {
    check(&[
        ("r.count + 1", "4"),
        ("type(r.count) == int", "true"),
        ("r.ratio < 1", "true"),
        ("r.none == null", "true"),
        ("r.tags[1]", "b"),
        ("r['tag']", "v1.2.3"),
        ("size(r.tags) + r.rows.size()", "5"),
        ("r.rows.all(m, m.size > 0)", "true"),
        ("r.rows.filter(m, size(m.tags) > 0).map(m, m.name)", "[n1]"),
        ("r.inner.map(k, k)", "[x, y]"),
        ("r.inner.all(k, k in r.inner)", "true"),
        ("'b' in r.tags", "true"),
        ("'x' in r.inner", "true"),
        ("has(r.inner.x) && !has(r.inner.w)", "true"),
        ("r.?inner.?w.orValue(7)", "7"),
        ("r.tags + ['d']", "[a, b, c, d]"),
        ("['d'] + r.tags", "[d, a, b, c]"),
        ("variables.rows[0].name", "n1"),
        ("variables.rows.exists(m, m.name == 'n2')", "true"),
        (
            "timestamp('2026-11-19T10:00:00Z') < now - duration('23h')",
            "true",
        ),
        ("r.tags.join(', ')", "a, b, c"),
        ("'%s has %d'.format([r.tag, r.count])", "v1.2.3 has 3"),
    ]);
}

#[test]
fn values_are_equal_by_what_they_hold() {
    check(&[
        ("r == r", "true"),
        ("r.tags == ['a', 'b', 'c']", "true"),
        ("['a', 'b', 'c'] == r.tags", "true"),
        ("['a', 'b', 'c'] != r.tags", "false"),
        ("r.tags == r.tags.filter(t, true)", "true"),
        ("r.inner == {'x': 1, 'y': 'z'}", "true"),
        ("{'x': 1, 'y': 'z'} == r.inner", "true"),
        ("{'x': 1, 'y': 'w'} == r.inner", "false"),
        ("[r.inner] == [{'x': 1, 'y': 'z'}]", "true"),
        ("r.rows[0] in r.rows", "true"),
        ("r.rows[0] in r.rows.filter(m, true)", "true"),
        ("r.empty == []", "true"),
        ("r.tags == 'a'", "false"),
        ("r.count == 3.0", "true"),
        ("r.tags == r.inner", "false"),
    ]);
}

#[test]
fn functions() {
    check(&[
        ("semver('v1.2.3') < semver('1.10.0')", "true"),
        ("semver('1.2.3-hotfix1') < semver('1.2.3')", "true"),
        ("semver('1.2.3+b') == semver('1.2.3')", "true"),
        ("semver('1.2.3').isLessThan(semver('1.2.4'))", "true"),
        ("semver('1.2.3').isGreaterThan(semver('1.2.4'))", "false"),
        ("semver('1.2.3').compareTo(semver('1.2.4'))", "-1"),
        (
            "[semver('1.2.3').major(), semver('1.2.3').minor(), semver('1.2.3').patch()]",
            "[1, 2, 3]",
        ),
        ("semver('v1.2.3-rc1').prerelease()", "rc1"),
        ("semver('01.2', true) == semver('1.2.0')", "true"),
        (
            "[isSemver('v1.2.3'), isSemver('1.2'), isSemver('1.2', true)]",
            "[true, false, true]",
        ),
        (
            "semver('x')",
            "semver('x'): `x` is not a version of SemVer 2.0.0: unexpected character 'x' while parsing major version number",
        ),
        ("sets.contains(r.tags, ['c', 'a'])", "true"),
        ("sets.contains(['a'], r.tags)", "false"),
        ("sets.intersects(['c', 'z'], r.tags)", "true"),
        ("sets.equivalent(['c', 'b', 'a', 'a'], r.tags)", "true"),
        ("r.tag.matches('^v[0-9]+')", "true"),
        ("matches(r.tag, 'x')", "false"),
        ("'ab12cd3'.find('[0-9]+')", "12"),
        ("'ab12cd3'.findAll('[0-9]+')", "[12, 3]"),
        (
            "'a'.matches('(')",
            "'a'.matches('('): not a regular expression: unclosed group",
        ),
        ("'docs/a/b.md'.matchesGlob('docs/**')", "true"),
        ("cel.bind(x, r.count * 2, x + x)", "12"),
        ("cel.bind(x, 1, cel.bind(y, x + 1, x + y))", "3"),
        ("'a-b-c'.replace('-', '+')", "a+b+c"),
        ("'a-b-c'.replace('-', '+', 1)", "a+b-c"),
        (
            "['héllo'.indexOf('l'), 'héllo'.lastIndexOf('l'), 'héllo'.indexOf('x')]",
            "[2, 3, -1]",
        ),
        (
            "['hello'.indexOf('l', 3), 'hello'.lastIndexOf('l', 2), 'aaa'.indexOf('', 1)]",
            "[3, 2, 1]",
        ),
        (
            "'a'.indexOf('a', 5)",
            "'a'.indexOf('a', 5): index out of range: 5",
        ),
        ("lists.range(3)", "[0, 1, 2]"),
        ("[3, 1, 2].sort()", "[1, 2, 3]"),
        ("r.rows.sortBy(m, -m.size).map(m, m.name)", "[n2, n1]"),
        ("[1, 1, 2].distinct()", "[1, 2]"),
        ("['b', 'a', 'b'].distinct()", "[b, a]"),
        ("[1, 1.0, '1', [1], [1]].distinct().size()", "3"),
        (
            "lists.range(20000).map(n, string(n % 7)).distinct().size()",
            "7",
        ),
        ("[[1], [2, 3]].flatten()", "[1, 2, 3]"),
        ("math.greatest(1, 2, r.count)", "3"),
        ("optional.of(1).hasValue()", "true"),
        ("'tac'.reverse()", "cat"),
        ("strings.quote('a')", "\"a\""),
    ]);
}

#[test]
fn loops_over_two_variables() {
    check(&[
        ("r.rows.all(i, m, m.size == i + 1)", "true"),
        ("r.rows.exists(i, m, i == 1 && m.name == 'n2')", "true"),
        ("r.rows.existsOne(i, m, m.size > i)", "false"),
        ("r.rows.exists_one(i, m, i == 0)", "true"),
        (
            "r.rows.transformList(i, m, i > 0, string(i) + m.name)",
            "[1n2]",
        ),
        ("r.inner.transformList(k, v, k)", "[x, y]"),
        ("r.inner.transformMap(k, v, k + '!').y", "y!"),
        (
            "r.inner.transformMap(k, v, k == 'x', v) == {'x': 1}",
            "true",
        ),
        (
            "r.tags.transformMapEntry(i, t, {t: i}) == {'a': 0, 'b': 1, 'c': 2}",
            "true",
        ),
        (
            "r.tags.transformMapEntry(i, t, {'same': i})",
            "r.tags.transformMapEntry(i, t, {'same': i}): \"same\" stands twice in this map",
        ),
        (
            "r.rows.all(i, m, r.rows.all(j, n, i == j || m.name != n.name))",
            "true",
        ),
        ("r.rows.all(i, m, m.sise > i)", "m.sise: there is no `sise`"),
        (
            "r.count.all(i, m, true)",
            "r.count.all(i, m, true): this is of type int, not a list or a map",
        ),
    ]);
}

/// The engine's own maps hand out their names in an order that changes from run to run.
#[test]
fn maps_are_gone_through_in_order() {
    for _ in 0..10 {
        check(&[
            ("{'d': 1, 'a': 2, 'c': 3, 'b': 4}.map(k, k)", "[a, b, c, d]"),
            (
                "{'d': 1, 'a': 2, 'c': 3, 'b': 4}.transformList(k, v, v)",
                "[2, 4, 3, 1]",
            ),
            (
                "{10: 1, 9: 2, 8u: 3, true: 4}.filter(k, k != 9)",
                "[true, uint, 10]",
            ),
        ]);
    }
}

#[test]
fn failures_name_the_smallest_part() {
    check(&[
        ("r.rows.all(m, m.sise > 0)", "m.sise: there is no `sise`"),
        (
            "r.count > 0 && r.missing.deep == 1",
            "r.missing: there is no `missing`",
        ),
        (
            "r.count > 0 ? r.tag + 1 : ''",
            "r.tag + 1: `+` does not take string and int",
        ),
        (
            "1 + (r.tags[7] == '' ? 1 : 2)",
            "r.tags[7]: the list has no element 7",
        ),
        (
            "r.tag.unknown(1)",
            "r.tag.unknown(1): `unknown` is not known",
        ),
        ("r.count / 0", "r.count / 0: division by zero"),
        (
            "r.rows.map(m, m.name < 1)",
            "m.name < 1: `<` does not take string and int",
        ),
        (
            "r.rows.map(m, m.tags.map(t, t + 1))",
            "t + 1: `+` does not take string and int",
        ),
        ("cel.bind(x, r.nope, x)", "r.nope: there is no `nope`"),
        ("true || r.nope", "true"),
    ]);
}

#[test]
fn parse_errors_are_in_plain_words() {
    check(&[
        ("r.count = 3", "=: `=` is not an operator"),
        ("r.rows.all(m, m.size = 1)", "=: `=` is not an operator"),
        ("r.a and r.b", "and: `and` is not an operator"),
        ("r.a & r.b", "&: `&` is not an operator"),
        ("r.count ==", "=: the expression ends too early"),
        ("size(r.tags", "s: the expression ends too early"),
        ("'abc", "'abc: this text has no closing quote"),
        ("r.tags[", "[: the expression ends too early"),
        ("1 1", "1: `1` is not expected here"),
        ("r.count) > 1", "): `)` is not expected here"),
        ("", ": the expression ends too early"),
        ("#", "#: `#` does not belong in an expression"),
        ("r.tags.all(1, true)", "1: argument must be a simple name"),
    ]);
}

/// Whatever is written, the answer comes fast, and it is a refusal or an error and not a crash.
#[test]
fn hostile_expressions_are_refused_or_bounded() {
    let big = "x".repeat(1000);
    let cases = [
        (vec!["1"; 2000].join("+"), "the expression nests too deep"),
        (
            format!("r{}", "[0]".repeat(1300)),
            "the expression nests too deep",
        ),
        (
            format!("'a'{}", ".trim()".repeat(500)),
            "the expression nests too deep",
        ),
        (
            "(".repeat(2000) + "1" + &")".repeat(2000),
            "the expression nests too deep",
        ),
        (
            "[".repeat(2000) + &"]".repeat(2000),
            "the expression nests too deep",
        ),
        (
            vec!["1"; 3000].join("+"),
            "an expression may have 4096 bytes; this one has 5999",
        ),
        (nested(10), "loops may nest 5 deep; these nest 10 deep"),
        (
            nested(5).replace("[0, 1]", "lists.range(100)"),
            budget::EXCEEDED,
        ),
        (
            format!("'{big}'.replace('', '{big}').replace('', '{big}')"),
            budget::EXCEEDED,
        ),
        (
            format!(
                "cel.bind(a, '{big}', {} a + a {})",
                doubling("+"),
                ")".repeat(29)
            ),
            budget::EXCEEDED,
        ),
        (
            format!(
                "cel.bind(a, ['{big}'], {} a {})",
                doubling(","),
                ")".repeat(29)
            ),
            budget::EXCEEDED,
        ),
        ("lists.range(1000000000)".to_owned(), budget::EXCEEDED),
        (
            "lists.range(900000).map(a, lists.range(900000))".to_owned(),
            budget::EXCEEDED,
        ),
        ("lists.range(90000).distinct()".to_owned(), budget::EXCEEDED),
        (
            "lists.range(1000).all(a, lists.range(900).exists(b, a in lists.range(900)) || true)"
                .to_owned(),
            budget::EXCEEDED,
        ),
        (
            r"'aaaa'.matches('(\\w{1000}){1000}')".to_owned(),
            "the pattern is too large once compiled",
        ),
        (
            "\u{0}\u{1}".repeat(1000),
            "`\u{0}` does not belong in an expression",
        ),
        ("🦀".repeat(900), "`🦀` does not belong in an expression"),
        ("a ? ".repeat(1000), "`?` is not expected here"),
        ("{".repeat(4000), "the expression nests too deep"),
        ("!".repeat(4000) + "true", "true"),
    ];
    for (source, expected) in cases {
        let start = Instant::now();
        let answer = eval(&source);
        let shown: String = source.chars().take(60).collect();
        eprintln!("{:>6} ms {shown}", start.elapsed().as_millis());
        assert!(
            answer.ends_with(expected),
            "{shown}: {}",
            answer
                .chars()
                .rev()
                .take(200)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect::<String>()
        );
    }
}

fn nested(levels: usize) -> String {
    (0..levels).fold("true".to_owned(), |inner, level| {
        format!("[0, 1].all(v{level}, {inner})")
    })
}

fn doubling(operator: &str) -> String {
    let (open, close) = if operator == "," {
        ("[", "]")
    } else {
        ("", "")
    };
    "cel.bind(a, ".to_owned()
        + &format!("{open}a {operator} a{close}, cel.bind(a, ").repeat(28)
        + &format!("{open}a {operator} a{close}, ")
}

/// The signatures that expressions are checked by are those of the functions that there are: each one can be called.
#[test]
fn every_signature_is_declared() {
    use super::signatures::{Kind, SIGNATURES};
    fn sample(kind: Kind, name: &str) -> &'static str {
        match kind {
            Kind::Any | Kind::Same | Kind::Element if name == "or" => "optional.of(1)",
            Kind::Any | Kind::Same | Kind::Element if name == "bytes" => "'a'",
            Kind::Any | Kind::Same | Kind::Element if name == "bool" => "'true'",
            Kind::Any | Kind::Same | Kind::Element | Kind::Int | Kind::Number => "1",
            Kind::Bool => "true",
            Kind::Double => "1.5",
            Kind::Text if name == "duration" => "'1h'",
            Kind::Text if name == "timestamp" => "'2026-01-01T00:00:00Z'",
            Kind::Text if name.to_lowercase().contains("semver") => "'1.2.3'",
            Kind::Text if name.starts_with("get") => "'Europe/Berlin'",
            Kind::Text => "'a'",
            Kind::Bytes => "b'a'",
            Kind::Time => "timestamp('2026-01-01T00:00:00Z')",
            Kind::Duration => "duration('1h')",
            Kind::SemVer => "semver('1.2.3')",
            Kind::List | Kind::TextList if name == "slice" => "['a', 'b', 'c']",
            Kind::List | Kind::TextList => "['a']",
            Kind::Map => "{'a': 1}",
            Kind::Name => "int",
            Kind::Optional => "optional.of(1)",
        }
    }
    for signature in SIGNATURES {
        let arguments: Vec<&str> = signature
            .arguments
            .iter()
            .map(|kind| sample(*kind, signature.name))
            .collect();
        let call = format!("{}({})", signature.name, arguments.join(", "));
        let source = match signature.target {
            Some(kind) => format!("{}.{call}", sample(kind, signature.name)),
            None => call,
        };
        let answer = eval(&source);
        assert!(
            !answer.contains("is not known") && !answer.contains("does not take"),
            "{source}: {answer}"
        );
    }
}
