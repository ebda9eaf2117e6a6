use super::*;

/// A key for the lines; nothing is signed with it here.
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

fn read(line: &str) -> Result<Signer, String> {
    let file = AllowedSigners::read(&line.replace("KEY", KEY));
    match (file.signers.as_slice(), file.problems.as_slice()) {
        ([signer], []) => Ok(signer.clone()),
        ([], [(1, why)]) => Err(why.clone()),
        _ => panic!("{line}: {file:?}"),
    }
}

#[test]
fn lines_that_count() {
    let check = |line: &str, principals: &str| {
        let signer = read(line).unwrap_or_else(|why| panic!("{line}: {why}"));
        assert_eq!(signer.principals, principals, "{line}");
    };
    check("lead@example.org KEY", "lead@example.org");
    check("  lead@example.org\tKEY a comment", "lead@example.org");
    check("\"lead@example.org\" KEY", "lead@example.org");
    check(
        "a@x,!b@x,*@y NAMESPACES=\"relgate-*,file\" KEY",
        "a@x,!b@x,*@y",
    );
    check(
        "a@x valid-after=\"20260101\",valid-before=\"202612312359\" KEY\r",
        "a@x",
    );
    check("a@x valid-before=\"20261231235959Z\" KEY", "a@x");
    check("a@x namespaces=\"a b\" KEY", "a@x");
}

#[test]
fn lines_that_count_for_nobody() {
    for line in [
        "lead@example.org",
        "lead@example.org ",
        "lead@example.org ssh-ed25519",
        "lead@example.org ssh-ed25519 AAAA",
        "lead@example.org ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
        "KEY",
        "\"lead@example.org KEY",
        "le\"ad@example.org\" KEY",
        "\"\" KEY",
        "a@x cert-authority KEY",
        "a@x namespaces=\"x\",cert-authority KEY",
        "a@x unknown KEY",
        "a@x unknown=\"x\" KEY",
        "a@x namespaces KEY",
        "a@x namespaces=x KEY",
        "a@x namespaces=\"x KEY",
        "a@x namespaces=\"x\", KEY",
        "a@x namespaces=\"x\",namespaces=\"y\" KEY",
        "a@x namespaces=\"x\"valid-after=\"20260101\" KEY",
        "a@x valid-after=\"2026\" KEY",
        "a@x valid-after=\"20261301\" KEY",
        "a@x valid-after=\"tomorrow\" KEY",
        "a@x valid-after=\"19700101\" KEY",
        "a@x valid-after=\"20260102\",valid-before=\"20260101\" KEY",
        "a@x valid-after=\"20260101\",valid-before=\"20260101\" KEY",
        "a@x ,namespaces=\"x\" KEY",
        "a@x sk-ssh-ed25519@openssh.com AAAA",
    ] {
        assert!(read(line).is_err(), "{line}");
    }
}

#[test]
fn comments_and_numbers() {
    let text = format!("# people\n\n   # more\nbroken\na@x {KEY}\n");
    let file = AllowedSigners::read(&text);
    assert_eq!(file.signers[0].line, 5);
    assert_eq!(file.problems[0].0, 4);
}

#[test]
fn patterns() {
    let check = |text: &str, patterns: &str, expected: bool| {
        assert_eq!(matches_list(text, patterns), expected, "{text} {patterns}");
    };
    check("a@x", "a@x", true);
    check("a@x", "A@x", false);
    check("a@x", "*", true);
    check("a@x", "?@x", true);
    check("a@x", "b@x,*@x", true);
    check("a@x", "*@x,!a@x", false);
    check("a@x", "!b@x", false);
    check("a@x", "a@x*", true);
    check("a@x.example", "*@x", false);
    check("aab", "*ab", true);
    check("abab", "*ab", true);
    check("", "*", true);
    check("", "", true);
    check("a@x", "", false);
}

/// A pattern of many stars takes no time that grows beyond the product of both lengths.
#[test]
fn hostile_patterns_are_matched_in_bounded_time() {
    let text = "a".repeat(20_000);
    let pattern = format!("{}b", "*a".repeat(500));
    assert!(!matches_list(&text, &pattern));
}
