//! Which addresses belong to one person, by a `.mailmap` (gitmailmap(5)).

use std::collections::BTreeMap;

/// Addresses that stand for one another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailmap {
    /// From an address to another of the same person, nearer to the one that stands for all.
    nearer: BTreeMap<String, String>,
}

impl Mailmap {
    /// Reads the lines of a mailmap. What git would bind to a name as well, counts for the address alone: two addresses
    /// that any line puts together are taken for one person, which can only refuse an approver.
    pub fn read(text: &str) -> Self {
        let mut map = Self::default();
        for line in text.split('\n') {
            let line = line.split('#').next().unwrap_or_default();
            let mut addresses = line
                .split('<')
                .skip(1)
                .filter_map(|part| part.split_once('>'))
                .map(|(address, _)| address.trim().to_lowercase())
                .filter(|address| !address.is_empty());
            if let (Some(proper), Some(other)) = (addresses.next(), addresses.next()) {
                map.join(&proper, &other);
            }
        }
        map
    }

    /// Takes two addresses for one person.
    pub fn join(&mut self, a: &str, b: &str) {
        let (a, b) = (self.person(a), self.person(b));
        if a != b {
            self.nearer.insert(b, a);
        }
    }

    /// The address that stands for all addresses of a person.
    pub fn person(&self, address: &str) -> String {
        let mut at = address.trim().to_lowercase();
        while let Some(next) = self.nearer.get(&at) {
            at.clone_from(next);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_person() {
        let map = Mailmap::read(
            "# people\nAda Cooper <ada@example.org> <ada@home.example>\nAda <ADA@example.org> cooper <cooper@old.example> # moved\n\
             <grace@example.org> <grace@home.example>\nBob <bob@example.org>\n<><x@example.org>\n<unclosed <a@b\n",
        );
        let same = |a: &str, b: &str, expected: bool| {
            assert_eq!(map.person(a) == map.person(b), expected, "{a} {b}");
        };
        same("ada@example.org", "Ada@Home.example", true);
        same("cooper@old.example", "ada@home.example", true);
        same("grace@home.example", "grace@example.org", true);
        same("grace@example.org", "ada@example.org", false);
        same("bob@example.org", "ada@example.org", false);
        same("x@example.org", "", false);
    }

    #[test]
    fn a_circle_ends() {
        let map = Mailmap::read("<a@x> <b@x>\n<b@x> <c@x>\n<c@x> <a@x>\n<b@x> <b@x>\n");
        assert_eq!(map.person("a@x"), map.person("c@x"));
    }

    #[test]
    fn a_long_chain_is_read_in_bounded_time() {
        let text: String = (0..2_000)
            .map(|n| format!("<p{n}@x> <p{}@x>\n", n + 1))
            .collect();
        let map = Mailmap::read(&text);
        assert_eq!(map.person("p2000@x"), "p0@x");
    }
}
