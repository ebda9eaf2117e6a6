use super::*;
use crate::version::TagScheme;

#[test]
fn rulesets_speak_fnmatch() {
    for (pattern, tag, expected) in [
        ("v*.*.*", "v1.2.3", true),
        ("v*.*.*", "v1.2.3-rc1", true),
        ("v*.*.*", "v1.2", false),
        // What looks like a regular expression is none: `+` is a plus sign.
        ("v[0-9]+.[0-9]+.[0-9]+", "v1.2.3", false),
        ("v[0-9]+.[0-9]+.[0-9]+", "v1+.2+.3+", true),
        ("v[0-9].[0-9].[0-9]", "v1.2.3", true),
        ("v[!0-8]", "v9", true),
        ("v[^0-8]", "v8", false),
        ("v[]a]", "v]", true),
        ("v[a/b]", "v/", false),
        ("v[1-", "v1", false),
        ("v*-*", "v1.2.3-rc1", true),
        ("v*", "v1/2", false),
        ("**/v*", "a/b/v1", true),
        ("**/v*", "v1", true),
        ("**/v*", "a/.b/v1", false),
        ("v**", "v1/2", false),
        ("*", ".hidden", false),
        ("?1", "v1", true),
        ("?1", "/1", false),
        ("v\\*", "v*", true),
        ("v{1,2}", "v1", false),
        ("v{1,2}", "v{1,2}", true),
        ("refs/tags/v*", "v1", true),
        ("~ALL", "anything/at/all", true),
        ("V*", "v1", false),
        ("v1.2.3", "v1x2x3", false),
        ("", "", true),
    ] {
        assert_eq!(fnmatch::matches(pattern, tag), expected, "{pattern} {tag}");
    }
}

#[test]
fn scripts_speak_extended_regular_expressions() {
    for (pattern, makes, tag, expected) in [
        (
            "^(v[0-9]+\\.[0-9]+\\.[0-9]+)-rc[0-9]+$",
            None,
            "v1.2.3-rc10",
            Ok(Some("v1.2.3")),
        ),
        (
            "^(v[0-9]+\\.[0-9]+\\.[0-9]+)-rc[0-9]+$",
            None,
            "v1.2.3-hotfix1",
            Ok(None),
        ),
        // Without `^` and `$` it matches anywhere.
        (
            "[0-9]+\\.[0-9]+\\.[0-9]+",
            None,
            "v.1.2.3-rc1",
            Ok(Some("1.2.3")),
        ),
        (
            "^v([0-9.]+)-(.*)$",
            Some("release-$1"),
            "v1.2.3-rc1",
            Ok(Some("release-1.2.3")),
        ),
        ("^v[[:digit:]]+", None, "v12", Ok(Some("v12"))),
        ("^v.2", None, "v12", Ok(Some("v12"))),
        ("[\\.]", None, "\\", Ok(Some("\\"))),
        ("^v1{2}$", None, "v11", Ok(Some("v11"))),
        (
            "^v\\d+",
            None,
            "v1",
            Err("`\\d` means nothing in bash's regular expressions"),
        ),
        (
            "(?i)v",
            None,
            "v1",
            Err("`(?` means nothing in bash's regular expressions"),
        ),
        // The longest match, whichever alternative comes first.
        ("v(1|1\\.2\\.3)", None, "v1.2.3", Ok(Some("1.2.3"))),
        ("v(1\\.2\\.3|1)", None, "v1.2.3", Ok(Some("1.2.3"))),
        ("(a|ab)(c|bcd)?", Some("$0"), "abcd", Ok(Some("abcd"))),
        ("(1?)(12)?", Some("$0"), "12", Ok(Some("12"))),
        ("^(v1|v1\\.2)(\\.2)?$", Some("$0"), "v1.2", Ok(Some("v1.2"))),
        (
            "^(a|ab)(c|bcd)(d*)$",
            Some("$1"),
            "abcd",
            Err(
                "`^(a|ab)(c|bcd)(d*)$` matches in more than one way, and which of them bash takes cannot be told",
            ),
        ),
        (
            "a+?",
            None,
            "aa",
            Err("a repetition of a repetition in `a+?`"),
        ),
        // What stands behind a number is no part of a name.
        (
            "^(v[0-9.]+)-rc",
            Some("$1rc"),
            "v1.2-rc1",
            Ok(Some("v1.2rc")),
        ),
        (
            "^(v[0-9.]+)-rc",
            Some("${1}0$$"),
            "v1.2-rc1",
            Ok(Some("v1.20$")),
        ),
        ("^(v[0-9.]+)-rc", Some("$tag"), "v1.2-rc1", Ok(Some("$tag"))),
        ("^(v)", Some("$2"), "v1", Err("there is no group for `$2`")),
        ("^(a)|(v)", Some("<$1>"), "v1", Ok(Some("<>"))),
        ("a)", None, "a", Err("a parenthesis that closes nothing")),
        ("(a", None, "a", Err("a group that does not end")),
        ("[a", None, "a", Err("a set that does not end")),
        ("a\\", None, "a", Err("it ends with a backslash")),
        (
            "*",
            None,
            "a",
            Err("`*` is no regular expression that relgate can read"),
        ),
    ] {
        let found = promotion::makes(pattern, makes, tag);
        let expected = expected
            .map(|made: Option<&str>| made.map(str::to_owned))
            .map_err(str::to_owned);
        assert_eq!(found, expected, "{pattern} {tag}");
    }
}

