//! `relgate gate verify`: checks files of evidence alone.

use super::{CommandError, GateError, Judged, judged, open, read};
use crate::cli::args::{GateVerify, Global, SubjectArgs};
use crate::cli::output::Streams;
use crate::evidence::verify::{Item, Release, check_one};
use crate::evidence::{self, SIGNATURE_SUFFIX};
use crate::facts::evidence::EvidenceFact;
use crate::files::Unreadable;
use crate::policy;
use crate::project::Project;
use crate::report::text::escape;

pub(super) fn run(global: &Global, args: &GateVerify) -> Result<u8, CommandError> {
    let context = open(global)?;
    let frame = context.frame()?;
    let project = &context.project;
    let is_gate = |name: &str| project.policies.gates().any(|gate| gate.id == name);
    let mut out = String::new();
    let mut all_count = true;
    for file in &args.files {
        let path = file.display().to_string();
        let text = read::text(&path)?.ok_or_else(|| GateError::Unreadable {
            path: path.clone(),
            why: Unreadable::Missing,
        })?;
        let signature = read::text(&format!("{path}{SIGNATURE_SUFFIX}"))?;
        let item = evidence::open_one(&path, &text, signature.as_deref(), is_gate);
        // Without --tag, a statement is checked against the release that it names itself.
        let named = item
            .envelope
            .as_ref()
            .ok()
            .map(|it| it.statement.tag.clone());
        let subject = SubjectArgs {
            tag: args.tag.clone().or(named),
            at: args.at.clone(),
        };
        let fact = if subject.tag.is_some() {
            fact(&item, project, &judged(&frame, &subject, None)?)
        } else {
            check_one(&item, &project.trust, &Release::default())
        };
        all_count &= fact.valid;
        out.push_str(&line(&fact));
    }
    Streams::print(&out)?;
    Ok(u8::from(!all_count))
}

/// What becomes of a file for a release, its type included.
pub(super) fn fact(item: &Item, project: &Project, judged: &Judged<'_>) -> EvidenceFact {
    let policies = &project.policies;
    let mut fact = check_one(item, &project.trust, &judged.release);
    policy::settle(
        std::slice::from_mut(&mut fact),
        policies.gates().map(|gate| (gate.id.as_str(), gate.stage)),
        judged.effective,
        judged.is_candidate,
    );
    fact
}

fn line(fact: &EvidenceFact) -> String {
    if !fact.valid {
        return format!(
            "✗ {}: {} ({})\n",
            escape(&fact.path),
            escape(&fact.message),
            fact.reason
        );
    }
    let how = if fact.signature == "unsigned" {
        "asserted, not signed, by"
    } else {
        "signed by"
    };
    format!(
        "✓ {}: {} for {} of {}, {how} {}\n",
        escape(&fact.path),
        fact.decision,
        fact.gate,
        escape(&fact.tag),
        escape(&fact.approver)
    )
}
