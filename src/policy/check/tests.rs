mod authors;

use std::collections::BTreeMap;

use crate::policy::builtin;
use crate::policy::load::{PolicySource, load};

/// The mistakes of a policy file, as `line: [what the caret covers] message (label or help)`.
fn mistakes(text: &str) -> Vec<String> {
    told(text, 40)
}

/// The same, with this much of the hint.
fn told(text: &str, hint_length: usize) -> Vec<String> {
    let source = PolicySource::File {
        path: "policies/ours.yaml".to_owned(),
        text: text.into(),
    };
    let Err(errors) = load(&[source], &BTreeMap::new()) else {
        return Vec::new();
    };
    let shown = errors.0.iter().map(|error| {
        let line = text[..error.span.start as usize].matches('\n').count() + 1;
        let covered = text.get(error.span.range()).unwrap_or("?");
        let hint = if error.label.is_empty() {
            &error.help
        } else {
            &error.label
        };
        let hint: String = hint.chars().take(hint_length).collect();
        format!("{line}: [{covered}] {} ({hint})", error.message)
    });
    shown.collect()
}

const HEAD: &str =
    "apiVersion: relgate.dev/v1alpha1\nkind: ReleasePolicy\nmetadata: { name: ours }\nspec:\n";

/// Checks the one mistake of an expression, written as a validation's `match`.
fn check(expression: &str, expected: &str) {
    let text = format!(
        "{HEAD}  params: {{ limit: {{ type: int, default: 3 }} }}\n  variables:\n    - {{ name: ups, expression: \"migrations.added\" }}\n  validations:\n    - id: a\n      message: m\n      match: >-\n        {expression}\n"
    );
    let found = mistakes(&text).join("\n");
    let found = found.strip_prefix("12: ").unwrap_or(&found);
    assert_eq!(found, expected, "{expression}");
}

#[test]
fn names_and_fields() {
    check(
        "migrations.operations.filter(o, o.descructive)",
        "[descructive] unknown field `descructive` on an operation (did you mean `destructive`?)",
    );
    check(
        "migration.added",
        "[migration] unknown name `migration` (did you mean `migrations`?)",
    );
    check(
        "ups",
        "[ups] unknown name `ups` (did you mean `variables.ups`?)",
    );
    check(
        "variables.up",
        "[up] unknown variable `up` (did you mean `ups`?)",
    );
    check(
        "variables",
        "[variables] a variable is written as `variables.<name>` ()",
    );
    check(
        "variables.ups.filter(m, m.statements.exists(s, s.tabel == 'x'))",
        "[tabel] unknown field `tabel` on an operation (did you mean `table`?)",
    );
    check(
        "migrations.added.map(m, m.statements).flatten().filter(s, s.nope)",
        "[nope] unknown field `nope` on an operation (there are column, compatibility, created)",
    );
    check(
        "[params.limits > 2]",
        "[limits] unknown field `limits` on the parameters (did you mean `limit`?)",
    );
    check(
        "tags.filter(t, t.kind == 'final' && tt.version == '')",
        "[tt] unknown name `tt` (did you mean `t`?)",
    );
    check(
        "tags.filter(t, true).filter(u, t.kind == '')",
        "[t] unknown name `t` (there are builds, changelog, charts, com)",
    );
    check(
        "release.previous.versoin == ''",
        "[versoin] unknown field `versoin` on a release ref (did you mean `version`?)",
    );
    check(
        "has(release.previus)",
        "[previus] unknown field `previus` on a release (did you mean `previous`?)",
    );
    check(
        "release['tga'] == ''",
        "['tga'] unknown field `tga` on a release (did you mean `tag`?)",
    );
    check(
        "tags.name == ''",
        "[name] a list has no field `name` (each of its elements has; `.map(x, x.nam)",
    );
    check(
        "cel.bind(x, release, x.tga == '')",
        "[tga] unknown field `tga` on a release (did you mean `tag`?)",
    );
}

#[test]
fn functions() {
    check(
        "release.tag.startWith('v')",
        "[startWith] unknown function `startWith` (did you mean `startsWith`?)",
    );
    check(
        "len(tags) > 0",
        "[len] unknown function `len` (did you mean `size`?)",
    );
    check(
        "release.tag.startsWith(1)",
        "[startsWith] `startsWith` takes (string), not (int) ()",
    );
    check(
        "release.number.startsWith('1')",
        "[startsWith] `startsWith` is a function of string, not of int ()",
    );
    check(
        "release.tag.matches('(')",
        "['('] not a regular expression: unclosed group ()",
    );
    check(
        "startsWith(release.tag, 'v')",
        "[startsWith] `startsWith` is not called this way (write x.startsWith(...))",
    );
    check(
        "tags.all(i, t, t.kinds == 'final')",
        "[kinds] unknown field `kinds` on a tag (did you mean `kind`?)",
    );
    check(
        "tags.all(i, t, i == t.name)",
        "[i == t.name] int is never equal to string ()",
    );
    check(
        "tags.transformList(i, i, i)",
        "[i] the two names of a loop must differ ()",
    );
    check(
        "release.tag.transformList(i, t, t)",
        "[release.tag] a loop goes over a list or a map, not over string ()",
    );
    check(
        "tags.transformList(i)",
        "[transformList] `transformList` does not take 1 arguments (as in list.all(x, x > 0), list.map(x, x )",
    );
    check(
        "tags.exists(t)",
        "[exists] `exists` does not take 1 arguments (as in list.all(x, x > 0), list.map(x, x )",
    );
    check(
        "semver(release.tag).isGreater(semver('1.0.0'))",
        "[isGreater] unknown function `isGreater` (did you mean `isGreaterThan`?)",
    );
}

