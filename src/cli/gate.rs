//! `relgate gate`: what gates need, recording it, and checking it.

mod list;
mod read;
mod record;
mod suggest;
mod verify;

use super::CommandError;
use super::args::{GateCommand, Global, SubjectArgs};
use super::context::{Context, subject_request};
use super::output::Streams;
use crate::evidence::verify::Release;
use crate::files::Unreadable;
use crate::gate::{GateStatus, Stage};
use crate::judge::{self, Frame, Judgement, Request};
use crate::policy::{GateSpec, PolicySet};
use crate::version::ReleaseType;

/// What cannot be asked of a gate.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum GateError {
    #[error("there is no gate `{name}`")]
    #[diagnostic(help("{help}"))]
    Unknown { name: String, help: String },
    #[error("the gate `{name}` takes no evidence: relgate reads it from the repository")]
    #[diagnostic(help("{help}"))]
    Computed { name: String, help: String },
    #[error("the gate `{gate}` asks for the role `{wanted}`, not `{given}`")]
    #[diagnostic(help("--role {wanted}"))]
    Role {
        gate: String,
        wanted: String,
        given: String,
    },
    #[error("evidence is about a tag, and this is none")]
    #[diagnostic(help("name the tag: --tag TAG, with --at REV while it does not exist"))]
    NoTag,
    #[error("{0}")]
    #[diagnostic(help("{1}"))]
    Input(String, String),
    #[error("{path} cannot be read: {why}")]
    #[diagnostic(help("name an ordinary file; `-` of --from-file is standard input"))]
    Unreadable { path: String, why: Unreadable },
    #[error("{path} cannot be written: {why}")]
    #[diagnostic(help(
        "nothing was left behind; name a path that you may write to: --output FILE"
    ))]
    Unwritable { path: String, why: String },
    #[error("nothing was signed: {0}")]
    #[diagnostic(help("{1}"))]
    Signing(String, String),
}

/// A number for a statement, used once.
pub(super) fn nonce() -> Result<String, CommandError> {
    Ok(read::nonce()?)
}

pub(super) fn run(
    global: &Global,
    command: &GateCommand,
    streams: &Streams,
) -> Result<u8, CommandError> {
    match command {
        GateCommand::List(args) => list::run(global, args, streams),
        GateCommand::Record(args) => record::run(global, args, streams),
        GateCommand::Verify(args) => verify::run(global, args),
    }
}

/// A release as evidence has to fit it, and everything that was said about it.
struct Judged<'a> {
    judgement: Judgement,
    release: Release<'a>,
    effective: ReleaseType,
    /// It is what its last candidate was.
    is_candidate: bool,
}

/// Judges a tag, to know what its evidence is bound to.
fn judged<'a>(
    frame: &Frame<'a>,
    subject: &SubjectArgs,
    stage: Option<Stage>,
) -> Result<Judged<'a>, CommandError> {
    let request = Request {
        subject: subject_request(subject),
        stage,
        files: Vec::new(),
    };
    let (judgement, release) = judge::judge_with_release(frame, &request)?;
    if judgement.facts.release.tag.is_empty() {
        return Err(GateError::NoTag.into());
    }
    let decision = &judgement.report.decision;
    let effective = decision.required.max(decision.declared.unwrap_or_default());
    let is_candidate =
        judgement.report.gates.iter().any(|gate| {
            gate.id == crate::policy::RELEASE_CANDIDATE && gate.status == GateStatus::Pass
        });
    Ok(Judged {
        judgement,
        release,
        effective,
        is_candidate,
    })
}

/// The gate of a name that takes evidence.
fn evidenced<'p>(policies: &'p PolicySet, name: &str) -> Result<&'p GateSpec, GateError> {
    let found = policies.gates().find(|gate| gate.id == name);
    match found {
        Some(gate) if gate.evidence.is_some() => Ok(gate),
        Some(gate) => Err(GateError::Computed {
            name: name.to_owned(),
            help: gate.help.clone(),
        }),
        None => {
            let known = policies
                .gates()
                .filter(|gate| gate.evidence.is_some())
                .map(|gate| gate.id.as_str());
            let meant = crate::policy::suggest::did_you_mean(name, known);
            let help = if meant.is_empty() {
                "relgate gate list --tag TAG shows them all".to_owned()
            } else {
                meant
            };
            Err(GateError::Unknown {
                name: name.to_owned(),
                help,
            })
        }
    }
}

/// What several commands open.
fn open(global: &Global) -> Result<Context, CommandError> {
    Context::open(global)
}
