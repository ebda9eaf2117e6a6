//! The order of versions.

/// The order of versions: numbers compare as numbers, however many digits they have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Order(Vec<Number>);

/// Digits without leading zeros; the fewer digits, the smaller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Number {
    length: usize,
    digits: String,
}

impl Order {
    /// The numbers of a version, in the order in which they weigh.
    pub fn of<'t>(parts: impl IntoIterator<Item = &'t str>) -> Self {
        Self(parts.into_iter().map(Number::of).collect())
    }

    /// How many numbers it has.
    pub fn parts(&self) -> usize {
        self.0.len()
    }

    /// The last number, leading zeros removed; empty when there is none.
    pub fn last(&self) -> &str {
        self.0.last().map_or("", |number| &number.digits)
    }

    /// How many digits its first number has, leading zeros not counted.
    pub fn first_digits(&self) -> usize {
        self.0.first().map_or(0, |number| number.length)
    }

    /// The first number, leading zeros removed; empty when there is none.
    pub fn first(&self) -> &str {
        self.0.first().map_or("", |number| &number.digits)
    }

    pub(super) fn text(&self) -> String {
        let parts: Vec<&str> = self.0.iter().map(|number| number.digits.as_str()).collect();
        parts.join(".")
    }
}

impl Number {
    fn of(text: &str) -> Self {
        let digits = text.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        Self {
            length: digits.len(),
            digits: digits.to_owned(),
        }
    }
}
