//! A finding with the lines that it points at.
//!
//! Only a window of the file goes to the renderer, with unsafe characters made visible and long lines cut, so that a
//! file can neither steer the terminal nor fill the screen.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::super::text::{escape, is_unsafe};
use super::super::{Report, Style, redact};
use super::paint::Paint;
use crate::finding::{Finding, Severity};
use crate::source::{Location, SourceFile, Sources, Span};

/// Characters of a line that are shown on each side of the span.
const LINE_CONTEXT: usize = 100;
/// Lines of a span that are shown.
const MOST_LINES: u32 = 6;

pub(super) fn write(
    report: &Report,
    finding: &Finding,
    style: &Style,
    paint: &Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let rule = escape(&finding.rule);
    let title = match finding.severity {
        Severity::Error => paint.error(&format!("error[{rule}]")),
        Severity::Warning => paint.warning(&format!("warning[{rule}]")),
        Severity::Info => paint.note(&format!("info[{rule}]")),
    };
    writeln!(
        out,
        "{title}{}",
        paint.bold(&format!(": {}", escape(&finding.message)))
    )?;
    // The block on the release type says where it comes from, so that the excerpt would stand there twice.
    if matches!(
        finding.rule.as_str(),
        "release-type-too-low" | "release-type-too-high"
    ) {
        return Ok(());
    }
    if let Some(location) = finding.location {
        out.write_all(
            window(
                report.sources.get(location.source),
                location,
                &finding.label,
                finding.severity,
                style,
                redact::line,
            )
            .as_bytes(),
        )?;
    }
    for label in &finding.related {
        line(
            out,
            paint,
            "see",
            &format!(
                "{}  {}",
                escape(&label.message),
                escape(&report.place(label.location))
            ),
        )?;
    }
    for note in &finding.notes {
        line(out, paint, &note.key, &escape(&note.text))?;
    }
    if !finding.help.is_empty() {
        line(out, paint, "help", &escape(&finding.help))?;
    }
    Ok(())
}

fn line(out: &mut dyn io::Write, paint: &Paint, key: &str, text: &str) -> io::Result<()> {
    writeln!(out, "   {}  {text}", paint.note(&format!("{key:<7}")))
}

/// What is shown of a line of a file.
type Redact = for<'t> fn(&str, &'t str) -> Cow<'t, str>;

fn window(
    file: &SourceFile,
    location: Location,
    label: &str,
    severity: Severity,
    style: &Style,
    redact: Redact,
) -> String {
    let excerpt = Excerpt::new(file, location, label, redact);
    let styles = if style.color {
        ThemeStyles::ansi()
    } else {
        ThemeStyles::none()
    };
    let styles = match severity {
        Severity::Error => ThemeStyles {
            highlights: vec![styles.error],
            ..styles
        },
        Severity::Warning => ThemeStyles {
            highlights: vec![styles.warning],
            ..styles
        },
        Severity::Info => ThemeStyles {
            highlights: vec![styles.advice],
            ..styles
        },
    };
    let theme = GraphicalTheme {
        characters: ThemeCharacters::unicode(),
        styles,
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width.max(40))
        .with_context_lines(1)
        .with_links(false);
    let mut text = String::new();
    if handler.render_report(&mut text, &excerpt).is_err() {
        text = format!("   ╭─[{}]\n", escape(&file.path));
    }
    // The renderer starts with its own line for the message, which stands in the title already.
    let body: Vec<&str> = text
        .split('\n')
        .skip_while(|line| !line.contains('╭'))
        .collect();
    body.join("\n")
}

/// A window of a file as the renderer wants it.
#[derive(Debug)]
struct Excerpt {
    name: String,
    text: String,
    first_line: usize,
    /// The span's column in the file, from 0: the line in the window may be cut.
    column: usize,
    span: SourceSpan,
    label: String,
}

