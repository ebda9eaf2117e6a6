//! Signatures of tags and commits: verified in this process, against the allowed signers of the project.
//!
//! git's own check is not asked. It runs the program that the repository's configuration names, judges a key at the time that
//! the tag itself claims, and says nothing when a reference leads to a tag object of another name.

use chrono::{DateTime, Utc};

use super::gpg::Keyring;
use super::reason::Reason;
use super::ssh::{self, Key, SignatureError};
use super::verify::Trust;
use super::verify::refusal::{of_signature, of_signer};
use crate::facts::signature::SignatureFact;

/// The namespace in which git signs.
const NAMESPACE: &str = "git";

/// No signature that anybody makes is larger.
const MAX_SIGNATURE_BYTES: usize = 64 * 1024;

/// A signature, and the bytes that it should be of.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The bytes.
    pub payload: &'a [u8],
    /// The signature in armor; empty when it could not be read.
    pub signature: &'a str,
}

/// What a tag object says of itself, beside what leads to it.
#[derive(Debug, Clone, Copy)]
pub struct TagObject<'a> {
    /// The name of the reference.
    pub reference: &'a str,
    /// The name in the object.
    pub name: &'a str,
    /// The commit that the reference leads to.
    pub commit: &'a str,
    /// What the object says that it leads to.
    pub target: &'a str,
    /// And of which kind that is.
    pub target_kind: &'a str,
    /// Its signature, if it has one.
    pub signed: Option<Signed<'a>>,
}

/// Whom to believe, and when.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// Whom the project trusts.
    pub trust: &'a Trust,
    /// The keys of OpenPGP that count, if somebody named them.
    pub keyring: Option<&'a Keyring>,
    /// The time of the judgement.
    pub now: DateTime<Utc>,
}

/// Checks the signature of a tag. A signed tag under another name is a signature of something else.
pub fn check_tag(tag: &TagObject<'_>, against: &Against<'_>) -> SignatureFact {
    let Some(signed) = tag.signed else {
        return SignatureFact::default();
    };
    let mut fact = check(&signed, against);
    if fact.status == "invalid" {
        return fact;
    }
    if tag.name != tag.reference {
        invalid(
            &mut fact,
            Reason::TagMismatch,
            format!("the signed tag calls itself {}", tag.name),
        );
    } else if tag.target_kind != "commit" || tag.target != tag.commit {
        invalid(
            &mut fact,
            Reason::CommitMismatch,
            format!(
                "the signed tag is of the {} {}",
                tag.target_kind, tag.target
            ),
        );
    }
    fact
}

/// Checks a signature.
pub fn check(signed: &Signed<'_>, against: &Against<'_>) -> SignatureFact {
    let mut fact = SignatureFact {
        form: form(signed.signature).to_owned(),
        ..SignatureFact::default()
    };
    if signed.signature.len() > MAX_SIGNATURE_BYTES {
        invalid(
            &mut fact,
            Reason::SignatureMalformed,
            "its signature is too large to be one".to_owned(),
        );
        return fact;
    }
    match fact.form.as_str() {
        "ssh" => of_ssh(&mut fact, signed, against),
        "gpg" => match against.keyring {
            Some(keyring) => of_gpg(&mut fact, signed, keyring),
            None => not_verified(&mut fact, "a signature of OpenPGP; no keyring was named"),
        },
        "x509" => not_verified(
            &mut fact,
            "an X.509 signature, which relgate does not verify",
        ),
        _ => invalid(
            &mut fact,
            Reason::SignatureMalformed,
            "its signature cannot be read".to_owned(),
        ),
    }
    fact
}

fn form(signature: &str) -> &'static str {
    let begins = |armor: &str| signature.starts_with(armor);
    if begins("-----BEGIN SSH SIGNATURE-----") {
        "ssh"
    } else if begins("-----BEGIN PGP SIGNATURE-----") || begins("-----BEGIN PGP MESSAGE-----") {
        "gpg"
    } else if begins("-----BEGIN SIGNED MESSAGE-----") {
        "x509"
    } else {
        "unknown"
    }
}

fn of_ssh(fact: &mut SignatureFact, signed: &Signed<'_>, against: &Against<'_>) {
    let key = match ssh::verify(signed.signature, NAMESPACE, signed.payload) {
        Ok(key) => key,
        // A kind of key that is not verified here, such as one in hardware, may be right all the same.
        Err(SignatureError::Algorithm(what)) => {
            return not_verified(
                fact,
                &format!("signed with {what}, which relgate does not verify"),
            );
        }
        Err(error) => {
            let (reason, message) = of_signature(error, NAMESPACE);
            return invalid(fact, reason, message);
        }
    };
    fact.key = key.fingerprint();
    if against.trust.revoked.contains(&fact.key) {
        let message = format!("the key {} was revoked", fact.key);
        return invalid(fact, Reason::KeyRevoked, message);
    }
    match against
        .trust
        .signers
        .signer_of(&key, NAMESPACE, against.now)
    {
        Ok(signer) => {
            "valid".clone_into(&mut fact.status);
            fact.signer.clone_from(&signer.principals);
        }
        Err((refusal, principals)) => {
            principals.clone_into(&mut fact.signer);
            let who = name_of(&key, principals);
            let (reason, message) = of_signer(&refusal, &key, &who, NAMESPACE, against.trust);
            "untrusted".clone_into(&mut fact.status);
            reason.as_str().clone_into(&mut fact.reason);
            fact.message = message;
        }
    }
}

fn name_of(key: &Key, principals: &str) -> String {
    if principals.is_empty() {
        key.fingerprint()
    } else {
        principals.to_owned()
    }
}

fn of_gpg(fact: &mut SignatureFact, signed: &Signed<'_>, keyring: &Keyring) {
    match keyring.verify(signed.signature, signed.payload) {
        Ok(good) => {
            "valid".clone_into(&mut fact.status);
            fact.signer = good.user;
            fact.key = good.fingerprint;
        }
        Err(super::gpg::Refusal::Unverified(why)) => not_verified(fact, &why),
        Err(super::gpg::Refusal::Untrusted(why)) => {
            "untrusted".clone_into(&mut fact.status);
            Reason::SignerUnknown.as_str().clone_into(&mut fact.reason);
            fact.message = why;
        }
        Err(super::gpg::Refusal::Invalid(why)) => invalid(fact, Reason::SignatureInvalid, why),
    }
}

fn invalid(fact: &mut SignatureFact, reason: Reason, message: String) {
    "invalid".clone_into(&mut fact.status);
    reason.as_str().clone_into(&mut fact.reason);
    fact.message = message;
}

fn not_verified(fact: &mut SignatureFact, why: &str) {
    "not-verified".clone_into(&mut fact.status);
    "not-verified".clone_into(&mut fact.reason);
    why.clone_into(&mut fact.message);
}
