//! Keeps recursive parsers from what would overflow their stack or take them time that grows with the square of the input:
//! the nesting of a statement and the length of its operator chains are measured on tokens, without recursion.
//!
//! Real migrations nest at most 7 brackets deep, and PostgreSQL's own tests 13. PostgreSQL gives up at about 10,000.

use super::operation::Dialect;
use super::token::{Lexer, Token, TokenKind};

/// Deepest nesting that is parsed at all.
const MAX_DEPTH: u32 = 200;
/// Longest chain of operators that is parsed at all.
const MAX_CHAIN: u32 = 1_000;
/// What a small stack bears too.
const SMALL_DEPTH: u32 = 12;
const SMALL_CHAIN: u32 = 60;

/// How hard a statement is for a recursive parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Complexity {
    depth: u32,
    chain: u32,
}

impl Complexity {
    /// Of a text that the guard cannot see.
    pub(super) fn unknown() -> Self {
        Self {
            depth: u32::MAX,
            chain: u32::MAX,
        }
    }

    /// Why it must not be parsed, if so.
    pub(super) fn refusal(self) -> Option<&'static str> {
        if self == Self::unknown() {
            Some("escapes hide the text of its body")
        } else if self.depth > MAX_DEPTH {
            Some("it is nested deeper than relgate reads")
        } else if self.chain > MAX_CHAIN {
            Some("it chains more operators than relgate reads")
        } else {
            None
        }
    }

    /// It may need more stack than an ordinary thread has.
    pub(super) fn needs_big_stack(self) -> bool {
        self.depth > SMALL_DEPTH || self.chain > SMALL_CHAIN
    }

    /// The worse of both, part by part.
    pub(super) fn max(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            chain: self.chain.max(other.chain),
        }
    }
}

/// What opened a level of nesting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    Bracket,
    /// `CASE`, and in bodies `BEGIN`, `IF` and `LOOP`: closed by `END`.
    Block,
}

/// A level of nesting that is still open.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    opened: Option<Opened>,
    /// Operators since the last comma.
    operators: u32,
    /// Joins and set operations: they nest to the left across clauses.
    clauses: u32,
}

/// Measures a statement while its tokens pass by.
#[derive(Debug, Clone)]
pub(super) struct Gauge {
    worst: Complexity,
    level: Level,
    /// The levels around; those deeper than the limit are only counted.
    outer: Vec<Level>,
    beyond: u32,
    /// It measures the body of a routine, where statements nest.
    body: bool,
    after_end: bool,
    at_start: bool,
}

impl Gauge {
    /// For a statement.
    pub(super) fn of_statement() -> Self {
        Self {
            worst: Complexity::default(),
            level: Level::default(),
            outer: Vec::new(),
            beyond: 0,
            body: false,
            after_end: false,
            at_start: true,
        }
    }

    /// For the body of a routine.
    pub(super) fn of_body() -> Self {
        Self {
            body: true,
            ..Self::of_statement()
        }
    }

    /// What has been measured.
    pub(super) fn complexity(&self) -> Complexity {
        self.worst
    }

    /// Takes one token, trivia included.
    pub(super) fn step(&mut self, token: &Token, text: &str) {
        if token.is_trivia() {
            return;
        }
        let at_start = std::mem::take(&mut self.at_start);
        let after_end = std::mem::take(&mut self.after_end);
        match token.kind {
            TokenKind::Punctuation => self.punctuation(token.text(text)),
            TokenKind::Operator => self.operator(),
            TokenKind::Word => self.word(token.text(text), at_start, after_end),
            _ => {}
        }
    }

    fn punctuation(&mut self, mark: &str) {
        match mark {
            "(" => self.open(Opened::Bracket),
            // `a[1][2]` nests to the left.
            "[" => {
                self.operator();
                self.open(Opened::Bracket);
            }
            ")" | "]" => self.close(Opened::Bracket),
            "," => self.level.operators = 0,
            "." => self.operator(),
            ";" => {
                self.level.operators = 0;
                self.level.clauses = 0;
                self.at_start = true;
            }
            _ => {}
        }
    }

