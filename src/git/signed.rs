//! Signatures that stand in tags and commits, taken apart from what they sign. Who made one, and whether it is right, is told
//! elsewhere: nothing here trusts the repository's configuration, and no program runs.
//!
//! The two forms are git's own (gitformat-signature(5)): a tag carries its signature at the end, a commit in a header.

use super::object::{Person, fields, parse_id, person, split_header};
use super::{GitError, ObjectId, Repository, readable};

/// A tag or commit that carries a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The bytes that were signed.
    pub payload: Vec<u8>,
    /// The signature, in armor.
    pub signature: String,
}

/// A tag object, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagObject {
    /// The name that it gives itself: a reference of another name may lead to it.
    pub name: String,
    /// What it leads to.
    pub target: Option<ObjectId>,
    /// What it says that this is: `commit`, mostly.
    pub target_kind: String,
    /// Who made it.
    pub tagger: Person,
    /// Its signature.
    pub signed: Option<Signed>,
}

impl Repository {
    /// The tag object behind a tag's name; `None` for a lightweight tag, and for one that is not there.
    pub fn tag_object(&self, name: &str) -> Result<Option<TagObject>, GitError> {
        // A name that git cannot hold has no reference, and so no object.
        let reference = self.inner.find_reference(&format!("refs/tags/{name}"));
        let target = reference
            .and_then(|reference| reference.resolve())
            .ok()
            .and_then(|direct| direct.target());
        let Some(id) = target.map(ObjectId::from_git) else {
            return Ok(None);
        };
        let database = self.database()?;
        match database.read_header(id.to_git()) {
            Ok((_, git2::ObjectType::Tag)) => {}
            Ok(_) => return Ok(None),
            Err(error) => return Err(self.unreadable_object("tag", id, &error)),
        }
        let data = self.object(id, git2::ObjectType::Tag, "tag")?;
        Ok(Some(tag_object(&data)))
    }
}

fn tag_object(data: &[u8]) -> TagObject {
    let mut tag = TagObject {
        name: String::new(),
        target: None,
        target_kind: String::new(),
        tagger: Person::default(),
        signed: of_tag(data),
    };
    for (key, value) in fields(split_header(data).0) {
        match key {
            b"object" => tag.target = parse_id(value),
            b"type" => tag.target_kind = readable(value),
            b"tag" => tag.name = readable(value),
            b"tagger" => tag.tagger = person(value).0,
            _ => {}
        }
    }
    tag
}

/// How the armor of a signature begins.
const ARMOR: [&[u8]; 4] = [
    b"-----BEGIN SSH SIGNATURE-----",
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
];

/// The signature at the end of a tag. As git does it, it begins at the last line that looks like the begin of one, so that a
/// signature quoted in the message is message.
fn of_tag(data: &[u8]) -> Option<Signed> {
    let mut begin = None;
    let mut at = 0_usize;
    for line in data.split_inclusive(|&byte| byte == b'\n') {
        if ARMOR.iter().any(|armor| line.starts_with(armor)) {
            begin = Some(at);
        }
        at = at.saturating_add(line.len());
    }
    let (payload, signature) = data.split_at_checked(begin?)?;
    Some(Signed {
        payload: payload.to_vec(),
        signature: readable(signature),
    })
}

/// The signature in the header of a commit, and the commit without it. As with git, the header of the other hash function
/// is no part of what was signed.
pub(super) fn of_commit(data: &[u8]) -> Option<Signed> {
    let (header, _) = split_header(data);
    let mut payload = Vec::with_capacity(data.len());
    let mut signature: Vec<u8> = Vec::new();
    let mut found = 0_u32;
    // Which header a line that begins with a space continues: ours, the other one, or one that was signed.
    let mut into: Option<bool> = None;
    for line in header.split_inclusive(|&byte| byte == b'\n') {
        if let Some(rest) = line.strip_prefix(b"gpgsig ") {
            found = found.saturating_add(1);
            signature.extend(rest);
            into = Some(true);
        } else if line.starts_with(b"gpgsig-sha256 ") {
            into = Some(false);
        } else if let (Some(ours), Some(rest)) = (into, line.strip_prefix(b" ")) {
            if ours {
                signature.extend(rest);
            }
        } else {
            payload.extend(line);
            into = None;
        }
    }
    if found == 0 {
        return None;
    }
    // A signature as the last header leaves the line's end before it where it is.
    if payload.last() == Some(&b'\n') {
        payload.pop();
    }
    payload.extend(data.get(header.len()..).unwrap_or_default());
    Some(Signed {
        payload,
        // Two signatures are none: whoever reads the first and whoever reads the last would differ.
        signature: if found == 1 {
            readable(&signature)
        } else {
            String::new()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_taken_apart() {
        let check = |data: &str, payload: &str, signature: &str| {
            let signed = of_commit(data.as_bytes()).unwrap();
            assert_eq!(
                String::from_utf8(signed.payload).unwrap(),
                payload,
                "{data}"
            );
            assert_eq!(signed.signature.trim_end(), signature, "{data}");
        };
        check(
            "tree a\nauthor b\ngpgsig X\n Y\n \n Z\n\nmessage\n",
            "tree a\nauthor b\n\nmessage\n",
            "X\nY\n\nZ",
        );
        check(
            "tree a\ngpgsig X\n Y\nencoding u\nmergetag c\n d\n\nm\n\nn",
            "tree a\nencoding u\nmergetag c\n d\n\nm\n\nn",
            "X\nY",
        );
        check(
            "tree a\ngpgsig-sha256 O\n P\ngpgsig X\n\nm",
            "tree a\n\nm",
            "X",
        );
        check("tree a\ngpgsig X\ngpgsig Y\n\nm", "tree a\n\nm", "");
        assert_eq!(of_commit(b"tree a\n\ngpgsig X\n"), None);
        assert_eq!(of_commit(b""), None);
    }

    #[test]
    fn tags_are_taken_apart() {
        let text = "object 0123456789012345678901234567890123456789\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n\nsee:\n\
                    -----BEGIN PGP SIGNATURE-----\nquoted\n-----BEGIN SSH SIGNATURE-----\nX\n";
        let tag = tag_object(text.as_bytes());
        assert_eq!(
            (tag.name.as_str(), tag.target_kind.as_str()),
            ("v1", "commit")
        );
        assert_eq!(tag.tagger.email, "a@b");
        let signed = tag.signed.unwrap();
        assert_eq!(signed.signature, "-----BEGIN SSH SIGNATURE-----\nX\n");
        assert!(signed.payload.ends_with(b"quoted\n"));
        assert_eq!(
            of_tag(b"object x\n\nno -----BEGIN SSH SIGNATURE-----\n"),
            None
        );
    }
}
