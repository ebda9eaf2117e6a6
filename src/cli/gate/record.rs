//! `relgate gate record`: writes the statement that closes a gate, and signs it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{CommandError, GateError, Judged, evidenced, judged, open, read};
use crate::cli::args::{GateRecord, Global};
use crate::cli::output::{Streams, environment};
use crate::evidence::record::{self, Purpose};
use crate::evidence::ssh::{self, Key, NAMESPACE, SigningError};
use crate::evidence::statement::{Statement, from_reference};
use crate::evidence::{self, agent};
use crate::files::{Unreadable, write_named};
use crate::git::ObjectId;
use crate::policy::{EvidenceSpec, GateSpec};

pub(super) fn run(
    global: &Global,
    args: &GateRecord,
    streams: &Streams,
) -> Result<u8, CommandError> {
    let context = open(global)?;
    let frame = context.frame()?;
    let policies = &context.project.policies;
    let gate = evidenced(policies, &args.gate)?;
    let spec = gate.evidence.as_ref().unwrap_or(&NO_SPEC);
    let role = role(gate, spec, args)?;
    let judged = judged(&frame, &args.subject(), None)?;
    let statement = Statement {
        issued_at: Some(context.now),
        policy_digest: policies.digest().to_owned(),
        nonce: read::nonce()?,
        role,
        data: data(&context, args, spec, &judged)?,
        ..statement(args, &judged)
    };
    let text = statement.to_json();
    let signature = args
        .key
        .as_deref()
        .map(|key| sign(key, text.as_bytes()))
        .transpose()?;
    if args.dry_run {
        Streams::print(&text)?;
        note(
            streams,
            &explain(&context, &judged, "-", &text, signature.as_deref()),
        );
        return Ok(0);
    }
    let path = path(&context, args, &statement)?;
    write(&path, &text)?;
    if let Some(signature) = &signature {
        write(&sibling(&path), signature)?;
    }
    let shown = shown(&context, &path);
    Streams::print(&format!("{shown}\n"))?;
    note(
        streams,
        &explain(&context, &judged, &shown, &text, signature.as_deref()),
    );
    if signature.is_none() && !spec.unsigned {
        note(
            streams,
            &format!("sign it: ssh-keygen -Y sign -n {NAMESPACE} -f KEY {shown}"),
        );
    }
    Ok(0)
}

/// For a gate without evidence, which [`evidenced`] never gives.
static NO_SPEC: EvidenceSpec = EvidenceSpec {
    kind: String::new(),
    role: String::new(),
    minimum: 1,
    max_age: String::new(),
    not_author: false,
    bind_policy: false,
    unsigned: false,
    second_within: String::new(),
    requires: Vec::new(),
};

fn role(gate: &GateSpec, spec: &EvidenceSpec, args: &GateRecord) -> Result<String, GateError> {
    match &args.role {
        Some(given) if !spec.role.is_empty() && *given != spec.role => Err(GateError::Role {
            gate: gate.id.clone(),
            wanted: spec.role.clone(),
            given: given.clone(),
        }),
        Some(given) => Ok(given.clone()),
        None => Ok(spec.role.clone()),
    }
}

/// What the judgement knows of the statement.
fn statement(args: &GateRecord, judged: &Judged<'_>) -> Statement {
    let release = &judged.release;
    Statement {
        tag: release.subject.tag.clone(),
        commit: release.subject.commit.clone(),
        gate: args.gate.clone(),
        decision: args.decision.as_str().to_owned(),
        approver: args.approver.clone(),
        from: from_reference(&release.previous.tag, &release.previous.commit),
        to: release.subject.tag.clone(),
        release_type: judged.effective.as_str().to_owned(),
        comment: args.comment.clone().unwrap_or_default(),
        ..Statement::default()
    }
}

fn data(
    context: &crate::cli::context::Context,
    args: &GateRecord,
    spec: &EvidenceSpec,
    judged: &Judged<'_>,
) -> Result<serde_json::Map<String, Value>, GateError> {
    let files = args
        .from_file
        .iter()
        .map(|argument| read::given(argument))
        .collect::<Result<Vec<_>, _>>()?;
    let commits: Vec<String> = judged
        .judgement
        .facts
        .commits
        .iter()
        .map(|commit| commit.id.clone())
        .collect();
    let purpose = Purpose {
        kind: &spec.kind,
        tag: &judged.release.subject.tag,
        commit: &judged.release.subject.commit,
        commits: &commits,
        merged_heads: &merged_heads(context, judged),
        baselines: &args.baseline,
        limits: &args.limit,
        higher: &args.higher,
    };
    let mut data = record::read(&files, &purpose).map_err(|why| {
        GateError::Input(
            why,
            "nothing was written: such a file is no evidence for this gate".to_owned(),
        )
    })?;
    for (name, value) in &args.set {
        data.insert(name.clone(), Value::String(value.clone()));
    }
    Ok(data)
}

