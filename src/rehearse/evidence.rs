//! What a rehearsal leaves for the gate `migration-tests`: an in-toto Statement that somebody has to sign.

use serde_json::{Map, Value, json};

use super::{Rehearsal, Step};

/// The gate that it is for.
pub const GATE: &str = "migration-tests";

/// What a statement is bound to, and who vouches for it.
#[derive(Debug, Clone, Default)]
pub struct Binding {
    /// The tag.
    pub tag: String,
    /// Its commit.
    pub commit: String,
    /// The previous release's tag and commit; empty for a first release.
    pub previous: (String, String),
    /// The release's effective type.
    pub release_type: String,
    /// The digest of the policies in force.
    pub policy_digest: String,
    /// When, RFC 3339 in UTC.
    pub issued_at: String,
    /// A number used once.
    pub nonce: String,
    /// Who signs it.
    pub approver: String,
}

/// The statement, as JSON with a line end.
pub fn statement(binding: &Binding, approve: bool, data: &Map<String, Value>) -> String {
    let (tag, commit) = &binding.previous;
    let from = if tag.is_empty() {
        String::new()
    } else {
        format!("refs/tags/{tag}@{commit}")
    };
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{
            "name": format!("refs/tags/{}", binding.tag),
            "digest": { "gitCommit": binding.commit },
        }],
        "predicateType": "https://relgate.dev/evidence/v1",
        "predicate": {
            "gate": GATE,
            "decision": if approve { "approve" } else { "reject" },
            "approver": binding.approver,
            "role": "",
            "from": from,
            "to": binding.tag,
            "releaseType": binding.release_type,
            "policyDigest": binding.policy_digest,
            "issuedAt": binding.issued_at,
            "nonce": binding.nonce,
            "data": data,
        },
    });
    let mut text = serde_json::to_string_pretty(&statement).unwrap_or_default();
    text.push('\n');
    text
}

/// What the gate needs to know beside the decision: whether up, down and up again worked. Where there is no way down, the
/// way back is the dump.
pub fn data(rehearsals: &[&Rehearsal], server_version: u32, rows: u64) -> Map<String, Value> {
    let runs = || rehearsals.iter().flat_map(|one| &one.migrations);
    let up = runs().all(|run| run.up.is_done());
    let by_migrations = runs().all(|run| run.down.is_done());
    let refused = runs().any(|run| matches!(run.down, Step::Failed(_)) || !run.left.is_empty());
    let restored = rehearsals
        .iter()
        .all(|one| one.restore.is_done() && one.restore_differences.is_empty());
    let again =
        runs().all(|run| !matches!(run.again, Step::Failed(_)) && run.again_differences.is_empty());
    let mut data = Map::new();
    data.insert("up".to_owned(), up.into());
    data.insert(
        "down".to_owned(),
        (up && !refused && (by_migrations || restored)).into(),
    );
    data.insert(
        "downBy".to_owned(),
        if by_migrations { "migrations" } else { "dump" }.into(),
    );
    data.insert("again".to_owned(), (up && !refused && again).into());
    data.insert("restore".to_owned(), restored.into());
    data.insert(
        "server".to_owned(),
        format!("PostgreSQL {server_version}").into(),
    );
    data.insert("rows".to_owned(), rows.into());
    data.insert(
        "migrations".to_owned(),
        runs().map(|run| Value::from(run.path.as_str())).collect(),
    );
    data
}
