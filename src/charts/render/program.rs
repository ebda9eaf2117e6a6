//! The program `helm`: what it gets, and how far it may go.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// No rendering takes longer; a template may loop for ever.
const PATIENCE: Duration = Duration::from_mins(1);
/// More than this is not read of what Helm writes.
const MAX_OUTPUT: u64 = 32 * 1024 * 1024;
/// And of what it complains.
const MAX_COMPLAINT: u64 = 64 * 1024;
/// Limits that a shell sets before it becomes Helm: 4 GiB of addresses, where the system can. A template may fill any memory.
const LIMITED: &str = "ulimit -v 4194304 2>/dev/null; exec \"$0\" \"$@\"";

/// A Helm, or why there is none.
#[derive(Debug, Clone)]
pub struct Helm {
    program: Result<PathBuf, &'static str>,
    version: String,
    patience: Duration,
}

impl Helm {
    /// The first `helm` in these directories, relative ones left out: a repository could bring its own.
    pub fn find(search: &[PathBuf]) -> Self {
        let found = search
            .iter()
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join("helm"))
            .find(|program| is_program(program));
        match found {
            Some(program) => Self::at(program, PATIENCE),
            None => Self {
                program: Err("helm is not on the PATH"),
                version: String::new(),
                patience: PATIENCE,
            },
        }
    }

    /// The Helm at a path, if it says a version that relgate knows the command line of.
    pub(super) fn at(program: PathBuf, patience: Duration) -> Self {
        let mut helm = Self {
            program: Ok(program),
            version: String::new(),
            patience,
        };
        let arguments = ["version", "--template", "{{.Version}}"].map(OsString::from);
        let said = tempfile::tempdir().ok().and_then(|private| {
            let ran = helm.run(private.path(), &arguments).ok()?;
            ran.succeeded.then_some(ran.output)
        });
        let version = said.unwrap_or_default().trim().to_owned();
        let is_known = ["v3.", "v4."]
            .iter()
            .any(|known| version.starts_with(known))
            && version.len() < 64
            && version.chars().all(|c| c.is_ascii_graphic());
        if is_known {
            helm.version = version;
        } else {
            helm.program = Err("the helm on the PATH is neither Helm 3 nor Helm 4");
        }
        helm
    }

    /// `v4.2.3`; empty without a program.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What `helm template` writes for `chart` below the private directory. The inner error is what it complains of; the outer
    /// one says why it was not heard.
    pub(super) fn template(
        &self,
        private: &Path,
        values: &[PathBuf],
    ) -> Result<Result<String, String>, String> {
        let mut arguments: Vec<OsString> = ["template", "relgate"].map(OsString::from).to_vec();
        arguments.push(private.join("chart").into());
        arguments.extend(["--namespace", "default", "--skip-tests"].map(OsString::from));
        for file in values {
            arguments.push("--values".into());
            arguments.push(file.into());
        }
        let ran = self.run(private, &arguments)?;
        Ok(if ran.succeeded {
            Ok(ran.output)
        } else {
            Err(ran.complaint)
        })
    }

    fn run(&self, private: &Path, arguments: &[OsString]) -> Result<Ran, String> {
        let program = self.program.as_ref().map_err(|&why| why.to_owned())?;
        let home = |name: &str| private.join(name).into_os_string();
        // Nothing of the user's Helm is seen: no repositories, registries, plugins, cluster. A proxy that nobody listens at
        // shuts out what would still go to the network.
        let nowhere = OsString::from("http://127.0.0.1:9");
        let mut child = Command::new("/bin/sh")
            .args(["-c", LIMITED])
            .arg(program)
            .args(arguments)
            .current_dir(private)
            .process_group(0)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("HOME", home("home"))
            .env("TMPDIR", private)
            .env("HELM_CACHE_HOME", home("cache"))
            .env("HELM_CONFIG_HOME", home("config"))
            .env("HELM_DATA_HOME", home("data"))
            .env("HELM_PLUGINS", home("plugins"))
            .env("HELM_NO_PLUGINS", "1")
            .env("HELM_REPOSITORY_CONFIG", home("repositories.yaml"))
            .env("HELM_REPOSITORY_CACHE", home("repositories"))
            .env("HELM_REGISTRY_CONFIG", home("registry.json"))
            .env("KUBECONFIG", home("kubeconfig"))
            .env("HTTP_PROXY", &nowhere)
            .env("HTTPS_PROXY", &nowhere)
            .env("ALL_PROXY", &nowhere)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("helm cannot be started: {error}"))?;
        // Read beside it: a program that says a lot would wait for its reader, and one that says too much is cut off.
        let output = bounded(child.stdout.take(), MAX_OUTPUT);
        let complaint = bounded(child.stderr.take(), MAX_COMPLAINT);
        let end = Instant::now() + self.patience;
        let ended = ends_before(&child, end);
        // Helm and all that it started are a group of their own; as long as nobody waited for Helm, no other has its number.
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        let status = child
            .wait()
            .map_err(|error| format!("helm was lost: {error}"))?;
        let late = || format!("helm was not done after {} s", self.patience.as_secs_f32());
        if !ended {
            return Err(late());
        }
        // What left the group may hold the stream open for ever.
        let text = |reader: Receiver<Vec<u8>>| {
            let left = end.saturating_duration_since(Instant::now());
            reader.recv_timeout(left).map_err(|_| late())
        };
        let output = text(output)?;
        if output.len() as u64 > MAX_OUTPUT {
            return Err(format!("helm wrote more than {MAX_OUTPUT} bytes"));
        }
        let complaint = text(complaint)?;
        Ok(Ran {
            succeeded: status.success(),
            output: String::from_utf8(output)
                .map_err(|_| "helm wrote what is no UTF-8".to_owned())?,
            complaint: String::from_utf8_lossy(&complaint).into_owned(),
        })
    }
}