#[test]
fn ranges_take_what_their_tools_take() {
    let version = |text: &str| Version::parse(text).unwrap();
    // helm, npm, cargo: as Masterminds/semver 3, semver 7 of npm and the crate semver 1 answer.
    for (previous, subject, expected) in [
        ("1.2.4", "1.2.5", ["~ hnc", "^ hnc", ">= hnc", "-0 hnc"]),
        ("1.2.4", "1.3.0", ["~ ---", "^ hnc", ">= hnc", "-0 hnc"]),
        ("1.2.4", "2.0.0", ["~ ---", "^ ---", ">= hnc", "-0 hnc"]),
        (
            "1.2.4",
            "1.2.4-hotfix1",
            ["~ ---", "^ ---", ">= ---", "-0 hnc"],
        ),
        ("1.2.4", "1.3.0-rc1", ["~ ---", "^ ---", ">= ---", "-0 h--"]),
        ("0.2.3", "0.3.0", ["~ ---", "^ ---", ">= hnc", "-0 hnc"]),
        ("0.2.3", "0.2.4", ["~ hnc", "^ hnc", ">= hnc", "-0 hnc"]),
        ("0.0.3", "0.0.4", ["~ hnc", "^ ---", ">= hnc", "-0 hnc"]),
    ] {
        let letters = |verdict: &ranges::Verdict| {
            let letter = |yes, letter| if yes { letter } else { '-' };
            String::from_iter([
                letter(verdict.helm, 'h'),
                letter(verdict.npm, 'n'),
                letter(verdict.cargo, 'c'),
            ])
        };
        let found: Vec<String> = ranges::verdicts(&version(previous), &version(subject))
            .iter()
            .map(|verdict| format!("{} {}", verdict.range, letters(verdict)))
            .collect();
        let expected: Vec<String> = expected
            .iter()
            .map(|expected| {
                let (mark, answer) = expected.split_once(' ').unwrap();
                match mark {
                    "-0" => format!(">={previous}-0 {answer}"),
                    mark => format!("{mark}{previous} {answer}"),
                }
            })
            .collect();
        assert_eq!(found, expected, "{subject}");
    }
}

/// cargo's own answers: the crate that it uses is among ours.
#[test]
fn cargos_ranges_are_cargos() {
    for previous in ["1.2.4", "0.2.3", "0.0.3"] {
        for subject in [
            "1.2.4",
            "1.2.5",
            "1.3.0",
            "2.0.0",
            "1.2.4-hotfix1",
            "1.2.5-rc1",
            "1.3.0-rc1",
            "0.2.3-rc1",
            "0.2.4",
            "0.3.0",
            "0.0.4",
            "0.0.3-0",
        ] {
            let found = ranges::verdicts(
                &Version::parse(previous).unwrap(),
                &Version::parse(subject).unwrap(),
            );
            assert_eq!(found.len(), 4, "{previous} {subject}");
            for verdict in found {
                let range = semver::VersionReq::parse(&verdict.range).unwrap();
                let theirs = range.matches(&semver::Version::parse(subject).unwrap());
                assert_eq!(verdict.cargo, theirs, "{} {subject}", verdict.range);
            }
        }
    }
}

fn simulated(tag: &str, tags: &[&str]) -> Simulation {
    let scheme = TagScheme::default();
    let names: Vec<TagName> = tags.iter().map(|tag| scheme.parse(tag)).collect();
    let promotions = [PromotionConfig {
        name: "promote".to_owned(),
        pattern: "^(v[0-9.]+)-rc[0-9]+$".to_owned(),
        makes: None,
    }];
    let protections = [ProtectionConfig {
        name: "finals".to_owned(),
        include: vec!["v[0-9]+.[0-9]+.[0-9]+".to_owned(), "v*".to_owned()],
        exclude: vec!["v*-*".to_owned()],
    }];
    simulate(&Surroundings {
        tag: &scheme.parse(tag),
        exists: tags.contains(&tag),
        commit: "",
        elsewhere: "",
        tags: &names,
        workflows: &[],
        protections: &protections,
        promotions: &promotions,
    })
}

#[test]
fn a_hotfix_sorts_where_nobody_expects_it() {
    let found = simulated("v1.2.4-hotfix1", &["v1.2.3", "v1.2.4", "v1.3.0"]);
    let order = found.order.unwrap();
    assert_eq!(
        order.release,
        (Some("v1.2.4".to_owned()), Some("v1.3.0".to_owned()))
    );
    assert_eq!(
        order.semver,
        (Some("v1.2.3".to_owned()), Some("v1.2.4".to_owned()))
    );
    assert!(!found.protections[0].holds);
    assert_eq!(found.protections[0].by, "v*-*");
    assert_eq!(found.protections[0].void, ["v[0-9]+.[0-9]+.[0-9]+"]);
    assert_eq!(found.promotions[0].makes, None);
    assert!(
        found
            .remarks
            .iter()
            .any(|it| it.starts_with("people sort it above v1.2.4")),
        "{:?}",
        found.remarks
    );
}

#[test]
fn a_promotion_of_a_version_that_is_taken() {
    let found = simulated("v1.2.4-rc2", &["v1.2.3", "v1.2.4"]);
    assert_eq!(found.promotions[0].makes.as_deref(), Some("v1.2.4"));
    assert!(
        found
            .remarks
            .contains(&"promote would make v1.2.4, which exists".to_owned())
    );
    let found = simulated("v.1.2.4-rc1", &["v1.2.3"]);
    assert_eq!(found.order, None);
    assert!(
        found.remarks[0].contains("v1.2.4-rc1 was probably meant"),
        "{:?}",
        found.remarks
    );
}
