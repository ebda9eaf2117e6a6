//! From actions to a tree (`text/template/parse/parse.go`).

use crate::source::Span;
use crate::syntax::{Parsed, SyntaxError};

use super::lexer::{Lexed, Token, next_action};
use super::{Branch, BranchKind, Command, Define, Node, Operand, OperandKind, Pipeline, Template};

/// Branches and parentheses may nest this deep; real templates stay below twenty.
const MAX_DEPTH: usize = 200;

/// Reads a template. It ends at the first thing that is no template: what stands before it is kept.
pub fn parse(text: &str) -> Parsed<Template> {
    let mut parser = Parser {
        template: Template::default(),
        open: vec![Open::file()],
    };
    let mut at = 0;
    let mut errors = Vec::new();
    loop {
        let action = match next_action(text, at) {
            Ok(Some(action)) => action,
            Ok(None) => break,
            Err((span, message)) => {
                errors.push(SyntaxError {
                    span,
                    message: message.to_owned(),
                });
                break;
            }
        };
        at = action.span.end as usize;
        if let Err(message) = parser.action(&action.tokens) {
            errors.push(SyntaxError {
                span: action.span,
                message,
            });
            break;
        }
    }
    if errors.is_empty() && parser.open.len() > 1 {
        let span = Span::new(text.len(), text.len());
        errors.push(SyntaxError {
            span,
            message: "an {{ end }} is missing".to_owned(),
        });
    }
    while parser.open.len() > 1 {
        parser.close();
    }
    let mut template = parser.template;
    if let Some(file) = parser.open.pop() {
        template.body = file.body;
    }
    Parsed {
        value: template,
        errors,
    }
}

struct Parser {
    template: Template,
    /// What is open: the file, then branches and definitions.
    open: Vec<Open>,
}

/// Something whose `{{ end }}` has not come.
struct Open {
    what: What,
    body: Vec<Node>,
    /// The body before `{{ else }}`.
    before_else: Option<Vec<Node>>,
    /// It was opened by `{{ else if }}` and ends with what is around it.
    chained: bool,
}

enum What {
    File,
    Define(String),
    Block(String, Option<Pipeline>),
    Branch(BranchKind, Pipeline),
}

impl Open {
    fn file() -> Self {
        Self::new(What::File, false)
    }

    fn new(what: What, chained: bool) -> Self {
        Self {
            what,
            body: Vec::new(),
            before_else: None,
            chained,
        }
    }
}

impl Parser {
    fn action(&mut self, tokens: &[Lexed]) -> Result<(), String> {
        let Some(first) = tokens.first() else {
            return Ok(());
        };
        let rest = tokens.get(1..).unwrap_or(&[]);
        let word = match &first.token {
            Token::Word(word) => word.as_str(),
            _ => "",
        };
        match word {
            "if" | "with" | "range" => self.branch(word, rest, false)?,
            "else" => self.otherwise(rest)?,
            "end" => {
                if self.open.len() == 1 {
                    return Err("an {{ end }} that ends nothing".to_owned());
                }
                while self.close() {}
            }
            "define" => {
                let name = name(rest)?;
                self.push(Open::new(What::Define(name), false))?;
            }
            "block" => {
                let name = name(rest)?;
                let argument = argument(rest.get(1..).unwrap_or(&[]))?;
                self.push(Open::new(What::Block(name, argument), false))?;
            }
            "template" => {
                let name = name(rest)?;
                let argument = argument(rest.get(1..).unwrap_or(&[]))?;
                self.place(Node::Template(name, argument));
            }
            "break" | "continue" if rest.is_empty() => {}
            _ => {
                let pipeline = pipeline(tokens)?;
                self.place(Node::Action(pipeline));
            }
        }
        Ok(())
    }

    fn branch(&mut self, word: &str, rest: &[Lexed], chained: bool) -> Result<(), String> {
        let kind = match word {
            "if" => BranchKind::If,
            "with" => BranchKind::With,
            _ => BranchKind::Range,
        };
        let pipeline = pipeline(rest)?;
        self.push(Open::new(What::Branch(kind, pipeline), chained))
    }

    fn otherwise(&mut self, rest: &[Lexed]) -> Result<(), String> {
        let Some(open) = self.open.last_mut() else {
            return Err("an {{ else }} of nothing".to_owned());
        };
        if !matches!(open.what, What::Branch(..)) || open.before_else.is_some() {
            return Err("an {{ else }} of nothing".to_owned());
        }
        open.before_else = Some(std::mem::take(&mut open.body));
        match rest.first().map(|first| &first.token) {
            None => Ok(()),
            Some(Token::Word(word)) if matches!(word.as_str(), "if" | "with") => {
                self.branch(word, rest.get(1..).unwrap_or(&[]), true)
            }
            Some(_) => Err("what stands behind {{ else }} is no branch".to_owned()),
        }
    }

