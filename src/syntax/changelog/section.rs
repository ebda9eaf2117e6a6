//! Sections with what stands in them.

mod wording;

use std::ops::Range;

use super::category::{self, CategoryKind};
use super::heading::Reading;
use super::markdown::{Block, BlockKind, Definition, Document, Inline};
use super::outline::{Outline, Start};
use super::{
    Category, Date, Entry, Link, Mark, Section, Spanned, Title, VersionTitle, breaking, link,
    same_version,
};
use crate::source::Span;

/// Builds the sections that the outline names.
pub(super) fn build(text: &str, document: &Document, outline: &Outline) -> Vec<Section> {
    let mut sections: Vec<Section> = outline
        .starts
        .iter()
        .enumerate()
        .map(|(index, start)| {
            let next = outline.starts.get(index + 1);
            let last_block = next.map_or(document.blocks.len(), |next| next.block);
            let end = next.map_or(text.len(), |next| {
                document.blocks[next.block].span.range().start
            });
            section(document, outline, start, last_block, end)
        })
        .collect();
    forgive_grouping(&mut sections);
    sections
}

/// A section whose first subsection is a pre-release of its own version has what stands there.
fn forgive_grouping(sections: &mut [Section]) {
    for index in 0..sections.len().saturating_sub(1) {
        let (left, right) = sections.split_at_mut(index + 1);
        let (Some(upper), Some(lower)) = (left.last_mut(), right.first()) else {
            return;
        };
        let (Title::Version(outer), Title::Version(inner)) = (&upper.title, &lower.title) else {
            continue;
        };
        let inner_base = inner.version.text.split(['-', ' ']).next().unwrap_or("");
        if lower.level > upper.level && same_version(&outer.version.text, inner_base) {
            upper.empty = upper.empty && lower.empty;
        }
    }
}

fn section(
    document: &Document,
    outline: &Outline,
    start: &Start,
    last_block: usize,
    end: usize,
) -> Section {
    let block = &document.blocks[start.block];
    let mut section = Section {
        title: title(block, &start.reading),
        heading: first_line(block),
        span: Span::new(block.span.range().start, end),
        level: start.level,
        date: date(block, &start.reading),
        yanked: matches!(&start.reading, Reading::Version(reading) if reading.yanked),
        link: None,
        categories: Vec::new(),
        entries: Vec::new(),
        breaking: Vec::new(),
        downtime: None,
        empty: true,
    };
    section.link = heading_link(document, block, &section.title);
    if let Some(mark) = breaking::find(&block.text) {
        section.breaking.push(Mark {
            span: block.text.span(&mark).unwrap_or(section.heading),
            entry: None,
            category: None,
        });
    }
    let blocks = document
        .blocks
        .get(start.block + 1..last_block)
        .unwrap_or_default();
    let mut body = Body {
        level: start.level,
        version_level: outline.level,
        section,
        prose: Vec::new(),
        content: false,
        nested_category: false,
        tags: Vec::new(),
        category: None,
        denied: false,
    };
    for (index, block) in blocks.iter().enumerate() {
        if !body.take(block, blocks.get(index + 1)) {
            break;
        }
    }
    body.finish()
}

fn spanned(text: &Inline, range: &Range<usize>) -> Spanned {
    Spanned {
        text: text.text.get(range.clone()).unwrap_or("").to_owned(),
        span: text.span(range).unwrap_or_default(),
    }
}

fn title(block: &Block, reading: &Reading) -> Title {
    match reading {
        Reading::Version(reading) => Title::Version(VersionTitle {
            version: spanned(&block.text, &reading.version),
            component: reading
                .component
                .as_ref()
                .and_then(|range| block.text.text.get(range.clone()))
                .unwrap_or("")
                .to_owned(),
        }),
        Reading::Unreleased(planned) => Title::Unreleased {
            planned: planned.as_ref().map(|range| spanned(&block.text, range)),
        },
        Reading::Other => Title::Unreleased { planned: None },
    }
}

fn date(block: &Block, reading: &Reading) -> Option<Date> {
    let Reading::Version(reading) = reading else {
        return None;
    };
    let found = reading.date.as_ref()?;
    Some(Date {
        written: spanned(&block.text, &found.range),
        day: found.day,
        iso: found.iso,
        placeholder: found.placeholder,
    })
}

