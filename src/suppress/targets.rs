//! What a comment speaks of: a statement, or in YAML a line. Each function looks at every byte a fixed number of times.

use crate::source::Span;

/// For each comment the statement that it stands behind or in, or, when it is alone on its line, the one that begins
/// below it.
pub(super) fn statements(text: &str, comments: &[Span], statements: &[Span]) -> Vec<Option<Span>> {
    let lines = Lines::new(text);
    let next_of = |comment: &Span| statements.partition_point(|s| s.start <= comment.start);
    let below = leads_to(text, &lines, comments, |comment| {
        statements.get(next_of(comment)).copied()
    });
    let mut targets = Vec::with_capacity(comments.len());
    let mut previous: Option<Above> = None;
    for (comment, below) in comments.iter().zip(below) {
        let before = next_of(comment).checked_sub(1);
        let before = before.and_then(|index| statements.get(index)).copied();
        let line = lines.of(comment.start).start;
        // Comments before it on its line, or behind the same statement, are as good as nothing.
        let known = previous.filter(|above| before.is_none_or(|before| above.end > before.end));
        let from = known.map_or(before.map_or(0, |before| before.end), |above| above.end);
        let gap = text
            .get(from as usize..comment.start as usize)
            .unwrap_or_default();
        let is_behind = gap.chars().all(|c| c.is_whitespace() || c == ';')
            && known.is_none_or(|above| above.is_behind);
        let is_alone = match known {
            Some(above) if above.end > line => above.is_alone && gap.trim().is_empty(),
            _ => text
                .get(line as usize..comment.start as usize)
                .is_some_and(|prefix| prefix.trim().is_empty()),
        };
        previous = Some(Above {
            end: comment.end,
            is_alone,
            is_behind,
        });
        targets.push(match before {
            Some(before) if before.end > comment.start => Some(before),
            _ if is_alone => below,
            before => before.filter(|_| is_behind),
        });
    }
    targets
}

/// The comment before one.
#[derive(Debug, Clone, Copy)]
struct Above {
    end: u32,
    /// Nothing but comments stands before it on its line.
    is_alone: bool,
    /// Nothing but comments and a terminator stands between it and the statement before it.
    is_behind: bool,
}

/// For each comment the statement that begins on the line below it or behind it, comments between allowed.
fn leads_to(
    text: &str,
    lines: &Lines,
    comments: &[Span],
    next: impl Fn(&Span) -> Option<Span>,
) -> Vec<Option<Span>> {
    let mut found = vec![None; comments.len()];
    // From the end: a comment above another leads to what that one leads to.
    let mut below: Option<(u32, Option<Span>)> = None;
    for (comment, found) in comments.iter().zip(&mut found).rev() {
        let follows = match (next(comment), below) {
            (Some(next), Some((start, _))) if next.start < start => Some((next.start, Some(next))),
            (Some(next), None) => Some((next.start, Some(next))),
            (_, below) => below,
        };
        *found = follows.and_then(|(start, statement)| {
            let gap = text.get(comment.end as usize..start as usize)?;
            let is_near = gap.trim().is_empty() && lines.between(comment.end, start) <= 1;
            statement.filter(|_| is_near)
        });
        below = Some((comment.start, *found));
    }
    found
}

/// For each YAML comment its own line, or, when it is alone on it, the next one that is no comment.
pub(super) fn lines(text: &str, comments: &[Span]) -> Vec<Option<Span>> {
    let lines = Lines::new(text);
    let mut targets = vec![None; comments.len()];
    let mut below: Option<(u32, Option<Span>)> = None;
    for (comment, target) in comments.iter().zip(&mut targets).rev() {
        let own = lines.of(comment.start);
        let is_blank = |start: u32, end: u32| {
            text.get(start as usize..end as usize)
                .is_none_or(|part| part.trim().is_empty())
        };
        let is_alone = is_blank(own.start, comment.start);
        let next = lines.of(own.end.saturating_add(1));
        let leads_to = match below {
            Some((line, target)) if line == next.start => target,
            _ if next.start <= own.start || is_blank(next.start, next.end) => None,
            _ => Some(next),
        };
        below = is_alone.then_some((own.start, leads_to));
        *target = if is_alone { leads_to } else { Some(own) };
    }
    targets
}

/// The line breaks of a text.
struct Lines {
    breaks: Vec<u32>,
    length: u32,
}

impl Lines {
    fn new(text: &str) -> Self {
        let breaks = text.match_indices('\n');
        Self {
            breaks: breaks.map(|(at, _)| Span::new(at, at).start).collect(),
            length: Span::new(text.len(), text.len()).start,
        }
    }

    /// How many line breaks there are from one offset to another; none when it is not behind it.
    fn between(&self, start: u32, end: u32) -> usize {
        let before = |offset: u32| self.breaks.partition_point(|&at| at < offset);
        before(end).saturating_sub(before(start))
    }

    /// The line around an offset, without its line break.
    fn of(&self, offset: u32) -> Span {
        let index = self.breaks.partition_point(|&at| at < offset);
        let start = index
            .checked_sub(1)
            .and_then(|index| self.breaks.get(index));
        Span {
            start: start.map_or(0, |&at| at + 1),
            end: self.breaks.get(index).copied().unwrap_or(self.length),
        }
    }
}
