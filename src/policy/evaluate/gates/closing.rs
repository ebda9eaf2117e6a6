//! What closes a gate that somebody has to vouch for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::facts::Facts;
use crate::facts::evidence::EvidenceFact;
use crate::gate::{GateStatus, Stage, parse_duration};
use crate::policy::document::{EvidenceSpec, GateSpec};
use crate::version::ReleaseType;

/// The gate whose passing lets a candidate's evidence count for the final release.
pub const RELEASE_CANDIDATE: &str = "release-candidate";

/// What evidence makes of a gate.
pub(super) struct Closing {
    pub status: GateStatus,
    pub message: String,
    /// The paths of what was used.
    pub evidence: Vec<String>,
}

/// Takes back what was believed of evidence before the type of the release was known: it has to be made for this type,
/// and a candidate's counts for the gates of candidates only, when the release is that candidate.
///
/// `gates` are all gates, with their stages.
pub fn settle<'g>(
    evidence: &mut [EvidenceFact],
    gates: impl Iterator<Item = (&'g str, Stage)>,
    effective: ReleaseType,
    is_candidate: bool,
) {
    let stages: BTreeMap<&str, Stage> = gates.collect();
    for fact in evidence.iter_mut().filter(|fact| fact.valid) {
        let stage = stages.get(fact.gate.as_str());
        // A test result in in-toto's own form names no type; it is about a commit, whatever that becomes.
        let refusal = if !fact.release_type.is_empty() && fact.release_type != effective.as_str() {
            Some((
                "release-type-mismatch",
                format!(
                    "it was made for a {} release, and this is a {effective} one",
                    fact.release_type
                ),
            ))
        } else if fact.of_candidate && (!is_candidate || stage != Some(&Stage::Candidate)) {
            Some((
                "of-candidate",
                format!(
                    "it is about {}, and does not count for this release",
                    fact.tag
                ),
            ))
        } else {
            None
        };
        if let Some((reason, message)) = refusal {
            fact.valid = false;
            reason.clone_into(&mut fact.reason);
            fact.message = message;
        }
    }
}

/// Closes a gate with the evidence for it, or says what is missing.
pub(super) fn close(
    gate: &GateSpec,
    spec: &EvidenceSpec,
    facts: &Facts,
    now: DateTime<Utc>,
) -> Closing {
    let all: Vec<&EvidenceFact> = facts
        .evidence
        .iter()
        .filter(|fact| fact.gate == gate.id)
        .collect();
    let valid = latest(all.iter().copied().filter(|fact| fact.valid));
    let invalid: Vec<&EvidenceFact> = all.iter().copied().filter(|fact| !fact.valid).collect();
    let paths = |facts: &[&EvidenceFact]| facts.iter().map(|fact| fact.path.clone()).collect();
    let rejected: Vec<&EvidenceFact> = valid
        .iter()
        .copied()
        .filter(|fact| fact.decision != "approve")
        .collect();
    if let Some(first) = rejected.first() {
        let why = if first.comment.is_empty() {
            String::new()
        } else {
            format!(": \"{}\"", first.comment)
        };
        return Closing {
            status: GateStatus::Fail,
            message: format!("rejected by {}{why}", first.approver),
            evidence: paths(&rejected),
        };
    }
    if !valid.is_empty() && valid.len() >= spec.minimum as usize {
        let (status, debt) = second(spec, &valid, facts, now);
        return Closing {
            status,
            message: format!("{}{debt}", vouched(&valid)),
            evidence: paths(&valid),
        };
    }
    let short = |count: usize| format!("{count} of {} have vouched", spec.minimum);
    if let Some(first) = invalid.iter().find(|fact| fact.reason != "other-release") {
        let more = match invalid.len() {
            1 => String::new(),
            count => format!(", and {} more do not count", count - 1),
        };
        let counted = if valid.is_empty() {
            String::new()
        } else {
            format!("{}; ", short(valid.len()))
        };
        return Closing {
            status: GateStatus::Fail,
            message: format!(
                "{counted}{}: {} ({}){more}",
                first.path, first.message, first.reason
            ),
            evidence: paths(&invalid),
        };
    }
    if !valid.is_empty() {
        return Closing {
            status: GateStatus::Fail,
            message: short(valid.len()),
            evidence: paths(&valid),
        };
    }
    Closing {
        status: GateStatus::NotEvaluated,
        message: "no evidence".to_owned(),
        evidence: Vec::new(),
    }
}

