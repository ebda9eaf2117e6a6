//! The commands that a Markdown document tells people to type: those in its fenced code blocks, word by word, each with its
//! place in the file.
//!
//! This is no shell. What a word becomes when a shell expands it is not known, and such words say so; what is not understood is
//! passed over.

mod words;

use crate::source::Span;

pub use words::Word;

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments, without variables that are set before it, `sudo`, and redirections.
    pub words: Vec<Word>,
    /// The files that it reads by `<`.
    pub reads: Vec<Word>,
    /// The files that it writes by `>`, `>>` and `tee`.
    pub writes: Vec<Word>,
    /// The number of its code block in the document, from 0.
    pub block: usize,
    /// It stands below a heading that speaks of the way back.
    pub way_back: bool,
}

impl Command {
    /// The program, without its directory.
    pub fn program(&self) -> &str {
        let first = self.words.first().map_or("", |word| word.text.as_str());
        first.rsplit('/').next().unwrap_or(first)
    }

    /// The words behind the program that are no options, and no values of these options.
    pub fn operands<'c>(&'c self, with_value: &'c [&'c str]) -> impl Iterator<Item = &'c Word> {
        let mut is_value = false;
        let mut only_operands = false;
        self.words.iter().skip(1).filter(move |word| {
            if std::mem::take(&mut is_value) {
                return false;
            }
            if only_operands || !word.text.starts_with('-') || word.text == "-" {
                return true;
            }
            only_operands = word.text == "--";
            is_value = with_value.contains(&word.text.as_str());
            false
        })
    }

    /// The values of an option: of `-f x`, `-f=x` and, of long options, `--file x` and `--file=x`.
    pub fn values<'c>(&'c self, options: &'c [&'c str]) -> impl Iterator<Item = Word> + 'c {
        self.words.iter().enumerate().filter_map(move |(at, word)| {
            if options.contains(&word.text.as_str()) {
                return self.words.get(at + 1).cloned();
            }
            let (option, value) = word.text.split_once('=')?;
            options
                .contains(&option)
                .then(|| word.behind(option.len() + 1, value))
        })
    }
}

/// The languages of code blocks that hold commands.
const SHELLS: [&str; 7] = ["sh", "bash", "shell", "zsh", "console", "shell-session", ""];

/// In these, what people type begins with a prompt, and the rest is what the computer answers.
const SESSIONS: [&str; 2] = ["console", "shell-session"];

/// The commands of a document, in order.
pub fn commands(text: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut fence: Option<Fence> = None;
    let mut way_back = Vec::new();
    let mut at = 0;
    let mut block = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        match &mut fence {
            Some(open) if open.is_closed_by(line) => {
                if open.is_shell() {
                    let is_way_back = way_back.iter().any(|(_, back)| *back);
                    read_block(text, open, start, block, is_way_back, &mut found);
                    block += 1;
                }
                fence = None;
            }
            Some(_) => {}
            None => {
                fence = Fence::opened_by(line, at);
                if fence.is_none() {
                    heading(line, &mut way_back);
                }
            }
        }
    }
    // A fence that nobody closes runs to the end (CommonMark 4.5).
    if let Some(open) = fence.filter(Fence::is_shell) {
        let is_way_back = way_back.iter().any(|(_, back)| *back);
        read_block(text, &open, at, block, is_way_back, &mut found);
    }
    found
}

/// Keeps the headings that a line stands below: their levels, and whether they speak of the way back.
fn heading(line: &str, above: &mut Vec<(usize, bool)>) {
    let hashes = line.len() - line.trim_start_matches('#').len();
    let is_heading = (1..=6).contains(&hashes)
        && line
            .get(hashes..)
            .is_some_and(|rest| rest.starts_with([' ', '\t', '\n', '\r']));
    if !is_heading {
        return;
    }
    above.retain(|(level, _)| *level < hashes);
    let title = line.to_ascii_lowercase();
    let words = ["rollback", "roll back", "rolling back", "restore", "revert"];
    above.push((hashes, words.iter().any(|word| title.contains(word))));
}

/// The begin of a code block.
struct Fence {
    mark: u8,
    length: usize,
    language: String,
    /// Where its content begins.
    content: usize,
}

impl Fence {
    fn opened_by(line: &str, content: usize) -> Option<Self> {
        let bare = bare(line);
        let mark = *bare.as_bytes().first()?;
        if !matches!(mark, b'`' | b'~') {
            return None;
        }
        let length = bare.bytes().take_while(|&byte| byte == mark).count();
        let info = bare.get(length..)?.trim();
        if length < 3 || (mark == b'`' && info.contains('`')) {
            return None;
        }
        let language = info
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | '{'))
            .next()
            .unwrap_or_default();
        Some(Self {
            mark,
            length,
            language: language.to_ascii_lowercase(),
            content,
        })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let bare = bare(line);
        let length = bare.bytes().take_while(|&byte| byte == self.mark).count();
        length >= self.length
            && bare
                .get(length..)
                .is_some_and(|rest| rest.trim().is_empty())
    }

    fn is_shell(&self) -> bool {
        SHELLS.contains(&self.language.as_str())
    }

    fn is_session(&self) -> bool {
        SESSIONS.contains(&self.language.as_str())
    }
}

