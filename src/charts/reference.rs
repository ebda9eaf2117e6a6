//! References to images: `registry:5000/path/name:tag@sha256:...`.

/// The parts of a reference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reference {
    /// Registry, path and name.
    pub repository: String,
    /// The tag; empty when there is none.
    pub tag: String,
    /// The digest; empty when there is none.
    pub digest: String,
}

impl Reference {
    /// Takes a reference apart. A colon before the last slash belongs to the registry's port.
    pub fn parse(text: &str) -> Self {
        let (name, digest) = text.split_once('@').unwrap_or((text, ""));
        let slash = name.rfind('/').map_or(0, |at| at + 1);
        let tag_at = name
            .get(slash..)
            .and_then(|last| last.find(':'))
            .map(|at| slash + at);
        let (repository, tag) = match tag_at {
            Some(at) => (
                name.get(..at).unwrap_or(name),
                name.get(at + 1..).unwrap_or(""),
            ),
            None => (name, ""),
        };
        Self {
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            digest: digest.to_owned(),
        }
    }

    /// The characters of a reference, and nothing that a template would still have to fill in.
    pub fn is_plausible(text: &str) -> bool {
        let first = text.bytes().next();
        first.is_some_and(|b| b.is_ascii_alphanumeric())
            && text.bytes().all(|b| {
                b.is_ascii_alphanumeric()
                    || matches!(b, b'.' | b'_' | b'-' | b'/' | b':' | b'@' | b'+')
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        for (text, repository, tag, digest) in [
            ("cellar", "cellar", "", ""),
            ("cellar:v1.2.3", "cellar", "v1.2.3", ""),
            ("registry:5000/cellar", "registry:5000/cellar", "", ""),
            (
                "registry:5000/wine/cellar:v1",
                "registry:5000/wine/cellar",
                "v1",
                "",
            ),
            ("wine/cellar@sha256:ab", "wine/cellar", "", "sha256:ab"),
            ("wine/cellar:v1@sha256:ab", "wine/cellar", "v1", "sha256:ab"),
            ("", "", "", ""),
            (":", "", "", ""),
            ("a/:b", "a/", "b", ""),
        ] {
            let expected = Reference {
                repository: repository.to_owned(),
                tag: tag.to_owned(),
                digest: digest.to_owned(),
            };
            assert_eq!(Reference::parse(text), expected, "{text:?}");
        }
    }
}
