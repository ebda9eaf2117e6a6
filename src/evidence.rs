//! Evidence: what people and machines leave to close gates, and whether it counts.
//!
//! Evidence is a directory of in-toto Statements ([`statement`]), each bare, with a detached signature, or in a DSSE
//! envelope ([`envelope`]). Whether one counts is decided in a fixed order ([`verify`]): can it be read, who signed it, may
//! they, is it about this release, is it in time. Every way to fail has a code of its own ([`reason`]).

pub mod agent;
pub mod allowed_signers;
pub mod envelope;
pub mod gpg;
pub mod json;
pub mod mailmap;
pub mod measure;
pub mod reason;
pub mod record;
pub mod roles;
pub mod signed;
pub mod ssh;
pub mod statement;
pub mod verify;

use std::collections::BTreeSet;

use reason::Reason;
use ssh::Key;
use verify::Item;

/// What stands behind the name of a statement's file when it is signed.
pub const SIGNATURE_SUFFIX: &str = ".sig";

/// A file of the directory of evidence, or why it could not be read.
pub type EvidenceFile = (String, Result<String, String>);

/// Opens the statements among files, each with the signature beside it. `is_gate` knows the gates, for files whose name
/// says what they are for.
pub fn open(files: &[EvidenceFile], is_gate: impl Fn(&str) -> bool) -> Vec<Item> {
    let text_of = |path: &str| {
        files
            .binary_search_by(|(known, _)| known.as_str().cmp(path))
            .ok()
            .and_then(|index| files.get(index))
            .map(|(_, text)| text)
    };
    files
        .iter()
        .filter(|(path, _)| path.ends_with(".json"))
        .map(|(path, text)| {
            let signature = text_of(&format!("{path}{SIGNATURE_SUFFIX}"));
            match (text, signature) {
                (Err(why), _) | (_, Some(Err(why))) => Item {
                    path: path.clone(),
                    text: String::new(),
                    envelope: Err((Reason::Unreadable, why.clone())),
                },
                (Ok(text), signature) => {
                    let signature = signature.and_then(|text| text.as_deref().ok());
                    open_one(path, text, signature, &is_gate)
                }
            }
        })
        .collect()
}

/// Opens one statement, with the detached signature that lies beside it.
pub fn open_one(
    path: &str,
    text: &str,
    signature: Option<&str>,
    is_gate: impl Fn(&str) -> bool,
) -> Item {
    let gate = verify::gate_named_by(path, is_gate).unwrap_or_default();
    Item {
        path: path.to_owned(),
        text: text.to_owned(),
        envelope: envelope::open(text, signature, &gate),
    }
}

/// A file belongs to the evidence, by its name.
pub fn is_evidence(path: &str) -> bool {
    path.ends_with(".json") || path.ends_with(".json.sig")
}

/// The keys that do not count any more: public keys or `SHA256:` fingerprints, a line each. A line that is neither is
/// told, because whoever wrote it meant to revoke something.
pub fn revoked(text: &str) -> Result<BTreeSet<String>, usize> {
    let mut keys = BTreeSet::new();
    for (number, line) in (1_usize..).zip(text.split('\n')) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let word = line.split_whitespace().next().unwrap_or_default();
        let known = if word.starts_with("SHA256:") && word.len() == "SHA256:".len() + 43 {
            word.to_owned()
        } else {
            Key::read(line).map_err(|_| number)?.fingerprint()
        };
        keys.insert(known);
    }
    Ok(keys)
}
