//! Text without markup, and the way back to the file.

use std::borrow::Cow;
use std::ops::Range;

use crate::source::Span;

/// Text without markup, and where its pieces come from.
#[derive(Debug, Clone, Default)]
pub(in crate::syntax::changelog) struct Inline {
    /// The text; its lines are separated by a line break, and the paragraphs of an item by two.
    pub text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
struct Piece {
    /// Where it begins in the text.
    at: usize,
    /// Its place in the file.
    span: Span,
    /// The text and the place have the same bytes.
    verbatim: bool,
    code: bool,
    strong: bool,
}

impl Inline {
    /// The place of a range of the text.
    pub(in crate::syntax::changelog) fn span(&self, range: &Range<usize>) -> Option<Span> {
        let first = self.piece_at(range.start)?;
        let last = self.piece_at(range.end.max(range.start + 1) - 1)?;
        let place = |piece: &Piece, offset: usize| piece.span.range().start + offset - piece.at;
        let start = if first.verbatim {
            place(first, range.start)
        } else {
            first.span.range().start
        };
        let end = if last.verbatim {
            place(last, range.end).min(last.span.range().end)
        } else {
            last.span.range().end
        };
        Some(Span::new(start, end))
    }

    /// The text with code blanked out, of the same length.
    pub(in crate::syntax::changelog) fn prose(&self) -> Cow<'_, str> {
        if self.pieces.iter().all(|piece| !piece.code) {
            return Cow::Borrowed(&self.text);
        }
        let mut prose = String::with_capacity(self.text.len());
        for (index, piece) in self.pieces.iter().enumerate() {
            let text = self.text.get(piece.at..self.end_of(index)).unwrap_or("");
            if piece.code {
                // A letter would join the words beside it, so the blank is white space.
                prose.extend(std::iter::repeat_n(' ', text.len()));
            } else {
                prose.push_str(text);
            }
        }
        Cow::Owned(prose)
    }

    /// The run of bold text that begins at `offset`, white space aside.
    pub(in crate::syntax::changelog) fn strong_run_at(
        &self,
        offset: usize,
    ) -> Option<Range<usize>> {
        let index = self.piece_index(offset)?;
        let piece = self.pieces.get(index)?;
        let begins_here = self
            .text
            .get(piece.at..offset)
            .is_some_and(|before| !before.contains(char::is_alphanumeric));
        let continues = index > 0 && self.pieces[index - 1].strong;
        if !piece.strong || !begins_here || continues {
            return None;
        }
        let run = self.pieces[index..]
            .iter()
            .take_while(|piece| piece.strong)
            .count();
        Some(offset..self.end_of(index + run - 1))
    }

    /// All of the text is bold.
    pub(in crate::syntax::changelog) fn is_strong(&self) -> bool {
        !self.text.trim().is_empty()
            && self.pieces.iter().enumerate().all(|(index, piece)| {
                piece.strong
                    || self
                        .text
                        .get(piece.at..self.end_of(index))
                        .is_some_and(|text| text.trim_matches([':', ' ', '\n']).is_empty())
            })
    }

    fn end_of(&self, index: usize) -> usize {
        self.pieces
            .get(index + 1)
            .map_or(self.text.len(), |next| next.at)
    }

    fn piece_index(&self, offset: usize) -> Option<usize> {
        self.pieces
            .partition_point(|piece| piece.at <= offset)
            .checked_sub(1)
    }

    fn piece_at(&self, offset: usize) -> Option<&Piece> {
        self.pieces.get(self.piece_index(offset)?)
    }

    /// Adds a piece: `text`, which stands in `range` of the file.
    pub(super) fn push(&mut self, source: &str, text: &str, range: Range<usize>, style: Style) {
        let slice = source.get(range.clone()).unwrap_or("");
        // Code has back quotes around it; an entity or an escape is another text than what it stands for.
        let start = if style.code {
            slice.find(text).unwrap_or(0)
        } else {
            0
        };
        let verbatim = slice
            .get(start..)
            .is_some_and(|slice| slice.starts_with(text));
        let span = if verbatim {
            Span::new(range.start + start, range.start + start + text.len())
        } else {
            Span::new(range.start, range.end)
        };
        if text.is_empty() {
            return;
        }
        self.pieces.push(Piece {
            at: self.text.len(),
            span,
            verbatim,
            code: style.code,
            strong: style.strong,
        });
        self.text.push_str(text);
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Style {
    /// It is code.
    pub code: bool,
    /// It is bold.
    pub strong: bool,
}