/// The heading without the line under it that makes it one.
fn first_line(block: &Block) -> Span {
    let end = block
        .text
        .span(&(0..block.text.text.len()))
        .map_or(block.span.end, |text| text.end);
    let link_end = block
        .links
        .iter()
        .map(|link| link.span.end)
        .max()
        .unwrap_or(0);
    Span {
        start: block.span.start,
        end: end.max(link_end).min(block.span.end),
    }
}

/// Where a heading links to: by a link in it, or by a definition whose label is its version.
fn heading_link(document: &Document, block: &Block, title: &Title) -> Option<Link> {
    let in_heading = block
        .links
        .iter()
        .find(|found| link::compare(&found.url).is_some())
        .or_else(|| block.links.first());
    if let Some(found) = in_heading {
        let defined = found
            .label
            .as_ref()
            .and_then(|label| definition(document, label));
        return Some(link_to(
            &found.url,
            defined.map_or(found.span, |defined| defined.span),
        ));
    }
    let defined = match title {
        Title::Version(title) => {
            let version = &title.version.text;
            definition(document, version).or_else(|| definition(document, &format!("v{version}")))
        }
        Title::Unreleased { .. } => definition(document, "unreleased"),
    }?;
    Some(link_to(&defined.url, defined.span))
}

fn link_to(url: &str, span: Span) -> Link {
    Link {
        compare: link::compare(url),
        tag: link::tag(url),
        url: Spanned {
            text: url.to_owned(),
            span,
        },
    }
}

fn definition<'d>(document: &'d Document, label: &str) -> Option<&'d Definition> {
    document.definitions.get(&label.to_lowercase())
}

/// A section while its blocks are read.
struct Body {
    level: u8,
    version_level: u8,
    section: Section,
    /// Which entries are paragraphs.
    prose: Vec<bool>,
    /// Something is there that is no entry.
    content: bool,
    /// The items of the list below are entries of the category that the item above them names.
    nested_category: bool,
    /// The categories that come from tags of entries.
    tags: Vec<usize>,
    /// The category of the entry that was read last.
    category: Option<usize>,
    /// What stands under a heading "Downtime" says that there is none.
    denied: bool,
}

impl Body {
    /// Reads a block. `false` when it does not belong to the section any more.
    fn take(&mut self, block: &Block, next: Option<&Block>) -> bool {
        match block.kind {
            BlockKind::Heading(level) => return self.heading(block, level),
            BlockKind::Paragraph => self.paragraph(block, next),
            BlockKind::Item(depth) => self.item(block, depth, next),
            BlockKind::Opaque => self.content = true,
        }
        true
    }

    fn heading(&mut self, block: &Block, level: u8) -> bool {
        let name = category::clean(&block.text.text).to_owned();
        let kind = category::kind(&name);
        // A patch release that is set one level deeper has its categories at its own level.
        let belongs = level > self.level
            || level == self.level
                && (kind != CategoryKind::Other || self.level > self.version_level);
        if belongs {
            // Headings below a category are groups in it, unless they name a category themselves.
            let is_group = self.section.categories.last().is_some()
                && kind == CategoryKind::Other
                && level > self.category_level();
            if !is_group {
                self.category(block, name, kind);
            }
        }
        belongs
    }

    /// The level that categories have, as far as is known.
    fn category_level(&self) -> u8 {
        self.level.saturating_add(1)
    }

    fn category(&mut self, block: &Block, name: String, kind: CategoryKind) {
        if name.eq_ignore_ascii_case("downtime") {
            self.section.downtime = Some(first_line(block));
        }
        self.section.categories.push(Category {
            name,
            kind,
            span: first_line(block),
        });
    }

    fn paragraph(&mut self, block: &Block, next: Option<&Block>) {
        self.nested_category = false;
        if let Some(kind) = wording::label_kind(block, next) {
            let name = category::clean(&block.text.text).to_owned();
            self.category(block, name, kind);
            return;
        }
        self.entry(block, true);
    }

    fn item(&mut self, block: &Block, depth: usize, next: Option<&Block>) {
        let has_nested =
            matches!(next.map(|next| next.kind), Some(BlockKind::Item(deeper)) if deeper > depth);
        if depth == 0 {
            self.nested_category = false;
            // Some files nest entries under an item that is a category: "- Added".
            let name = category::clean(&block.text.text);
            let kind = category::kind(name);
            if has_nested
                && kind != CategoryKind::Other
                && name.split_whitespace().count() <= 3
                && wording::is_category_name(name)
            {
                self.category(block, name.to_owned(), kind);
                self.nested_category = true;
                return;
            }
            self.entry(block, false);
        } else if depth == 1 && self.nested_category {
            self.entry(block, false);
        } else {
            self.marks(block);
        }
    }

