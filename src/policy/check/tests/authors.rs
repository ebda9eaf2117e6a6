//! What authors of policies get wrong, as those who come from Kubernetes, Rego, Python or JavaScript do, and what they read then.

use super::{HEAD, told};

/// The document below its head, and each mistake as `line: [what the caret covers] message (label or help)`.
const CASES: &[(&str, &[&str])] = &[
    // vap object
    (
        "  validations:\n    - id: v\n      message: m\n      expression: >-\n        object.spec.replicas > 3\n",
        &[
            "9: [object] unknown name `object` (there are builds, changelog, charts, commits, evidence, find)",
        ],
    ),
    // vap oldObject
    (
        "  validations:\n    - id: v\n      message: m\n      expression: >-\n        has(oldObject.metadata)\n",
        &[
            "9: [oldObject] unknown name `oldObject` (there are builds, changelog, charts, commits, evidence, find)",
        ],
    ),
    // vap request
    (
        "  validations:\n    - id: v\n      message: m\n      expression: >-\n        request.operation == 'CREATE'\n",
        &[
            "9: [request] unknown name `request` (there are builds, changelog, charts, commits, evidence, find)",
        ],
    ),
    // reason field
    (
        "  validations:\n    - id: v\n      message: m\n      expression: release.tag != ''\n      reason: Invalid\n",
        &[
            "9: [reason] unknown field `reason` in a validation (a validation has `severity`, `message` and `help`)",
        ],
    ),
    // failurePolicy
    (
        "  failurePolicy: Fail\n  validations:\n    - id: v\n      message: m\n      expression: release.tag != ''\n",
        &[
            "5: [failurePolicy] unknown field `failurePolicy` in the spec of a policy (an expression that cannot be evaluated is always an error he)",
        ],
    ),
    // matchConstraints
    (
        "  matchConstraints: {}\n  validations:\n    - id: v\n      message: m\n      expression: release.tag != ''\n",
        &[
            "5: [matchConstraints] unknown field `matchConstraints` in the spec of a policy (there is one subject, the release; matchConditions say when )",
        ],
    ),
    // single equals
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.kind = 'final'\n",
        &["9: [=] `=` is not an operator (did you mean `==`?)"],
    ),
    // single equals block
    (
        "  validations:\n    - id: v\n      message: m\n      match: |\n        release.kind == 'final' &&\n        release.number = 3\n",
        &["10: [=] `=` is not an operator (did you mean `==`?)"],
    ),
    // and
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.first and release.parallel\n",
        &["9: [and] `and` is not an operator (did you mean `&&`?)"],
    ),
    // or
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.first or release.parallel\n",
        &["9: [or] `or` is not an operator (did you mean `||`?)"],
    ),
    // not
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        not release.first\n",
        &["9: [not] `not` is not an operator (did you mean `!`?)"],
    ),
    // single amp
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.first & release.parallel\n",
        &["9: [&] `&` is not an operator (did you mean `&&`?)"],
    ),
    // double quotes missing
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.kind == final\n",
        &["9: [final] unknown name `final` (a text stands in quotes: 'final')"],
    ),
    // string vs int
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.number == '3'\n",
        &["9: [release.number == '3'] int is never equal to string (write 3 without quotes)"],
    ),
    // bool vs string
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.first == 'true'\n",
        &["9: [release.first == 'true'] bool is never equal to string (write true without quotes)"],
    ),
    // yes vs bool
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.onMain == true\n",
        &[
            "9: [release.onMain == true] string is never equal to bool (it is a text; relgate facts shows which, often 'yes', 'no' o)",
        ],
    ),
    // non bool expression
    (
        "  validations:\n    - id: v\n      message: m\n      expression: size(commits)\n",
        &["8: [size(commits)] this must be bool, and is int ()"],
    ),
    // match string
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.tag\n",
        &["9: [release.tag] this must be a list of facts, or bool, and is string ()"],
    ),
    // in wrong side
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.candidates in 'x'\n",
        &["9: [release.candidates in 'x'] list is never in string ()"],
    ),
    // len
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        len(commits) > 3\n",
        &["9: [len] unknown function `len` (did you mean `size`?)"],
    ),
    // length
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        commits.length > 3\n",
        &["9: [length] a list has no field `length` (write `size()`)"],
    ),
    // size property
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        commits.size > 3\n",
        &["9: [size] a list has no field `size` (write `size()`)"],
    ),
    // snake
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.effective_type == 'minor'\n",
        &[
            "9: [effective_type] unknown field `effective_type` on a release (did you mean `effectiveType`?)",
        ],
    ),
    // case
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        Release.kind == 'final'\n",
        &["9: [Release] unknown name `Release` (did you mean `release`?)"],
    ),
    // list field
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        commits.type == 'feat'\n",
        &[
            "9: [type] a list has no field `type` (each of its elements has; `.map(x, x.type)` is the list of t)",
        ],
    ),
    // lambda
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        commits.filter(c => c.type == 'feat')\n",
        &[
            "9: [=>] `=>` is not an operator (a loop names its variable first: list.filter(x, x.kind == 'a)",
        ],
    ),
    // filter no var
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        commits.filter(type == 'feat')\n",
        &[
            "9: [filter] `filter` does not take 1 arguments (as in list.all(x, x > 0), list.map(x, x + 1), has(a.b))",
        ],
    ),
    // contains list
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        ['a', 'b'].contains(release.kind)\n",
        &[
            "9: [contains] `contains` is a function of string, not of list (`x in list` asks whether a list or a map holds it)",
        ],
    ),
    // regex bad
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.tag.matches('v[0-9')\n",
        &["9: ['v[0-9'] not a regular expression: unclosed character class ()"],
    ),
    // escape
    (
        "  validations:\n    - id: v\n      message: m\n      match: \"release.tag.matches('v\\\\d')\"\n",
        &[
            "8: [\\\\d] `\\d` stands for nothing in a text (an r before the text keeps it as it is: r'\\d')",
        ],
    ),
    // unclosed paren
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        (release.first && release.parallel\n",
        &["9: [l] the expression ends too early (something is missing here)"],
    ),
    // unclosed quote
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.kind == 'final\n",
        &["9: ['final] this text has no closing quote ()"],
    ),
    // unquoted colon
    (
        "  validations:\n    - id: v\n      message: m\n      match: release.kind == 'final' ? 'a': 'b'\n",
        &[
            "8: [:] mapping values are not allowed in this context (YAML has its own meaning for [ { ! & * at the begin and for )",
        ],
    ),
    // bracket start
    (
        "  validations:\n    - id: v\n      message: m\n      match: ['final'].exists(k, k == release.kind)\n",
        &[
            "8: [.] while parsing a block mapping, did not find expected key (YAML has its own meaning for [ { ! & * at the begin and for )",
        ],
    ),
    // brace start
    (
        "  validations:\n    - id: v\n      message: m\n      match: {'a': 1}.size() > 0\n",
        &[
            "8: [.] while parsing a block mapping, did not find expected key (YAML has its own meaning for [ { ! & * at the begin and for )",
        ],
    ),
    // bang start
    (
        "  validations:\n    - id: v\n      message: m\n      expression: !release.first\n",
        &[
            "8: [] `expression` is empty (YAML has its own meaning for [ { ! & * at the begin and for )",
        ],
    ),
    // amp start
    (
        "  validations:\n    - id: v\n      message: m\n      expression: *release\n",
        &[
            "8: [*] while parsing node, found unknown anchor (YAML has its own meaning for [ { ! & * at the begin and for )",
        ],
    ),
    // duration days
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        now - duration('7d') > timestamp(release.date)\n",
        &[
            "9: ['7d'] '7d' is not a duration (write hours, minutes and seconds: '168h' is a week, '1h30m')",
        ],
    ),
    // timestamp date
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        now > timestamp('2026-01-01')\n",
        &[
            "9: ['2026-01-01'] '2026-01-01' is not a time (write it as RFC 3339 does, with its zone: '2026-01-31T00:00:)",
        ],
    ),
    // null
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.previous == null\n",
        &[
            "9: [release.previous == null] a release ref is never null (facts are always there; ask for one of their fields, as in r)",
        ],
    ),
    // has
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        has(release.prevous)\n",
        &["9: [prevous] unknown field `prevous` on a release (did you mean `previous`?)"],
    ),
    // ternary missing else
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.first ? true\n",
        &["9: [e] the expression ends too early (something is missing here)"],
    ),
    // concat int
    (
        "  validations:\n    - id: v\n      match: size(commits) > 1\n      messageExpression: \"size(commits) + ' commits'\"\n",
        &[
            "8: [size(commits) + ' commits'] `+` does not take int and string (string(n) makes a text of a number)",
        ],
    ),
    // it in bool
    (
        "  validations:\n    - id: v\n      match: size(commits) > 1\n      messageExpression: \"it.summary\"\n",
        &[
            "8: [it] unknown name `it` (there are builds, changelog, charts, commits, evidence, find)",
        ],
    ),
    // unknown severity
    (
        "  validations:\n    - id: v\n      message: m\n      match: release.first\n      severity: critical\n",
        &["9: [critical] `critical` is none of error, warning, info ()"],
    ),
    // unknown stage
    (
        "  gates: [{ id: g, stage: production, expression: release.first, message: m }]\n",
        &[
            "5: [production] `production` is none of change, candidate, release, deploy, post-release, closed, rollback ()",
        ],
    ),
    // atLeast
    (
        "  releaseType: [{ id: d, match: release.first, atLeast: large, message: m }]\n",
        &["5: [large] `large` is none of none, patch, minor, major ()"],
    ),
    // no message
    (
        "  validations: [{ id: v, match: release.first }]\n",
        &["5: [id] a validation needs a `message` or a `messageExpression` ()"],
    ),
    // no id
    (
        "  validations: [{ match: release.first, message: m }]\n",
        &["5: [match] a validation needs `id` ()"],
    ),
    // dup id
    (
        "  validations: [{ id: v, match: release.first, message: m }, { id: v, match: release.first, message: m }]\n",
        &["5: [release.first] `v` stands twice in policy `ours` ()"],
    ),
    // bad id
    (
        "  validations: [{ id: My Rule, match: release.first, message: m }]\n",
        &["5: [My Rule] `My Rule` is no id (an id is made of small letters, digits and `-`)"],
    ),
    // both match and expression
    (
        "  validations: [{ id: v, match: release.first, expression: release.first, message: m }]\n",
        &["5: [id] a validation has either `match` or `expression` ()"],
    ),
    // variable without variables.
    (
        "  variables: [{ name: big, expression: size(commits) > 3 }]\n  validations:\n    - id: v\n      message: m\n      match: big\n",
        &["9: [big] unknown name `big` (did you mean `variables.big`?)"],
    ),
    // variables $
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        ${release.kind} == 'final'\n",
        &["9: [$] `$` does not belong in an expression ()"],
    ),
    // variable order
    (
        "  variables: [{ name: a, expression: variables.b }, { name: b, expression: release.first }]\n  validations:\n    - id: v\n      message: m\n      match: variables.a\n",
        &["5: [b] variable `b` is not defined yet (a variable may use those that stand before it)"],
    ),
    // param unknown
    (
        "  params: { limit: { type: int, default: 3 } }\n  validations:\n    - id: v\n      message: m\n      match: size(commits) > params.limits\n",
        &["9: [limits] unknown field `limits` on the parameters (did you mean `limit`?)"],
    ),
    // param type
    (
        "  params: { limit: { type: integer, default: 3 } }\n  validations:\n    - id: v\n      message: m\n      match: size(commits) > params.limit\n",
        &["5: [integer] `integer` is none of string, bool, int, list ()"],
    ),
    // param default
    (
        "  params: { limit: { type: int, default: '3' } }\n  validations:\n    - id: v\n      message: m\n      match: size(commits) > params.limit\n",
        &["5: ['3'] the default of `limit` must be of type int ()"],
    ),
    // example wrong id
    (
        "  validations:\n    - id: v\n      message: m\n      match: release.first\n  examples: [{ name: e, given: {}, expect: { findings: [vv] } }]\n",
        &["9: [[vv]] example: the policy has no validation `vv` (did you mean `v`?)"],
    ),
    // example wrong fact
    (
        "  validations:\n    - id: v\n      message: m\n      match: release.first\n  examples: [{ name: e, given: { release: { frist: true } }, expect: { findings: [v] } }]\n",
        &["9: [e] example: unknown field `frist` in release (did you mean `first`?)"],
    ),
    // example wrong type
    (
        "  validations:\n    - id: v\n      message: m\n      match: release.first\n  examples: [{ name: e, given: { release: { first: 'yes' } }, expect: { findings: [v] } }]\n",
        &["9: [e] example: release.first is of type bool ()"],
    ),
    // tabs
    (
        "  validations:\n\t- id: v\n",
        &["6: [-] tabs disallowed within this context (block indentation) ()"],
    ),
    // indent
    (
        "  validations:\n  - id: v\n    match: release.first\n   message: m\n",
        &["8: [m] while parsing a block mapping, did not find expected key ()"],
    ),
    // list instead of map
    (
        "  params: [{ name: limit }]\n  validations:\n    - id: v\n      message: m\n      match: release.first\n",
        &["5: [[{ name: limit }]] `params` is a map from names to parameters ()"],
    ),
    // starts.with
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.tag.startswith('v')\n",
        &["9: [startswith] unknown function `startswith` (did you mean `startsWith`?)"],
    ),
    // upper
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.tag.upper() == 'V'\n",
        &["9: [upper] unknown function `upper` (did you mean `upperAscii`?)"],
    ),
    // index text
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.tag[0] == 'v'\n",
        &[
            "9: [release.tag[0]] `[]` does not take string (x.charAt(0) is a character, x.substring(0, 2) a part of a te)",
        ],
    ),
    // semver cmp
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        release.version < '2.0.0'\n",
        &[
            "9: [release.version < '2.0.0'] versions are compared as texts here: '1.10.0' is before '1.9.0' (semver(a) < semver(b) compares versions)",
        ],
    ),
    // semver int
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        semver(release.version).major > 1\n",
        &[
            "9: [major] `major` is asked of a value of type semver, which has no fields (write `major()`)",
        ],
    ),
    // sum
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        values.changed.sum() > 3\n",
        &["9: [sum] unknown function `sum` ()"],
    ),
    // any
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        commits.any(c, c.type == 'feat')\n",
        &["9: [any] unknown function `any` (did you mean `exists`?)"],
    ),
    // now()
    (
        "  validations:\n    - id: v\n      message: m\n      match: >-\n        now() > timestamp(release.date)\n",
        &["9: [now] unknown function `now` (`now` is a name: write it without ())"],
    ),
    // evidence age
    (
        "  gates: [{ id: g, stage: release, evidence: { kind: approval, maxAge: 7d } }]\n",
        &[
            "5: [7d] `maxAge` is no duration: 7d (write it as ISO 8601 does, in weeks, days, hours, minutes an)",
        ],
    ),
];

#[test]
fn mistakes_are_told_in_words_that_help() {
    let mut wrong = String::new();
    for (body, expected) in CASES {
        let found = told(&format!("{HEAD}{body}"), 60);
        if found != *expected {
            wrong += &format!("{body:?}\n{found:#?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
