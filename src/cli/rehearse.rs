//! `relgate rehearse`: the release's migrations, and their rollback, on a real PostgreSQL server.

use std::path::Path;
use std::time::Duration;

use super::CommandError;
use super::args::{Global, Rehearse};
use super::context::{Context, search_path, subject_request};
use super::gate::nonce;
use super::output::{Streams, environment};
use super::progress::Progress;
use crate::decision::Verdict;
use crate::discover::{MAX_FILE_BYTES, Reader};
use crate::evidence::statement::{Statement, from_reference};
use crate::facts::release::ReleaseFacts;
use crate::files::{Unreadable, read_text};
use crate::finding::Finding;
use crate::judge::{Judgement, Request, Upgrade, judge, upgrade};
use crate::migrations::directories::MigrationDirectory;
use crate::rehearse::compat::{Probe, queries};
use crate::rehearse::connection::Target;
use crate::rehearse::host::Host;
use crate::rehearse::script::{Script, scripts};
use crate::rehearse::server::{Programs, ServerError};
use crate::rehearse::{Options, Rehearsal, Unready, evidence, findings, rehearse};
use crate::report::rehearse::{RehearsalReport, write};
use crate::report::{DecisionSection, Report};
use crate::source::Location;
use crate::syntax::sql::operation::Dialect;
use crate::syntax::sql::parse;
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
        ..
    } = judge(&frame, &request)?;
    let mut reader = Reader::new(frame.repository);
    let upgrade = upgrade(&frame, &subject, &mut reader)?;
    let scripts = scripts(&upgrade.survey, &upgrade.lowering, &mut reader);
    let options = Options {
        patience: Duration::from_secs(args.timeout),
        rows: args.rows,
        seed: args.seed.as_deref().map(read).transpose()?,
        probes: probes(args, &upgrade, &mut reader)?,
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
    let is_rehearsed = |directory: &MigrationDirectory| {
        scripts.iter().any(|script| script.directory == *directory)
    };
    let changed = upgrade.survey.directories.iter();
    let elsewhere: Vec<&str> = changed
        .filter(|it| !it.changes.is_empty() && !is_rehearsed(&it.directory))
        .map(|it| it.directory.path.as_str())
        .collect();
    if !elsewhere.is_empty() && scripts.is_empty() {
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
        no_evidence: None,
    };
    rehearsal.report.coverage.not_examined.sort();
    rehearsal.report.coverage.not_examined.dedup();
    if verdict != Verdict::Error && !rehearsal.sequences.is_empty() {
        let done: Vec<&Rehearsal> = rehearsal.sequences.iter().flatten().collect();
        rehearsal.no_evidence = evidence::is_partial(&done, &elsewhere);
        if rehearsal.no_evidence.is_none() {
            rehearsal.evidence = leave_evidence(context, args, &rehearsal, &facts.release)?;
        }
    }
    Ok(rehearsal)
}

/// The server that somebody asked for.
fn host(args: &Rehearse, scripts: &[Script], options: &Options) -> Result<Host, CommandError> {
    let wanted = scripts
        .iter()
        .find_map(|script| script.directory.server_version);
    let programs = Programs::find(args.server_programs.as_deref(), &search_path(), wanted);
    match &args.server.database_url {
        Some(address) => {
            let password = environment("PGPASSWORD");
            let target = Target::at_address(address, password.as_deref(), options.patience)?;
            Ok(Host::remote(
                target,
                programs,
                nonce()?.get(..8).unwrap_or("0"),
            )?)
        }
        None => {
            let programs = programs.ok_or(ServerError::NoPrograms)?;
            Ok(Host::local(&programs, options.patience)?)
        }
    }
}

/// The previous release's statements: those of files that somebody names, and sqlc's queries in the repository.
fn probes(
    args: &Rehearse,
    upgrade: &Upgrade,
    reader: &mut Reader<'_>,
) -> Result<Vec<Probe>, CommandError> {
    let mut found = Vec::new();
    for path in &args.probe {
        let shown = path.display().to_string();
        let text = read(path)?;
        let source = reader.sources.add(shown, "", text.as_str());
        found.extend(
            parse(&text, Dialect::Postgresql)
                .value
                .iter()
                .map(|statement| {
                    let words: Vec<&str> = text
                        .get(statement.span.range())
                        .unwrap_or("")
                        .split_whitespace()
                        .collect();
                    let name = words.join(" ").chars().take(60).collect();
                    Probe {
                        name,
                        location: Some(Location {
                            source,
                            span: statement.span,
                        }),
                        text: text.get(statement.span.range()).unwrap_or("").to_owned(),
                    }
                }),
        );
    }
    let is_migration = |path: &str| {
        let mut directories = upgrade.survey.directories.iter();
        directories.any(|directory| directory.directory.contains(path))
    };
    found.extend(queries(&upgrade.survey.previous, reader, &is_migration));
    Ok(found)
}

/// A file that somebody named.
fn read(path: &Path) -> Result<String, CommandError> {
    read_text(path, MAX_FILE_BYTES).map_err(|why| {
        ReadError {
            path: path.display().to_string(),
            why,
        }
        .into()
    })
}

/// A file that was named and cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{path} cannot be read: {why}")]
#[diagnostic(help("it is named by --seed or --probe, and has to be a text file in UTF-8"))]
struct ReadError {
    path: String,
    why: Unreadable,
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
    let sequences: Vec<&Rehearsal> = rehearsal.sequences.iter().flatten().collect();
    let passed = rehearsal.report.decision.verdict == Verdict::Pass;
    let statement = Statement {
        tag: release.tag.clone(),
        commit: release.commit.clone(),
        gate: evidence::GATE.to_owned(),
        decision: if passed { "approve" } else { "reject" }.to_owned(),
        approver: args
            .approver
            .clone()
            .or_else(|| context.repository.user_email())
            .unwrap_or_else(|| "nobody".to_owned()),
        from: from_reference(&release.previous.tag, &release.previous.commit),
        to: release.tag.clone(),
        release_type: release.effective_type.clone(),
        policy_digest: rehearsal.report.policy.digest.clone(),
        issued_at: Some(context.now),
        nonce: nonce()?,
        data: evidence::data(&sequences, rehearsal.server_version),
        ..Statement::default()
    };
    let text = statement.to_json();
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