/// What each person said last: somebody who rejected may approve later, and the other way round. At the same second, a
/// rejection weighs more.
fn latest<'f>(facts: impl Iterator<Item = &'f EvidenceFact>) -> Vec<&'f EvidenceFact> {
    let mut last: BTreeMap<&str, &EvidenceFact> = BTreeMap::new();
    let key = |fact: &EvidenceFact| (fact.issued_at.clone(), fact.decision != "approve");
    for fact in facts {
        let name = if fact.person.is_empty() {
            &fact.approver
        } else {
            &fact.person
        };
        let known = last.entry(name).or_insert(fact);
        if key(fact) > key(known) {
            *known = fact;
        }
    }
    let mut facts: Vec<&EvidenceFact> = last.into_values().collect();
    facts.sort_by(|a, b| (&a.issued_at, &a.path).cmp(&(&b.issued_at, &b.path)));
    facts
}

/// Where a second person may look afterwards: whether that is still owed, or overdue. Whoever closes the release needs it.
fn second(
    spec: &EvidenceSpec,
    valid: &[&EvidenceFact],
    facts: &Facts,
    now: DateTime<Utc>,
) -> (GateStatus, String) {
    if spec.second_within.is_empty() || valid.len() > 1 {
        return (GateStatus::Pass, String::new());
    }
    let due = valid
        .first()
        .and_then(|first| DateTime::parse_from_rfc3339(&first.issued_at).ok())
        .zip(parse_duration(&spec.second_within))
        .and_then(|(first, within)| first.with_timezone(&Utc).checked_add_signed(within));
    let Some(due) = due else {
        return (
            GateStatus::Fail,
            "; a second review is owed, and by when cannot be told".to_owned(),
        );
    };
    let day = due.format("%Y-%m-%d %H:%M UTC");
    if now > due {
        return (
            GateStatus::Fail,
            format!("; a second review was due on {day}"),
        );
    }
    if facts.release.stage == Stage::Closed.as_str() {
        return (
            GateStatus::Fail,
            format!("; a second review is owed by {day}"),
        );
    }
    (
        GateStatus::Pass,
        format!("; a second review is owed by {day}"),
    )
}

/// Who vouched, and how that is known.
fn vouched(valid: &[&EvidenceFact]) -> String {
    let people: Vec<String> = valid
        .iter()
        .map(|fact| {
            let role = if fact.role.is_empty() {
                String::new()
            } else {
                format!(" ({})", fact.role)
            };
            format!("{}{role}", fact.approver)
        })
        .collect();
    let measured = measured(valid);
    let asserted = valid.iter().any(|fact| fact.signature == "unsigned");
    let how = if asserted {
        "asserted, not signed, by"
    } else {
        "signed by"
    };
    if measured.is_empty() {
        let day = valid
            .last()
            .and_then(|fact| fact.issued_at.split('T').next())
            .unwrap_or_default();
        return format!("{how} {} on {day}", people.join(", "));
    }
    format!("{measured}, {how} {}", people.join(", "))
}

