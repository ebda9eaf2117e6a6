//! The comments and words of a release's files. A file is cut once, however many findings ask for what stands in it.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::SqlInput;
use crate::source::{SourceId, Span};
use crate::syntax::migration::Direction;
use crate::syntax::sql::operation::Dialect;
use crate::syntax::sql::{comments, each_word, words_of_name};

/// What was cut so far.
#[derive(Debug, Default)]
pub(super) struct Texts {
    comments: RefCell<BTreeMap<SourceId, Rc<[Span]>>>,
    mentions: OnceCell<Mentions>,
}

impl Texts {
    /// The comments of a file, in its order.
    pub(super) fn comments(&self, source: SourceId, text: &str, dialect: Dialect) -> Rc<[Span]> {
        let mut known = self.comments.borrow_mut();
        let cut = known
            .entry(source)
            .or_insert_with(|| comments(text, dialect).into());
        Rc::clone(cut)
    }

    /// What the statements of the way up speak of.
    pub(super) fn mentions(&self, input: &SqlInput<'_>) -> &Mentions {
        self.mentions.get_or_init(|| Mentions::of(input))
    }
}

/// A statement: the number of its file among the new ones, and where it begins.
pub(super) type StatementId = (usize, u32);

/// Which statements of the way up speak of which words.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    words: HashMap<String, Vec<StatementId>>,
    /// The text of a file is not at hand: anything may stand in it.
    is_partial: bool,
}

impl Mentions {
    fn of(input: &SqlInput<'_>) -> Self {
        let mut mentions = Self::default();
        for (number, new) in input.release.new.iter().enumerate() {
            let Some(&source) = input.release.texts.get(&new.file.path) else {
                mentions.is_partial = true;
                continue;
            };
            let text = &input.file.sources.get(source).text;
            let sections = new.lowered.sections(Direction::Up);
            for statement in sections.flat_map(|section| &section.statements) {
                let id = (number, statement.span.start);
                each_word(
                    text,
                    statement.span,
                    input.file.dialect,
                    &mut |word| match mentions.words.get_mut(word) {
                        Some(ids) if ids.last() == Some(&id) => {}
                        Some(ids) => ids.push(id),
                        None => {
                            mentions.words.insert(word.to_owned(), vec![id]);
                        }
                    },
                );
            }
        }
        mentions
    }

    /// The statement speaks of the name, or may.
    pub(super) fn speaks_of(&self, statement: StatementId, name: &str) -> bool {
        words_of_name(name).is_none_or(|words| {
            words.iter().all(|word| {
                let ids = self.words.get(word);
                ids.is_some_and(|ids| ids.binary_search(&statement).is_ok())
            })
        })
    }

    /// A statement other than this one speaks of the name, or may.
    pub(super) fn is_elsewhere(&self, own: StatementId, name: &str) -> bool {
        let Some(words) = words_of_name(name) else {
            return true;
        };
        let rarest = words
            .iter()
            .map(|word| self.words.get(word).map_or(&[][..], Vec::as_slice))
            .min_by_key(|ids| ids.len())
            .unwrap_or_default();
        self.is_partial
            || rarest
                .iter()
                .any(|id| *id != own && self.speaks_of(*id, name))
    }
}
