//! An audit's decisions go into a ledger, and the ledger says which tags are not what they were.

use chrono::SecondsFormat;

use super::Replayed;
use crate::cli::CommandError;
use crate::cli::args::Audit as AuditArgs;
use crate::cli::context::{Context, actor};
use crate::ledger::{Appended, Draft, Entry, Ledger, Record, Stamp, TagState, TagsSeen, Wanted};
use crate::report::audit::{LedgerNotes, MovedNote};

/// So many decisions are one transaction: an interruption costs at most these.
const BATCH: usize = 200;

/// Records what the ledger does not know yet.
pub(super) fn keep(
    ledger: &mut Ledger,
    context: &Context,
    args: &AuditArgs,
    replayed: &Replayed,
) -> Result<LedgerNotes, CommandError> {
    let repository = &replayed.repository;
    let stamp = Stamp {
        recorded_at: context.now.to_rfc3339_opts(SecondsFormat::Secs, true),
        actor: actor(args.actor.as_deref()),
    };
    let before = ledger.records(Wanted::Tags(repository))?;
    let known = Ledger::known_tags(&before);
    let tags = Draft::Tags(TagState::of(&replayed.history, &known));
    let mut notes = LedgerNotes {
        known: replayed.known.len(),
        ..LedgerNotes::default()
    };
    // What happened before stays said: an auditor asks for the whole time.
    for record in &before {
        note(&mut notes, record);
    }
    for one in ledger.append(repository, &[tags], &stamp)? {
        if let Appended::Recorded(record, _) = one {
            note(&mut notes, &record);
        }
    }
    for batch in replayed.decisions.chunks(BATCH) {
        let drafts: Vec<Draft> = batch
            .iter()
            .map(|decision| Draft::Decision(Box::new(decision.clone())))
            .collect();
        for one in ledger.append(repository, &drafts, &stamp)? {
            match one {
                Appended::Recorded(..) => notes.recorded += 1,
                Appended::Known(_) => notes.known += 1,
                Appended::Nothing => {}
            }
        }
    }
    Ok(notes)
}

fn note(notes: &mut LedgerNotes, record: &Record) {
    let Entry::Tags(TagsSeen {
        moved, vanished, ..
    }) = &record.entry
    else {
        return;
    };
    let wrong = moved.iter().filter(|moved| moved.is_wrong());
    notes.moved.extend(wrong.map(|moved| MovedNote {
        tag: moved.tag.clone(),
        from: moved.from.clone(),
        to: moved.to.clone(),
        direction: moved.direction.as_str().to_owned(),
    }));
    let vanished = vanished.iter();
    notes
        .vanished
        .extend(vanished.map(|(tag, commit)| (tag.clone(), commit.clone())));
}