/// What machines measured, in a few words.
fn measured(valid: &[&EvidenceFact]) -> String {
    let mut parts = Vec::new();
    for fact in valid {
        if fact.tests.total > 0 {
            parts.push(format!("{} passed", fact.tests.passed));
        }
        if !fact.scan.tool.is_empty() {
            let scan = &fact.scan;
            parts.push(format!(
                "{}: {} critical, {} high",
                scan.tool, scan.critical, scan.high
            ));
        }
        match fact.metrics.as_slice() {
            [] => {}
            [only] => parts.push(only.text.clone()),
            metrics => parts.push(format!("{} metrics within their limits", metrics.len())),
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::release::ReleaseFacts;

    fn spec(minimum: u32, second_within: &str) -> EvidenceSpec {
        EvidenceSpec {
            minimum,
            second_within: second_within.to_owned(),
            ..EvidenceSpec::default()
        }
    }

    fn fact(text: &str) -> EvidenceFact {
        // approver decision day, `!` in front: does not count
        let (valid, text) = match text.strip_prefix('!') {
            Some(rest) => (false, rest),
            None => (true, text),
        };
        let words: Vec<&str> = text.split(' ').collect();
        EvidenceFact {
            gate: "g".to_owned(),
            path: format!("{}.json", words[0]),
            approver: words[0].to_owned(),
            decision: words[1].to_owned(),
            issued_at: format!("2026-05-{}T00:00:00Z", words[2]),
            signature: "ssh".to_owned(),
            valid,
            reason: if valid { "" } else { "too-old" }.to_owned(),
            message: if valid { "" } else { "it is old" }.to_owned(),
            ..EvidenceFact::default()
        }
    }

    fn outcome(spec: &EvidenceSpec, stage: &str, evidence: &[&str]) -> (GateStatus, String) {
        let facts = Facts {
            release: ReleaseFacts {
                stage: stage.to_owned(),
                ..ReleaseFacts::default()
            },
            evidence: evidence.iter().map(|text| fact(text)).collect(),
            ..Facts::default()
        };
        let gate = GateSpec {
            id: "g".to_owned(),
            ..GateSpec::default()
        };
        let now = DateTime::parse_from_rfc3339("2026-05-10T00:00:00Z").unwrap();
        let closing = close(&gate, spec, &facts, now.with_timezone(&Utc));
        (closing.status, closing.message)
    }

    #[test]
    fn gates_close_with_enough_people() {
        let check = |minimum, evidence: &[&str], status: GateStatus, message: &str| {
            assert_eq!(
                outcome(&spec(minimum, ""), "release", evidence),
                (status, message.to_owned())
            );
        };
        use GateStatus::{Fail, NotEvaluated, Pass};
        check(1, &[], NotEvaluated, "no evidence");
        check(1, &["a approve 02"], Pass, "signed by a on 2026-05-02");
        check(2, &["a approve 02"], Fail, "1 of 2 have vouched");
        check(
            2,
            &["a approve 02", "a approve 03"],
            Fail,
            "1 of 2 have vouched",
        );
        check(
            2,
            &["a approve 02", "b approve 03"],
            Pass,
            "signed by a, b on 2026-05-03",
        );
        check(1, &["!a approve 02"], Fail, "a.json: it is old (too-old)");
        check(
            1,
            &["!a approve 02", "b approve 03"],
            Pass,
            "signed by b on 2026-05-03",
        );
        check(
            2,
            &["!a approve 02", "b approve 03"],
            Fail,
            "1 of 2 have vouched; a.json: it is old (too-old)",
        );
        check(1, &["a approve 02", "b reject 01"], Fail, "rejected by b");
        check(
            1,
            &["a reject 02", "a approve 03"],
            Pass,
            "signed by a on 2026-05-03",
        );
        check(1, &["a reject 03", "a approve 03"], Fail, "rejected by a");
        check(
            1,
            &["!a reject 03", "b approve 03"],
            Pass,
            "signed by b on 2026-05-03",
        );
        // Nobody may ask for nobody.
        check(0, &[], NotEvaluated, "no evidence");
    }

    #[test]
    fn a_second_review_is_owed_by_a_date() {
        let check = |stage: &str, evidence: &[&str], status: GateStatus, message: &str| {
            assert_eq!(
                outcome(&spec(1, "P3D"), stage, evidence),
                (status, message.to_owned())
            );
        };
        use GateStatus::{Fail, Pass};
        check(
            "deploy",
            &["a approve 08"],
            Pass,
            "signed by a on 2026-05-08; a second review is owed by 2026-05-11 00:00 UTC",
        );
        check(
            "closed",
            &["a approve 08"],
            Fail,
            "signed by a on 2026-05-08; a second review is owed by 2026-05-11 00:00 UTC",
        );
        check(
            "deploy",
            &["a approve 06"],
            Fail,
            "signed by a on 2026-05-06; a second review was due on 2026-05-09 00:00 UTC",
        );
        check(
            "closed",
            &["a approve 06", "b approve 09"],
            Pass,
            "signed by a, b on 2026-05-09",
        );
    }

    #[test]
    fn evidence_is_for_one_type_and_candidates_count_where_they_may() {
        let check = |release_type: &str, of_candidate, stage, is_candidate, reason: &str| {
            let mut facts = [EvidenceFact {
                release_type: release_type.to_owned(),
                of_candidate,
                ..fact("a approve 02")
            }];
            settle(
                &mut facts,
                [("g", stage)].into_iter(),
                ReleaseType::Minor,
                is_candidate,
            );
            assert_eq!(
                (facts[0].valid, facts[0].reason.as_str()),
                (reason.is_empty(), reason)
            );
        };
        check("minor", false, Stage::Release, false, "");
        check("", false, Stage::Release, false, "");
        check(
            "patch",
            false,
            Stage::Release,
            true,
            "release-type-mismatch",
        );
        check("minor", true, Stage::Candidate, true, "");
        check("minor", true, Stage::Candidate, false, "of-candidate");
        check("minor", true, Stage::Release, true, "of-candidate");
    }
}
