//! What judging a sequence of migrations led to, kept between runs: whoever judges the same files by the same rules again
//! need not replay them.
//!
//! The key holds all that the answer depends on: the code of the rules, the directory's settings, the contents of every file
//! before and now, what changed, the names of the releases, the declared type, and the rules that are enabled. Where the
//! previous release still uses what is taken away is looked for each time, and compared: the sources belong to no migration.
//! Only one outcome is kept for each sequence and tag.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cache::{Cache, Values, digest};
use crate::effects::Effect;
use crate::finding::{Finding, Label, Note, Severity};
use crate::fix::{Edit, Fix, NewFile};
use crate::migrations::DirectorySurvey;
use crate::rules::sql::{JudgedRelease, ReleaseInput, Reversibility, Site, Uses};
use crate::source::{Location, SourceId, Sources, Span};
use crate::syntax::mentions::Sought;

/// Names the code that judges; what other code found is not read.
const JUDGE_VERSION: &str = env!("RELGATE_JUDGE_DIGEST");

/// Where the outcome of a sequence is kept, and what it depends on.
pub(super) struct Place<'c> {
    cache: &'c Cache,
    group: String,
    key: Vec<u8>,
}

/// What is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// The names that the migrations take away.
    pub(super) taken: Vec<Sought>,
    uses: String,
    files: Vec<(String, String)>,
    findings: Vec<Kept>,
    effects: Vec<(Site, Effect)>,
    reversibility: BTreeMap<String, Reversibility>,
    opaque: Vec<(String, String)>,
}

/// A number in the list of files, and a part of that file.
type KeptLocation = (u32, Span);

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    rule: String,
    severity: Severity,
    message: String,
    location: Option<KeptLocation>,
    about: String,
    label: String,
    related: Vec<(KeptLocation, String)>,
    notes: Vec<(String, String)>,
    help: String,
    fix: Option<KeptFix>,
}

/// Edits and new files.
type KeptFix = (Vec<(KeptLocation, String)>, Vec<(String, String)>);

impl<'c> Place<'c> {
    /// The place for what `input` leads to, for a subject with this tag; `what` is what is not in the input.
    pub(super) fn of(cache: &'c Cache, input: &ReleaseInput<'_>, tag: &str) -> Self {
        let survey = input.directory;
        let directory = &survey.directory;
        let group = format!(
            "judged {} {} {} {tag}",
            directory.path,
            directory.dialect.as_str(),
            directory.databases.join(",")
        );
        Self {
            cache,
            group,
            key: key(input, survey),
        }
    }

    /// What is kept there, if it was found from the same.
    pub(super) fn load(&self) -> Option<Outcome> {
        let mut values: Values<Outcome> = self.cache.load(&self.group, JUDGE_VERSION);
        values.remove(&self.key)
    }

    /// Keeps an outcome instead of the one that is there.
    pub(super) fn store(
        self,
        taken: Vec<Sought>,
        judged: &JudgedRelease,
        uses: &Uses,
        sources: &Sources,
    ) {
        let mut keeper = Keeper {
            sources,
            numbers: BTreeMap::new(),
            files: Vec::new(),
        };
        let findings = judged
            .findings
            .iter()
            .map(|one| keeper.finding(one))
            .collect();
        let outcome = Outcome {
            taken,
            uses: told(uses, sources),
            findings,
            files: keeper.files,
            effects: judged
                .effects
                .iter()
                .map(|(site, effect)| (site.clone(), effect.clone()))
                .collect(),
            reversibility: judged.reversibility.clone(),
            opaque: judged.opaque.clone(),
        };
        let values = Values::from([(self.key, outcome)]);
        self.cache.store(&self.group, JUDGE_VERSION, &values);
    }
}

impl Outcome {
    /// The judgement, unless the previous release's uses are others now, or a file is not at hand.
    pub(super) fn restore(self, uses: &Uses, sources: &Sources) -> Option<JudgedRelease> {
        if self.uses != told(uses, sources) {
            return None;
        }
        let mut known: BTreeMap<(&str, &str), SourceId> = BTreeMap::new();
        for id in sources.ids() {
            let file = sources.get(id);
            known.entry((&file.path, &file.revision)).or_insert(id);
        }
        let files: Vec<SourceId> = self
            .files
            .iter()
            .map(|(path, revision)| known.get(&(path.as_str(), revision.as_str())).copied())
            .collect::<Option<_>>()?;
        let findings = self
            .findings
            .into_iter()
            .map(|kept| kept.restore(&files))
            .collect::<Option<_>>()?;
        Some(JudgedRelease {
            findings,
            effects: self.effects.into_iter().collect(),
            reversibility: self.reversibility,
            opaque: self.opaque,
        })
    }
}

