//! Names the code that parses (what a cache keeps of it is good for this code alone), and the commit that a release was
//! built from.

#![allow(
    clippy::disallowed_methods,
    reason = "cargo tells build scripts what to do through the environment"
)]

use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;
use std::process::Command;
use std::{env, fs, io};

/// What turns a file into what the cache keeps, and the crates that it is made with.
const PARSES: [&str; 4] = [
    "Cargo.lock",
    "src/migrations",
    "src/source.rs",
    "src/syntax",
];

/// All that a verdict can depend on.
const DECIDES: [&str; 5] = ["Cargo.lock", "Cargo.toml", "build.rs", "policies", "src"];

/// What judges migrations, beside what reads them.
const JUDGES: [&str; 10] = [
    "src/cache.rs",
    "src/effects",
    "src/effects.rs",
    "src/finding.rs",
    "src/fix.rs",
    "src/judge/outcome.rs",
    "src/rules",
    "src/schema",
    "src/schema.rs",
    "src/version.rs",
];

fn main() -> io::Result<()> {
    for (name, paths) in [
        ("RELGATE_PARSER_DIGEST", PARSES.to_vec()),
        (
            "RELGATE_JUDGE_DIGEST",
            [PARSES.as_slice(), &JUDGES].concat(),
        ),
        ("RELGATE_SOURCE_DIGEST", DECIDES.to_vec()),
    ] {
        println!("cargo::rustc-env={name}={:016x}", of(&paths)?);
    }
    version();
    Ok(())
}

fn of(paths: &[&str]) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        println!("cargo::rerun-if-changed={path}");
        // A published package may come without its lock file.
        if Path::new(path).exists() {
            digest(Path::new(path), &mut hasher)?;
        }
    }
    Ok(hasher.finish())
}

/// `relgate --version`. Builds for development name no commit, so that a commit alone makes nobody compile again.
fn version() {
    println!("cargo::rerun-if-env-changed=RELGATE_COMMIT");
    let commit = match env::var("RELGATE_COMMIT") {
        Ok(commit) => Some(commit),
        Err(_) if env::var("PROFILE").as_deref() == Ok("release") => {
            packaged().or_else(checked_out)
        }
        Err(_) => None,
    };
    let version = env!("CARGO_PKG_VERSION");
    let text = commit.unwrap_or_else(|| "development build".to_owned());
    println!("cargo::rustc-env=RELGATE_VERSION={version} ({text})");
}

fn digest(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    if path.is_dir() {
        let mut paths = fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        return paths.iter().try_for_each(|path| digest(path, hasher));
    }
    hasher.write(path.as_os_str().as_encoded_bytes());
    hasher.write(&fs::read(path)?);
    Ok(())
}

/// What `cargo package` wrote beside the sources.
fn packaged() -> Option<String> {
    let text = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let id = text.split("\"sha1\": \"").nth(1)?;
    id.get(..12).map(str::to_owned)
}

/// The commit of the work tree, and whether the work tree has more than it.
fn checked_out() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    for name in ["HEAD", "index"] {
        let path = git(&["rev-parse", "--git-path", name])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    // Without the lock that refreshes the index, whose change would build everything again.
    let changed = git(&[
        "--no-optional-locks",
        "status",
        "--porcelain",
        "--untracked-files=no",
    ])?;
    Some(if changed.is_empty() {
        commit
    } else {
        format!("{commit}, changed")
    })
}