#[test]
fn types() {
    check(
        "release.number == 'one'",
        "[release.number == 'one'] int is never equal to string ()",
    );
    check(
        "release.tag > 1",
        "[release.tag > 1] `>` does not take string and int ()",
    );
    check(
        "release.tag + 1 == ''",
        "[release.tag + 1] `+` does not take string and int (string(n) makes a text of a number)",
    );
    check(
        "release.tag && true",
        "[release.tag] what `&&` takes is bool, and this is string ()",
    );
    check(
        "tags.filter(t, t.name)",
        "[t.name] a condition is bool, and this is string ()",
    );
    check("1 in tags", "[1 in tags] int is never in list ()");
    check(
        "release.tag",
        "[release.tag] this must be a list of facts, or bool, and is string ()",
    );
    check(
        "release.first.x",
        "[x] `x` is asked of a value of type bool, which has no fields ()",
    );
    check(
        "release.all(x, true) && release.tag.all(c, true)",
        "[release.tag] a loop goes over a list or a map, not over string ()",
    );
    check(
        "timestamp(release.date) > now - 3",
        "[now - 3] `-` does not take timestamp and int ()",
    );
    check("release.stage == 'x' ? tags : release.first", "");
}

#[test]
fn what_cannot_be_read() {
    check(
        "release.tag = ''",
        "[=] `=` is not an operator (did you mean `==`?)",
    );
    check(
        "release.tag == 'a' and true",
        "[and] `and` is not an operator (did you mean `&&`?)",
    );
    check(
        "tags.filter(t,",
        "[,] the expression ends too early (something is missing here)",
    );
}

#[test]
fn documents() {
    let cases = [
        (
            "  validation: []\n",
            "5: [validation] unknown field `validation` in the spec of a policy (did you mean `validations`?)",
        ),
        (
            "  validations:\n    - { id: a, match: 'tags', mesage: m }\n",
            "6: [id] a validation needs a `message` or a `messageExpression` ()",
        ),
        (
            "  validations: { id: a }\n",
            "5: [{ id: a }] `validations` is a list ()",
        ),
        (
            "  validations:\n    - { id: A b, match: 'tags', message: m }\n",
            "6: [A b] `A b` is no id (an id is made of small letters, digits a)",
        ),
        (
            "  releaseType:\n    - { id: a, match: 'tags', message: m, atLeast: mnior }\n",
            "6: [mnior] `mnior` is none of none, patch, minor, major (did you mean `minor`?)",
        ),
        (
            "  gates:\n    - { id: a, stage: release }\n",
            "6: [id] nothing closes this gate (give it `rules`, an `expression` or `evi)",
        ),
        (
            "  gates:\n    - { id: a, stage: release, expression: 'true', requiredWhen: 'true' }\n",
            "6: [id] a gate with `requiredWhen` needs `notRequired`: why it is not looked at ()",
        ),
        (
            "  params: { a: { type: int, default: x } }\n",
            "5: [x] the default of `a` must be of type int ()",
        ),
        (
            "  validations:\n    - { id: a, match: 'tags', message: m }\n    - { id: a, match: 'tags', message: m }\n",
            "7: ['tags'] `a` stands twice in policy `ours` ()",
        ),
        (
            "  variables:\n    - { name: a, expression: 'variables.b' }\n    - { name: b, expression: '1' }\n",
            "6: [b] variable `b` is not defined yet (a variable may use those that stand befo)",
        ),
        (
            "  examples:\n    - { name: e, given: { tag: [] }, expect: {} }\n",
            "6: [e] example: there is no fact `tag` (did you mean `tags`?)",
        ),
        (
            "  examples:\n    - { name: e, given: { tags: [{ nmae: x }] }, expect: {} }\n",
            "6: [e] example: unknown field `nmae` in tags[0] (did you mean `name`?)",
        ),
        (
            "  examples:\n    - { name: e, given: { release: { number: x } }, expect: {} }\n",
            "6: [e] example: release.number is of type int ()",
        ),
        (
            "  examples:\n    - { name: e, expect: { gates: { g: pass } } }\n",
            "6: [pass] example: the policy has no gate `g` ()",
        ),
    ];
    for (spec, expected) in cases {
        let found = mistakes(&format!("{HEAD}{spec}"));
        assert!(
            found.iter().any(|mistake| mistake == expected),
            "{spec}\n{found:#?}"
        );
    }
    assert_eq!(
        mistakes("apiVersion: v1\nkind: Policy\nmetadata: {name: a}\nspec: {}\n").len(),
        2
    );
    assert_eq!(mistakes("a: [1\n"), ["1: [[] unclosed bracket '[' ()"]);
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = format!(
        "{HEAD}  validations:\n    - {{ id: a, match: 'tagz', message: m }}\n    - {{ id: b, match: 'releas.x', message: m }}\n    - {{ id: c, expression: '1', message: m }}\n"
    );
    assert_eq!(mistakes(&text).len(), 3);
}

/// The built-in documents are not checked when relgate runs, so they are here.
#[test]
fn the_built_in_policies_have_no_mistakes() {
    for pack in builtin::PACKS {
        for (path, text) in builtin::files(pack.name) {
            let found = mistakes(text);
            assert!(found.is_empty(), "{path}: {found:#?}");
        }
    }
}