/// All that the answer depends on, as one number.
fn key(input: &ReleaseInput<'_>, survey: &DirectorySurvey) -> Vec<u8> {
    let mut parts: Vec<Vec<u8>> = vec![
        format!("{:?}", survey.directory).into_bytes(),
        input.previous.as_bytes().to_vec(),
        format!("{:?} {:?}", input.declared, input.enabled).into_bytes(),
    ];
    for sequence in [&survey.previous, &survey.subject] {
        parts.push(b"sequence".to_vec());
        for file in &sequence.files {
            let lowered = input.lowering.get(&survey.directory, file);
            parts.push(file.path.clone().into_bytes());
            parts.push(file.oid.bytes().to_vec());
            parts.push(vec![
                file.kind as u8,
                u8::from(lowered.is_some()),
                u8::from(lowered.is_some_and(|lowered| lowered.opaque)),
            ]);
            if let Some((path, oid)) = &file.sidecar {
                parts.push(path.clone().into_bytes());
                parts.push(oid.bytes().to_vec());
            }
        }
    }
    for change in &survey.changes {
        let paths = [&change.previous, &change.current]
            .map(|file| file.as_ref().map_or("", |file| file.path.as_str()));
        let [before, now] = paths;
        parts.push(before.as_bytes().to_vec());
        parts.push(now.as_bytes().to_vec());
        parts.push(vec![
            change.kind as u8,
            u8::from(change.up_changed),
            u8::from(change.down_changed),
            u8::from(change.renumbered),
            u8::from(input.texts.contains_key(change.path())),
        ]);
    }
    digest(parts.iter().map(Vec::as_slice))
}

/// The uses in words that do not depend on the order in which files were read.
fn told(uses: &Uses, sources: &Sources) -> String {
    let mut told = String::new();
    for (sought, places) in uses {
        told.push_str(&format!("{} {:?}:", sought.object, sought.column));
        for found in places {
            let file = sources.get(found.place.source);
            let Span { start, end } = found.place.span;
            let certainty = found.certainty;
            told.push_str(&format!(
                " {} {} {start} {end} {certainty:?}",
                file.path, file.revision
            ));
        }
        told.push('\n');
    }
    told
}

/// Puts findings into a form that does not depend on the order in which files were read.
struct Keeper<'s> {
    sources: &'s Sources,
    numbers: BTreeMap<SourceId, u32>,
    files: Vec<(String, String)>,
}

impl Keeper<'_> {
    fn location(&mut self, location: Location) -> KeptLocation {
        let next = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(location.source).or_insert(next);
        if number == next {
            let file = self.sources.get(location.source);
            self.files.push((file.path.clone(), file.revision.clone()));
        }
        (number, location.span)
    }

    fn finding(&mut self, finding: &Finding) -> Kept {
        let fix = finding.fix.as_ref().map(|fix| {
            let edits = fix.edits.iter();
            let edits = edits.map(|edit| (self.location(edit.location), edit.text.clone()));
            let files = fix.new_files.iter();
            let files = files.map(|file| (file.path.clone(), file.text.clone()));
            (edits.collect(), files.collect())
        });
        Kept {
            rule: finding.rule.clone(),
            severity: finding.severity,
            message: finding.message.clone(),
            location: finding.location.map(|location| self.location(location)),
            about: finding.about.clone(),
            label: finding.label.clone(),
            related: finding
                .related
                .iter()
                .map(|label| (self.location(label.location), label.message.clone()))
                .collect(),
            notes: finding
                .notes
                .iter()
                .map(|note| (note.key.to_string(), note.text.clone()))
                .collect(),
            help: finding.help.clone(),
            fix,
        }
    }
}

impl Kept {
    fn restore(self, files: &[SourceId]) -> Option<Finding> {
        let place = |(number, span): KeptLocation| {
            let source = *files.get(usize::try_from(number).ok()?)?;
            Some(Location { source, span })
        };
        let mut finding = Finding::about(self.rule, self.severity, self.about, self.message);
        if let Some(location) = self.location {
            finding.location = Some(place(location)?);
        }
        finding.label = self.label;
        finding.help = self.help;
        finding.related = self
            .related
            .into_iter()
            .map(|(location, message)| {
                Some(Label {
                    location: place(location)?,
                    message,
                })
            })
            .collect::<Option<_>>()?;
        finding.notes = self
            .notes
            .into_iter()
            .map(|(key, text)| Note {
                key: key.into(),
                text,
            })
            .collect();
        if let Some((edits, new_files)) = self.fix {
            let edits = edits
                .into_iter()
                .map(|(location, text)| {
                    Some(Edit {
                        location: place(location)?,
                        text,
                    })
                })
                .collect::<Option<_>>()?;
            let new_files = new_files
                .into_iter()
                .map(|(path, text)| NewFile { path, text })
                .collect();
            finding.fix = Some(Fix { edits, new_files });
        }
        Some(finding)
    }
}
