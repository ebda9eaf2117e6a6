//! Which answers a ledger has already: those that were found from the same tag, commit, policies, configuration and tool.

use std::collections::HashMap;

use super::AuditArgs;
use crate::cli::CommandError;
use crate::cli::args::PolicyAsOf;
use crate::decision::Verdict;
use crate::evidence::verify::Item;
use crate::git::Tag;
use crate::ledger::{Decision, Ledger, Mode, Wanted};
use crate::project::Project;
use crate::report::audit::STAGE;
use crate::report::text::sha256_hex;

/// The verdicts of a chain, by tag, commit and what decided.
#[derive(Default)]
pub(super) struct Known(HashMap<[String; 4], Verdict>);

impl Known {
    /// What a chain knows from audits by this version of relgate.
    pub(super) fn load(ledger: &mut Ledger, repository: &str) -> Result<Self, CommandError> {
        let records = ledger.records(Wanted::Chain(repository))?;
        let same_tool = records
            .iter()
            .filter(|record| record.tool.version == crate::ledger::TOOL_VERSION);
        let decisions = same_tool
            .filter_map(|record| record.decision())
            .filter(|decision| decision.mode == Mode::Audit && decision.stage == STAGE.as_str());
        Ok(Self(
            decisions
                .filter_map(|decision| Some((key(decision), verdict(decision)?)))
                .collect(),
        ))
    }

    /// The verdict of a tag as it is, judged by a project as it is.
    pub(super) fn verdict(
        &self,
        tag: &Tag,
        project: &Project,
        args: &AuditArgs,
    ) -> Option<Verdict> {
        if self.0.is_empty() || args.policy_as_of == PolicyAsOf::Release {
            return None;
        }
        let commit = tag.commit?.to_string();
        let name = &tag.name.name;
        let by = configuration(name, project, args);
        let policies = project.policies.digest().to_owned();
        self.0.get(&[name.clone(), commit, policies, by]).copied()
    }
}

fn key(decision: &Decision) -> [String; 4] {
    let policy = &decision.policy;
    [
        decision.tag.clone(),
        decision.commit.clone(),
        policy.digest.clone(),
        policy.configuration.clone(),
    ]
}

fn verdict(decision: &Decision) -> Option<Verdict> {
    [Verdict::Pass, Verdict::Fail, Verdict::Error]
        .into_iter()
        .find(|verdict| verdict.as_str() == decision.verdict)
}

/// The digest of what decides about a tag beside its policies: every file that does, the options that do, and the evidence
/// that is about it, or about one of its candidates.
pub(super) fn configuration(tag: &str, project: &Project, args: &AuditArgs) -> String {
    let mut text = format!("{:?} {}\n", args.policy_as_of, args.require_evidence);
    for (path, content) in &project.files {
        text.push_str(&line(path, content));
    }
    for item in project.evidence.iter().filter(|item| concerns(item, tag)) {
        text.push_str(&line(&item.path, &item.text));
        text.push_str(&format!("{:?}\n", item.envelope));
    }
    format!("sha256:{}", sha256_hex(text.as_bytes()))
}

fn line(path: &str, content: &str) -> String {
    format!("{} {path:?}\n", sha256_hex(content.as_bytes()))
}

fn concerns(item: &Item, tag: &str) -> bool {
    let Ok(envelope) = &item.envelope else {
        return true;
    };
    let statement = &envelope.statement;
    statement.tag.is_empty() || statement.tag.starts_with(tag)
}
