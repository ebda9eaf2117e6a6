//! What the work around a release leaves: dumps, images, checksums, and what a remote has.

use serde_json::{Value, json};

use super::{Data, Given, Purpose, text};

/// What stands at the end of a plain dump that is complete.
const DUMP_END: &str = "-- PostgreSQL database dump complete";

/// A dump of a database, as `pg_dump` writes it: plain, or in its custom format.
pub(super) fn backup(file: &Given) -> Result<Data, String> {
    let mut data = Data::from_iter([
        ("size".to_owned(), json!(file.size)),
        (
            "checksum".to_owned(),
            json!(format!("sha256:{}", file.sha256)),
        ),
    ]);
    if file.head.starts_with(b"PGDMP") {
        data.insert("format".to_owned(), json!("custom"));
        return Ok(data);
    }
    let head = String::from_utf8_lossy(&file.head);
    let tail = String::from_utf8_lossy(&file.tail);
    if !head.contains("-- PostgreSQL database dump") {
        return Err("it is no dump that pg_dump wrote".to_owned());
    }
    if !tail.contains(DUMP_END) {
        return Err("it has no end: the dump is not complete".to_owned());
    }
    data.insert("format".to_owned(), json!("plain"));
    for line in head.split('\n') {
        let line = line.trim_end();
        if let Some(name) = line.strip_prefix("\\connect ") {
            let name = name.split_whitespace().next().unwrap_or_default();
            if !name.starts_with('-') {
                data.insert("database".to_owned(), json!(name.trim_matches('"')));
            }
        }
        // pg_dump --verbose writes when it began.
        if let Some(time) = line.strip_prefix("-- Started on ") {
            data.insert("time".to_owned(), json!(time));
        }
    }
    Ok(data)
}

/// The images of an index, as a registry or `docker buildx imagetools inspect --raw` gives it: a digest for each
/// platform.
pub(super) fn images(documents: &[Value]) -> Option<Result<Data, String>> {
    let [index] = documents else { return None };
    index.get("schemaVersion")?;
    let manifests = index.get("manifests")?.as_array()?;
    let mut digests = Vec::new();
    for manifest in manifests {
        let part = |name: &str| {
            manifest
                .pointer(&format!("/platform/{name}"))
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let platform = [part("os"), part("architecture"), part("variant")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("/");
        // Attestations stand in the index as images for no platform.
        if platform.is_empty() || platform.starts_with("unknown") {
            continue;
        }
        let digest = text(manifest, "digest");
        if !is_digest(digest) {
            return Some(Err(format!("a digest that is none: {digest}")));
        }
        digests.push(json!({ "platform": platform, "digest": digest }));
    }
    if digests.is_empty() {
        return Some(Err("it lists no image for a platform".to_owned()));
    }
    Some(Ok(Data::from_iter([(
        "digests".to_owned(),
        Value::Array(digests),
    )])))
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(is_sha256)
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// `sha256sum`'s lines, as GoReleaser's `checksums.txt` holds them.
pub(super) fn checksums(text: &str) -> Option<Result<Data, String>> {
    let mut found = Vec::new();
    for line in text
        .split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let (digest, name) = line.split_once(char::is_whitespace)?;
        if !is_sha256(digest) {
            return None;
        }
        let name = name.trim_start().trim_start_matches('*');
        found.push(json!({ "name": name, "sha256": digest }));
    }
    (!found.is_empty()).then(|| {
        Ok(Data::from_iter([(
            "checksums".to_owned(),
            Value::Array(found),
        )]))
    })
}

/// `git ls-remote --tags`: the remote has the tag, at the commit. Of an annotated tag, the line with `^{}` has it.
pub(super) fn remote_tags(text: &str, purpose: &Purpose<'_>) -> Option<Result<Data, String>> {
    let reference = format!("refs/tags/{}", purpose.tag);
    let peeled = format!("{reference}^{{}}");
    let mut found: Option<&str> = None;
    for line in text
        .split('\n')
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
    {
        let (id, name) = line.split_once('\t')?;
        if id.len() != 40
            || !id.bytes().all(|b| b.is_ascii_hexdigit())
            || !name.starts_with("refs/")
        {
            return None;
        }
        if name == peeled || (name == reference && found.is_none()) {
            found = Some(id);
        }
    }
    Some(match found {
        None => Err(format!("the remote has no tag {}", purpose.tag)),
        Some(id) if id != purpose.commit => Err(format!(
            "the remote has {} at {}, and it was judged at {}",
            purpose.tag,
            id.get(..7).unwrap_or_default(),
            purpose.commit.get(..7).unwrap_or_default()
        )),
        Some(id) => Ok(Data::from_iter([("commit".to_owned(), json!(id))])),
    })
}
