//! Keys made on the spot by `ssh-keygen`, and what it says about signatures.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A key pair in a directory.
pub(crate) struct KeyPair {
    /// The private key's file.
    pub(crate) private: PathBuf,
    /// The public key: type and base64.
    pub(crate) public: String,
}

/// Makes a key pair of a type (`ed25519`, `ecdsa`, `rsa`).
pub(crate) fn make(directory: &Path, name: &str, kind: &str) -> KeyPair {
    let private = directory.join(name);
    keygen(
        directory,
        &["-q", "-t", kind, "-N", "", "-C", name, "-f", name],
    );
    let public = std::fs::read_to_string(directory.join(format!("{name}.pub"))).unwrap();
    let mut words = public.split(' ');
    KeyPair {
        private,
        public: format!("{} {}", words.next().unwrap(), words.next().unwrap()),
    }
}

/// Signs a file: the signature lies beside it.
#[track_caller]
pub(crate) fn sign(key: &KeyPair, namespace: &str, file: &Path) {
    let _ = std::fs::remove_file(format!("{}.sig", file.display()));
    keygen(
        file.parent().unwrap(),
        &[
            "-q",
            "-Y",
            "sign",
            "-n",
            namespace,
            "-f",
            key.private.to_str().unwrap(),
            file.to_str().unwrap(),
        ],
    );
}

#[track_caller]
fn keygen(directory: &Path, arguments: &[&str]) {
    let output = Command::new("ssh-keygen")
        .current_dir(directory)
        .env_remove("SSH_AUTH_SOCK")
        .args(arguments)
        .output()
        .expect("these tests need ssh-keygen");
    assert!(
        output.status.success(),
        "ssh-keygen {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
}