    fn push(&mut self, open: Open) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("branches nest deeper than {MAX_DEPTH}"));
        }
        self.open.push(open);
        Ok(())
    }

    fn place(&mut self, node: Node) {
        if let Some(open) = self.open.last_mut() {
            open.body.push(node);
        }
    }

    /// Closes the innermost of what is open; whether the one around it ends at the same place.
    fn close(&mut self) -> bool {
        if self.open.len() == 1 {
            return false;
        }
        let Some(open) = self.open.pop() else {
            return false;
        };
        match open.what {
            What::File => {}
            What::Define(name) => self.template.defines.push(Define {
                name,
                body: open.body,
            }),
            What::Block(name, argument) => {
                self.template.defines.push(Define {
                    name: name.clone(),
                    body: open.body,
                });
                self.place(Node::Template(name, argument));
            }
            What::Branch(kind, pipeline) => {
                let (body, otherwise) = match open.before_else {
                    Some(body) => (body, open.body),
                    None => (open.body, Vec::new()),
                };
                self.place(Node::Branch(Branch {
                    kind,
                    pipeline,
                    body,
                    otherwise,
                }));
            }
        }
        open.chained
    }
}

fn name(tokens: &[Lexed]) -> Result<String, String> {
    match tokens.first().map(|first| &first.token) {
        Some(Token::Text(name)) => Ok(name.clone()),
        _ => Err("a template's name is missing".to_owned()),
    }
}

fn argument(tokens: &[Lexed]) -> Result<Option<Pipeline>, String> {
    if tokens.is_empty() {
        return Ok(None);
    }
    pipeline(tokens).map(Some)
}

fn pipeline(tokens: &[Lexed]) -> Result<Pipeline, String> {
    let mut at = 0;
    let pipeline = Words {
        tokens,
        at: &mut at,
    }
    .pipeline(0)?;
    if at < tokens.len() {
        return Err("a parenthesis closes nothing".to_owned());
    }
    Ok(pipeline)
}

/// The words of one action, and how many of them are read.
struct Words<'t, 'a> {
    tokens: &'t [Lexed],
    at: &'a mut usize,
}

impl Words<'_, '_> {
    fn peek(&self) -> Option<&Lexed> {
        self.tokens.get(*self.at)
    }

    fn pipeline(&mut self, depth: usize) -> Result<Pipeline, String> {
        if depth > MAX_DEPTH {
            return Err(format!("parentheses nest deeper than {MAX_DEPTH}"));
        }
        let mut pipeline = self.declaration();
        let mut command = Command::default();
        while let Some(next) = self.peek() {
            match &next.token {
                Token::Close => break,
                Token::Pipe => {
                    *self.at += 1;
                    if command.operands.is_empty() {
                        return Err("a command is missing before `|`".to_owned());
                    }
                    pipeline.commands.push(std::mem::take(&mut command));
                }
                _ => {
                    let operand = self.operand(depth)?;
                    command.operands.push(operand);
                }
            }
        }
        if command.operands.is_empty() {
            return Err("an action without a command".to_owned());
        }
        pipeline.commands.push(command);
        Ok(pipeline)
    }

    /// `$a :=`, `$a, $b :=`, `$a =`.
    fn declaration(&mut self) -> Pipeline {
        let start = *self.at;
        let mut pipeline = Pipeline::default();
        while let Some(Token::Variable(name)) = self.peek().map(|next| &next.token) {
            pipeline.variables.push(name.clone());
            *self.at += 1;
            let next = self.peek().map(|next| &next.token);
            let declares = next == Some(&Token::Declare);
            match next {
                Some(Token::Comma) => *self.at += 1,
                Some(Token::Declare | Token::Assign) => {
                    *self.at += 1;
                    pipeline.declares = declares;
                    return pipeline;
                }
                _ => break,
            }
        }
        *self.at = start;
        Pipeline::default()
    }

