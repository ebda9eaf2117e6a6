//! Asking a running ssh-agent for a signature, over its socket
//! (<https://datatracker.ietf.org/doc/draft-ietf-sshm-ssh-agent/>).

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::ssh::{self, Key};

const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// An RSA key signs with SHA-512.
const RSA_SHA2_512: u32 = 4;
/// No answer is larger.
const MAX_ANSWER: u32 = 64 * 1024;
/// Somebody may have to touch a token.
const PATIENCE: Duration = Duration::from_mins(1);

/// Signs a message with a key that the agent holds; the answer is armored.
pub fn sign(socket: &Path, key: &Key, namespace: &str, message: &[u8]) -> io::Result<String> {
    let refused =
        || io::Error::other("the agent does not sign with this key: ssh-add -l lists those it has");
    let (blob, data) = ssh::wire_key(key)
        .zip(ssh::to_be_signed(namespace, message))
        .ok_or_else(refused)?;
    let mut body = vec![SIGN_REQUEST];
    put(&mut body, &blob)?;
    put(&mut body, &data)?;
    body.extend(RSA_SHA2_512.to_be_bytes());
    let mut request = Vec::new();
    put(&mut request, &body)?;

    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&request)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MAX_ANSWER {
        return Err(refused());
    }
    let mut answer = Vec::new();
    stream.take(u64::from(length)).read_to_end(&mut answer)?;
    answer
        .strip_prefix(&[SIGN_RESPONSE])
        .and_then(|answer| answer.get(4..))
        .and_then(|signature| ssh::armor(key, namespace, signature))
        .ok_or_else(refused)
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.extend(length.to_be_bytes());
    out.extend(bytes);
    Ok(())
}
