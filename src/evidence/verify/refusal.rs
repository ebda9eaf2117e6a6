//! Why a signature, or whoever made it, does not count: as a code and in words.

use chrono::{DateTime, Utc};

use super::Trust;
use crate::evidence::allowed_signers::Refusal;
use crate::evidence::reason::Reason;
use crate::evidence::ssh::{Key, SignatureError};

/// What is wrong with a signature that should be for a namespace.
pub(in crate::evidence) fn of_signature(error: SignatureError, wanted: &str) -> (Reason, String) {
    match error {
        SignatureError::Malformed => (
            Reason::SignatureMalformed,
            "its signature cannot be read".to_owned(),
        ),
        SignatureError::Namespace(namespace) => (
            Reason::NamespaceWrong,
            format!("it is signed for `{namespace}`, not for `{wanted}`"),
        ),
        SignatureError::Algorithm(what) => (
            Reason::AlgorithmRefused,
            format!("it is signed with {what}"),
        ),
        SignatureError::Invalid => (
            Reason::SignatureInvalid,
            "its signature is not one of these bytes".to_owned(),
        ),
    }
}

/// Why a key may not sign for somebody in a namespace.
pub(in crate::evidence) fn of_signer(
    refusal: &Refusal,
    key: &Key,
    approver: &str,
    namespace: &str,
    trust: &Trust,
) -> (Reason, String) {
    let (file, exists) = &trust.signers_file;
    let day = |time: &DateTime<Utc>| time.format("%Y-%m-%d").to_string();
    match refusal {
        Refusal::Unknown if !exists => (
            Reason::SignerUnknown,
            format!("nobody is allowed to sign: there is no {file}"),
        ),
        Refusal::Unknown => (
            Reason::SignerUnknown,
            format!(
                "the key {} is not one of {approver} in {file}",
                key.fingerprint()
            ),
        ),
        Refusal::Namespace => (
            Reason::SignerNamespace,
            format!("the key of {approver} may not sign for `{namespace}`"),
        ),
        Refusal::NotYetValid(from) => (
            Reason::KeyNotYetValid,
            format!("the key of {approver} is valid from {}", day(from)),
        ),
        Refusal::Expired(until) => (
            Reason::KeyExpired,
            format!("the key of {approver} expired on {}", day(until)),
        ),
    }
}