/// A line without what lists and quotations put before it.
fn bare(line: &str) -> &str {
    line.trim_start_matches([' ', '\t', '>'])
}

fn read_block(
    text: &str,
    fence: &Fence,
    end: usize,
    block: usize,
    way_back: bool,
    found: &mut Vec<Command>,
) {
    let mut here_document: Option<String> = None;
    let mut begin: Option<usize> = None;
    let mut at = fence.content;
    let body = text.get(fence.content..end).unwrap_or_default();
    for line in body.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let code = line.trim_end();
        if let Some(delimiter) = &here_document {
            if code.trim_start() == delimiter {
                here_document = None;
            }
            continue;
        }
        if begin.is_none() && fence.is_session() && !bare(code).starts_with(['$', '#']) {
            continue;
        }
        let from = *begin.get_or_insert(start);
        if code.ends_with('\\') {
            continue;
        }
        begin = None;
        let span = Span::new(from, start + code.len());
        here_document = words::read(text, span, block, way_back, found);
    }
    if let Some(from) = begin {
        words::read(text, Span::new(from, end), block, way_back, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Each command as `words <reads >writes @block`, with `!` before words that only a shell knows.
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = commands(text)
            .iter()
            .map(|command| {
                let show = |word: &Word| {
                    let open = if word.is_open { "!" } else { "" };
                    let place = text.get(word.span.range()).unwrap();
                    assert!(place.contains(&word.text) || place.contains(['\\', '"', '\'']));
                    format!("{open}{}", word.text)
                };
                let mut parts: Vec<String> = command.words.iter().map(show).collect();
                parts.extend(command.reads.iter().map(|word| format!("<{}", show(word))));
                parts.extend(command.writes.iter().map(|word| format!(">{}", show(word))));
                let back = if command.way_back { "↩" } else { "" };
                format!("{} @{}{back}", parts.join(" "), command.block)
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn commands_are_read_word_by_word() {
        check(
            "Run:\n\n```bash\n# a comment\nhelm upgrade cellar charts/cellar \\\n  --set image.tag=v1.2.4 \\\n  --wait\n```\n",
            &["helm upgrade cellar charts/cellar --set image.tag=v1.2.4 --wait @0"],
        );
        check(
            "```\ngit checkout main && git pull; git tag v1.2.4 # now\n```\n~~~sh\nA=1 sudo make x | tee log.txt\n~~~",
            &[
                "git checkout main @0",
                "git pull @0",
                "git tag v1.2.4 @0",
                "make x @1",
                "tee log.txt >log.txt @1",
            ],
        );
        check(
            "```sh\nkubectl exec -it postgres-0 -- pg_dump lrdb > backup.sql 2>/dev/null\npsql <backup.sql\n```",
            &[
                "kubectl exec -it postgres-0 -- pg_dump lrdb >backup.sql @0",
                "psql <backup.sql @0",
            ],
        );
        check(
            "```sh\ngit tag \"$TAG\" '$TAG' <name> v{x} \"a b\"\n```",
            &["git tag !$TAG !$TAG !<name> !v{x} a b @0"],
        );
        check(
            "1. so:\n   ```console\n   $ git fetch\n   From origin\n   # git tag x\n   ```\n",
            &["git fetch @0", "git tag x @0"],
        );
        check(
            "```sh\ncat > values.yaml <<'EOF'\ngit checkout nowhere\nEOF\ngit fetch\n```",
            &["cat >values.yaml @0", "git fetch @0"],
        );
        check(
            "```yaml\nrun: git tag x\n```\n`git tag y`\n\n    git tag z\n",
            &[],
        );
        check("```sh\ngit tag x", &["git tag x @0"]);
        check("```sh\ngit tag x \\\n```", &["git tag x @0"]);
        check(
            "```sh\necho 'never ends\ngit tag x\n```",
            &["echo never ends @0", "git tag x @0"],
        );
    }

    #[test]
    fn headings_say_what_is_the_way_back() {
        check(
            "# Release\n```\na\n```\n## Rollback Procedures\n### Patch\n```\nb\n```\n## After\n```\nc\n```\n",
            &["a @0", "b @1↩", "c @2"],
        );
    }

    #[test]
    fn options_have_values() {
        let all =
            commands("```sh\nhelm upgrade -n ns cellar ./c --values=a.yaml -f b.yaml -- x\n```");
        let operands: Vec<&str> = all[0]
            .operands(&["-n", "-f"])
            .map(|word| word.text.as_str())
            .collect();
        assert_eq!(operands, ["upgrade", "cellar", "./c", "x"]);
        let values: Vec<String> = all[0]
            .values(&["-f", "--values"])
            .map(|word| word.text)
            .collect();
        assert_eq!(values, ["a.yaml", "b.yaml"]);
    }

    proptest! {
        #[test]
        fn no_document_panics(text in "(```[a-z]{0,4}\n|[a-z$<>|&;\\\\\"'`#\n é-]){0,60}") {
            for command in commands(&text) {
                for word in command.words.iter().chain(&command.reads).chain(&command.writes) {
                    prop_assert!(text.get(word.span.range()).is_some());
                }
            }
        }
    }
}
