//! Who still uses what the migrations take away: a search of the previous release's sources.

use std::collections::{BTreeMap, BTreeSet};

use crate::discover::Reader;
use crate::git::EntryKind;
use crate::migrations::Survey;
use crate::rules::sql::{Use, Uses};
use crate::source::Location;
use crate::syntax::mentions::{Search, Sought, is_searched};

/// How many places are shown for one name.
const MOST_PLACES: usize = 3;

/// Looks for the names that new migrations take away. Nothing is read when they take nothing away.
pub(super) fn search(survey: &Survey, sought: BTreeSet<Sought>, reader: &mut Reader<'_>) -> Uses {
    let mut uses = Uses::default();
    if sought.is_empty() || survey.previous.entries.is_empty() {
        return uses;
    }
    let sought: Vec<Sought> = sought.into_iter().collect();
    let search = Search::new(&sought);
    let is_migration = |path: &str| {
        survey
            .directories
            .iter()
            .any(|directory| directory.directory.contains(path))
    };
    // A link leads to a file that is searched where it is, or to nothing of this repository.
    let paths: Vec<String> = survey
        .previous
        .entries
        .iter()
        .filter(|(path, entry)| {
            entry.kind == EntryKind::File && is_searched(path) && !is_migration(path)
        })
        .map(|(path, _)| path)
        .cloned()
        .collect();
    let mut hits: BTreeMap<usize, Vec<(bool, Use, String)>> = BTreeMap::new();
    let mut unread: Option<(&str, String)> = None;
    let mut searched = 0;
    for path in &paths {
        let text = match reader.peek(&survey.previous, path) {
            Ok(text) => text,
            Err(why) => {
                unread.get_or_insert((path, why));
                continue;
            }
        };
        searched += 1;
        for (index, mention) in search.mentions(path, &text) {
            let Some(source) = reader.read(&survey.previous, path) else {
                continue;
            };
            let place = Location {
                source,
                span: mention.span,
            };
            let found = Use {
                place,
                certainty: mention.certainty,
            };
            let all = hits.entry(index).or_default();
            all.push((is_test(path), found, path.clone()));
        }
    }
    reader.coverage.count("searched sources", searched);
    let missed = paths.len() - searched;
    if let Some((path, why)) = unread {
        let others = if missed == 1 {
            String::new()
        } else {
            format!(", and {} more files", missed - 1)
        };
        let reason = format!(
            "at {} not searched for what is taken away{others}: {why}",
            survey.previous.label
        );
        reader.coverage.skip(path, reason);
    }
    for (index, name) in sought.into_iter().enumerate() {
        let mut all = hits.remove(&index).unwrap_or_default();
        all.sort_by(|a, b| {
            (a.0, a.1.certainty, &a.2, a.1.place).cmp(&(b.0, b.1.certainty, &b.2, b.1.place))
        });
        all.truncate(MOST_PLACES);
        // Nowhere is known only of what was looked for everywhere.
        if all.is_empty() && missed > 0 {
            continue;
        }
        uses.insert(name, all.into_iter().map(|(_, found, _)| found).collect());
    }
    uses
}

/// A test of the previous release does not run beside the new schema; it still shows who knows the name.
fn is_test(path: &str) -> bool {
    path.split(['/', '.', '_', '-'])
        .any(|part| matches!(part, "test" | "tests" | "testdata" | "spec"))
}
