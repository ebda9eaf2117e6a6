//! Commits and tags as they are stored. They are read leniently: a commit that somebody's tool wrote badly still has
//! parents, a date and a message.

use super::signed::{self, Signed};
use super::{GitError, ObjectId, Repository, Target, readable};

/// Who did something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address, as it is written.
    pub email: String,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// Its parents.
    pub parents: Vec<ObjectId>,
    /// Who wrote it.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// The committer's clock, in seconds since 1970.
    pub time: i64,
    /// The whole message.
    pub message: String,
    /// Its signature, if it has one.
    pub signed: Option<Box<Signed>>,
}

/// What a tag reference leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peeled {
    pub(super) target: Target,
    pub(super) commit: Option<ObjectId>,
    pub(super) annotated: bool,
    pub(super) date: Option<i64>,
}

impl Repository {
    /// Reads a commit.
    pub fn commit(&self, id: ObjectId) -> Result<Commit, GitError> {
        let data = self.object(id, git2::ObjectType::Commit, "commit")?;
        let mut commit = Commit {
            id,
            parents: Vec::new(),
            author: Person::default(),
            committer: Person::default(),
            time: 0,
            message: String::new(),
            signed: signed::of_commit(&data).map(Box::new),
        };
        let mut encoding: &[u8] = b"";
        let (header, message) = split_header(&data);
        for (key, value) in fields(header) {
            match key {
                b"parent" => commit.parents.extend(parse_id(value)),
                b"author" => commit.author = person(value).0,
                b"committer" => (commit.committer, commit.time) = person(value),
                b"encoding" => encoding = value,
                _ => {}
            }
        }
        commit.message = decode(message, encoding);
        Ok(commit)
    }

    /// The bytes of an object of a kind.
    pub(super) fn object(
        &self,
        id: ObjectId,
        kind: git2::ObjectType,
        what: &'static str,
    ) -> Result<Vec<u8>, GitError> {
        let database = self.database()?;
        let object = database
            .read(id.to_git())
            .map_err(|error| self.unreadable_object(what, id, &error))?;
        if object.kind() != kind {
            return Err(GitError::NotACommit {
                revision: id.to_string(),
                what: object.kind().to_string(),
            });
        }
        Ok(object.data().to_vec())
    }

    pub(super) fn database(&self) -> Result<git2::Odb<'_>, GitError> {
        self.inner.odb().map_err(|error| GitError::Unreadable {
            what: "its objects".to_owned(),
            why: error.message().to_owned(),
        })
    }

    /// The error for an object that could not be read.
    pub(super) fn unreadable_object(
        &self,
        what: &'static str,
        id: ObjectId,
        error: &git2::Error,
    ) -> GitError {
        if error.code() != git2::ErrorCode::NotFound {
            return GitError::Unreadable {
                what: format!("{what} {id}"),
                why: error.message().to_owned(),
            };
        }
        let help = if self.is_shallow() {
            "git fetch --unshallow --tags        (GitHub Actions: actions/checkout with fetch-depth: 0)"
        } else if self.is_partial() {
            "the clone was made with --filter; bring its objects: git fetch --refetch --no-filter origin"
        } else {
            "git fetch --refetch origin        brings every object again"
        };
        GitError::MissingObject {
            what,
            id,
            help: help.to_owned(),
        }
    }
}

/// Follows a tag reference through tag objects to what they lead to.
pub(super) fn peel(database: &git2::Odb<'_>, id: ObjectId) -> Peeled {
    let mut peeled = Peeled {
        target: Target::Missing,
        commit: None,
        annotated: false,
        date: None,
    };
    let mut at = id;
    // Ids are hashes of what they contain, so a chain of tags cannot come back to itself.
    loop {
        let Ok((_, kind)) = database.read_header(at.to_git()) else {
            return peeled;
        };
        match kind {
            git2::ObjectType::Commit => {
                peeled.target = Target::Commit;
                peeled.commit = Some(at);
                return peeled;
            }
            git2::ObjectType::Tree => peeled.target = Target::Tree,
            git2::ObjectType::Blob => peeled.target = Target::Blob,
            _ => {}
        }
        if kind != git2::ObjectType::Tag {
            return peeled;
        }
        let Ok(object) = database.read(at.to_git()) else {
            return peeled;
        };
        let mut next = None;
        for (key, value) in fields(split_header(object.data()).0) {
            match key {
                b"object" => next = parse_id(value),
                // The outermost tag is the one that the name stands for.
                b"tagger" if !peeled.annotated => peeled.date = Some(person(value).1),
                _ => {}
            }
        }
        peeled.annotated = true;
        match next {
            Some(id) => at = id,
            None => return peeled,
        }
    }
}

/// Parents and committer's clock of a stored commit.
pub(super) fn parents_and_time(data: &[u8]) -> (Vec<ObjectId>, i64) {
    let mut parents = Vec::new();
    let mut time = 0;
    for (key, value) in fields(split_header(data).0) {
        match key {
            b"parent" => parents.extend(parse_id(value)),
            b"committer" => {
                time = person_time(value);
                break;
            }
            _ => {}
        }
    }
    (parents, time)
}