/// What the merge commits of the release took in. A commit that cannot be read took in nothing that counts.
fn merged_heads(context: &crate::cli::context::Context, judged: &Judged<'_>) -> Vec<String> {
    let commits = judged.judgement.facts.commits.iter();
    commits
        .filter(|commit| commit.merge)
        .filter_map(|commit| ObjectId::parse(&commit.id))
        .filter_map(|id| context.repository.commit(id).ok())
        .flat_map(|commit| commit.parents.into_iter().skip(1))
        .map(|id| id.to_string())
        .collect()
}

/// Signs with a private key's file; with a public key, or one that has a passphrase, the agent signs.
fn sign(key: &Path, message: &[u8]) -> Result<String, GateError> {
    let shown = key.display().to_string();
    let text = read::text(&shown)?.ok_or_else(|| GateError::Unreadable {
        path: shown.clone(),
        why: Unreadable::Missing,
    })?;
    if Key::read(&text).is_ok() {
        return with_agent(&text, message);
    }
    match ssh::sign(&text, NAMESPACE, message) {
        Ok(signature) => Ok(signature),
        Err(SigningError::Encrypted) => match read::text(&format!("{shown}.pub"))? {
            Some(public) => with_agent(&public, message),
            None => Err(GateError::Signing(
                format!("{shown} has a passphrase"),
                "ssh-add it, and name its public key (KEY.pub)".to_owned(),
            )),
        },
        Err(SigningError::Malformed(why)) => Err(GateError::Signing(
            format!("{shown} is no key that can be read: {why}"),
            "OpenSSH's own format is read: ssh-keygen -t ed25519 makes such a key".to_owned(),
        )),
        Err(SigningError::Refused(why)) => Err(GateError::Signing(
            why,
            "use an Ed25519, ECDSA or RSA key".to_owned(),
        )),
    }
}

fn with_agent(public: &str, message: &[u8]) -> Result<String, GateError> {
    let refused =
        |why: String| GateError::Signing(why, "start ssh-agent and ssh-add the key".to_owned());
    let key = Key::read(public).map_err(refused)?;
    let socket = environment("SSH_AUTH_SOCK")
        .filter(|socket| !socket.is_empty())
        .ok_or_else(|| refused("no ssh-agent runs (SSH_AUTH_SOCK is not set)".to_owned()))?;
    agent::sign(Path::new(&socket), &key, NAMESPACE, message)
        .map_err(|error| refused(error.to_string()))
}

/// Whether what was written counts, in a line.
fn explain(
    context: &crate::cli::context::Context,
    judged: &Judged<'_>,
    path: &str,
    text: &str,
    signature: Option<&str>,
) -> String {
    let gate = |_: &str| false;
    let item = evidence::open_one(path, text, signature, gate);
    let fact = super::verify::fact(&item, &context.project, judged);
    if fact.valid {
        return format!("counts for {} of {}", fact.gate, fact.tag);
    }
    format!(
        "does not count for {} of {} yet: {} ({})",
        fact.gate, fact.tag, fact.message, fact.reason
    )
}

fn path(
    context: &crate::cli::context::Context,
    args: &GateRecord,
    statement: &Statement,
) -> Result<PathBuf, GateError> {
    if let Some(path) = &args.output {
        return Ok(path.clone());
    }
    let top = context.repository.workdir().ok_or_else(|| {
        GateError::Input(
            "there is no work tree to write into".to_owned(),
            "name a file: --output FILE".to_owned(),
        )
    })?;
    let slug: String = statement
        .approver
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .take(40)
        .collect();
    let nonce = statement.nonce.get(..8).unwrap_or_default();
    let name = format!("{}-{slug}-{nonce}.json", statement.gate);
    // A tag's name is a path of git's, which holds no `..` and does not begin with a slash.
    Ok(top
        .join(context.project.config.evidence())
        .join(&statement.tag)
        .join(name))
}

/// The path from the top of the work tree, or as it was typed.
fn shown(context: &crate::cli::context::Context, path: &Path) -> String {
    let inside = context
        .repository
        .workdir()
        .and_then(|top| path.strip_prefix(top).ok());
    inside.unwrap_or(path).display().to_string()
}

fn sibling(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(evidence::SIGNATURE_SUFFIX);
    PathBuf::from(name)
}

/// Writes a file and the directories above it.
fn write(path: &Path, text: &str) -> Result<(), GateError> {
    let directory = path.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(directory)
        .and_then(|()| write_named(path, text.as_bytes()))
        .map_err(|error| GateError::Unwritable {
            path: path.display().to_string(),
            why: error.to_string(),
        })
}

/// A remark beside the output.
fn note(streams: &Streams, text: &str) {
    if streams.style.verbosity >= 0 {
        let line = format!("{}\n", crate::report::text::escape(text));
        let _ = io::stderr().write_all(line.as_bytes());
    }
}