    fn entry(&mut self, block: &Block, prose: bool) {
        let text = block
            .text
            .text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let unreleased = matches!(self.section.title, Title::Unreleased { .. });
        if wording::says_nothing(&text, unreleased) && !block.opaque {
            return;
        }
        self.category = self.category_of(block);
        self.section.entries.push(Entry {
            text: Spanned {
                text,
                span: block.span,
            },
            category: self.category,
        });
        self.prose.push(prose);
        self.marks(block);
    }

    /// Notes what a block says about breakage and downtime. The entry it belongs to is the last one.
    fn marks(&mut self, block: &Block) {
        let entry = self.section.entries.len().checked_sub(1);
        if let Some(range) = breaking::find(&block.text) {
            self.section.breaking.push(Mark {
                span: block.text.span(&range).unwrap_or(block.span),
                entry,
                category: self.category,
            });
        }
        if let Some(range) = breaking::declares_downtime(&block.text) {
            self.section.downtime = self.section.downtime.or(block.text.span(&range));
        }
        let under_downtime = self
            .section
            .categories
            .last()
            .is_some_and(|category| category.name.eq_ignore_ascii_case("downtime"));
        self.denied |= under_downtime && breaking::denies_downtime(&block.text.text);
    }

    /// The category that an entry stands under: the last one, or where there is none, the one that its tag names.
    fn category_of(&mut self, block: &Block) -> Option<usize> {
        const MANY: usize = 32;
        let categories = &mut self.section.categories;
        if categories.len() > self.tags.len() {
            return categories.len().checked_sub(1);
        }
        let (name, kind) = category::of_tag(&block.text.text)?;
        let known = self
            .tags
            .iter()
            .copied()
            .find(|&index| categories[index].name == name);
        if known.is_some() || self.tags.len() >= MANY {
            return known;
        }
        self.tags.push(categories.len());
        categories.push(Category {
            name: name.to_owned(),
            kind,
            span: block.text.span(&(0..name.len() + 2)).unwrap_or(block.span),
        });
        categories.len().checked_sub(1)
    }

    fn finish(mut self) -> Section {
        self.drop_introductions();
        self.mark_breaking_categories();
        if self.denied {
            self.section.downtime = None;
        }
        self.section.empty = self.section.entries.is_empty() && !self.content;
        self.section
    }

    /// A paragraph is an entry only where there is no list; its marks stay.
    fn drop_introductions(&mut self) {
        let group = |entry: &Entry| entry.category.map_or(0, |category| category + 1);
        let mut with_list = vec![false; self.section.categories.len() + 1];
        for (entry, prose) in self.section.entries.iter().zip(&self.prose) {
            with_list[group(entry)] |= !prose;
        }
        let mut kept = Vec::with_capacity(self.section.entries.len());
        let mut renamed = Vec::with_capacity(self.section.entries.len());
        for (entry, prose) in std::mem::take(&mut self.section.entries)
            .into_iter()
            .zip(&self.prose)
        {
            if *prose && with_list[group(&entry)] {
                renamed.push(None);
                self.content = true;
            } else {
                renamed.push(Some(kept.len()));
                kept.push(entry);
            }
        }
        self.section.entries = kept;
        for mark in &mut self.section.breaking {
            mark.entry = mark.entry.and_then(|entry| renamed[entry]);
        }
    }

    /// Everything under a category for breaking changes breaks, unless it says that nothing does.
    fn mark_breaking_categories(&mut self) {
        let section = &mut self.section;
        let is_breaking = |category: Option<usize>| {
            category
                .is_some_and(|category| section.categories[category].kind == CategoryKind::Breaking)
        };
        section.breaking.retain(|mark| !is_breaking(mark.category));
        for (index, entry) in section.entries.iter().enumerate() {
            if is_breaking(entry.category) && !breaking::says_none(&entry.text.text) {
                section.breaking.push(Mark {
                    span: entry.text.span,
                    entry: Some(index),
                    category: entry.category,
                });
            }
        }
        section.breaking.sort_by_key(|mark| mark.span);
    }
}