    fn word(&mut self, word: &str, at_start: bool, after_end: bool) {
        let is = |list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w));
        // Most words are names; the length alone tells most of them apart from these.
        match word.len() {
            2 if is(&["is", "as", "at", "in", "or"]) => self.operator(),
            2 if self.body && at_start && is(&["if"]) => self.open(Opened::Block),
            3 if is(&["and", "not"]) => self.operator(),
            3 if is(&["end"]) => {
                self.close(Opened::Block);
                self.after_end = true;
            }
            4 if is(&["case"]) && !after_end => self.open(Opened::Block),
            4 if self.body && is(&["loop"]) => {
                self.at_start = true;
                if !after_end {
                    self.open(Opened::Block);
                }
            }
            4 if is(&["when", "then", "else"]) => {
                self.at_start = true;
                if self.level.opened == Some(Opened::Block) {
                    self.level.operators = 0;
                }
            }
            4 if is(&["join"]) => self.clause(),
            4 if is(&["like"]) => self.operator(),
            5 if is(&["begin"]) => {
                self.open(Opened::Block);
                self.at_start = true;
            }
            5 if is(&["union"]) => self.clause(),
            5 if is(&["ilike"]) => self.operator(),
            6 if is(&["except"]) => self.clause(),
            6 if is(&["isnull"]) => self.operator(),
            7 if is(&["collate", "notnull", "between", "explain", "similar"]) => self.operator(),
            8 if is(&["overlaps", "operator"]) => self.operator(),
            9 if is(&["intersect"]) => self.clause(),
            _ => {}
        }
    }

    fn operator(&mut self) {
        self.level.operators = self.level.operators.saturating_add(1);
        self.worst.chain = self.worst.chain.max(self.level.operators);
    }

    fn clause(&mut self) {
        self.level.clauses = self.level.clauses.saturating_add(1);
        self.worst.chain = self.worst.chain.max(self.level.clauses);
    }

    fn open(&mut self, opened: Opened) {
        if self.beyond > 0 || self.outer.len() > MAX_DEPTH as usize {
            self.beyond = self.beyond.saturating_add(1);
            return;
        }
        self.outer.push(self.level);
        self.level = Level {
            opened: Some(opened),
            ..Level::default()
        };
        let depth = u32::try_from(self.outer.len()).unwrap_or(u32::MAX);
        self.worst.depth = self.worst.depth.max(depth);
    }

    fn close(&mut self, closed: Opened) {
        if self.beyond > 0 {
            self.beyond -= 1;
        } else if self.level.opened == Some(closed)
            && let Some(level) = self.outer.pop()
        {
            self.level = level;
        }
    }
}

/// Measures the body of a routine.
pub(super) fn measure_body(body: &str, dialect: Dialect) -> Complexity {
    let mut gauge = Gauge::of_body();
    for token in Lexer::whole(body, dialect) {
        gauge.step(&token, body);
    }
    gauge.complexity()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(sql: &str) -> Complexity {
        let mut gauge = Gauge::of_statement();
        for token in Lexer::whole(sql, Dialect::Postgresql) {
            gauge.step(&token, sql);
        }
        gauge.complexity()
    }

    #[test]
    fn what_nests_or_chains_without_end_is_refused() {
        for sql in [
            "(".repeat(100_000),
            "SELECT ".to_owned() + &"NOT ".repeat(10_000),
            "SELECT ".to_owned() + &"- ".repeat(10_000),
            "SELECT a".to_owned() + &"[1".repeat(10_000),
            "SELECT a".to_owned() + &"[1]".repeat(10_000),
            "SELECT ".to_owned() + &"CASE WHEN a THEN ".repeat(5_000),
            "SELECT ".to_owned() + &"'a'||".repeat(50_000),
            "SELECT a".to_owned() + &" IS DISTINCT FROM a".repeat(10_000),
            "SELECT 1".to_owned() + &" UNION SELECT a FROM b".repeat(10_000),
            "SELECT 1 FROM a".to_owned() + &" JOIN b ON true".repeat(10_000),
            "SELECT ".to_owned() + &"(SELECT ".repeat(10_000),
            "SELECT a".to_owned() + &"::int".repeat(10_000),
        ] {
            assert!(measure(&sql).refusal().is_some(), "{}", &sql[..40]);
        }
        let body = "IF a THEN ".repeat(1_000);
        assert!(measure_body(&body, Dialect::Postgresql).refusal().is_some());
    }

    #[test]
    fn long_flat_statements_pass() {
        for sql in [
            "INSERT INTO a VALUES ".to_owned() + &"(-1, 2 + 3), ".repeat(10_000),
            "UPDATE a SET b = CASE c ".to_owned() + &"WHEN 1 THEN d + 1 ".repeat(10_000) + "END",
        ] {
            let complexity = measure(&sql);
            assert_eq!(complexity.refusal(), None, "{}", &sql[..40]);
            assert!(!complexity.needs_big_stack(), "{}", &sql[..40]);
        }
        let body = "BEGIN ".to_owned()
            + &"DROP TABLE IF EXISTS a; IF b THEN c(); END IF; FOR i IN 1..2 LOOP d(); END LOOP; CASE WHEN e THEN f(); END CASE;"
                .repeat(1_000)
            + "END";
        assert_eq!(measure_body(&body, Dialect::Postgresql).refusal(), None);
    }
}