/// What a run of Helm left.
struct Ran {
    succeeded: bool,
    output: String,
    complaint: String,
}

/// The process ends before a time. It is left to be waited for.
fn ends_before(child: &Child, end: Instant) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(Pid::from_child(child)), options) {
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => return false,
            // A process that cannot be asked about is gone.
            Ok(Some(_)) | Err(_) => return true,
        }
    }
}

/// Reads one byte more than `limit` at most, so that too much shows; then the stream is closed, and whoever writes ends.
fn bounded(stream: Option<impl Read + Send + 'static>, limit: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            let _ = stream.take(limit + 1).read_to_end(&mut bytes);
        }
        // Nobody waits any more where this fails.
        let _ = sender.send(bytes);
    });
    receiver
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// What is told of a complaint of Helm's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// A phrase without anything that could be a value.
    pub(super) reason: String,
    /// The template, with the chart's name before it, and the line.
    pub(super) place: Option<(String, usize)>,
}

/// Reads a complaint. Its text may hold values (`fail` prints what a template gives it), so that only its kind, its place and
/// names of charts are taken from it.
pub(super) fn refusal(complaint: &str) -> Known {
    let place = place(complaint);
    let missing = complaint
        .split_once("missing in charts/ directory: ")
        .map(|(_, names)| names.split('\n').next().unwrap_or("").trim());
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_., ".contains(c);
    let reason = if let Some(names) = missing.filter(|names| names.chars().all(is_name)) {
        format!("these charts are not in charts/: {names}")
    } else if complaint.contains("execution error at (") {
        "a template refuses the values (`fail` or `required`); name values that it takes under `charts` in relgate.yaml"
            .to_owned()
    } else if complaint.contains("executing \"") {
        "a template fails with these values".to_owned()
    } else if complaint.contains("parse error at (") {
        "a template cannot be parsed".to_owned()
    } else if complaint.contains("YAML parse error on") {
        "a template makes what is no YAML".to_owned()
    } else if complaint.contains("kubeVersion:") || complaint.contains("Kubernetes version") {
        "the chart wants another version of Kubernetes than this helm stands for".to_owned()
    } else {
        "helm refuses the chart".to_owned()
    };
    Known { reason, place }
}

/// `… at (cellar/templates/a.yaml:3:5): …`, `template: cellar/templates/a.yaml:3:5: …` (Helm 3), `cellar/templates/a.yaml:3:5` on
/// a line of its own (Helm 4), `YAML parse error on cellar/templates/a.yaml: …`.
fn place(complaint: &str) -> Option<(String, usize)> {
    let at = complaint.find("/templates/")?;
    let (before, behind) = complaint.split_at(at);
    let start = before
        .rfind(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '<'))
        .map_or(0, |at| at + 1);
    let (rest_of_path, rest) = behind.split_once(':')?;
    let path = format!("{}{rest_of_path}", before.get(start..)?);
    let fits = path.len() < 1024 && !path.contains(|c: char| c.is_whitespace());
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    fits.then(|| (path, digits.parse().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_complaint_the_kind_and_the_place_are_told() {
        for (complaint, reason, place) in [
            (
                "Error: execution error at (cellar/templates/a.yaml:3:5): the password canary is weak",
                "a template refuses the values",
                Some(("cellar/templates/a.yaml", 3)),
            ),
            (
                "Error: template: cellar/templates/a.yaml:7:12: executing \"cellar/templates/a.yaml\" at <.Values.x.y>: nil pointer",
                "a template fails with these values",
                Some(("cellar/templates/a.yaml", 7)),
            ),
            (
                "Error: cellar/templates/a.yaml:7:12\n  executing \"cellar/templates/a.yaml\" at <.Values.x.y>:\n    can't evaluate field y",
                "a template fails with these values",
                Some(("cellar/templates/a.yaml", 7)),
            ),
            (
                "Error: parse error at (cellar/templates/a.yaml:1): unclosed action",
                "a template cannot be parsed",
                Some(("cellar/templates/a.yaml", 1)),
            ),
            (
                "Error: YAML parse error on cellar/templates/a.yaml: error converting YAML to JSON: yaml: line 4: canary",
                "a template makes what is no YAML",
                Some(("cellar/templates/a.yaml", 0)),
            ),
            (
                "Error: An error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: redis, wax",
                "these charts are not in charts/: redis, wax",
                None,
            ),
            (
                "Error: chart requires kubeVersion: >=1.99.0 which is incompatible with Kubernetes v1.36.0",
                "the chart wants another version of Kubernetes",
                None,
            ),
            ("panic: canary", "helm refuses the chart", None),
            ("", "helm refuses the chart", None),
        ] {
            let known = refusal(complaint);
            assert!(known.reason.starts_with(reason), "{known:?}");
            assert!(!known.reason.contains("canary"), "{known:?}");
            let place = place.map(|(path, line)| (path.to_owned(), line));
            assert_eq!(known.place, place, "{complaint}");
        }
    }
}
