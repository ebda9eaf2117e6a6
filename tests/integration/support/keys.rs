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

/// What `ssh-keygen -Y verify` says of the signature beside `message`, by the lines in `signers`.
pub(crate) fn verifies(directory: &Path, identity: &str, namespace: &str, time: &str) -> bool {
    let message = std::fs::File::open(directory.join("message")).unwrap();
    Command::new("ssh-keygen")
        .current_dir(directory)
        .env("TZ", "UTC")
        .args([
            "-Y", "verify", "-f", "signers", "-I", identity, "-n", namespace,
        ])
        .args(["-s", "message.sig", "-O", &format!("verify-time={time}")])
        .stdin(message)
        .output()
        .expect("these tests need ssh-keygen")
        .status
        .success()
}

/// A running ssh-agent with one key; it ends with this value.
pub(crate) struct Agent {
    /// Its socket.
    pub(crate) socket: PathBuf,
    process: std::process::Child,
}

impl Agent {
    pub(crate) fn start(socket: &Path, key: &KeyPair) -> Self {
        let process = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(socket)
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("these tests need ssh-agent");
        let agent = Self {
            socket: socket.to_owned(),
            process,
        };
        for _ in 0..600 {
            if socket.exists() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let output = Command::new("ssh-add")
            .env("SSH_AUTH_SOCK", socket)
            .arg("-q")
            .arg(&key.private)
            .output()
            .expect("these tests need ssh-add");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