/// The tree of a stored commit.
pub(super) fn root_of(data: &[u8]) -> Option<ObjectId> {
    fields(split_header(data).0)
        .find(|(key, _)| *key == b"tree")
        .and_then(|(_, value)| parse_id(value))
}

/// Header and message, which an empty line separates.
pub(super) fn split_header(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    match end.and_then(|end| data.split_at_checked(end)) {
        Some((header, rest)) => (header, rest.get(2..).unwrap_or_default()),
        None => (data, b""),
    }
}

/// The `key value` lines of a header; a line that continues another begins with a space and has an empty key.
pub(super) fn fields(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.split(|&b| b == b'\n').map(|line| {
        let at = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
        let (key, value) = line.split_at(at);
        (key, value.get(1..).unwrap_or_default())
    })
}

pub(super) fn parse_id(value: &[u8]) -> Option<ObjectId> {
    ObjectId::parse(std::str::from_utf8(value).ok()?)
}

/// `Name <address> seconds offset`.
pub(super) fn person(value: &[u8]) -> (Person, i64) {
    let text = readable(value);
    let (name, rest) = text.split_once('<').unwrap_or((&text, ""));
    let (email, _) = rest.split_once('>').unwrap_or((rest, ""));
    (
        Person {
            name: name.trim().to_owned(),
            email: email.trim().to_owned(),
        },
        person_time(value),
    )
}

/// The seconds behind the address. git reads a date that is none as the beginning of 1970.
fn person_time(value: &[u8]) -> i64 {
    let behind = value
        .iter()
        .rposition(|&b| b == b'>')
        .and_then(|at| value.get(at + 1..))
        .unwrap_or_default();
    std::str::from_utf8(behind)
        .ok()
        .and_then(|text| text.split_whitespace().next())
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(0)
}

/// A message's text. The encodings that people used before UTF-8 and that need no table are Latin-1's.
fn decode(message: &[u8], encoding: &[u8]) -> String {
    let latin1 = [&b"ISO-8859-1"[..], b"ISO8859-1", b"latin1", b"latin-1"]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(encoding));
    if latin1 {
        message.iter().map(|&byte| char::from(byte)).collect()
    } else {
        readable(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::tests::played;

    #[test]
    fn commits_are_read() {
        let (_directory, repository) = played(
            "- commit: \"feat: casks\\n\\nA cellar has casks.\"\n  write: { a: b }\n- commit: second\n  write: { a: c }\n",
        );
        let head = repository.head().unwrap();
        let commit = repository.commit(head).unwrap();
        assert_eq!(commit.message.trim_end(), "second");
        let first = repository.commit(commit.parents[0]).unwrap();
        assert_eq!(
            first.message.trim_end(),
            "feat: casks\n\nA cellar has casks."
        );
        assert!(first.parents.is_empty());
        assert!(commit.time > first.time);
        let blob = ObjectId::of_content(b"b");
        assert!(matches!(
            repository.commit(blob),
            Err(GitError::NotACommit { .. })
        ));
        let absent = ObjectId::of_content(b"absent");
        assert!(matches!(
            repository.commit(absent),
            Err(GitError::MissingObject { .. })
        ));
    }

    #[test]
    fn people_are_read_leniently() {
        let check = |line: &str, name: &str, email: &str, time: i64| {
            let expected = Person {
                name: name.to_owned(),
                email: email.to_owned(),
            };
            assert_eq!(person(line.as_bytes()), (expected, time), "{line}");
        };
        check(
            "Ada <ada@example.org> 12 +0200",
            "Ada",
            "ada@example.org",
            12,
        );
        check(
            "Ada <ada@example.org> -12 +0000",
            "Ada",
            "ada@example.org",
            -12,
        );
        check("Ada <ada@example.org>", "Ada", "ada@example.org", 0);
        check("Ada <ada@example.org> x +0000", "Ada", "ada@example.org", 0);
        check("Ada", "Ada", "", 0);
        check("<> 99999999999999999999 +0000", "", "", 0);
        check("", "", "", 0);
    }

    #[test]
    fn messages_are_decoded() {
        assert_eq!(decode(b"caf\xe9", b"ISO-8859-1"), "café");
        assert_eq!(decode("café".as_bytes(), b""), "café");
        assert_eq!(decode(b"caf\xe9", b""), "caf\\xe9");
    }

    #[test]
    fn headers_without_an_end_are_headers() {
        assert_eq!(split_header(b"tree x\n\nhi"), (&b"tree x"[..], &b"hi"[..]));
        assert_eq!(split_header(b"tree x"), (&b"tree x"[..], &b""[..]));
        assert_eq!(parents_and_time(b""), (Vec::new(), 0));
    }
}
