//! Which headings are sections.

use super::heading::{self, Reading, VersionReading};
use super::markdown::{Block, BlockKind, Document};

/// A heading that begins a section.
#[derive(Debug)]
pub(super) struct Start {
    /// The index of its block.
    pub block: usize,
    /// Its level.
    pub level: u8,
    /// What it says.
    pub reading: Reading,
}

/// The sections' headings, in order.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// The headings.
    pub starts: Vec<Start>,
    /// The level at which versions stand.
    pub level: u8,
    /// They are bold lines.
    pub bold: bool,
}

/// Finds the headings that begin a section.
///
/// Which level carries versions differs from file to file. The shallowest level with a version that stands alone in its
/// heading is taken; at deeper levels only such headings count, because release-please and conventional-changelog set
/// patch releases one level deeper. A heading with a name before its version (`cellar 1.2.3`) counts at the one level.
pub(super) fn find(document: &Document) -> Outline {
    let headings = readings(document, |block| match block.kind {
        BlockKind::Heading(level) => Some(level),
        _ => None,
    });
    let outline = choose(headings);
    if !outline.starts.is_empty() {
        return outline;
    }
    // Some files have bold lines in place of headings, or plain ones.
    let is_line =
        |block: &Block| block.kind == BlockKind::Paragraph && !block.text.text.contains('\n');
    let bold = choose(readings(document, |block| {
        (is_line(block) && block.text.is_strong()).then_some(2)
    }));
    if !bold.starts.is_empty() {
        return Outline { bold: true, ..bold };
    }
    let plain = readings(document, |block| {
        (is_line(block) && heading::starts_with_version(&block.text.text)).then_some(2)
    });
    choose(plain)
}

fn readings(document: &Document, level_of: impl Fn(&Block) -> Option<u8>) -> Vec<Start> {
    document
        .blocks
        .iter()
        .enumerate()
        .filter_map(|(index, block)| {
            let level = level_of(block)?;
            let linked: Vec<_> = block.links.iter().map(|link| link.range.clone()).collect();
            Some(Start {
                block: index,
                level,
                reading: heading::read(&block.text.text, &linked),
            })
        })
        .filter(|start| start.reading != Reading::Other)
        .collect()
}

fn choose(headings: Vec<Start>) -> Outline {
    let Some(level) = version_level(&headings) else {
        let starts: Vec<Start> = headings
            .into_iter()
            .filter(|start| matches!(start.reading, Reading::Unreleased(_)))
            .take(1)
            .collect();
        let level = starts.first().map_or(0, |start| start.level);
        return Outline {
            starts,
            level,
            bold: false,
        };
    };
    let starts = headings
        .into_iter()
        .filter(|start| match &start.reading {
            Reading::Version(reading) => is_section(reading, start.level, level),
            // A heading such as "Upcoming" may stand anywhere; as a section it stands where the versions do.
            Reading::Unreleased(_) => start.level <= level,
            Reading::Other => false,
        })
        .collect();
    Outline {
        starts,
        level,
        bold: false,
    }
}

/// The shallowest level that has a version: with three numbers and alone in its heading if there is one.
fn version_level(headings: &[Start]) -> Option<u8> {
    let shallowest = |accept: &dyn Fn(&VersionReading) -> bool| {
        headings
            .iter()
            .filter(|start| matches!(&start.reading, Reading::Version(reading) if accept(reading)))
            .map(|start| start.level)
            .min()
    };
    shallowest(&|reading| reading.component.is_none() && reading.clean && reading.parts > 2)
        .or_else(|| shallowest(&|reading| reading.component.is_none() && reading.clean))
        .or_else(|| shallowest(&|reading| reading.component.is_none() && reading.parts > 2))
        .or_else(|| shallowest(&|reading| reading.clean))
        .or_else(|| shallowest(&|reading| reading.set_off))
}

fn is_section(reading: &VersionReading, level: u8, version_level: u8) -> bool {
    if level == version_level {
        return reading.component.is_none() || reading.clean || reading.set_off;
    }
    let one_deeper = level > version_level && level <= 3.max(version_level.saturating_add(1));
    one_deeper && reading.clean && reading.component.is_none() && reading.parts > 2
}
