//! Tabs that Helm's parser refuses and a YAML 1.2 parser lets pass: libyaml skips no tab where a key may start.

use crate::source::Span;

use super::node::{Document, KindData, Style};

/// The first tab that stands at the start of a line, behind spaces at most, where neither a flow container nor a scalar
/// covers it.
pub(super) fn misplaced_tab(text: &str, documents: &[Document]) -> Option<Span> {
    if !text.contains('\t') {
        return None;
    }
    let covers = covers(text, documents);
    let plain_ends = plain_ends(documents);
    let mut next = covers.iter().peekable();
    // The covers around the current place, innermost last.
    let mut around: Vec<&Cover> = Vec::new();
    let mut after_plain = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start_matches(' ');
        let at = start + (line.len() - rest.len());
        let content = rest.trim_end_matches([' ', '\t', '\r', '\n']);
        if rest.starts_with('\t') {
            while let Some(cover) = next.next_if(|cover| cover.span.start as usize <= at) {
                while around
                    .pop_if(|outer| outer.span.end <= cover.span.start)
                    .is_some()
                {}
                around.push(cover);
            }
            while around
                .pop_if(|cover| cover.span.end as usize <= at)
                .is_some()
            {}
            let indented = at > start;
            let is_fine = match around.last() {
                Some(cover) => !cover.indented_plain || indented,
                // The scanner still looks for more lines of a plain scalar.
                None => {
                    let content = content.trim_start_matches(['\t', ' ']);
                    after_plain && indented && (content.is_empty() || content.starts_with('#'))
                }
            };
            if !is_fine {
                return Some(Span::new(at, at + 1));
            }
        }
        if !content.is_empty() {
            let end = Span::new(at, at + content.len()).end;
            after_plain = plain_ends.binary_search(&end).is_ok();
        }
        start += line.len();
    }
    None
}

/// Something over several lines inside of which tabs may stand.
struct Cover {
    span: Span,
    /// A plain scalar in a container, whose further lines must be indented by a space at least.
    indented_plain: bool,
}

fn covers(text: &str, documents: &[Document]) -> Vec<Cover> {
    let mut covers = Vec::new();
    for document in documents {
        for node in &document.nodes {
            let raw = text.get(node.span.range()).unwrap_or("");
            let plain = matches!(node.kind, KindData::Scalar(_, Style::Plain));
            let counts = match node.kind {
                KindData::Scalar(..) => true,
                KindData::List(..) | KindData::Map(..) => raw.starts_with(['[', '{']),
                KindData::Alias(_) => false,
            };
            if counts && raw.contains('\n') {
                covers.push(Cover {
                    span: node.span,
                    indented_plain: plain && node.span != document.span,
                });
            }
        }
    }
    covers
}

/// Where plain scalars end, in order.
fn plain_ends(documents: &[Document]) -> Vec<u32> {
    let mut ends: Vec<u32> = documents
        .iter()
        .flat_map(|document| &document.nodes)
        .filter(|node| matches!(node.kind, KindData::Scalar(_, Style::Plain)))
        .map(|node| node.span.end)
        .collect();
    ends.sort_unstable();
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml::parse;

    #[test]
    fn tabs_are_judged_as_by_libyaml() {
        for (text, expected) in [
            ("a: 1\n", None),
            ("a:\tb\n", None),
            ("a: b\tc\n", None),
            ("\ta: 1\n", Some(0)),
            ("a: 1\n\t\nb: 2\n", Some(5)),
            ("a: 'x'\n  \t\nb: 2\n", Some(9)),
            ("a: x\n  \t\nb: 2\n", None),
            ("a: x\n  \t# y\nb: 2\n", None),
            ("a: x # y\n  \t\nb: 2\n", Some(11)),
            ("a: [x,\n\ty]\n", None),
            ("a: [x]\n\t\n", Some(7)),
            ("a: x\n  \ty\n", None),
            ("a: x\n\ty\n", Some(5)),
            ("x\n\ty\n", None),
            ("a: 'x\n\ty'\n", None),
            ("a: |\n  x\n  \ty\nb: 1\n", None),
            ("a: |\n  x\n  \t\nb: 1\n", None),
            ("# x\n\t# y\n", Some(4)),
        ] {
            let parsed = parse(text);
            let found = misplaced_tab(text, &parsed.value).map(|span| span.start);
            let expected = if parsed.errors.is_empty() {
                expected
            } else {
                found
            };
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
