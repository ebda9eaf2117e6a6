//! What is said about a ledger.

use super::{MovedTag, TagsSeen, Verified};
use crate::report::Style;
use crate::report::human::paint::Paint;
use crate::report::text::{escape, plural};

/// The result of a verification.
pub fn verified(verified: &Verified, style: &Style) -> String {
    let paint = Paint::new(style.color);
    let mut text = String::new();
    for (repository, problem) in &verified.problems {
        text.push_str(&format!(
            "{} {}: {}\n",
            paint.error("error:"),
            escape(repository),
            escape(&problem.to_string()),
        ));
    }
    if verified.more > 0 {
        text.push_str(&format!("{} more\n", verified.more));
    }
    let records = usize::try_from(verified.records).unwrap_or(usize::MAX);
    let what = format!(
        "{} in {}",
        plural(records, "record"),
        plural(verified.heads.len(), "chain")
    );
    let checkpoint = if verified.against_checkpoint {
        "compared with the checkpoint"
    } else {
        "a cut-off end would only show against a checkpoint (--checkpoint FILE)"
    };
    if verified.is_intact() {
        text.push_str(&format!(
            "{} {what}; {checkpoint}.\n",
            paint.good("INTACT:")
        ));
    } else {
        text.push_str(&format!(
            "{} {what}; {checkpoint}.\n",
            paint.error("TAMPERED:")
        ));
    }
    text
}

/// A tag that was moved, and what that means.
pub fn moved(moved: &MovedTag) -> String {
    let short = |commit: &str| commit.get(..7).unwrap_or("nothing").to_owned();
    format!(
        "tag {} moved {} from {} to {}: what was released under it is not what it leads to now",
        escape(&moved.tag),
        moved.direction.as_str(),
        short(&moved.from),
        short(&moved.to)
    )
}

/// Tags that nobody should have touched, a line each; empty when there are none.
pub fn incidents(seen: &TagsSeen) -> String {
    let short = |commit: &str| commit.get(..7).unwrap_or("nothing").to_owned();
    let moved = seen.moved.iter().filter(|moved| moved.is_wrong());
    let moved = moved.map(|one| format!("warning: {}\n", self::moved(one)));
    let vanished = seen.vanished.iter().map(|(tag, commit)| {
        format!(
            "warning: tag {} is gone; it was at {}\n",
            escape(tag),
            short(commit)
        )
    });
    moved.chain(vanished).collect()
}
