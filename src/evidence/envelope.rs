//! What a statement comes in: bare, with a detached signature beside it, or in a DSSE envelope.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value;

use super::json::{self, JsonError};
use super::reason::Reason;
use super::statement::Statement;

/// Evidence is small; what is larger is something else.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The payload type of an in-toto Statement in DSSE.
pub const DSSE_PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// How many signatures of one envelope are looked at.
const MAX_SIGNATURES: usize = 16;

/// How a statement is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// Not at all.
    Unsigned,
    /// By a detached SSHSIG over the file's bytes.
    Ssh {
        /// The armored signature.
        armored: String,
        /// What it has to be a signature of.
        message: Vec<u8>,
    },
    /// By DSSE.
    Dsse {
        /// The bare signatures.
        signatures: Vec<Vec<u8>>,
        /// What they have to be signatures of.
        message: Vec<u8>,
    },
}

impl Signature {
    /// The word that facts use.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Ssh { .. } => "ssh",
            Self::Dsse { .. } => "dsse",
        }
    }
}

/// A statement with its signature, neither of them believed yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// What it says.
    pub statement: Statement,
    /// How it is signed.
    pub signature: Signature,
}

/// Opens a file. `signature` is the text of the detached signature beside it, if there is one.
pub fn open(
    text: &str,
    signature: Option<&str>,
    gate_of_file: &str,
) -> Result<Envelope, (Reason, String)> {
    if text.len() > MAX_BYTES || signature.is_some_and(|signature| signature.len() > MAX_BYTES) {
        return Err((
            Reason::TooLarge,
            format!("it is larger than the {MAX_BYTES} bytes that evidence may have"),
        ));
    }
    let value = read(text)?;
    if value.get("payloadType").is_none() {
        let statement = Statement::read(&value, gate_of_file)?;
        let signature = match signature {
            None => Signature::Unsigned,
            Some(armored) => Signature::Ssh {
                armored: armored.to_owned(),
                message: text.as_bytes().to_vec(),
            },
        };
        return Ok(Envelope {
            statement,
            signature,
        });
    }
    let (payload, signatures) = dsse(&value)?;
    let inner = std::str::from_utf8(&payload)
        .map_err(|_| (Reason::NotAStatement, "its payload is not UTF-8".to_owned()))?;
    Ok(Envelope {
        statement: Statement::read(&read(inner)?, gate_of_file)?,
        signature: Signature::Dsse {
            signatures,
            message: pae(DSSE_PAYLOAD_TYPE, &payload),
        },
    })
}

fn read(text: &str) -> Result<Value, (Reason, String)> {
    json::parse(text).map_err(|error| match error {
        JsonError::DuplicateKey(key) => (
            Reason::DuplicateKey,
            format!("the key `{key}` stands twice in one object"),
        ),
        JsonError::Malformed(why) => (Reason::MalformedJson, format!("it is not JSON: {why}")),
    })
}

/// A payload, and the signatures over it.
type Signed = (Vec<u8>, Vec<Vec<u8>>);

/// Payload and signatures of an envelope
/// (<https://github.com/secure-systems-lab/dsse/blob/master/envelope.md>).
fn dsse(value: &Value) -> Result<Signed, (Reason, String)> {
    let malformed = |why: &str| (Reason::SignatureMalformed, why.to_owned());
    if value.get("payloadType").and_then(Value::as_str) != Some(DSSE_PAYLOAD_TYPE) {
        return Err((
            Reason::NotAStatement,
            format!("its payload is not of type {DSSE_PAYLOAD_TYPE}"),
        ));
    }
    let payload = value
        .get("payload")
        .and_then(Value::as_str)
        .and_then(decode)
        .ok_or_else(|| malformed("its payload is not base64"))?;
    let signatures = value
        .get("signatures")
        .and_then(Value::as_array)
        .filter(|signatures| !signatures.is_empty() && signatures.len() <= MAX_SIGNATURES)
        .ok_or_else(|| malformed("it has no signatures, or too many"))?;
    let signatures = signatures
        .iter()
        .map(|signature| {
            signature
                .get("sig")
                .and_then(Value::as_str)
                .and_then(decode)
                .ok_or_else(|| malformed("one of its signatures is not base64"))
        })
        .collect::<Result<_, _>>()?;
    Ok((payload, signatures))
}

/// DSSE takes both alphabets of base64.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text))
        .ok()
}

/// The pre-authentication encoding: what a DSSE signature is made over
/// (<https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>).
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    message.extend(payload);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of DSSE's own documentation.
    #[test]
    fn pre_authentication_encoding() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        let check = |text: &str, reason: Reason| {
            let (found, why) = open(text, None, "").unwrap_err();
            assert_eq!(found, reason, "{text}: {why}");
        };
        check("", Reason::MalformedJson);
        check(
            "{\"_type\": \"https://in-toto.io/Statement/v1\"",
            Reason::MalformedJson,
        );
        check("{\"_type\":1,\"_type\":2}", Reason::DuplicateKey);
        check("[]", Reason::NotAStatement);
        check(&format!("\"{}\"", "x".repeat(MAX_BYTES)), Reason::TooLarge);
        let envelope = |payload: &str, signatures: &str| {
            format!(
                "{{\"payloadType\":\"{DSSE_PAYLOAD_TYPE}\",\"payload\":\"{payload}\",\"signatures\":{signatures}}}"
            )
        };
        check("{\"payloadType\":\"text/plain\"}", Reason::NotAStatement);
        check(&envelope("!", "[]"), Reason::SignatureMalformed);
        check(&envelope("e30=", "[]"), Reason::SignatureMalformed);
        check(
            &envelope("e30=", "[{\"sig\":\"!\"}]"),
            Reason::SignatureMalformed,
        );
        check(
            &envelope("e30=", "[{\"sig\":\"AA==\"}]"),
            Reason::NotAStatement,
        );
        check(
            &envelope("eyJhIjoxLCJhIjoyfQ==", "[{\"sig\":\"AA==\"}]"),
            Reason::DuplicateKey,
        );
    }
}