    fn operand(&mut self, depth: usize) -> Result<Operand, String> {
        let Some(next) = self.peek().cloned() else {
            return Err("a value is missing".to_owned());
        };
        *self.at += 1;
        let mut span = next.span;
        let mut fields = Vec::new();
        let kind = match next.token {
            Token::Dot => OperandKind::Dot,
            Token::Field(name) => {
                fields.push(name);
                OperandKind::Dot
            }
            Token::Variable(name) => OperandKind::Variable(name),
            Token::Word(name) => OperandKind::Function(name),
            Token::Text(text) => OperandKind::Text(text),
            Token::Constant(text) => OperandKind::Constant(text),
            Token::Open => {
                let inner = self.pipeline(depth + 1)?;
                match self.peek() {
                    Some(close) if close.token == Token::Close => span = span.cover(close.span),
                    _ => return Err("a parenthesis does not close".to_owned()),
                }
                *self.at += 1;
                OperandKind::Group(Box::new(inner))
            }
            Token::Close | Token::Pipe | Token::Declare | Token::Assign | Token::Comma => {
                return Err("a word stands where none may".to_owned());
            }
        };
        // `.a.b` is one value, `.a .b` are two.
        while let Some(Lexed {
            token: Token::Field(name),
            span: of_field,
            spaced: false,
        }) = self.peek()
        {
            fields.push(name.clone());
            span = span.cover(*of_field);
            *self.at += 1;
        }
        Ok(Operand { kind, fields, span })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in few words.
    fn told(nodes: &[Node]) -> String {
        nodes.iter().map(node).collect::<Vec<_>>().join("; ")
    }

    fn node(node: &Node) -> String {
        match node {
            Node::Action(pipeline) => pipe(pipeline),
            Node::Template(name, argument) => {
                format!(
                    "template {name} {}",
                    argument.as_ref().map(pipe).unwrap_or_default()
                )
            }
            Node::Branch(branch) => format!(
                "{:?} {} [{}] [{}]",
                branch.kind,
                pipe(&branch.pipeline),
                told(&branch.body),
                told(&branch.otherwise)
            ),
        }
    }

    fn pipe(pipeline: &Pipeline) -> String {
        let commands: Vec<String> = pipeline
            .commands
            .iter()
            .map(|command| {
                command
                    .operands
                    .iter()
                    .map(operand)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        let variables = if pipeline.variables.is_empty() {
            String::new()
        } else {
            format!(
                "{}{}",
                pipeline.variables.join(","),
                if pipeline.declares { ":=" } else { "=" }
            )
        };
        format!("{variables}{}", commands.join("|"))
    }

    fn operand(operand: &Operand) -> String {
        let start = match &operand.kind {
            OperandKind::Dot => ".".to_owned(),
            OperandKind::Variable(name) => format!("${name}"),
            OperandKind::Function(name) | OperandKind::Constant(name) => name.clone(),
            OperandKind::Text(text) => format!("{text:?}"),
            OperandKind::Group(inner) => format!("({})", pipe(inner)),
        };
        format!(
            "{start}{}",
            operand
                .fields
                .iter()
                .map(|field| format!("/{field}"))
                .collect::<String>()
        )
    }

    #[test]
    fn actions_become_trees() {
        for (text, expected) in [
            ("a {{ .Values.a.b }} c", "./Values/a/b"),
            ("{{- .a -}}{{/* no */}}{{- /* {{ }} */ -}}", "./a"),
            (
                "{{ $.Values.a | default \"x\" | quote }}",
                "$/Values/a|default \"x\"|quote",
            ),
            ("{{ $x := .a }}{{ $x = .b }}", "x:=./a; x=./b"),
            (
                "{{ range $i, $v := .a }}{{ . }}{{ end }}",
                "Range i,v:=./a [.] []",
            ),
            (
                "{{ if eq .a 1 }}A{{ else if .b }}{{ .c }}{{ else }}{{ .d }}{{ end }}",
                "If eq ./a 1 [] [If ./b [./c] [./d]]",
            ),
            (
                "{{ with .a }}{{ .b }}{{ else }}{{ .c }}{{ end }}",
                "With ./a [./b] [./c]",
            ),
            (
                "{{ with .a }}1{{ else with .b }}{{ . }}{{ end }}",
                "With ./a [] [With ./b [.] []]",
            ),
            ("{{ template \"x\" . }}", "template x ."),
            ("{{ block \"x\" .a }}{{ .b }}{{ end }}", "template x ./a"),
            ("{{ (index .a 0).b.c }}", "(index ./a 0)/b/c"),
            (
                "{{ printf `%s` (.a | quote) -1.5e+3 'c' true nil }}",
                "printf \"%s\" (./a|quote) -1.5e+3 c true nil",
            ),
            ("{{ f .a .b }}", "f ./a ./b"),
            ("{{ (dict \"a\" 1).a }}", "(dict \"a\" 1)/a"),
            ("{{ range .a }}{{ break }}{{ end }}", "Range ./a [] []"),
        ] {
            let parsed = parse(text);
            assert_eq!(parsed.errors, [], "{text}");
            assert_eq!(told(&parsed.value.body), expected, "{text}");
        }
    }

    #[test]
    fn definitions_stand_apart() {
        let parsed = parse("{{ define \"a\" }}{{ .x }}{{ end }}{{ .y }}");
        assert_eq!(parsed.value.defines[0].name, "a");
        assert_eq!(told(&parsed.value.defines[0].body), "./x");
        assert_eq!(told(&parsed.value.body), "./y");
    }

    #[test]
    fn what_is_no_template_is_an_error_and_keeps_what_stands_before() {
        for text in [
            "{{ .a }}{{ if .b }}",
            "{{ .a }}{{ end }}",
            "{{ .a }}{{ else }}",
            "{{ .a }}{{ .b",
            "{{ .a }}{{ \"b }}",
            "{{ .a }}{{ ( .b }}",
            "{{ .a }}{{ .b ) }}",
            "{{ .a }}{{ | }}",
            "{{ .a }}{{ & }}",
            "{{ .a }}{{/* x",
            "{{ .a }}{{ define x }}{{ end }}",
        ] {
            let parsed = parse(text);
            assert_eq!(parsed.errors.len(), 1, "{text}");
            assert!(told(&parsed.value.body).starts_with("./a"), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(!parse(&"{{ if .a }}".repeat(100_000)).errors.is_empty());
        assert!(
            !parse(&format!("{{{{ {} }}}}", "(".repeat(100_000)))
                .errors
                .is_empty()
        );
    }
}
