//! Signatures of OpenPGP, by GnuPG's `gpgv` and a keyring that somebody named. Without a keyring nothing runs.
//!
//! `gpgv` knows no configuration but its home directory, which is empty here, no agent and no web of trust: a key counts
//! because it is in the keyring. It is called by an absolute path, so that no directory of the caller can put itself before it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where distributions put the program.
const PLACES: [&str; 4] = [
    "/usr/bin/gpgv",
    "/usr/local/bin/gpgv",
    "/opt/homebrew/bin/gpgv",
    "/bin/gpgv",
];

/// Hash functions that nobody should sign with (RFC 9580, 9.5): MD5, SHA-1, RIPEMD-160.
const BROKEN_HASHES: [&str; 3] = ["1", "2", "3"];

/// The keys that count, and the program that looks them up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring {
    file: PathBuf,
    program: PathBuf,
}

/// A signature that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Good {
    /// The user id of the key.
    pub user: String,
    /// The fingerprint of the key that signed.
    pub fingerprint: String,
}

/// Why a signature is not known to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody could tell.
    Unverified(String),
    /// No key of the keyring made it, or one that does not count now.
    Untrusted(String),
    /// It is wrong.
    Invalid(String),
}

/// Why a keyring cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// It cannot be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// The system's words.
        why: String,
    },
    /// There is no `gpgv`.
    #[error("no gpgv was found in {}", PLACES.join(", "))]
    NoProgram,
}

impl Keyring {
    /// The keyring in a file, as `gpg --export` writes it.
    pub fn open(file: &Path) -> Result<Self, KeyringError> {
        let unreadable = |why: String| KeyringError::Unreadable {
            path: file.display().to_string(),
            why,
        };
        let absolute = file
            .canonicalize()
            .map_err(|error| unreadable(error.to_string()))?;
        if !absolute.is_file() {
            return Err(unreadable("it is no file".to_owned()));
        }
        let program = PLACES.iter().map(Path::new).find(|path| path.is_file());
        Ok(Self {
            file: absolute,
            program: program.ok_or(KeyringError::NoProgram)?.to_owned(),
        })
    }

    /// Verifies a detached signature. Validity of keys is judged by the machine's clock: `gpgv` knows no other.
    pub(super) fn verify(&self, signature: &str, payload: &[u8]) -> Result<Good, Refusal> {
        let failed = |error: std::io::Error| Refusal::Unverified(format!("gpgv: {error}"));
        let home = tempfile::tempdir().map_err(failed)?;
        let file = |name: &str, content: &[u8]| -> std::io::Result<PathBuf> {
            let path = home.path().join(name);
            std::fs::File::create(&path)?.write_all(content)?;
            Ok(path)
        };
        let signature = file("signature.asc", signature.as_bytes()).map_err(failed)?;
        let payload = file("payload", payload).map_err(failed)?;
        let arguments: [&OsStr; 9] = [
            OsStr::new("--homedir"),
            home.path().as_os_str(),
            OsStr::new("--keyring"),
            self.file.as_os_str(),
            OsStr::new("--status-fd"),
            OsStr::new("1"),
            OsStr::new("--"),
            signature.as_os_str(),
            payload.as_os_str(),
        ];
        let output = Command::new(&self.program)
            .args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .map_err(failed)?;
        judge(
            &String::from_utf8_lossy(&output.stdout),
            output.status.success(),
        )
    }
}

/// What the lines of `--status-fd` say (GnuPG's doc/DETAILS). Good is one signature that is good, and nothing else.
fn judge(status: &str, success: bool) -> Result<Good, Refusal> {
    let lines: Vec<(&str, &str)> = status
        .split('\n')
        .filter_map(|line| line.strip_prefix("[GNUPG:] "))
        .map(|line| line.split_once(' ').unwrap_or((line, "")))
        .collect();
    let of = |wanted: &str| -> Vec<&str> {
        lines
            .iter()
            .filter(|(word, _)| *word == wanted)
            .map(|(_, rest)| *rest)
            .collect()
    };
    if !of("BADSIG").is_empty() {
        return Err(Refusal::Invalid(
            "its signature is not one of these bytes".to_owned(),
        ));
    }
    if !of("REVKEYSIG").is_empty() || !of("KEYREVOKED").is_empty() {
        return Err(Refusal::Invalid("its key was revoked".to_owned()));
    }
    if !of("EXPKEYSIG").is_empty() || !of("EXPSIG").is_empty() || !of("KEYEXPIRED").is_empty() {
        return Err(Refusal::Untrusted(
            "its key, or the signature itself, has expired".to_owned(),
        ));
    }
    if let Some(key) = of("NO_PUBKEY").first() {
        return Err(Refusal::Untrusted(format!(
            "the key {key} is not in the keyring"
        )));
    }
    let (good, valid) = (of("GOODSIG"), of("VALIDSIG"));
    let (true, [good], [valid]) = (success, good.as_slice(), valid.as_slice()) else {
        return Err(Refusal::Unverified("gpgv could not verify it".to_owned()));
    };
    let words: Vec<&str> = valid.split(' ').collect();
    // Fingerprint, three times, version, reserved, algorithm of the key, hash, class.
    let (Some(fingerprint), Some(hash), Some(class)) = (words.first(), words.get(7), words.get(8))
    else {
        return Err(Refusal::Unverified("gpgv could not verify it".to_owned()));
    };
    if BROKEN_HASHES.contains(hash) {
        return Err(Refusal::Invalid(
            "it is signed with a hash function that is broken".to_owned(),
        ));
    }
    if !["00", "01"].contains(class) {
        return Err(Refusal::Invalid(
            "it is no signature of a document".to_owned(),
        ));
    }
    Ok(Good {
        user: good.split_once(' ').map_or("", |(_, user)| user).to_owned(),
        fingerprint: (*fingerprint).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 1234 Ada <ada@example.org>\n\
        [GNUPG:] VALIDSIG ABCD 2026-05-01 1 0 4 0 22 10 00 ABCD\n";

    #[test]
    fn good_is_one_good_signature_and_nothing_else() {
        let good = Good {
            user: "Ada <ada@example.org>".to_owned(),
            fingerprint: "ABCD".to_owned(),
        };
        assert_eq!(judge(VALID, true), Ok(good));
        let check = |status: &str, success: bool, kind: &str| {
            let refusal = judge(status, success).unwrap_err();
            assert!(
                format!("{refusal:?}").starts_with(kind),
                "{status}: {refusal:?}"
            );
        };
        check(VALID, false, "Unverified");
        check("", true, "Unverified");
        check(&VALID.repeat(2), true, "Unverified");
        check(&format!("{VALID}[GNUPG:] BADSIG 1 x\n"), true, "Invalid");
        check(&VALID.replace("22 10 00", "22 2 00"), true, "Invalid");
        check(&VALID.replace("22 10 00", "22 10 10"), true, "Invalid");
        check(&VALID.replace("GOODSIG", "EXPKEYSIG"), true, "Untrusted");
        check(&VALID.replace("GOODSIG", "REVKEYSIG"), true, "Invalid");
        check(
            "[GNUPG:] ERRSIG 1\n[GNUPG:] NO_PUBKEY 1234\n",
            false,
            "Untrusted",
        );
        check("[GNUPG:] GOODSIG 1 x\n", true, "Unverified");
        check(
            "[GNUPG:] GOODSIG 1 x\n[GNUPG:] VALIDSIG ABCD\n",
            true,
            "Unverified",
        );
    }
}
