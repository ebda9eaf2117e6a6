//! `relgate rehearse`: the release's migrations, and their rollback, on a real PostgreSQL server.

use std::path::PathBuf;
use std::time::Duration;

use super::CommandError;
use super::args::{Global, Rehearse};
use super::context::{Context, subject_request};
use super::output::{Streams, environment};
use super::progress::Progress;
use crate::decision::Verdict;
use crate::discover::Reader;
use crate::facts::release::ReleaseFacts;
use crate::finding::Finding;
use crate::judge::{Judgement, Request, judge, upgrade};
use crate::rehearse::evidence::Binding;
use crate::rehearse::host::Host;
use crate::rehearse::script::{Script, scripts};
use crate::rehearse::server::{Programs, ServerError};
use crate::rehearse::{Options, Rehearsal, Unready, evidence, findings, rehearse};
use crate::report::rehearse::{RehearsalReport, write};
use crate::report::{DecisionSection, Report};
use crate::version::ReleaseType;

pub(super) fn run(global: &Global, args: &Rehearse, streams: &Streams) -> Result<u8, CommandError> {
    let report = {
        let _progress = Progress::start(streams.progress, "rehearsing the migrations");
        let context = Context::open(global)?;
        report(&context, args)?
    };
    for output in &args.output {
        Streams::file(
            &output.path,
            &output.path.display().to_string(),
            &mut |style, out| write(&report, output.format, style, out),
        )?;
    }
    let mut out = Vec::new();
    let written = write(&report, args.format, &streams.style, &mut out);
    Streams::written(written.map(|()| out))?;
    Ok(report.report.decision.verdict.exit_code())
}

fn report(context: &Context, args: &Rehearse) -> Result<RehearsalReport, CommandError> {
    let frame = context.frame()?;
    let subject = subject_request(&args.subject);
    let request = Request {
        subject: subject.clone(),
        stage: None,
        files: Vec::new(),
    };
    // What the release is, its effective type too, comes from judging it; its findings are not repeated here.
    let Judgement {
        report: judged,
        facts,
    } = judge(&frame, &request)?;
    let mut reader = Reader::new(frame.repository);
    let upgrade = upgrade(&frame, &subject, &mut reader)?;
    let scripts = scripts(&upgrade.survey, &upgrade.lowering, &mut reader);
    let options = Options {
        patience: Duration::from_secs(args.timeout),
    };
    let mut server_version = 0;
    let mut sequences: Vec<Result<Rehearsal, (String, Unready)>> = Vec::new();
    if !scripts.is_empty() {
        let mut host = host(args, &scripts, &options)?;
        server_version = host.version;
        for script in &scripts {
            let result = rehearse(&mut host, script, &options);
            sequences.push(result.map_err(|why| (script.directory.path.clone(), why)));
        }
    }
    let found: Vec<Finding> = sequences
        .iter()
        .flatten()
        .flat_map(|sequence| findings::findings(sequence, &reader.sources))
        .collect();
    let mut errors: Vec<String> = sequences
        .iter()
        .filter_map(|sequence| sequence.as_ref().err())
        .map(|(directory, why)| format!("{directory}: {why}"))
        .collect();
    // A release whose migrations are all for other databases was not looked at.
    let elsewhere = upgrade
        .survey
        .directories
        .iter()
        .filter(|directory| !directory.changes.is_empty())
        .count();
    if elsewhere > 0 && scripts.is_empty() {
        errors.push("none of the migrations that the release changes is for PostgreSQL".to_owned());
    }
    let verdict = if !errors.is_empty() {
        Verdict::Error
    } else if found.iter().any(crate::decision::blocks) {
        Verdict::Fail
    } else {
        Verdict::Pass
    };
    let mut rehearsal = RehearsalReport {
        report: Report {
            generated_at: judged.generated_at,
            subject: judged.subject,
            decision: DecisionSection {
                verdict,
                required: ReleaseType::None,
                declared: None,
                next_version: None,
                reasons: Vec::new(),
            },
            gates: Vec::new(),
            findings: found,
            coverage: reader.coverage,
            policy: judged.policy,
            inputs: Vec::new(),
            errors,
            sources: reader.sources,
            headline: judged.headline,
        },
        sequences,
        server_version,
        rows: args.rows,
        evidence: None,
    };
    rehearsal.report.coverage.not_examined.sort();
    rehearsal.report.coverage.not_examined.dedup();
    if verdict != Verdict::Error && !rehearsal.sequences.is_empty() {
        rehearsal.evidence = leave_evidence(context, args, &rehearsal, &facts.release)?;
    }
    Ok(rehearsal)
}

/// The server that somebody asked for.
fn host(args: &Rehearse, scripts: &[Script], options: &Options) -> Result<Host, CommandError> {
    let wanted = scripts
        .iter()
        .find_map(|script| script.directory.server_version);
    let search: Vec<PathBuf> = environment("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    let programs = Programs::find(args.server_programs.as_deref(), &search, wanted);
    let programs = programs.ok_or(ServerError::NoPrograms)?;
    Ok(Host::local(&programs, options.patience)?)
}

/// Writes the unsigned statement. Without a tag there is nothing to bind it to, and without a work tree no place for it.
fn leave_evidence(
    context: &Context,
    args: &Rehearse,
    rehearsal: &RehearsalReport,
    release: &ReleaseFacts,
) -> Result<Option<String>, CommandError> {
    let (Some(top), false) = (context.repository.workdir(), release.tag.is_empty()) else {
        return Ok(None);
    };
    let approver = args.approver.clone();
    let sequences: Vec<&Rehearsal> = rehearsal.sequences.iter().flatten().collect();
    let data = evidence::data(&sequences, rehearsal.server_version, rehearsal.rows);
    let binding = Binding {
        tag: release.tag.clone(),
        commit: release.commit.clone(),
        previous: (
            release.previous.tag.clone(),
            release.previous.commit.clone(),
        ),
        release_type: release.effective_type.clone(),
        policy_digest: rehearsal.report.policy.digest.clone(),
        issued_at: rehearsal.report.generated_at.clone(),
        nonce: nonce(),
        approver: approver
            .or_else(|| context.repository.user_email())
            .unwrap_or_else(|| "nobody".to_owned()),
    };
    let approve = rehearsal.report.decision.verdict == Verdict::Pass;
    let text = evidence::statement(&binding, approve, &data);
    let path = format!(
        "{}/{}/{}.json",
        context.project.config.evidence().trim_end_matches('/'),
        release.tag,
        evidence::GATE
    );
    let file = top.join(&path);
    if let Some(directory) = file.parent() {
        // A failure shows when the file is written.
        let _ = std::fs::create_dir_all(directory);
    }
    Streams::file(&file, &path, &mut |_, out| out.write_all(text.as_bytes()))?;
    Ok(Some(path))
}

/// 128 bits that nobody had before: the hasher of the standard library starts from the system's random numbers.
fn nonce() -> String {
    use std::hash::{BuildHasher, RandomState};
    let half = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", half(), half())
}