impl Excerpt {
    fn new(file: &SourceFile, location: Location, label: &str, redact: Redact) -> Self {
        let lines = file.lines();
        let start = lines.position(&file.text, location.span.start);
        let end = lines.position(
            &file.text,
            location.span.end.max(location.span.start + 1) - 1,
        );
        let first = start.line.saturating_sub(1).max(1);
        let last = end.line.min(start.line + MOST_LINES - 1) + 1;
        let mut window = Window::default();
        for number in first..=last {
            let text = lines.line_text(&file.text, number);
            if number > end.line && text.is_empty() {
                continue;
            }
            let text = redact(&file.path, text);
            let from = if number == start.line {
                start.column as usize - 1
            } else {
                0
            };
            let to = match number {
                _ if number < start.line || number > end.line => 0,
                _ if number == end.line => end.column as usize,
                _ => text.chars().count(),
            };
            window.push(&text, from, to, number >= start.line && number <= end.line);
        }
        let begin = window.begin.unwrap_or(0);
        Self {
            name: escape(&file.path),
            text: window.text,
            first_line: first as usize - 1,
            column: start.column as usize - 1,
            span: SourceSpan::new(begin.into(), window.end.saturating_sub(begin)),
            label: escape(label),
        }
    }
}

/// Lines made safe, and where the span is in them.
#[derive(Debug, Default)]
struct Window {
    text: String,
    begin: Option<usize>,
    end: usize,
}

impl Window {
    /// Appends a line of which the characters `from..to` belong to the span, if `marked`.
    fn push(&mut self, line: &str, from: usize, to: usize, marked: bool) {
        let cut_before = from.saturating_sub(LINE_CONTEXT);
        let cut_after = to.min(from + 2 * LINE_CONTEXT).max(from) + LINE_CONTEXT;
        let mut cut = false;
        if cut_before > 0 {
            self.text.push('…');
        }
        for (index, c) in line.chars().enumerate().skip(cut_before) {
            if index >= cut_after {
                cut = true;
                break;
            }
            if marked && index == from && self.begin.is_none() {
                self.begin = Some(self.text.len());
            }
            if is_unsafe(c) && c != '\t' {
                let _ = write!(self.text, "\\u{{{:x}}}", c as u32);
            } else {
                self.text.push(if c == '\t' { ' ' } else { c });
            }
            if marked && index < to {
                self.end = self.text.len();
            }
        }
        if cut {
            self.text.push('…');
        }
        if marked && self.begin.is_none() {
            self.begin = Some(self.text.len());
            self.end = self.text.len();
        }
        self.text.push('\n');
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.as_str().read_span(span, before, after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            inner.data(),
            *inner.span(),
            inner.line() + self.first_line,
            if (span, before, after) == (&self.span, 0, 0) {
                self.column
            } else {
                inner.column()
            },
            inner.line_count(),
        )))
    }
}

impl std::fmt::Display for Excerpt {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Excerpt {}

impl Diagnostic for Excerpt {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = (!self.label.is_empty()).then(|| self.label.clone());
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(
            label, self.span,
        ))))
    }
}

/// `error: what`, the lines, and what to do.
pub(super) fn diagnostic(error: &dyn Diagnostic, style: &Style, paint: &Paint, out: &mut String) {
    let message = error
        .to_string()
        .split('\n')
        .map(escape)
        .collect::<Vec<_>>()
        .join("\n");
    let _ = writeln!(
        out,
        "{}{}",
        paint.error("error"),
        paint.bold(&format!(": {message}"))
    );
    let mut cause = error.source();
    while let Some(inner) = cause {
        let _ = writeln!(out, "  because {}", escape(&inner.to_string()));
        cause = inner.source();
    }
    let span = error.labels().and_then(|mut labels| labels.next());
    if let (Some(code), Some(label)) = (error.source_code(), span)
        && let Ok(contents) = code.read_span(&SourceSpan::new(0.into(), 0), 0, usize::MAX)
    {
        let name = contents.name().unwrap_or_default().to_owned();
        let mut sources = Sources::default();
        let id = sources.add(name, "", String::from_utf8_lossy(contents.data()).as_ref());
        let span = Span::new(label.offset(), label.offset() + label.len());
        let location = Location { source: id, span };
        out.push_str(&window(
            sources.get(id),
            location,
            label.label().unwrap_or(""),
            Severity::Error,
            style,
            |_, line| Cow::Borrowed(line),
        ));
    }
    if let Some(help) = error.help() {
        for line in help.to_string().split('\n') {
            let _ = writeln!(out, "  {} {}", paint.note("help:"), escape(line));
        }
    }
}
