//! The command that closes a gate, ready to be copied: with what is known filled in, and the rest by names that say what belongs
//! there.

use super::Judged;
use crate::cli::args::Global;
use crate::evidence::verify::{self, Trust};
use crate::policy::{EvidenceSpec, GateSpec};

/// What the commands of a list have in common.
pub(super) struct Known<'a> {
    pub(super) judged: &'a Judged<'a>,
    pub(super) trust: &'a Trust,
    pub(super) global: &'a Global,
    /// `--at`, as it was given.
    pub(super) at: Option<&'a str>,
}

/// The command that closes a gate, or what else does.
pub(super) fn command(gate: &GateSpec, known: &Known<'_>) -> String {
    let Some(evidence) = &gate.evidence else {
        return gate.help.clone();
    };
    let release = &known.judged.judgement.facts.release;
    let tag = quoted(&release.tag);
    let relgate = relgate(known.global);
    let at = match known.at {
        Some(at) if release.proposed => format!(" --at {}", quoted(at)),
        _ => String::new(),
    };
    if evidence.kind == "rehearsal" {
        return format!("{relgate} rehearse --tag {tag}{at} --local");
    }
    let approver = match approver(evidence, known) {
        Some(name) => quoted(&name),
        None => "\"$(git config user.email)\"".to_owned(),
    };
    let mut command = format!(
        "{relgate} gate record {} --tag {tag}{at} --approver {approver}",
        gate.id
    );
    if !evidence.role.is_empty() {
        command.push_str(&format!(" --role {}", quoted(&evidence.role)));
    }
    if evidence.kind == "remote-tag" {
        command.insert_str(0, "git ls-remote --tags origin | ");
    }
    command.push_str(files(evidence));
    for name in evidence
        .requires
        .iter()
        .filter(|name| !from_file(&evidence.kind, name))
    {
        let value = value(name, known);
        command.push_str(&format!(" --set {name}={value}"));
    }
    command.push_str(" --key ~/.ssh/id_ed25519");
    command
}

/// The program, with the options that say what is judged and by what.
fn relgate(global: &Global) -> String {
    let mut words = "relgate".to_owned();
    let mut add = |option: &str, value: &str| {
        words.push_str(&format!(" {option} {}", quoted(value)));
    };
    if global.repo.as_os_str() != "." {
        add("--repo", &global.repo.display().to_string());
    }
    if let Some(config) = &global.config {
        add("--config", &config.display().to_string());
    }
    if let Some(reference) = &global.policy_ref {
        add("--policy-ref", reference);
    }
    words
}

/// The first who may vouch: who has the role, has a key that counts, and did not make the release where that matters.
fn approver(evidence: &EvidenceSpec, known: &Known<'_>) -> Option<String> {
    let release = &known.judged.release;
    let may = |name: &&str| verify::may_vouch(name, known.trust, release, evidence);
    if !evidence.role.is_empty() {
        let people = known.trust.roles.people(&evidence.role).iter();
        return people.map(String::as_str).find(may).map(str::to_owned);
    }
    let signers = known.trust.signers.signers.iter();
    signers
        .flat_map(|signer| signer.principals.split(','))
        .filter(|name| !name.contains(['*', '?', '!']))
        .find(may)
        .map(str::to_owned)
}

/// The files that people have, by what they are.
fn files(evidence: &EvidenceSpec) -> &'static str {
    let measured = evidence.requires.iter().any(|name| name == "metrics");
    match evidence.kind.as_str() {
        "test-result" if measured => " --from-file METRICS.csv",
        "test-result" => " --from-file JUNIT.xml",
        "scan-result" => " --from-file SCAN.json",
        "backup" => " --from-file DUMP.sql",
        "deployment" => " --from-file DEPLOYMENTS.json --from-file STATUSES.json",
        "artifacts" => " --from-file INDEX.json --from-file CHECKSUMS.txt",
        "remote-tag" => " --from-file -",
        "monitoring" => {
            " --from-file METRICS.csv --from-file error-rate=ERROR-RATE.json --baseline error-rate=0.01 --limit error-rate=0.02"
        }
        _ => "",
    }
}

/// What the files of the gate's kind bring, so that nobody has to type it.
fn from_file(kind: &str, name: &str) -> bool {
    match kind {
        "test-result" => ["tests", "metrics", "baseline"].contains(&name),
        "scan-result" => name == "scan",
        "backup" => ["size", "checksum"].contains(&name),
        "deployment" => name == "environment",
        "artifacts" => ["digests", "checksums"].contains(&name),
        "remote-tag" => name == "commit",
        "monitoring" => name != "critical-bugs" && name != "downtime",
        _ => false,
    }
}

/// What belongs behind a name, or one that says it in capitals.
fn value(name: &str, known: &Known<'_>) -> String {
    let release = &known.judged.judgement.facts.release;
    match name {
        "branch" if !release.main_branch.is_empty() => quoted(&release.main_branch),
        "from" => quoted(&release.tag),
        "to" if !release.previous.tag.is_empty() => quoted(&release.previous.tag),
        "environment" => "staging".to_owned(),
        "critical-bugs" | "downtime" => "0".to_owned(),
        "up" | "down" | "again" => "yes".to_owned(),
        "rollout" => "complete".to_owned(),
        "logs" => "quiet".to_owned(),
        "order" => "stop,restore,deploy".to_owned(),
        "time" => "\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"".to_owned(),
        other => other.to_ascii_uppercase(),
    }
}

/// A word as a shell takes it. Names of tags and people are whatever somebody pushed: none of them may become a command.
fn quoted(word: &str) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '@' | '+' | ':');
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn no_word_becomes_a_command() {
        for (word, expected) in [
            ("v1.2.3-rc1", "v1.2.3-rc1"),
            ("lead@example.org", "lead@example.org"),
            ("", "''"),
            ("v1;rm", "'v1;rm'"),
            ("$(x)", "'$(x)'"),
            ("it's", "'it'\\''s'"),
            ("-x", "'-x'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
