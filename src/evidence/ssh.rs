//! SSH keys and signatures, verified in this process: no program is run, and nothing of the machine's configuration
//! takes part.
//!
//! SSHSIG is <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig>.

use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

use signature::Verifier;

/// The namespace of evidence: what `ssh-keygen -Y sign -n` is given.
pub const NAMESPACE: &str = "relgate-evidence";

/// RSA keys with fewer bits can be broken.
const MIN_RSA_BITS: usize = 2048;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(KeyData);

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureError {
    /// It cannot be read.
    Malformed,
    /// It was made for another namespace.
    Namespace(String),
    /// Its algorithm is not among those that count.
    Algorithm(String),
    /// It is not one of this message.
    Invalid,
}

/// Why nothing could be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningError {
    /// The key cannot be read.
    Malformed(String),
    /// The key is protected by a passphrase.
    Encrypted,
    /// The algorithm cannot sign here.
    Refused(String),
}

impl Key {
    /// Reads a public key as OpenSSH writes it: type, base64, and perhaps a comment.
    pub fn read(text: &str) -> Result<Self, String> {
        let key = PublicKey::from_openssh(text.trim()).map_err(|_| "no public key".to_owned())?;
        let key = Self(key.key_data().clone());
        key.is_accepted()?;
        Ok(key)
    }

    /// The fingerprint, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }

    /// Type and base64, as a file of public keys holds them.
    pub fn to_line(&self) -> String {
        PublicKey::from(self.0.clone())
            .to_openssh()
            .unwrap_or_default()
    }

    /// Verifies a bare signature, as DSSE carries it: 64 bytes of Ed25519, or ECDSA in ASN.1.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm = self.0.algorithm();
        let bytes = match &algorithm {
            Algorithm::Ed25519 => Some(signature.to_vec()),
            Algorithm::Ecdsa { .. } => ecdsa_from_asn1(signature),
            _ => None,
        };
        bytes
            .and_then(|bytes| ssh_key::Signature::new(algorithm, bytes).ok())
            .is_some_and(|signature| self.0.verify(message, &signature).is_ok())
    }

    /// The key is of a kind that counts: Ed25519, ECDSA on the curves of NIST, RSA of enough bits.
    fn is_accepted(&self) -> Result<(), String> {
        match &self.0 {
            KeyData::Ed25519(_) | KeyData::Ecdsa(_) => Ok(()),
            KeyData::Rsa(key) => {
                let bytes = key.n.as_positive_bytes().map_or(0, <[u8]>::len);
                if bytes.saturating_mul(8) < MIN_RSA_BITS {
                    return Err(format!("an RSA key of less than {MIN_RSA_BITS} bits"));
                }
                Ok(())
            }
            other => Err(format!("a key of type {}", other.algorithm().as_str())),
        }
    }
}

/// Verifies a detached signature over a message, and tells whose key made it. Whether that key may sign is another
/// question.
pub fn verify(armored: &str, namespace: &str, message: &[u8]) -> Result<Key, SignatureError> {
    let signature = SshSig::from_pem(armored).map_err(|_| SignatureError::Malformed)?;
    if signature.version() != SshSig::VERSION {
        return Err(SignatureError::Malformed);
    }
    if signature.namespace() != namespace {
        return Err(SignatureError::Namespace(signature.namespace().to_owned()));
    }
    let key = Key(signature.public_key().clone());
    key.is_accepted().map_err(SignatureError::Algorithm)?;
    match signature.algorithm() {
        Algorithm::Ed25519
        | Algorithm::Ecdsa { .. }
        // SHA-1 is no hash that anybody should sign with.
        | Algorithm::Rsa { hash: Some(_) } => {}
        other => return Err(SignatureError::Algorithm(other.as_str().to_owned())),
    }
    PublicKey::from(key.0.clone())
        .verify(namespace, message, &signature)
        .map_err(|_| SignatureError::Invalid)?;
    Ok(key)
}

/// Signs a message with a private key in OpenSSH's format; the answer is armored.
pub fn sign(private_key: &str, namespace: &str, message: &[u8]) -> Result<String, SigningError> {
    let key = PrivateKey::from_openssh(private_key)
        .map_err(|error| SigningError::Malformed(error.to_string()))?;
    if key.is_encrypted() {
        return Err(SigningError::Encrypted);
    }
    key.sign(namespace, HashAlg::Sha512, message)
        .and_then(|signature| signature.to_pem(LineEnding::LF))
        .map_err(|error| SigningError::Refused(error.to_string()))
}

/// What an agent is asked to sign, so that its answer is a signature of the message.
pub fn to_be_signed(namespace: &str, message: &[u8]) -> Option<Vec<u8>> {
    SshSig::signed_data(namespace, HashAlg::Sha512, message).ok()
}

/// The key as it goes over the wire to an agent.
pub fn wire_key(key: &Key) -> Option<Vec<u8>> {
    PublicKey::from(key.0.clone()).to_bytes().ok()
}

/// The armored signature of what an agent answered (algorithm and bytes, as they come over the wire).
pub fn armor(key: &Key, namespace: &str, answer: &[u8]) -> Option<String> {
    let signature = ssh_key::Signature::try_from(answer).ok()?;
    SshSig::new(key.0.clone(), namespace, HashAlg::Sha512, signature)
        .ok()?
        .to_pem(LineEnding::LF)
        .ok()
}

/// ECDSA's two numbers from ASN.1 (RFC 3279, 2.2.3) to the form of RFC 5656: each with its length in four bytes.
fn ecdsa_from_asn1(bytes: &[u8]) -> Option<Vec<u8>> {
    let (body, rest) = asn1(bytes, 0x30)?;
    let (r, tail) = asn1(body, 0x02)?;
    let (s, end) = asn1(tail, 0x02)?;
    if !rest.is_empty() || !end.is_empty() {
        return None;
    }
    let mut wire = Vec::new();
    for number in [r, s] {
        wire.extend(u32::try_from(number.len()).ok()?.to_be_bytes());
        wire.extend(number);
    }
    Some(wire)
}

/// The content of an element of this type, and what stands behind it.
fn asn1(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = bytes.split_first_chunk()?;
    if found != tag {
        return None;
    }
    // Signatures of the largest curve are just above 127 bytes: one more byte of length.
    let (length, rest) = match length {
        0..=0x7f => (length, rest),
        0x81 => rest.split_first().map(|(&length, rest)| (length, rest))?,
        _ => return None,
    };
    rest.split_at_checked(usize::from(length))
}
